"""What the benchmarks stand on: the same programme every time, and a checker that sees mistakes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from slotfinder.domain.freebusy import Block, FreeBusy, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Country, Days, Pair
from slotfinder.domain.programme import TentativePolicy
from slotfinder.planning.facts import Facts
from tests.benchmarks import product
from tests.benchmarks.baselines import FirstCome, NaiveSlots, sums_of, value_of
from tests.benchmarks.generator import FIRST, NOW, generate
from tests.benchmarks.rules import Rule, Violation, violations

PAIRS, SEED = 30, 2
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Planned:
    """A programme and its plan's meetings, before or after something was done to them."""

    facts: Facts
    meetings: tuple[Meeting, ...]
    now: datetime = NOW

    def found(self) -> list[Violation]:
        return violations(self.facts, self.now, self.meetings)

    def first(self, form: Format = Format.VIRTUAL, *, room: bool = False) -> Meeting:
        return next(
            each for each in self.meetings if each.format is form and (each.room or not room)
        )

    def pair(self, meeting: Meeting) -> Pair:
        return next(pair for pair in self.facts.pairs if pair.id == meeting.pair)

    def of(self, pair: str) -> list[Meeting]:
        return [meeting for meeting in self.meetings if meeting.pair == pair]

    def changed(self, meeting: Meeting, **changes: object) -> "Planned":
        changed = replace(meeting, **changes)  # type: ignore[arg-type]
        return replace(self, meetings=tuple(changed if m is meeting else m for m in self.meetings))

    def at(self, meeting: Meeting, start: datetime) -> "Planned":
        return self.changed(meeting, interval=Interval(start, start + meeting.interval.length))

    def with_entry(
        self, email: str, start: datetime, end: datetime, kind: Kind = Kind.BUSY
    ) -> "Planned":
        reading = self.facts.readings[email]
        assert isinstance(reading, FreeBusy)
        blocks = (*reading.blocks, Block(interval=Interval(start, end), kind=kind))
        readings = {**self.facts.readings, email: replace(reading, blocks=blocks)}
        return replace(self, facts=replace(self.facts, readings=readings))

    def with_person(self, email: str, **changes: object) -> "Planned":
        person = replace(self.facts.people[email], **changes)  # type: ignore[arg-type]
        people = {**self.facts.people, email: person}
        return replace(self, facts=replace(self.facts, people=people))

    def with_programme(self, **changes: object) -> "Planned":
        programme = replace(self.facts.programme, **changes)  # type: ignore[arg-type]
        return replace(self, facts=replace(self.facts, programme=programme))


@cache
def planned() -> Planned:
    facts, now = generate(PAIRS, SEED)
    return Planned(facts, tuple(product.meetings_of(product.make_plan(facts, now))))


def local_day(whole: Planned, meeting: Meeting) -> date:
    return meeting.interval.start.astimezone(whole.facts.people[meeting.mentee].zone).date()


def colleagues(whole: Planned) -> tuple[Meeting, Meeting]:
    """Return virtual meetings of two pairs of one senior in the same period."""
    return next(
        (one, other)
        for one in whole.meetings
        for other in whole.meetings
        if one.pair < other.pair and one.mentee == other.mentee and one.period == other.period
        if one.format is other.format is Format.VIRTUAL
    )


def neighbours(whole: Planned) -> tuple[Meeting, Meeting]:
    """Return meetings in rooms of one site."""
    with_room = [meeting for meeting in whole.meetings if meeting.room]
    return next(
        (one, other)
        for one in with_room
        for other in with_room
        if one.pair < other.pair and one.room == other.room and one.mentee != other.mentee
    )


def test_the_same_seed_gives_the_same_programme() -> None:
    assert generate(40, 5) == generate(40, 5)


def test_another_seed_gives_another_programme() -> None:
    assert generate(40, 5) != generate(40, 6)


