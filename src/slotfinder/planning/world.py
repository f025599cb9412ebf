"""The facts of one plan, made ready for arithmetic, and what the plan has taken of them so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

import numpy as np

from slotfinder.domain.cadence import Period
from slotfinder.domain.closures import dates_of, holidays_of
from slotfinder.domain.compromise import Worth
from slotfinder.domain.freebusy import Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Adopted, Broken, Cause, Fate, Stays, fate_of
from slotfinder.domain.meeting import Format, Meeting, Seen
from slotfinder.domain.people import Pair
from slotfinder.planning.candidates import (
    Candidates,
    PairTime,
    PersonTime,
    RoomTimes,
    foreign_entries,
    taken_time,
)
from slotfinder.planning.facts import ONE_DAY, Facts, periods_of, span_of, within_horizon
from slotfinder.planning.grid import Bools, Clock, Clocks, Spans, minute_of, minutes_of
from slotfinder.planning.plan import HoldCode


@dataclass(slots=True, kw_only=True)
class Occurrence:
    """An open period while its slot is chosen; ``choice`` is an index into ``candidates``.

    ``replaces`` is the meeting it stands in for, with the reason why that one cannot stand.
    ``series`` is what the rule remembers of the pair. ``held`` says why no slot was found.
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

    @property
    def gone_from_rooms(self) -> frozenset[str]:
        """Return the meetings that do not stand in the way in a room; a lost room stays lost."""
        return gone_from_rooms(self.replaces, self.cause)

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


def gone_from_rooms(replaces: Meeting | None, cause: Broken | None) -> frozenset[str]:
    """Return the uid of a meeting that gives its room back, if it has not lost it."""
    lost = cause is not None and cause.cause is Cause.ROOM_LOST
    return frozenset() if replaces is None or lost else frozenset({replaces.uid})


