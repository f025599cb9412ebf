"""What holds of every plan: it treats both sides alike, and an emptier calendar never hurts it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from slotfinder.domain.cadence import Period
from slotfinder.domain.freebusy import Block, FreeBusy, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Both, Format, Meeting
from slotfinder.domain.people import Person, Role
from slotfinder.domain.preference import Wishes
from slotfinder.domain.programme import Rule, TentativePolicy
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import ActionKind
from slotfinder.planning.programme import plan
from tests.planning.builders import HUB
from tests.planning.instances import THEN, programmes

SYMMETRIC = [rule for rule in Rule if rule is not Rule.TURNS]
"""``turns`` begins with the mentor."""

# The same examples in every run, so that a failure is one of the change at hand.
_ordinary = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_long = settings(_ordinary, max_examples=400, derandomize=False, phases=[Phase.generate])

Booked = tuple[str, Period | None, Meeting]
"""A meeting with its pair and period."""


def booked(known: Facts) -> list[Booked]:
    """Return the meetings a plan books, by pair and period."""
    return [
        (each.pair, each.period, each.meeting)
        for each in plan(known, THEN).actions
        if each.kind is ActionKind.BOOK and each.meeting
    ]


# --- both sides alike -----------------------------------------------------------------------------


def swapped(both: Both) -> Both:
    return Both(both.mentee, both.mentor)


def with_sides_swapped(known: Facts) -> Facts:
    """Return the facts with every mentor a mentee, every mentee a mentor, also in the past."""
    defaults = known.programme.defaults
    return replace(
        known,
        programme=replace(
            known.programme,
            defaults={(role.other, form): wish for (role, form), wish in defaults.items()},
        ),
        pairs=tuple(replace(each, mentor=each.mentee, mentee=each.mentor) for each in known.pairs),
        meetings=tuple(as_of_the_others(each) for each in known.meetings),
    )


def check_symmetry(known: Facts) -> None:
    found = [
        (pair, period, replace(as_of_the_others(meeting), reason=""))
        for pair, period, meeting in booked(with_sides_swapped(known))
    ]
    assert found == [
        (pair, period, replace(meeting, reason="")) for pair, period, meeting in booked(known)
    ]


def as_of_the_others(meeting: Meeting) -> Meeting:
    return replace(
        meeting,
        mentor=meeting.mentee,
        mentee=meeting.mentor,
        satisfaction=swapped(meeting.satisfaction),
        share=swapped(meeting.share),
        best=swapped(meeting.best),
        balance=swapped(meeting.balance),
        options=tuple(replace(each, share=swapped(each.share)) for each in meeting.options),
    )


# --- the others as they are -----------------------------------------------------------------------


def check_nobody_gains_by_choosing_again(known: Facts) -> None:
    """Plan each pair once more, with what its people got in other pairs as entries.

    An entry takes candidates away, and with them may go somebody's best: so shares must not count,
    nor how busy a day is.
    """
    known = with_step_4_alone(known)
    idle = replace(known.programme.compromise, day_limit=1440)
    known = replace(known, programme=replace(known.programme, compromise=idle))
    found = booked(known)
    for pair in known.pairs:
        mine = {(period, meeting.interval) for name, period, meeting in found if name == pair.id}
        readings = dict(known.readings)
        for name, _, meeting in found:
            for who in {*pair.people} & {*meeting.people}:
                reading = readings[who]
                if name != pair.id and isinstance(reading, FreeBusy):
                    block = Block(interval=meeting.interval, kind=Kind.BUSY)
                    readings[who] = replace(reading, blocks=(*reading.blocks, block))
        again = booked(replace(known, pairs=(pair,), readings=readings))
        assert {(period, meeting.interval) for _, period, meeting in again} == mine


# --- an emptier calendar --------------------------------------------------------------------------


@st.composite
def with_an_entry_less(
    draw: st.DrawFn, *, pairs: tuple[int, int], weeks: int = 3
) -> tuple[Facts, Facts]:
    """Return facts, and the same with one whole entry less in calendar of those who meet.

    Entries that cover a date only together with others are left: without one of them the others
    count to how busy the day is, which until then was covered whole and not counted (§2).
    """
    kinds = (Kind.BUSY, Kind.TENTATIVE)
    shape: dict[str, Any] = {"in_person": False, "kinds": kinds, "most_entries": 5}
    known = draw(programmes(pairs=pairs, weeks=weeks, **shape))
    people = {email: None for pair in known.pairs for email in pair.people}
    readings = {who: reading for who in people if (reading := known.free_busy(who))}
    some = [who for who, reading in readings.items() if reading.blocks]
    assume(some)
    who = draw(st.sampled_from(some))
    blocks = list(readings[who].blocks)
    gone = blocks.pop(draw(st.integers(0, len(blocks) - 1)))
    assume(not any(covers_a_date_with_others(gone, each, readings[who]) for each in blocks))
    emptier = replace(readings[who], blocks=tuple(blocks))
    return known, replace(known, readings={**known.readings, who: emptier})


def covers_a_date_with_others(one: Block, other: Block, reading: FreeBusy) -> bool:
    """Tell whether two entries are parts of an interval, as it is shown, of a day or longer."""
    return one.kind is other.kind and any(
        kind is one.kind
        and interval.covers(one.interval)
        and interval.covers(other.interval)
        and interval.length >= timedelta(days=1)
        for interval, kind in reading.intervals()
    )


def with_step_4_alone(known: Facts) -> Facts:
    """Return the facts without a floor, and with no end to how often somebody may yield."""
    rules = replace(known.programme.compromise, floor=0, yields=99)
    return replace(known, programme=replace(known.programme, compromise=rules))


def nash_welfare(known: Facts, found: Sequence[Booked]) -> int:
    """Return (A + Σa) · (B + Σb), multiplied over all pairs."""
    product = 1
    for pair in known.pairs:
        memory = sorted(
            (each for each in known.meetings if each.pair == pair.id),
            key=lambda each: each.interval,
        )
        memory = memory[max(0, len(memory) - known.programme.compromise.memory) :]
        series = [*memory, *(meeting for name, _, meeting in found if name == pair.id)]
        product *= 50 + sum(each.satisfaction.mentor for each in series)
        product *= 50 + sum(each.satisfaction.mentee for each in series)
    return product


def counted(known: Facts, found: Sequence[Booked]) -> int:
    """Return how many meetings there are, those of pairs that lost their last one twice."""
    last_week = Interval(THEN - timedelta(days=7), THEN)
    met = {each.pair for each in known.meetings if last_week.covers(each.interval)}
    return sum(1 if name in met else 2 for name, _, _ in found)


def check_more_time_is_no_loss(known: Facts, emptier: Facts) -> None:
    """Compare how many meetings there are, and with as many what they are worth.

    One more meeting may cost the others more than it brings: it comes first all the same (§4). One
    of a pair that lost its last counts as two, and may take the place of two others (§5).
    """
    assert counted(emptier, booked(emptier)) >= counted(known, booked(known))
    known, emptier = with_step_4_alone(known), with_step_4_alone(emptier)
    before, after = booked(known), booked(emptier)
    assert counted(emptier, after) >= counted(known, before)
    if counted(emptier, after) == counted(known, before):
        assert nash_welfare(emptier, after) >= nash_welfare(known, before)


# --- what nobody may take -------------------------------------------------------------------------


def check_nobody_is_asked_too_much(known: Facts) -> None:
    """Look at each minute of whatever is planned or named as a runner-up."""
    people, rules = known.people, known.programme
    for _, _, meeting in booked(known):
        margin = rules.margin(meeting.format, HUB)
        for slot in (meeting.interval, *(option.interval for option in meeting.options)):
            for role, email in zip(Role, meeting.people, strict=True):
                wishes = rules.wishes(people[email], role, meeting.format)
                assert all(is_wished(minute, people[email], wishes) for minute in minutes_of(slot))
                reading = known.free_busy(email)
                assert reading
                assert not any(
                    blocks(entry, meeting.format, rules.compromise.tentative)
                    and entry.interval.overlaps(slot.widen(margin))
                    for entry in reading.blocks
                )


def minutes_of(slot: Interval) -> list[datetime]:
    return [slot.start + k * timedelta(minutes=1) for k in range(int(slot.length.seconds / 60))]


def is_wished(moment: datetime, who: Person, wishes: Wishes) -> bool:
    local = moment.astimezone(who.zone)
    return any(
        local.weekday() in window.days
        and window.start <= 60 * local.hour + local.minute < window.end
        and window.weight > 0
        for window in wishes
    )


def blocks(entry: Block, form: Format, policy: TentativePolicy) -> bool:
    match entry.kind:
        case Kind.TENTATIVE:
            return policy is TentativePolicy.BLOCK
        case Kind.ELSEWHERE:
            return form is Format.IN_PERSON
        case _:
            return True


# --- tests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", SYMMETRIC)
@_ordinary
@given(data=st.data())
def test_mentor_and_mentee_count_alike(rule: Rule, data: st.DataObject) -> None:
    check_symmetry(data.draw(programmes(rule=rule, pairs=(1, 1), most_entries=1)))


@settings(_ordinary, max_examples=45)
@given(with_an_entry_less(pairs=(1, 1)))
def test_an_entry_less_never_costs_a_pair_anything(both: tuple[Facts, Facts]) -> None:
    check_more_time_is_no_loss(*both)


@settings(_ordinary, max_examples=20)
@given(with_an_entry_less(pairs=(2, 3), weeks=2))
def test_an_entry_less_never_costs_all_pairs_anything(both: tuple[Facts, Facts]) -> None:
    check_more_time_is_no_loss(*both)


@_ordinary
@given(programmes(pairs=(3, 4), in_person=False))
def test_no_pair_gains_by_choosing_again_beside_the_others(known: Facts) -> None:
    check_nobody_gains_by_choosing_again(known)


@_ordinary
@given(programmes(apart=True))
def test_nobody_is_asked_for_time_that_is_taken_or_unwished(known: Facts) -> None:
    check_nobody_is_asked_too_much(known)


@pytest.mark.exhaustive
@pytest.mark.parametrize("rule", SYMMETRIC)
@_long
@given(data=st.data())
def test_mentor_and_mentee_always_count_alike(rule: Rule, data: st.DataObject) -> None:
    check_symmetry(data.draw(programmes(rule=rule, pairs=(1, 1), most_entries=1)))


@pytest.mark.exhaustive
@_long
@given(with_an_entry_less(pairs=(1, 1)))
def test_many_entries_less_never_cost_a_pair_anything(both: tuple[Facts, Facts]) -> None:
    check_more_time_is_no_loss(*both)


@pytest.mark.exhaustive
@settings(_long, max_examples=150)
@given(with_an_entry_less(pairs=(2, 3), weeks=2))
def test_many_entries_less_never_cost_all_pairs_anything(both: tuple[Facts, Facts]) -> None:
    check_more_time_is_no_loss(*both)


@pytest.mark.exhaustive
@settings(_long, max_examples=200)
@given(programmes(pairs=(3, 4), in_person=False))
def test_no_pair_ever_gains_by_choosing_again_beside_the_others(known: Facts) -> None:
    check_nobody_gains_by_choosing_again(known)


@pytest.mark.exhaustive
@_long
@given(programmes(apart=True))
def test_nobody_is_ever_asked_for_time_that_is_taken_or_unwished(known: Facts) -> None:
    check_nobody_is_asked_too_much(known)
