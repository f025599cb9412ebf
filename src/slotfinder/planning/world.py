"""The facts of one plan, made ready for arithmetic, and what the plan has taken of them so far."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np

from slotfinder.domain.cadence import Cadence, Period
from slotfinder.domain.closures import dates_of, holidays_of
from slotfinder.domain.compromise import Worth
from slotfinder.domain.freebusy import Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Adopted, Broken, Cause, Fate, Stays, fate_of
from slotfinder.domain.meeting import Format, Lifted, Meeting, Refusal, Seen
from slotfinder.domain.people import Pair
from slotfinder.domain.programme import Room
from slotfinder.planning.candidates import (
    Candidates,
    PairTime,
    PersonTime,
    RoomTimes,
    Taken,
    foreign_entries,
    taken_time,
)
from slotfinder.planning.facts import ONE_DAY, Facts, periods_of, span_of, within_horizon
from slotfinder.planning.grid import Bools, Clock, Clocks, Spans, minute_of, minutes_of, seconds_of
from slotfinder.planning.plan import HoldCode


@dataclass(slots=True, kw_only=True)
class Occurrence:
    """An open period while its slot is chosen; ``choice`` is an index into ``candidates``.

    ``replaces`` is the meeting it stands in for, with the reason why that one cannot stand.
    ``series`` is what the rule remembers of the pair. ``held`` says why no slot was found,
    ``missed`` why it is not in person although that is ``due``.
    """

    pair: Pair
    period: Period
    time: PairTime
    form: Format
    due: bool
    candidates: Candidates
    series: tuple[Worth, ...]
    replaces: Meeting | None = None
    cause: Broken | None = None
    choice: int | None = None
    room: str | None = None
    held: HoldCode | None = None
    missed: HoldCode | None = None

    @property
    def interval(self) -> Interval | None:
        return None if self.choice is None else self.candidates.interval(self.choice)

    def worth(self, choice: int) -> Worth:
        """Return what one of the candidates is worth to both."""
        return Worth(
            start=self.candidates.interval(choice).start,
            satisfaction=self.candidates.satisfactions(choice),
            share=self.candidates.shares(choice),
        )


def gone(replaces: Meeting | None) -> frozenset[str]:
    """Return the uid of a meeting that does not stand in the way of what comes instead."""
    return frozenset() if replaces is None else frozenset({replaces.uid})


class World:
    """Everybody's time, judged meetings, and the slots planned so far."""

    def __init__(self, facts: Facts, now: datetime, planned: "Planned | None" = None) -> None:
        self.facts = facts
        self.programme = facts.programme
        self.now = now
        self.planned = planned or Planned()
        self._pairs = {pair.id: pair for pair in facts.pairs}
        self._grids: dict[tuple[Cadence, date, date], tuple[Period, ...]] = {}
        self.periods = {pair.id: self._periods_of(pair) for pair in facts.pairs}
        self._meetings = _grouped((meeting.pair, meeting) for meeting in facts.meetings)
        self._refusals = _grouped((each.pair, each) for each in facts.refusals if not each.room)
        self._rooms_refused = _grouped(
            (each.room or "", each.interval) for each in facts.rooms_refused
        )
        self._ahead = facts.ahead
        self._ahead_of = _grouped(
            (email, meeting) for meeting in self._ahead for email in _calendars_of(meeting)
        )
        self._clocks = _clocks(facts, self._ahead, {*self.periods.values()}, now)
        self._people: dict[tuple[str, frozenset[str]], PersonTime] = {}
        self._rooms: dict[frozenset[str], RoomTimes] = {}
        self._entries: dict[str, list[tuple[Kind, Interval]]] = {}
        self.fates = {meeting.uid: self._fate(meeting) for meeting in self._ahead}
        self._times = {meeting.uid: self._times_of(meeting) for meeting in self._ahead}

    @property
    def clock(self) -> Clock:
        """Return the clock of the programme's zone."""
        return self._clocks.of(self.programme.zone)

    def meetings_of(self, pair: Pair) -> Sequence[Meeting]:
        """Return the standing meetings of a pair, past and ahead."""
        return self._meetings.get(pair.id, ())

    def ahead_of(self, pair: Pair) -> list[Meeting]:
        """Return the meetings of a pair that are not over, by start."""
        mine = [each for each in self.meetings_of(pair) if each.uid in self.facts.own]
        return sorted(mine, key=lambda meeting: meeting.interval)

    def refusals_of(self, pair: Pair) -> Sequence[Refusal]:
        """Return the slots that must not be offered to a pair again."""
        return self._refusals.get(pair.id, ())

    def readable(self, pair: Pair) -> bool:
        return all(self.facts.free_busy(email) is not None for email in pair.people)

    def pair_time(self, pair: Pair, without: frozenset[str]) -> PairTime:
        """Return when the pair could meet if its own meetings ``without`` were gone."""
        mentor, mentee = (self._person(email, without) for email in pair.people)
        return PairTime(pair, self.programme, self._clocks, mentor, mentee)

    def rooms(self, without: frozenset[str] = frozenset()) -> RoomTimes:
        """Return when rooms are free if the meetings ``without`` were gone."""
        if without not in self._rooms:
            taken = {
                room.email: self._taken(room.email, without)
                for site in self.programme.sites.values()
                for room in site.rooms
            }
            self._rooms[without] = RoomTimes(taken, self._rooms_refused)
        return self._rooms[without]

    def site_of(self, pair: Pair) -> str:
        """Return the site both people share, empty when there is none."""
        people = self.facts.people
        mentor = people[pair.mentor].site
        return mentor if mentor == people[pair.mentee].site else ""

    def next_revision(self, meeting: Meeting) -> int:
        """Return the number of a meeting's next version: above ours, and above any person's."""
        seen = self.facts.seen.get(meeting.uid)
        return max(meeting.revision, seen.revision if seen else 0) + 1

    def margin(self, form: Format, pair: Pair) -> timedelta:
        return self.programme.margin(form, self.site_of(pair))

    def possible(self, occurrence: Occurrence) -> Bools:
        """Tell which candidates fit all that is planned, the pair's own gap included.

        The occurrence itself is not in its own way.
        """
        return self.free(occurrence) & self.apart(occurrence)

    def apart(self, occurrence: Occurrence) -> Bools:
        """Tell which candidates keep the gap to the pair's other planned meetings."""
        starts = occurrence.candidates.starts
        apart = np.ones(starts.shape, dtype=np.bool_)
        for each in self.planned.of_pair(occurrence.pair):
            if each is not occurrence and each.interval:
                gap = self.least_gap([occurrence, each])
                apart &= np.abs(starts - minute_of(each.interval.start)) >= gap
        return apart

    def least_gap(self, occurrences: Sequence[Occurrence]) -> int:
        """Return the least minutes between two starts of a pair.

        The two need the way between their own meetings too, however small the gap is set.
        """
        ways = [self.margin(each.form, each.pair) for each in occurrences]
        lengths = [each.candidates.duration for each in occurrences]
        return max(minutes_of(self.programme.gap), max(lengths) + minutes_of(max(ways)))

    def free(self, occurrence: Occurrence) -> Bools:
        """Tell which candidates leave the people and rooms other pairs are planned with alone."""
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        free = self.room_left(occurrence)
        mine = self.margin(occurrence.form, occurrence.pair)
        for each in self.planned.with_people_of(occurrence.pair):
            if each.interval is not None:
                margin = minutes_of(max(mine, self.margin(each.form, each.pair)))
                free &= ~Spans(seconds_of([each.interval])).hit(starts, duration, margin)
        return free

    def room_left(self, occurrence: Occurrence, *beside: Mapping[str, Spans]) -> Bools:
        """Tell which candidates find a room, or need none, beside these and all that is planned."""
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        if not self.needs_room(occurrence):
            return np.ones(starts.shape, dtype=np.bool_)
        planned, times = (
            self.planned.room_spans(without=occurrence),
            self._times_without(occurrence),
        )
        rooms = self._rooms_for(occurrence.pair)
        return times.any_free(rooms, starts, duration, planned, *beside)

    def needs_room(self, occurrence: Occurrence) -> bool:
        """Tell whether the occurrence takes place at a site that has rooms."""
        site = self.programme.sites.get(self.site_of(occurrence.pair))
        return occurrence.form is Format.IN_PERSON and bool(site and site.rooms)

    def free_rooms(self, occurrence: Occurrence, interval: Interval) -> list[str]:
        """Return the rooms an occurrence could have then, in the file's order."""
        planned, times = self.planned.rooms(without=occurrence), self._times_without(occurrence)
        return times.free_rooms(self._rooms_for(occurrence.pair), interval, planned)

    def room_at(self, meeting: Meeting, interval: Interval) -> str | None:
        """Return and claim a room for a meeting: its own while it can be had, else the first."""
        sites = self.programme.sites.values()
        found = ((site, room) for site in sites for room in site.rooms)
        site, own = next((each for each in found if each[1].email == meeting.room), (None, None))
        if site is None or own is None:
            return None
        known = self.facts.people
        people = [known[email] for email in meeting.people if email in known]
        planned, times = self.planned.rooms(), self.rooms(gone(meeting))
        rooms = times.free_rooms(site.rooms_for(people, own.provider), interval, planned)
        room = meeting.room if meeting.room in rooms else next(iter(rooms), None)
        if room:
            self.planned.claim(room, interval)
        return room

    def _times_without(self, occurrence: Occurrence) -> RoomTimes:
        return self.rooms(gone(occurrence.replaces))

    def _rooms_for(self, pair: Pair) -> tuple[Room, ...]:
        """Return the rooms of the pair's site in which the two can meet."""
        site = self.programme.sites[self.site_of(pair)]
        people = [self.facts.people[email] for email in pair.people]
        return site.rooms_for(people, pair.calendar)

    def _margin_of(self, meeting: Meeting) -> timedelta:
        """Return the time a standing meeting keeps free on both sides."""
        mentor = self.facts.people.get(meeting.mentor)
        site = mentor.site if mentor else ""
        if meeting.format is Format.IN_PERSON and site not in self.programme.sites:
            return timedelta()
        return self.programme.margin(meeting.format, site)

    def _fate(self, meeting: Meeting) -> Fate:
        """Judge a meeting; one whose writing is unfinished, or not looked up, is left alone."""
        seen = self.facts.seen.get(meeting.uid)
        if meeting.uid in self.facts.unsettled:
            return Stays()
        pair = self._pairs.get(meeting.pair)
        if pair and pair.people != meeting.people:
            return Broken(Cause.REPLACED, why="Other people meet in this pair now.")
        if seen is None:
            return Stays()
        return fate_of(
            meeting,
            seen,
            conflict=Lifted.BUSY not in meeting.lifted and self._conflict(meeting, seen),
            closed=Lifted.CLOSED not in meeting.lifted and self._closed(meeting),
            room_taken=any(
                interval.overlaps(meeting.interval)
                for _, interval in self._foreign(meeting.room or "")
            ),
            found=meeting.uid in self.facts.found,
        )

    def _conflict(self, meeting: Meeting, seen: Seen) -> bool:
        """Tell whether somebody is taken at the time the meeting has now.

        A booked meeting survives a tentative entry that came later; a time a person chose has to
        be free by the programme's own policy (compromise.md §5).
        """
        moved = seen.interval != meeting.interval
        kinds = self.programme.blocking_kinds(meeting.format)
        kinds = kinds if moved else kinds - {Kind.TENTATIVE}
        return any(
            interval.overlaps(seen.interval) and kind in kinds
            for email in meeting.people
            for kind, interval in self._foreign(email)
        ) or (moved and self._on_top_of_another(meeting, seen.interval))

    def _on_top_of_another(self, meeting: Meeting, interval: Interval) -> bool:
        return any(
            interval.overlaps(other.interval)
            for email in meeting.people
            for other in self._ahead_of.get(email, ())
            if other is not meeting and email in other.people
        )

    def _foreign(self, email: str) -> list[tuple[Kind, Interval]]:
        if email not in self._entries:
            reading = self.facts.free_busy(email)
            self._entries[email] = (
                [] if reading is None else [*foreign_entries(reading, self._ours(email))]
            )
        return self._entries[email]

    def _closed(self, meeting: Meeting) -> bool:
        first, last = meeting.interval.start, meeting.interval.end - timedelta(minutes=1)
        zone = self.programme.zone
        days = first.astimezone(zone).date(), last.astimezone(zone).date()
        if dates_of(self.programme.blackouts, *days):
            return True
        for email in meeting.people:
            person = self.facts.people.get(email)
            if person is not None:
                days = first.astimezone(person.zone).date(), last.astimezone(person.zone).date()
                if dates_of(person.away, *days) or holidays_of(person, *days):
                    return True
        return False

    def _times_of(self, meeting: Meeting) -> tuple[Interval, ...]:
        """Return when a meeting takes people's time: where it stands, and where it was moved to."""
        seen = self.facts.seen.get(meeting.uid)
        if seen is None or seen.interval == meeting.interval:
            return (meeting.interval,)
        if isinstance(self.fates[meeting.uid], Adopted):
            return (seen.interval,)
        return meeting.interval, seen.interval

    def _person(self, email: str, without: frozenset[str]) -> PersonTime:
        person = self.facts.people[email]
        ours = [each for each in self._ours(email) if email in each.people]
        mine = without & {each.uid for each in ours}
        if (email, mine) not in self._people:
            own: dict[int, list[Interval]] = {}
            for meeting in ours:
                margin = minutes_of(self._margin_of(meeting))
                if margin and meeting.uid not in mine:
                    own.setdefault(margin, []).extend(self._times[meeting.uid])
            spans = {margin: seconds_of(intervals) for margin, intervals in own.items()}
            taken = self._taken(email, mine) or {}
            clock = self._clocks.of(person.zone)
            self._people[email, mine] = PersonTime(person, taken, spans, clock)
        return self._people[email, mine]

    def _ours(self, email: str) -> Sequence[Meeting]:
        """Return our own meetings ahead in a person's or room's calendar."""
        return self._ahead_of.get(email, ())

    def _taken(self, email: str, without: frozenset[str]) -> Taken | None:
        reading = self.facts.free_busy(email)
        return taken_time(reading, self._ours(email), self._times, without)

    def _periods_of(self, pair: Pair) -> tuple[Period, ...]:
        """Return the periods of a pair; pairs of one cadence share theirs."""
        key = pair.cadence, pair.starts, pair.ends
        if key not in self._grids:
            self._grids[key] = periods_of(pair)
        return self._grids[key]