def test_a_programme_has_the_shape_it_promises() -> None:
    facts, now = generate(400, 1)
    entries = sum(len(r.blocks) for e in facts.people if (r := facts.free_busy(e)))
    pairs_of = {e: sum(e in pair.people for pair in facts.pairs) for e in facts.people}
    assert now < facts.window.end
    assert len(facts.pairs) == 400
    assert 1.80 < len(facts.people) / 400 < 1.94
    assert 140 < entries / len(facts.people) < 180
    assert len({person.zone for person in facts.people.values()}) == 5
    assert len(facts.programme.sites) == 7
    assert 24 < len({person.wishes for person in facts.people.values()}) < 60
    assert max(pairs_of.values()) == 4


def test_entries_of_the_same_time_and_kind_are_one_object() -> None:
    facts, _ = generate(40, 5)
    blocks = [b for r in facts.readings.values() if isinstance(r, FreeBusy) for b in r.blocks]
    assert len({id(block) for block in blocks}) == len(set(blocks)) < len(blocks)


def test_a_plan_breaks_no_rule() -> None:
    whole = planned()
    assert len(whole.meetings) == 6 * PAIRS
    assert any(meeting.room for meeting in whole.meetings)
    assert whole.found() == []


def test_no_meetings_break_no_rule() -> None:
    assert replace(planned(), meetings=()).found() == []


