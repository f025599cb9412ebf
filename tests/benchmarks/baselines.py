"""What the product is compared with: the obvious ways to do the same."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import nlargest
from math import exp, log

import numpy as np
import numpy.typing as npt

from slotfinder.domain.cadence import Period
from slotfinder.domain.closures import dates_of, holidays_of
from slotfinder.domain.compromise import START_BALANCE
from slotfinder.domain.freebusy import FreeBusy, Kind
from slotfinder.domain.interval import Interval, first_instant, local_day, merge
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import Wishes, weekly_weights
from slotfinder.planning.candidates import Candidates
from slotfinder.planning.facts import Facts, periods_of
from slotfinder.planning.world import Occurrence, World
from tests.benchmarks.product import TOP, Watch, occurrences_of, virtual_instead

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_MINUTE = timedelta(minutes=1)
_BLOCKING = (Kind.BUSY, Kind.OUT_OF_OFFICE, Kind.UNKNOWN)


# First come, first served.


@dataclass(slots=True)
class Served:
    """What a pair gets: both people's satisfaction summed over its meetings, in percent."""

    mentor: int = 0
    mentee: int = 0
    placed: int = 0
    online: int = 0
    starts: list[int] = field(default_factory=list)

    def take(self, candidates: Candidates, choice: int) -> None:
        self.mentor += int(candidates.satisfaction[0][choice])
        self.mentee += int(candidates.satisfaction[1][choice])
        self.placed += 1
        self.starts.append(int(candidates.starts[choice]))


class _Taken:
    """The time meetings have taken of people, in minutes since 1970."""

    def __init__(self) -> None:
        self._spans: dict[str, list[tuple[int, int, int]]] = {}

    def add(self, whose: str, start: int, end: int, margin: int) -> None:
        self._spans.setdefault(whose, []).append((start, end, margin))

    def free(self, whose: str, starts: Ints, duration: int, margin: int) -> Bools:
        """Tell which starts leave the greater of both margins to all that is taken."""
        passes = np.ones(starts.shape, dtype=np.bool_)
        for start, end, theirs in self._spans.get(whose, ()):
            apart = max(margin, theirs)
            passes &= (starts + duration + apart <= start) | (end + apart <= starts)
        return passes


class FirstCome:
    """Pairs in the file's order, each occurrence the earliest start that is still free.

    It gets the product's own candidates and formats, so that only the choice differs: in person
    needs a free room, and what cannot be had in person is tried online.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._gap = world.programme.gap // _MINUTE
        self._people = _Taken()
        sites = world.programme.sites.values()
        rooms = [room.email for site in sites for room in site.rooms]
        self._rooms = {email: _Room(world.facts.free_busy(email)) for email in rooms}

    def serve(self, watch: Watch = iter) -> list[Served]:
        """Return what each pair gets."""
        return [self._serve(pair) for pair in watch(self._world.facts.pairs)]

    def _serve(self, pair: Pair) -> Served:
        served = Served()
        for occurrence in occurrences_of(pair, self._world):
            if self._place(occurrence, occurrence.candidates, occurrence.form, served):
                continue
            if occurrence.form is Format.IN_PERSON:
                candidates = virtual_instead(occurrence, self._world)
                online = self._place(occurrence, candidates, Format.VIRTUAL, served)
                served.online += online
        return served

    def _place(
        self, occurrence: Occurrence, candidates: Candidates, form: Format, served: Served
    ) -> bool:
        """Take the earliest start that is free; tell whether there was one."""
        pair, starts, duration = occurrence.pair, candidates.starts, candidates.duration
        margin = self._world.margin(form, pair) // _MINUTE
        free = np.ones(starts.shape, dtype=np.bool_)
        for other in served.starts:
            free &= np.abs(starts - other) >= self._gap
        for email in pair.people:
            free &= self._people.free(email, starts, duration, margin)
        for choice in np.flatnonzero(free):
            start = int(starts[choice])
            room = self._room(occurrence, start, duration) if form is Format.IN_PERSON else ""
            if room is None:
                continue
            for whose in pair.people:
                self._people.add(whose, start, start + duration, margin)
            served.take(candidates, int(choice))
            return True
        return False

    def _room(self, occurrence: Occurrence, start: int, duration: int) -> str | None:
        """Take a free room and return it, empty where the site has none, None where none is free.

        Rooms are tried in the file's order.
        """
        site = self._world.programme.sites[self._world.site_of(occurrence.pair)]
        if not site.rooms:
            return ""
        for room in site.rooms:
            if self._rooms[room.email].take(start, start + duration):
                return room.email
        return None


class _Room:
    """When a room is taken: disjoint spans in minutes since 1970."""

    def __init__(self, reading: FreeBusy | None) -> None:
        """Begin with what its calendar says; a room whose calendar is unknown is never free."""
        merged = merge(block.interval for block in reading.blocks) if reading else ()
        self._known = reading is not None
        self._starts = [int(each.start.timestamp() // 60) for each in merged]
        self._ends = [-int(-each.end.timestamp() // 60) for each in merged]

    def take(self, start: int, end: int) -> bool:
        """Take the room for ``[start, end)`` unless it is taken; tell whether it was free."""
        after = bisect_right(self._ends, start)
        if not self._known or (after < len(self._starts) and self._starts[after] < end):
            return False
        self._starts.insert(after, start)
        self._ends.insert(after, end)
        return True


def value_of(served: Iterable[tuple[int, int]]) -> float:
    """Return the rule's sum over pairs of the logarithms of both balances."""
    return sum(
        log(START_BALANCE + mentor) + log(START_BALANCE + mentee) for mentor, mentee in served
    )