class Planned:
    """The slots planned so far, to be asked by pair, by person and by room."""

    def __init__(self) -> None:
        self._by_pair: dict[str, list[Occurrence]] = {}
        self._by_person: dict[str, list[Occurrence]] = {}
        self._rooms: dict[str, list[Interval]] = {}
        self._room_spans: dict[str, Spans] = {}

    def take(self, occurrence: Occurrence) -> None:
        """Plan with an occurrence that has been given its slot."""
        self._by_pair.setdefault(occurrence.pair.id, []).append(occurrence)
        for email in occurrence.pair.people:
            self._by_person.setdefault(email, []).append(occurrence)
        if occurrence.room and occurrence.interval:
            self.claim(occurrence.room, occurrence.interval)

    def claim(self, room: str, interval: Interval) -> None:
        """Take a room for a meeting that stays."""
        self._rooms.setdefault(room, []).append(interval)
        self._room_spans.pop(room, None)

    def of_pair(self, pair: Pair) -> Sequence[Occurrence]:
        return self._by_pair.get(pair.id, ())

    def with_people_of(self, pair: Pair) -> Iterator[Occurrence]:
        """Yield the slots of other pairs in which one of the two is."""
        for email in pair.people:
            yield from (each for each in self._by_person.get(email, ()) if each.pair.id != pair.id)

    def beside(
        self, pair: Pair, rooms: Iterable[str], own: Container[tuple[str | None, Interval]]
    ) -> "Planned":
        """Return what one pair has to plan beside: its people's other slots, and these rooms.

        ``own`` are the rooms the pair itself has, with the time.
        """
        found = Planned()
        for occurrence in self.with_people_of(pair):
            for email in occurrence.pair.people:
                found._by_person.setdefault(email, []).append(occurrence)
        for room in rooms:
            found._rooms[room] = [at for at in self._rooms.get(room, ()) if (room, at) not in own]
        return found

    def room_spans(self, without: Occurrence) -> Mapping[str, Spans]:
        """Return when each room is taken, but for one slot that is not in its own way."""
        for room in self._rooms.keys() - self._room_spans.keys():
            self._room_spans[room] = Spans(seconds_of(self._rooms[room]))
        if without.room is None:
            return self._room_spans
        others = self.rooms(without)[without.room]
        return {**self._room_spans, without.room: Spans(seconds_of(others))}

    def rooms(self, without: Occurrence | None = None) -> Mapping[str, Sequence[Interval]]:
        """Return when each room is taken, but for one slot that is not in its own way."""
        if without is None or without.room is None or without.interval is None:
            return self._rooms
        others = list(self._rooms[without.room])
        others.remove(without.interval)
        return {**self._rooms, without.room: others}