def test_datetimes_find_the_slots_the_product_finds() -> None:
    facts = planned().facts
    naive, world = NaiveSlots(facts, NOW), product.world_of(facts, NOW)
    for pair in facts.pairs[:8]:
        ours = [
            (int(start), int(mentor), int(mentee))
            for found in product.slots_of(pair, world)
            for start, mentor, mentee in zip(found.starts, *found.satisfaction, strict=True)
        ]
        theirs = [(s.start.timestamp() // 60, s.mentor, s.mentee) for s in naive.all(pair)]
        assert ours == theirs != []


def test_the_ten_best_slots_are_as_good_by_either_way() -> None:
    facts = planned().facts
    naive, world = NaiveSlots(facts, NOW), product.world_of(facts, NOW)
    for pair in facts.pairs[:4]:
        theirs = [slot.mentor * slot.mentee for slot in naive.best(pair)]
        assert [value for value, _ in product.best_slots(pair, world)] == theirs


def test_first_come_places_every_meeting_it_can() -> None:
    served = FirstCome(product.world_of(planned().facts, NOW)).serve()
    assert sum(each.placed for each in served) == 6 * PAIRS


def test_a_certificate_says_what_the_meetings_are_worth() -> None:
    facts, now = generate(PAIRS, SEED)
    plan = product.make_plan(facts, now)
    proof = product.certificate_of(plan)
    assert proof is not None
    served = FirstCome(product.world_of(facts, now)).serve()
    ours = value_of(sums_of(product.meetings_of(plan), facts.pairs))
    theirs = value_of((each.mentor, each.mentee) for each in served)
    assert proof.value == pytest.approx(ours)
    assert theirs < ours <= proof.bound + 1e-9


def longer(whole: Planned) -> Planned:
    meeting = whole.first()
    start, end = meeting.interval.start, meeting.interval.end
    return whole.changed(meeting, interval=Interval(start, end + 15 * MINUTE))


def other_person(whole: Planned) -> Planned:
    meeting = whole.first()
    other = next(m for m in whole.meetings if m.mentor != meeting.mentor)
    return whole.changed(meeting, mentor=other.mentor)


def beside_the_grid(whole: Planned) -> Planned:
    meeting = whole.first()
    return whole.at(meeting, meeting.interval.start + timedelta(seconds=30))


def too_soon(whole: Planned) -> Planned:
    earliest = min(meeting.interval.start for meeting in whole.meetings)
    return replace(whole, now=earliest - timedelta(hours=24) + timedelta(seconds=1))


def another_period(whole: Planned) -> Planned:
    meeting = whole.first()
    return whole.at(meeting, meeting.interval.start + 14 * DAY)


def beyond_the_horizon(whole: Planned) -> Planned:
    rules = replace(whole.facts.programme.meetings, horizon=timedelta(days=70))
    return whole.with_programme(meetings=rules)


def twice(whole: Planned) -> Planned:
    return replace(whole, meetings=(*whole.meetings, whole.first()))


def close(whole: Planned) -> Planned:
    one, other, *_ = whole.of("p00001")
    return whole.at(other, one.interval.start + 6 * DAY - 15 * MINUTE)


def at_night(whole: Planned) -> Planned:
    meeting = whole.first()
    zone = whole.facts.people[meeting.mentor].zone
    night = meeting.interval.start.astimezone(zone).replace(hour=3, minute=0)
    return whole.at(meeting, night.astimezone(UTC))


def last_minute_unwished(whole: Planned) -> Planned:
    meeting = whole.first()
    person = whole.facts.people[meeting.mentee]
    role_hours = person.wishes or next(
        hours for (role, _), hours in whole.facts.programme.defaults.items() if role == "mentee"
    )
    end = meeting.interval.end.astimezone(person.zone)
    minute = end.hour * 60 + end.minute - 1
    kept = tuple(replace(w, end=min(w.end, minute)) for w in role_hours if w.start < minute)
    return whole.with_person(person.email, wishes=kept)


def busy(whole: Planned) -> Planned:
    meeting = whole.first()
    middle = meeting.interval.start + 10 * MINUTE
    return whole.with_entry(meeting.mentee, middle, middle + MINUTE)


def busy_in_the_buffer(whole: Planned) -> Planned:
    meeting = whole.first()
    end = meeting.interval.end
    return whole.with_entry(meeting.mentor, end + 5 * MINUTE - timedelta(seconds=1), end + DAY)


def busy_on_the_way(whole: Planned) -> Planned:
    meeting = whole.first(Format.IN_PERSON)
    start = meeting.interval.start
    return whole.with_entry(meeting.mentor, start - DAY, start - 14 * MINUTE, Kind.ELSEWHERE)


def tentative_blocks(whole: Planned) -> Planned:
    meeting = whole.first()
    start = meeting.interval.start
    rules = replace(whole.facts.programme.compromise, tentative=TentativePolicy.BLOCK)
    entry = whole.with_entry(meeting.mentor, start, start + MINUTE, Kind.TENTATIVE)
    return entry.with_programme(compromise=rules)


def away(whole: Planned) -> Planned:
    meeting = whole.first()
    day = local_day(whole, meeting)
    return whole.with_person(meeting.mentee, away=(Days(day - DAY, day),))


def holiday(whole: Planned) -> Planned:
    # Epiphany is a holiday in Bavaria, and no blackout.
    meeting = whole.first()
    moved = whole.at(meeting, datetime(2027, 1, 6, 12, tzinfo=UTC))
    return moved.with_person(meeting.mentor, country=Country("DE", "BY"), away=())


def blackout(whole: Planned) -> Planned:
    day = whole.first().interval.start.date()
    return whole.with_programme(blackouts=(Days(day, day),))


def in_two_meetings(whole: Planned) -> Planned:
    one, other = colleagues(whole)
    return whole.at(other, one.interval.end - 15 * MINUTE)


def without_a_break(whole: Planned) -> Planned:
    one, other = colleagues(whole)
    return whole.at(other, one.interval.end)


def at_home(whole: Planned) -> Planned:
    meeting = whole.first(Format.IN_PERSON)
    weekday = local_day(whole, meeting).weekday()
    return whole.with_person(meeting.mentee, site_days=frozenset(range(7)) - {weekday})


def at_another_site(whole: Planned) -> Planned:
    return whole.with_person(whole.first(Format.IN_PERSON).mentee, site="")


def without_room(whole: Planned) -> Planned:
    return whole.changed(whole.first(Format.IN_PERSON), room=None)


def room_elsewhere(whole: Planned) -> Planned:
    meeting = whole.first(room=True, form=Format.IN_PERSON)
    other = next(m for m in whole.meetings if m.room and m.room[:3] != (meeting.room or "")[:3])
    return whole.changed(meeting, room=other.room)


def room_for_nobody(whole: Planned) -> Planned:
    return whole.changed(whole.first(), room=whole.first(Format.IN_PERSON).room)


def room_taken(whole: Planned) -> Planned:
    meeting = whole.first(Format.IN_PERSON, room=True)
    end = meeting.interval.end
    return whole.with_entry(meeting.room or "", end - MINUTE, end + DAY, Kind.TENTATIVE)


def room_shared(whole: Planned) -> Planned:
    one, other = neighbours(whole)
    return whole.at(other, one.interval.start)


PLANTED: tuple[tuple[Rule, Callable[[Planned], Planned]], ...] = (
    (Rule.SHAPE, longer),
    (Rule.SHAPE, other_person),
    (Rule.GRID, beside_the_grid),
    (Rule.NOTICE, too_soon),
    (Rule.PERIOD, another_period),
    (Rule.PERIOD, beyond_the_horizon),
    (Rule.TWICE, twice),
    (Rule.GAP, close),
    (Rule.WISHES, at_night),
    (Rule.WISHES, last_minute_unwished),
    (Rule.BUSY, busy),
    (Rule.BUSY, busy_in_the_buffer),
    (Rule.BUSY, busy_on_the_way),
    (Rule.BUSY, tentative_blocks),
    (Rule.CLOSED, away),
    (Rule.CLOSED, holiday),
    (Rule.CLOSED, blackout),
    (Rule.TOGETHER, in_two_meetings),
    (Rule.TOGETHER, without_a_break),
    (Rule.SITE, at_home),
    (Rule.SITE, at_another_site),
    (Rule.ROOM, without_room),
    (Rule.ROOM, room_elsewhere),
    (Rule.ROOM, room_for_nobody),
    (Rule.ROOM_BUSY, room_taken),
    (Rule.ROOM_TWICE, room_shared),
)


@pytest.mark.parametrize(("rule", "plant"), PLANTED, ids=lambda each: getattr(each, "__name__", ""))
def test_a_planted_violation_is_found(rule: Rule, plant: Callable[[Planned], Planned]) -> None:
    assert rule in {violation.rule for violation in plant(planned()).found()}


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _ in PLANTED} == set(Rule)


def entries_that_touch(whole: Planned) -> Iterable[Planned]:
    """Yield plans beside which something is as close as it may be."""
    virtual, on_site = whole.first(), whole.first(Format.IN_PERSON, room=True)
    end, start = virtual.interval.end, on_site.interval.start
    yield whole.with_entry(virtual.mentor, end + 5 * MINUTE, end + DAY)
    yield whole.with_entry(virtual.mentor, virtual.interval.start, end, Kind.ELSEWHERE)
    yield whole.with_entry(virtual.mentor, virtual.interval.start, end, Kind.TENTATIVE)
    yield whole.with_entry(on_site.mentee, start - DAY, start - 15 * MINUTE)
    yield whole.with_entry(on_site.room or "", on_site.interval.end, on_site.interval.end + MINUTE)
    yield whole.with_person(virtual.mentor, away=(Days(FIRST - 9 * DAY, FIRST - 8 * DAY),))


def test_what_only_touches_a_meeting_breaks_no_rule() -> None:
    whole = planned()
    first = replace(whole, meetings=(whole.first(), whole.first(Format.IN_PERSON, room=True)))
    assert [each.found() for each in entries_that_touch(first)] == [[]] * 6


def test_a_violation_names_pair_occurrence_time_and_rule() -> None:
    (found,) = without_room(planned()).found()
    assert str(found).startswith(f"{found.meeting.pair} #{found.meeting.occurrence} 2027-")
    assert str(found).endswith(f"Z: {Rule.ROOM}")
