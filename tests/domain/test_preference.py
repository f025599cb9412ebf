"""Wishes, as a person writes them."""

from decimal import Decimal

import pytest

from slotfinder.domain.preference import Window, parse_days, parse_window, parse_wishes


def test_a_cell_holds_several_windows_and_no_weight_means_one() -> None:
    wishes = parse_wishes("Mo,We 07:30-09:00; Sa 22:00-24:00 = 0.5;")
    assert wishes == (
        Window(frozenset({0, 2}), 450, 540, Decimal(1)),
        Window(frozenset({5}), 1320, 1440, Decimal("0.5")),
    )


def test_a_range_of_days_may_wrap() -> None:
    assert parse_days("Sa-Mo") == frozenset({5, 6, 0})


def test_a_dash_a_word_processor_made_of_a_hyphen_is_read() -> None:
    assert parse_window("Mo\u2013Fr 08:00\u201309:00") == parse_window("Mo-Fr 08:00-09:00")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Mo-Fr 25:00", "'Mo-Fr 25:00' is not a window"),
        ("Mo 10:00-09:00", "ends before it starts"),
        ("Mo 10:00-24:30", "24:30 is not a time of day"),
        ("Mo 10:00-11:60", "11:60 is not a time of day"),
        ("Xx 10:00-11:00", "'Xx' is not a day"),
        ("Mo 10:00-11:00 = 1.5", "the weight 1.5 is not between 0 and 1"),
        ("Mo 10:00-11:00 = much", "the weight 'much' is not a number"),
        ("Mo 10:00-11:00 = nan", "is not between 0 and 1"),
        ("Mo 10:00-11:00 = 0.1234567", "has more than 6 places"),
    ],
)
def test_a_bad_wish_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_wishes(text)