_Item = TypeVar("_Item")


def _grouped(items: Iterable[tuple[str, _Item]]) -> dict[str, list[_Item]]:
    found: dict[str, list[_Item]] = {}
    for key, item in items:
        found.setdefault(key, []).append(item)
    return found


def _calendars_of(meeting: Meeting) -> set[str]:
    """Return whose calendars a meeting is in: both people's, and its room's."""
    return {*meeting.people, *([meeting.room] if meeting.room else [])}


def _clocks(
    facts: Facts, ahead: Collection[Meeting], grids: Iterable[Iterable[Period]], now: datetime
) -> Clocks:
    """Return clocks over all time that is asked about, and a day on both sides."""
    moments = [facts.window, *(meeting.interval for meeting in ahead)]
    moments += [seen.interval for seen in facts.seen.values()]
    # Today's period may have begun long before the window does, as may that of a meeting ahead.
    planned = {meeting.planned.astimezone(facts.programme.zone).date() for meeting in ahead}
    moments += [
        span_of(period, facts.programme)
        for grid in grids
        for period in grid
        if within_horizon(period, facts.programme, now)
        or any(period.first <= day < period.end for day in planned)
    ]
    first = min(each.start for each in moments) - ONE_DAY
    return Clocks(minute_of(first), minute_of(max(each.end for each in moments) + ONE_DAY))