def sums_of(meetings: Iterable[Meeting], pairs: Iterable[Pair]) -> list[tuple[int, int]]:
    """Return both people's summed satisfaction for each pair."""
    sums = {pair.id: (0, 0) for pair in pairs}
    for meeting in meetings:
        mentor, mentee = sums[meeting.pair]
        worth = meeting.satisfaction
        sums[meeting.pair] = mentor + worth.mentor, mentee + worth.mentee
    return list(sums.values())


def loss(value: float, best: float, pairs: int) -> float:
    """Return by what share the geometric mean of all balances lies below the best one."""
    return 1 - exp((value - best) / (2 * pairs))


# Slots of one pair with nothing but datetimes.


@dataclass(frozen=True, slots=True)
class Slot:
    """A start both could take, and both satisfactions in percent."""

    start: datetime
    mentor: int
    mentee: int


class NaiveSlots:
    """All slots of one pair as one would write it down: each start in turn, with datetimes."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts = facts
        self._programme = facts.programme
        self._earliest = now + facts.programme.meetings.notice
        self._weights: dict[Wishes, tuple[list[int], int]] = {}

    def best(self, pair: Pair) -> list[Slot]:
        """Return the ten slots with the greatest product of satisfactions."""
        return nlargest(TOP, self.all(pair), key=lambda slot: slot.mentor * slot.mentee)

    def all(self, pair: Pair) -> list[Slot]:
        """Return every virtual slot of the pair's periods."""
        sides = [self._side(email, role) for email, role in zip(pair.people, Role, strict=True)]
        length = timedelta(minutes=pair.duration)
        found = []
        for period in periods_of(pair):
            for start in self._starts(period, length):
                end = start + length
                if all(side.takes(start, end) for side in sides) and self._is_open(start, end):
                    worth = [side.satisfaction(start, end) for side in sides]
                    found.append(Slot(start, worth[0], worth[1]))
        return found

    def _starts(self, period: Period, length: timedelta) -> Iterator[datetime]:
        zone, step = self._programme.zone, timedelta(minutes=self._programme.meetings.grid)
        start, end = first_instant(period.first, zone), first_instant(period.end, zone)
        while start + length <= end:
            if start >= self._earliest:
                yield start
            start += step

    def _is_open(self, start: datetime, end: datetime) -> bool:
        zone = self._programme.zone
        days = [each.astimezone(zone).date() for each in (start, end - _MINUTE)]
        runs = self._programme.blackouts
        return not any(run.first <= day <= run.last for run in runs for day in days)

    def _side(self, email: str, role: Role) -> "_Side":
        person = self._facts.people[email]
        wishes = self._programme.wishes(person, role, Format.VIRTUAL)
        if wishes not in self._weights:
            self._weights[wishes] = weekly_weights(wishes)
        return _Side(person, self._facts, *self._weights[wishes])


class _Side:
    """One person's calendar, wishes and days off."""

    def __init__(self, person: Person, facts: Facts, weights: list[int], scale: int) -> None:
        self._zone = person.zone
        self._weights, self._scale = weights, scale
        self._rules = facts.programme.compromise
        self._buffer = timedelta(minutes=facts.programme.meetings.buffer)
        first, last = facts.window.start.date(), facts.window.end.date()
        self._off = holidays_of(person, first, last) | dates_of(person.away, first, last)
        reading = facts.readings[person.email]
        blocks = reading.blocks if isinstance(reading, FreeBusy) else ()
        self._blocking = self._by_day(b.interval for b in blocks if b.kind in _BLOCKING)
        self._tentative = self._by_day(b.interval for b in blocks if b.kind is Kind.TENTATIVE)
        self._busy: dict[date, int] = {}

    def _by_day(self, intervals: Iterable[Interval]) -> dict[date, list[Interval]]:
        """Return the intervals of each local date they touch."""
        found: dict[date, list[Interval]] = {}
        for interval in intervals:
            day = interval.start.astimezone(self._zone).date()
            last = (interval.end - _MINUTE).astimezone(self._zone).date()
            while day <= last:
                found.setdefault(day, []).append(interval)
                day += timedelta(days=1)
        return found

    def takes(self, start: datetime, end: datetime) -> bool:
        """Tell whether the person wishes for it and is free."""
        local = start.astimezone(self._zone)
        minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
        if not all(self._weights[minute : minute + (end - start) // _MINUTE]):
            return False
        if local.date() in self._off:
            return False
        low, high = start - self._buffer, end + self._buffer
        return not any(
            each.start < high and low < each.end for each in self._blocking.get(local.date(), ())
        )

    def satisfaction(self, start: datetime, end: datetime) -> int:
        """Return what it is worth to the person, in percent (docs/compromise.md §2)."""
        local = start.astimezone(self._zone)
        minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
        length = (end - start) // _MINUTE
        limit = self._rules.day_limit
        excess = min(limit, max(0, self._busy_minutes(local.date()) + length - limit))
        above = 100 * sum(self._weights[minute : minute + length]) * (2 * limit - excess)
        below = length * self._scale * 2 * limit
        tentative = self._tentative.get(local.date(), ())
        if any(each.start < end and start < each.end for each in tentative):
            below *= 2
        return max(1, (2 * above + below) // (2 * below))

    def _busy_minutes(self, day: date) -> int:
        """Return how many minutes of a local date are taken, all-day entries left out."""
        if day not in self._busy:
            whole = local_day(day, self._zone)
            both = [*self._blocking.get(day, ()), *self._tentative.get(day, ())]
            parts = [each.clip(whole) for each in both if not each.covers(whole)]
            lengths = (each.length for each in merge(part for part in parts if part))
            self._busy[day] = sum(lengths, timedelta()) // _MINUTE
        return self._busy[day]
