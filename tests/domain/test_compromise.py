"""What a slot is worth and which rule says so, against the sentences of the rule itself."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotfinder.domain.compromise import (
    Worth,
    balance,
    dry_spell_breaks,
    remembered,
    round_half_up,
    share_of,
    whose_turn,
    yields,
)
from slotfinder.domain.meeting import Both
from slotfinder.domain.people import Role

M, E, N = Role.MENTOR, Role.MENTEE, None
_percents = st.integers(0, 100)
_boths = st.builds(Both, _percents, _percents)
_roles = st.sampled_from([M, E, N])
_START = datetime(2027, 1, 4, 9, tzinfo=UTC)


def worth(day: int, mentor: int, mentee: int) -> Worth:
    both = Both(mentor, mentee)
    return Worth(start=_START + timedelta(days=day), satisfaction=both, share=both)


@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_halves_are_rounded_up(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert round_half_up(numerator, denominator) == floor(exact + Fraction(1, 2))


@pytest.mark.parametrize(("numerator", "rounded"), [(1, 1), (3, 2), (5, 3), (4, 2), (0, 0)])
def test_the_half_itself_goes_up(numerator: int, rounded: int) -> None:
    assert round_half_up(numerator, 2) == rounded


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_share_is_a_percent_of_the_own_best_and_never_above_100(own: int, best: int) -> None:
    share = share_of(own, best)
    assert 0 <= share <= 100
    assert (share == 100) is (200 * own >= 199 * best)


def test_where_there_is_no_best_the_share_is_100() -> None:
    assert share_of(1, 0) == share_of(100, 0) == 100


@given(_boths)
def test_somebody_yields_whose_doubled_share_is_still_below_the_others(share: Both) -> None:
    swapped = yields(Both(share.mentee, share.mentor))
    assert (yields(share) is M) is (share.mentor * 2 < share.mentee)
    assert (yields(share) is E) is (share.mentee * 2 < share.mentor)
    assert swapped is (None if yields(share) is None else {M: E, E: M}[yields(share) or M])


@pytest.mark.parametrize(
    ("who", "limit", "breaks"),
    [
        ([], 2, 0),
        ([M, M], 2, 0),
        ([M, M, M], 2, 1),
        ([M, M, M, M], 2, 2),
        ([M, M, N, M], 2, 0),
        ([M, M, E, M], 2, 0),
        ([M, M, M, E, E, E], 2, 2),
        ([M, N, E], 0, 2),
    ],
)
def test_each_meeting_beyond_the_row_that_is_allowed_breaks_the_rule(
    who: list[Role | None], limit: int, breaks: int
) -> None:
    assert dry_spell_breaks(who, limit) == breaks


@given(st.lists(_roles, max_size=12), st.integers(0, 3))
def test_breaks_are_those_of_looking_back_from_each_meeting(
    who: list[Role | None], limit: int
) -> None:
    naive = sum(
        k >= limit and role is not None and set(who[k - limit : k + 1]) == {role}
        for k, role in enumerate(who)
    )
    assert dry_spell_breaks(who, limit) == naive


@given(st.permutations([0, 3, 9, 14, 20]), st.integers(0, 7))
def test_the_last_meetings_by_start_are_remembered(days: list[int], memory: int) -> None:
    found = remembered([worth(day, day, 0) for day in days], memory)
    kept = sorted(days)[max(0, 5 - memory) :] if memory else []
    assert [each.satisfaction.mentor for each in found] == kept


def test_balances_begin_at_fifty_and_add_up() -> None:
    assert balance([]) == Both(50, 50)
    assert balance([worth(0, 10, 100), worth(7, 30, 1)]) == Both(90, 151)


@pytest.mark.parametrize(
    ("shares", "turn"),
    [
        ([], M),
        ([(50, 50)], E),
        ([(50, 50), (80, 80)], M),
        ([(40, 50)], M),
        ([(60, 50)], E),
        ([(60, 50), (70, 70)], M),
        ([(40, 50), (70, 70)], E),
    ],
)
def test_who_had_less_last_time_is_next_and_equals_take_turns(
    shares: list[tuple[int, int]], turn: Role
) -> None:
    assert whose_turn([worth(7 * k, *both) for k, both in enumerate(shares)]) is turn