class World:
    """Everybody's time, judged meetings, and the slots planned so far."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self.facts = facts
        self.programme = facts.programme
        self.now = now
        self.planned: list[Occurrence] = []
        self.periods = {pair.id: periods_of(pair) for pair in facts.pairs}
        self.claimed_rooms: list[tuple[str, Interval]] = []
        self._clocks = _clocks(facts, chain.from_iterable(self.periods.values()), now)
        self._people: dict[tuple[str, frozenset[str]], PersonTime] = {}
        self._rooms: dict[frozenset[str], RoomTimes] = {}
        self._entries: dict[str, list[tuple[Kind, Interval]]] = {}
        self.fates = {meeting.uid: self._fate(meeting) for meeting in facts.ahead}
        self._times = {meeting.uid: self._times_of(meeting) for meeting in facts.ahead}

    @property
    def clock(self) -> Clock:
        """Return the clock of the programme's zone."""
        return self._clocks.of(self.programme.zone)

    def readable(self, pair: Pair) -> bool:
        return all(self.facts.free_busy(email) is not None for email in pair.people)

    def pair_time(self, pair: Pair, without: frozenset[str]) -> PairTime:
        """Return when the pair could meet if its own meetings ``without`` were gone."""
        mentor, mentee = (self._person(email, without) for email in pair.people)
        return PairTime(pair, self.programme, self._clocks, mentor, mentee)

    def rooms(self, without: frozenset[str] = frozenset()) -> RoomTimes:
        """Return when rooms are free if the meetings ``without`` were gone."""
        if without not in self._rooms:
            sites = self.programme.sites
            taken = {
                room.email: taken_time(room.email, self.facts, self._times, without)
                for site in sites.values()
                for room in site.rooms
            }
            self._rooms[without] = RoomTimes(sites, taken)
        return self._rooms[without]

    def site_of(self, pair: Pair) -> str:
        """Return the site both people share, empty when there is none."""
        mentor, mentee = (self.facts.people[email].site for email in pair.people)
        return mentor if mentor == mentee else ""

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
        for each in self.planned:
            if each.pair is occurrence.pair and each is not occurrence and each.interval:
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
        free = np.ones(starts.shape, dtype=np.bool_)
        mine = self.margin(occurrence.form, occurrence.pair)
        for each in self.planned:
            if each.pair is occurrence.pair or each.interval is None:
                continue
            if set(each.pair.people) & set(occurrence.pair.people):
                margin = minutes_of(max(mine, self.margin(each.form, each.pair)))
                free &= ~Spans([each.interval]).hit(starts, duration, margin)
        return free & self.room_left(occurrence, ())

    def room_left(self, occurrence: Occurrence, planned: Sequence[tuple[str, Interval]]) -> Bools:
        """Tell which candidates find a room, or need none, beside these and all that is planned."""
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        if occurrence.form is Format.VIRTUAL:
            return np.ones(starts.shape, dtype=np.bool_)
        taken = [*self._planned_rooms(occurrence), *planned]
        site = self.site_of(occurrence.pair)
        return self._rooms_without(occurrence).any_free(site, starts, duration, taken)

    def room_for(
        self,
        occurrence: Occurrence,
        interval: Interval,
        planned: Sequence[tuple[str, Interval]],
    ) -> str | None:
        """Return the first room free beside all that is planned, None where none is needed."""
        site = self.programme.sites.get(self.site_of(occurrence.pair))
        if occurrence.form is Format.VIRTUAL or site is None or not site.rooms:
            return None
        taken = [*self._planned_rooms(occurrence), *planned]
        return self._rooms_without(occurrence).first_free(site.name, interval, taken)

    def room_at(self, meeting: Meeting, interval: Interval, *, lost: bool = False) -> str | None:
        """Return and claim a room for a meeting: its own unless ``lost``, else the first free."""
        sites = self.programme.sites.values()
        site = next((s for s in sites if any(r.email == meeting.room for r in s.rooms)), None)
        if site is None or meeting.room is None:
            return None
        planned = self._planned_rooms(None)
        planned += [(meeting.room, interval)] if lost else []
        rooms = self.rooms(frozenset({meeting.uid}))
        room = rooms.first_free(site.name, interval, planned, prefer=meeting.room)
        if room:
            self.claimed_rooms.append((room, interval))
        return room

    def _rooms_without(self, occurrence: Occurrence) -> RoomTimes:
        return self.rooms(occurrence.gone_from_rooms)

    def _planned_rooms(self, occurrence: Occurrence | None) -> list[tuple[str, Interval]]:
        return self.claimed_rooms + [
            (each.room, each.interval)
            for each in self.planned
            if each is not occurrence and each.room and each.interval
        ]

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
        people = next((pair.people for pair in self.facts.pairs if pair.id == meeting.pair), None)
        if people and people != meeting.people:
            return Broken(Cause.REPLACED, why="Other people meet in this pair now.")
        if seen is None:
            return Stays()
        return fate_of(
            meeting,
            seen,
            conflict=self._conflict(meeting, seen),
            closed=self._closed(meeting),
            room_taken=any(
                interval.overlaps(meeting.interval)
                for _, interval in self._foreign(meeting.room or "")
            ),
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
            for other in self.facts.ahead
            if other is not meeting and set(other.people) & set(meeting.people)
        )

    def _foreign(self, email: str) -> list[tuple[Kind, Interval]]:
        if email not in self._entries:
            reading = self.facts.free_busy(email)
            self._entries[email] = (
                [] if reading is None else [*foreign_entries(reading, self.facts)]
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
        mine = without & {each.uid for each in self.facts.ahead if email in each.people}
        if (email, mine) not in self._people:
            taken = taken_time(email, self.facts, self._times, mine) or {}
            own = [
                (interval, margin)
                for meeting in self.facts.ahead
                if email in meeting.people and meeting.uid not in mine
                if (margin := minutes_of(self._margin_of(meeting)))
                for interval in self._times[meeting.uid]
            ]
            self._people[email, mine] = PersonTime(person, taken, own, self._clocks.of(person.zone))
        return self._people[email, mine]


def _clocks(facts: Facts, periods: Iterable[Period], now: datetime) -> Clocks:
    """Return clocks over all time that is asked about, and a day on both sides."""
    moments = [facts.window, *(meeting.interval for meeting in facts.ahead)]
    moments += [seen.interval for seen in facts.seen.values()]
    # Today's period may have begun long before the window does.
    moments += [
        span_of(period, facts.programme)
        for period in periods
        if within_horizon(period, facts.programme, now)
    ]
    first = min(each.start for each in moments) - ONE_DAY
    return Clocks(minute_of(first), minute_of(max(each.end for each in moments) + ONE_DAY))
