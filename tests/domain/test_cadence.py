"""How often a pair meets, as a person writes it."""

from datetime import date

import pytest

from slotfinder.domain.cadence import ByRule, Every, Unit, parse_cadence, periods


@pytest.mark.parametrize(
    ("text", "cadence"),
    [
        ("2 weeks", Every(2, Unit.WEEKS)),
        ("1 Month", Every(1, Unit.MONTHS)),
        ("week", Every(1, Unit.WEEKS)),
        ("freq=monthly;byday=1mo", ByRule("FREQ=MONTHLY;BYDAY=1MO")),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=1,-1", ByRule("FREQ=MONTHLY;BYMONTHDAY=1,-1")),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", ByRule("FREQ=DAILY;UNTIL=20270101T000000Z")),
    ],
)
def test_a_cadence_is_read(text: str, cadence: Every | ByRule) -> None:
    assert parse_cadence(text) == cadence


@pytest.mark.parametrize(
    "text",
    [
        "0 weeks",
        "105 weeks",
        "fortnightly",
        "FREQ=HOURLY",
        "FREQ=",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;BYHOUR=8,9",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=DAILY;UNTIL=20279999",
        "FREQ=DAILY\nDTSTART:20270101",
        "XFREQ=DAILY",
    ],
)
def test_what_names_no_periods_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?s)^'.*\.$"):
        parse_cadence(text)


def test_an_until_in_utc_ends_the_periods() -> None:
    rule = parse_cadence("FREQ=WEEKLY;UNTIL=20270118T235959Z")
    found = periods(rule, date(2027, 1, 4), date(2027, 2, 28))
    assert [period.first.day for period in found] == [4, 11, 18]
