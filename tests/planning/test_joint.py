"""A pair's occurrences together: equal to trying everything, on instances small enough for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise, product
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slotfinder.domain.compromise import Worth
from slotfinder.domain.meeting import Both
from slotfinder.domain.people import Role
from slotfinder.domain.programme import Baseline, CompromiseRules, Rule, TentativePolicy
from slotfinder.planning.candidates import Candidates
from slotfinder.planning.grid import Clock, instant_of, minute_of
from slotfinder.planning.joint import Problem, Solution, solve
from tests.planning.builders import LONDON, NOW

DAY = 24 * 60
FIRST = minute_of(NOW)
PERIOD = 7 * DAY


@dataclass(frozen=True)
class Slot:
    """A candidate in plain numbers."""

    start: int
    satisfaction: tuple[int, int]
    share: tuple[int, int]


@st.composite
def slots(draw: st.DrawFn, period: int) -> list[Slot]:
    """Draw candidates of one period, often at the same hour of other days and worth the same."""
    days = draw(st.lists(st.sampled_from((0, 1, 4)), unique=True))
    hours = st.sampled_from((8 * 60, 16 * 60))
    starts = sorted({FIRST + period * PERIOD + day * DAY + draw(hours) for day in days})
    worth = st.tuples(st.sampled_from((1, 20, 45, 50, 100)), st.sampled_from((1, 20, 50, 90)))
    share = st.tuples(st.sampled_from((10, 40, 50, 100)), st.sampled_from((10, 40, 50, 100)))
    return [Slot(start, draw(worth), draw(share)) for start in starts]


@st.composite
def remembered(draw: st.DrawFn) -> list[Slot]:
    """Meetings that stand: before the periods, and sometimes dragged into one of them."""
    found = [slot for period in (-2, -1) for slot in draw(slots(period))[:1]]
    dragged = draw(st.lists(st.integers(0, 3 * 7), max_size=1))
    hour = draw(st.sampled_from((8 * 60, 12 * 60)))
    return found + [Slot(FIRST + day * DAY + hour, (50, 50), (10, 100)) for day in dragged]


def candidates(found: Sequence[Slot]) -> Candidates:
    def column(values: Sequence[int]) -> Any:
        return np.array(values, dtype=np.int64)

    return Candidates(
        starts=column([slot.start for slot in found]),
        duration=45,
        satisfaction=(
            column([slot.satisfaction[0] for slot in found]),
            column([slot.satisfaction[1] for slot in found]),
        ),
        share=(
            column([slot.share[0] for slot in found]),
            column([slot.share[1] for slot in found]),
        ),
        best=Both(100, 100),
    )


def rules(rule: Rule, floor: int, limit: int) -> CompromiseRules:
    return CompromiseRules(
        rule=rule,
        floor=floor,
        memory=6,
        tentative=TentativePolicy.AVOID,
        day_limit=300,
        yields=limit,
    )


def solved(
    periods: Sequence[Sequence[Slot]], fixed: Sequence[Slot], chosen: CompromiseRules, gap: int
) -> Solution:
    known = [candidates(found) for found in periods]
    return solve(
        Problem(
            candidates=tuple(known),
            allowed=tuple(np.ones(each.starts.shape, dtype=np.bool_) for each in known),
            series=tuple(
                Worth(
                    start=instant_of(slot.start),
                    satisfaction=Both(*slot.satisfaction),
                    share=Both(*slot.share),
                )
                for slot in fixed
            ),
            rules=chosen,
            gap=gap,
            clock=Clock(LONDON, FIRST - 4 * PERIOD, FIRST + 6 * PERIOD),
        )
    )


def by_trying_everything(
    periods: Sequence[Sequence[Slot]], fixed: Sequence[Slot], chosen: CompromiseRules, gap: int
) -> tuple[Any, tuple[int | None, ...]]:
    """Return the best value by compromise.md §4, steps 1 to 6, and the choice that has it."""
    found = []
    for choice in product(*([None, *range(len(each))] for each in periods)):
        planned = [each[k] for each, k in zip(periods, choice, strict=True) if k is not None]
        if all(b.start - a.start >= gap for a, b in pairwise(planned)):
            found.append((value(periods, choice, fixed, chosen), choice))
    return max(found, key=lambda item: item[0])


def value(
    periods: Sequence[Sequence[Slot]],
    choice: Sequence[int | None],
    fixed: Sequence[Slot],
    chosen: CompromiseRules,
) -> Any:
    taken = [None if k is None else each[k] for each, k in zip(periods, choice, strict=True)]
    planned = [slot for slot in taken if slot]
    sequence = sorted((*fixed, *planned), key=lambda slot: slot.start)
    return (
        len(planned),
        -sum(min(slot.share) < chosen.floor for slot in planned),
        -breaks(sequence, chosen.yields),
        merit(taken, fixed, chosen.rule),
        sum(week(a) == week(b) for a, b in pairwise(sequence)),
        [-(slot.start if slot else 10**15) for slot in taken],
    )


def breaks(sequence: Sequence[Slot], limit: int) -> int:
    count, row, last = 0, 0, None
    for slot in sequence:
        mentor, mentee = slot.share
        who = "mentor" if 2 * mentor < mentee else "mentee" if 2 * mentee < mentor else None
        row = row + 1 if who and who == last else int(who is not None)
        last = who
        count += row > limit
    return count


def merit(taken: Sequence[Slot | None], fixed: Sequence[Slot], rule: Rule | Baseline) -> Any:
    planned = [slot for slot in taken if slot]
    everything = [*fixed, *planned]
    gained = [50 + sum(slot.satisfaction[side] for slot in everything) for side in (0, 1)]
    shares = sorted(sum(slot.share[side] for slot in everything) for side in (0, 1))
    if rule is Rule.FAIR:
        return gained[0] * gained[1]
    if rule is Rule.TOTAL:
        return sum(gained)
    if rule is Rule.EQUAL:
        return shares
    return [number for slot in taken for number in turn_of(slot, [*fixed, *planned])]


def turn_of(slot: Slot | None, everything: Sequence[Slot]) -> tuple[int, int]:
    if slot is None:
        return -1, -1
    turn = 0
    for each in sorted(everything, key=lambda slot: slot.start):
        if each is slot:
            break
        mentor, mentee = each.share
        turn = 1 - turn if mentor == mentee else int(mentee < mentor)
    return slot.share[turn], slot.share[1 - turn]


def week(slot: Slot) -> tuple[int, int, int]:
    local = instant_of(slot.start).astimezone(LONDON)
    return local.weekday(), local.hour, local.minute


PERIODS = st.integers(1, 4).flatmap(lambda n: st.tuples(*(slots(period) for period in range(n))))


@settings(max_examples=600, deadline=None)
@given(
    PERIODS,
    remembered(),
    st.sampled_from(list(Rule)),
    st.sampled_from((0, 20, 45)),
    st.integers(0, 2),
    st.sampled_from((0, 2 * DAY, 6 * DAY, 8 * DAY)),
)
def test_the_choice_equals_trying_everything(
    periods: tuple[list[Slot], ...],
    fixed: list[Slot],
    rule: Rule,
    floor: int,
    limit: int,
    gap: int,
) -> None:
    taken = {slot.start for slot in fixed}
    assume(not any(slot.start in taken for period in periods for slot in period))
    chosen = rules(rule, floor, limit)

    best, choice = by_trying_everything(periods, fixed, chosen, gap)
    solution = solved(periods, fixed, chosen, gap)

    assert value(periods, solution.choices, fixed, chosen) == best
    assert solution.choices == choice
    assert (solution.placed, -solution.below, -solution.breaks) == best[:3]


def test_a_way_that_leads_nowhere_in_time_is_not_begun() -> None:
    """Two ways are worth the same; the one that begins earlier leaves no time for the last."""

    def slot(day: int, mentor: int, mentee: int) -> Slot:
        return Slot(FIRST + day * DAY, (mentor, mentee), (100, 100))

    periods = [
        [slot(0, 20, 10), slot(1, 10, 20)],
        [slot(7, 20, 10), slot(11, 10, 20)],
        [slot(15, 50, 50)],
    ]
    chosen = rules(Rule.FAIR, 20, 2)

    best, choice = by_trying_everything(periods, [], chosen, 6 * DAY)
    solution = solved(periods, [], chosen, 6 * DAY)

    assert solution.choices == choice == (1, 0, 0)
    assert value(periods, solution.choices, [], chosen) == best


def test_roles_are_named_by_who_yields() -> None:
    one_sided = [[Slot(FIRST + DAY, (10, 100), (10, 100))]]
    solution = solved(one_sided, [], rules(Rule.FAIR, 20, 0), 0)

    assert (solution.below, solution.breaks) == (1, 1)
    assert Role.MENTOR.other is Role.MENTEE
    assert timedelta(minutes=45) == candidates(one_sided[0]).interval(0).length
