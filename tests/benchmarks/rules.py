"""The hard rules of a plan, checked for tens of thousands of meetings at once.

This shares nothing with the planner: it starts from everybody's entries as they were read, takes
the rules from docs/compromise.md §1 and §5, and asks of each planned meeting whether it keeps them.
It is for programmes in which nothing is booked yet. Times are whole seconds or minutes since 1970.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import chain
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from holidays import country_holidays

from slotfinder.domain.cadence import Every, Unit
from slotfinder.domain.freebusy import FreeBusy
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Days, Pair, Person, Role
from slotfinder.domain.preference import Wishes
from slotfinder.planning.facts import Facts

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_FAR = 10**11
"""More seconds than any calendar is long."""
_STEP = 15
"""Zones change their offset on quarter hours only."""


class Rule(StrEnum):
    """What a meeting may break."""

    SHAPE = "not of the pair's length or people"
    GRID = "not on the grid"
    NOTICE = "at shorter notice than allowed"
    PERIOD = "not in its period"
    TWICE = "two meetings in one period"
    GAP = "too close to another meeting of the pair"
    WISHES = "outside somebody's wishes"
    BUSY = "over somebody's busy time"
    CLOSED = "on a day somebody is away or that is closed"
    TOGETHER = "somebody is in two meetings"
    SITE = "not at a site of both on a day both are there"
    ROOM = "without a room of the site, or with one though virtual"
    ROOM_BUSY = "in a room that is not free"
    ROOM_TWICE = "two meetings in one room"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule a meeting breaks."""

    rule: Rule
    meeting: Meeting

    def __str__(self) -> str:
        meeting = self.meeting
        start = meeting.interval.start
        return f"{meeting.pair} #{meeting.occurrence} {start:%Y-%m-%d %H:%M}Z: {self.rule}"


def violations(facts: Facts, now: datetime, meetings: Iterable[Meeting]) -> list[Violation]:
    """Return every hard rule that one of the planned meetings breaks."""
    listed = list(meetings)
    if not listed:
        return []
    checker = _Checker(facts, now, listed)
    return [
        Violation(rule, listed[number])
        for rule, broken in checker.broken()
        for number in np.flatnonzero(broken)
    ]


def by_rule(found: Iterable[Violation]) -> Counter[Rule]:
    """Count violations by the rule broken."""
    return Counter(each.rule for each in found)


class _Checker:
    """All meetings as columns; each check returns which of them break one rule."""

    def __init__(self, facts: Facts, now: datetime, meetings: Sequence[Meeting]) -> None:
        self._facts = facts
        self._programme = facts.programme
        self._now = now
        self._meetings = meetings
        pairs = {pair.id: pair for pair in facts.pairs}
        self._pairs = [pairs[meeting.pair] for meeting in meetings]
        self._rows = {email: row for row, email in enumerate(facts.readings)}
        self._people = list(facts.people.values())
        self._person = {person.email: row for row, person in enumerate(self._people)}
        self._start = np.array([_minute(each.interval.start) for each in meetings])
        self._end = np.array([_minute(each.interval.end) for each in meetings])
        self._in_person = np.array([each.format is Format.IN_PERSON for each in meetings])
        self._margin = np.array([self._margin_of(each) for each in meetings])
        first = min(int(self._start.min()), _minute(facts.window.start)) - 2 * _DAY
        last = max(int(self._end.max()), _minute(facts.window.end)) + 2 * _DAY
        zones = [self._programme.zone, *(person.zone for person in self._people)]
        self._clocks = _Clocks(first, last, zones)
        self._numbers: dict[Role, Ints] = {}

    def broken(self) -> Iterable[tuple[Rule, Bools]]:
        """Yield each rule with which meetings break it."""
        yield Rule.SHAPE, self._misshapen()
        yield Rule.GRID, self._off_the_grid()
        yield Rule.NOTICE, self._too_soon()
        yield Rule.PERIOD, self._outside_period()
        yield Rule.TWICE, self._twice()
        yield Rule.GAP, self._too_close()
        yield Rule.TOGETHER, self._two_at_once()
        for role in Role:
            yield Rule.WISHES, self._unwished(role)
            yield Rule.BUSY, self._busy(role)
            yield Rule.CLOSED, self._closed(role)
            yield Rule.SITE, self._elsewhere(role)
        yield Rule.ROOM, self._wrong_room()
        yield Rule.ROOM_BUSY, self._room_busy()
        yield Rule.ROOM_TWICE, self._room_twice()

    def _margin_of(self, meeting: Meeting) -> int:
        if meeting.format is Format.VIRTUAL:
            return self._programme.meetings.buffer
        site = self._facts.people[meeting.mentor].site
        return self._programme.sites[site].travel if site in self._programme.sites else 0

    def _emails(self, role: Role) -> list[str]:
        return [each.people[role is Role.MENTEE] for each in self._meetings]

    def _persons(self, role: Role) -> Ints:
        """Return the numbers of the people in the meetings in this role."""
        if role not in self._numbers:
            self._numbers[role] = np.array([self._person[email] for email in self._emails(role)])
        return self._numbers[role]

    def _misshapen(self) -> Bools:
        length = np.array([pair.duration for pair in self._pairs])
        others = [m.people != p.people for m, p in zip(self._meetings, self._pairs, strict=True)]
        broken: Bools = (self._end - self._start != length) | np.array(others)
        return broken

    def _off_the_grid(self) -> Bools:
        grid = timedelta(minutes=self._programme.meetings.grid)
        off = [bool((each.interval.start - _EPOCH) % grid) for each in self._meetings]
        return np.array(off, dtype=np.bool_)

    def _too_soon(self) -> Bools:
        earliest = self._now + self._programme.meetings.notice
        return np.array([each.interval.start < earliest for each in self._meetings])

    def _outside_period(self) -> Bools:
        """Tell which do not lie in the period they are for, or one beyond horizon or end."""
        zone, until = self._programme.zone, self._now + self._programme.meetings.horizon
        begins: dict[date, int] = {}
        outside = []
        for meeting, pair in zip(self._meetings, self._pairs, strict=True):
            first, end = _period_of(meeting, pair)
            for day in (first, end):
                if day not in begins:
                    begins[day] = _minute(datetime(day.year, day.month, day.day, tzinfo=zone))
            inside = begins[first] <= _minute(meeting.interval.start)
            inside &= _minute(meeting.interval.end) <= begins[end]
            outside.append(not inside or first != meeting.period or begins[first] > _minute(until))
        return np.array(outside)

    def _twice(self) -> Bools:
        count = Counter((each.pair, each.period) for each in self._meetings)
        return np.array([count[each.pair, each.period] > 1 for each in self._meetings])

    def _too_close(self) -> Bools:
        gap = self._programme.gap // timedelta(minutes=1)
        numbers = {pair.id: number for number, pair in enumerate(self._facts.pairs)}
        group = np.array([numbers[each.pair] for each in self._meetings])
        return _neighbours(group, self._start, self._start, gap)

    def _two_at_once(self) -> Bools:
        """Tell who is in two meetings: of two, the greater margin lies between them.

        Where any two clash, two that follow each other do.
        """
        group = np.concatenate([self._persons(role) for role in Role])
        start, end = np.tile(self._start, 2), np.tile(self._end, 2)
        found = _neighbours(group, start, end, np.tile(self._margin, 2))
        return found[: len(self._start)] | found[len(self._start) :]

    def _unwished(self, role: Role) -> Bools:
        """Tell which have a minute that the person does not wish for."""
        emails = self._emails(role)
        kept: dict[Wishes, int] = {}
        people = (self._facts.people[email] for email in emails)
        each_wishes = [
            kept.setdefault(self._wishes(person, role, meeting.format), len(kept))
            for person, meeting in zip(people, self._meetings, strict=True)
        ]
        weeks = np.array([_wished_minutes(wishes) for wishes in kept])
        wished, persons = np.array(each_wishes), self._persons(role)
        unwished = np.zeros(len(emails), dtype=np.bool_)
        for number in range(int((self._end - self._start).max())):
            minute = np.minimum(self._start + number, self._end - 1)
            local = self._local(persons, minute)
            # 1970-01-01 was a Thursday: three days after the Monday that weeks begin on.
            unwished |= ~weeks[wished, (local + 3 * _DAY) % _WEEK]
        return unwished

    def _wishes(self, person: Person, role: Role, form: Format) -> Wishes:
        if form is Format.IN_PERSON and person.wishes_in_person is not None:
            return person.wishes_in_person
        return self._programme.defaults[role, form] if person.wishes is None else person.wishes

    def _busy(self, role: Role) -> Bools:
        rows = np.array([self._rows[email] for email in self._emails(role)])
        low, high = self._start - self._margin, self._end + self._margin
        blocking = frozenset({"busy", "out-of-office", "unknown"})
        if self._programme.compromise.tentative == "block":
            blocking |= {"tentative"}
        virtual = self._calendars.overlapping(rows, low, high, blocking)
        on_site = self._calendars.overlapping(rows, low, high, blocking | {"elsewhere"})
        taken: Bools = np.where(self._in_person, on_site, virtual)
        return taken

    @cached_property
    def _calendars(self) -> "_Calendars":
        return _Calendars(self._facts, list(self._rows))

    def _closed(self, role: Role) -> Bools:
        """Tell which touch a date of leave or a holiday of the person, or a blackout."""
        persons = self._persons(role)
        own, blackouts = self._closed_dates
        closed = np.zeros(len(persons), dtype=np.bool_)
        for minute in (self._start, self._end - 1):
            closed |= own.has(persons, self._local(persons, minute) // _DAY)
            local = self._clocks.local(np.zeros_like(persons), minute)
            closed |= blackouts.has(np.zeros_like(persons), local // _DAY)
        return closed

    @cached_property
    def _closed_dates(self) -> "tuple[_Dates, _Dates]":
        """Return the dates on which each person is not there, and the programme's blackouts."""
        own = _Dates(self._clocks, [_closed_days(person) for person in self._people])
        return own, _Dates(self._clocks, [set(_days(self._programme.blackouts))])

    def _elsewhere(self, role: Role) -> Bools:
        """Tell which in person are not at the site both share, on a day the person is there."""
        persons = self._persons(role)
        sites = [
            {self._facts.people[email].site for email in meeting.people}
            for meeting in self._meetings
        ]
        apart = np.array([len(each) != 1 or "" in each for each in sites])
        always = frozenset(range(7))
        there = np.array(
            [[day in (person.site_days or always) for day in range(7)] for person in self._people]
        )
        days = (self._local(persons, self._start) // _DAY + 3) % 7
        broken: Bools = self._in_person & (apart | ~there[persons, days])
        return broken

    def _local(self, persons: Ints, minutes: Ints) -> Ints:
        """Return each meeting's minute on the wall clock of the person in it."""
        return self._clocks.local(persons + 1, minutes)

    def _wrong_room(self) -> Bools:
        wrong = []
        for meeting in self._meetings:
            site = self._programme.sites.get(self._facts.people[meeting.mentor].site)
            rooms = {room.email for room in site.rooms} if site else set()
            needed = meeting.format is Format.IN_PERSON and bool(rooms)
            wrong.append(meeting.room not in rooms if needed else meeting.room is not None)
        return np.array(wrong)

    def _room_busy(self) -> Bools:
        taken = np.zeros(len(self._meetings), dtype=np.bool_)
        numbers = self._with_room()
        rows = np.array([self._rows[self._meetings[n].room or ""] for n in numbers], dtype=np.int64)
        taken[numbers] = self._calendars.overlapping(rows, self._start[numbers], self._end[numbers])
        return taken

    def _room_twice(self) -> Bools:
        twice = np.zeros(len(self._meetings), dtype=np.bool_)
        numbers = self._with_room()
        rows = np.array([self._rows[self._meetings[n].room or ""] for n in numbers], dtype=np.int64)
        twice[numbers] = _neighbours(rows, self._start[numbers], self._end[numbers], 0)
        return twice

    def _with_room(self) -> Ints:
        """Return the numbers of the meetings that have a room whose calendar is known."""
        known = [each.room in self._rows for each in self._meetings]
        return np.flatnonzero(known)


class _Calendars:
    """Everybody's entries as they were read, one row of ``emails`` each."""

    def __init__(self, facts: Facts, emails: Sequence[str]) -> None:
        readings = (facts.readings[email] for email in emails)
        entries = [each.blocks if isinstance(each, FreeBusy) else () for each in readings]
        self._row = np.repeat(np.arange(len(entries)), [len(blocks) for blocks in entries])
        listed = list(chain.from_iterable(entries))
        # Entries may be shared between calendars: each is looked at once.
        keys = np.fromiter(map(id, listed), np.int64, len(listed))
        _, first, self._which = np.unique(keys, return_index=True, return_inverse=True)
        self._different = [listed[number] for number in first]
        self._lines: dict[frozenset[str] | None, tuple[Ints, Ints]] = {}

    def overlapping(
        self, rows: Ints, low: Ints, high: Ints, kinds: frozenset[str] | None = None
    ) -> Bools:
        """Tell which ``[low, high)`` (minutes) an entry of a kind (None: any) lies in.

        The entries that begin before ``high`` come first; one of them is in the way if the one
        that ends last does so after ``low``.
        """
        if kinds not in self._lines:
            self._lines[kinds] = self._line(kinds)
        starts, reached = self._lines[kinds]
        if not len(starts):
            return np.zeros(len(rows), dtype=np.bool_)
        last = np.searchsorted(starts, rows * _FAR + high * 60, side="left") - 1
        found: Bools = (last >= 0) & (reached[last] > rows * _FAR + low * 60)
        return found

    def _line(self, kinds: frozenset[str] | None) -> tuple[Ints, Ints]:
        """Lay all calendars end to end.

        Return the starts in order, and how far the entries up to each reach.
        """
        blocks = self._different
        asked = [kinds is None or block.kind in kinds for block in blocks]
        times = np.array([_seconds(block.interval) for block in blocks], dtype=np.int64)
        chosen = np.array(asked, dtype=np.bool_)[self._which]
        which, base = self._which[chosen], self._row[chosen] * _FAR
        bounds = times.reshape(-1, 2)[which] + base[:, None]
        bounds = bounds[np.argsort(bounds[:, 0], kind="stable")]
        return bounds[:, 0], np.maximum.accumulate(bounds[:, 1])


class _Clocks:
    """Wall clocks between two UTC minutes; clock ``k`` is that of the ``k``-th of the zones."""

    def __init__(self, first: int, last: int, zones: Sequence[ZoneInfo]) -> None:
        self._first = first // _STEP * _STEP
        self.days = self._first // _DAY - 1, last // _DAY + 1
        steps = range(self._first, last + _STEP, _STEP)
        different = {zone.key: zone for zone in zones}
        keys = {key: number for number, key in enumerate(different)}
        self._zone = np.array([keys[zone.key] for zone in zones])
        self._offsets = np.array(
            [[_offset(zone, minute) for minute in steps] for zone in different.values()]
        )

    def local(self, clocks: Ints, minutes: Ints) -> Ints:
        """Return the wall-clock minutes since 1970-01-01 00:00 local time."""
        steps = (minutes - self._first) // _STEP
        local: Ints = minutes + self._offsets[self._zone[clocks], steps]
        return local


class _Dates:
    """Sets of dates, one a row."""

    def __init__(self, clocks: _Clocks, rows: Sequence[set[date]]) -> None:
        self._first, last = clocks.days
        self._table = np.zeros((len(rows), last + 1 - self._first), dtype=np.bool_)
        for row, days in enumerate(rows):
            for day in days:
                number = (day - _EPOCH.date()).days
                if self._first <= number <= last:
                    self._table[row, number - self._first] = True

    def has(self, rows: Ints, days: Ints) -> Bools:
        found: Bools = self._table[rows, days - self._first]
        return found


def _neighbours(group: Ints, start: Ints, end: Ints, apart: Ints | int) -> Bools:
    """Tell which elements, or the next one of their group, lie less than ``apart`` asunder."""
    order = np.lexsort((end, start, group))
    between = start[order][1:] - end[order][:-1]
    needed = np.broadcast_to(apart, start.shape)[order]
    close = (between < np.maximum(needed[1:], needed[:-1])) & (np.diff(group[order]) == 0)
    found = np.zeros(len(start), dtype=np.bool_)
    found[order[1:][close]] = True
    found[order[:-1][close]] = True
    return found


def _period_of(meeting: Meeting, pair: Pair) -> tuple[date, date]:
    """Return the first day of the period of some weeks a meeting is for, and the day after it."""
    if not isinstance(pair.cadence, Every) or pair.cadence.unit is not Unit.WEEKS:
        raise TypeError("only periods of weeks can be checked")
    length = timedelta(weeks=pair.cadence.number)
    first = pair.starts + (meeting.occurrence - 1) * length
    return first, min(first + length, pair.ends + timedelta(days=1))


def _wished_minutes(wishes: Wishes) -> Bools:
    """Tell of each minute of a week from Monday 00:00 whether it has a weight above 0."""
    week = np.zeros(_WEEK, dtype=np.bool_)
    for window in wishes:
        for day in window.days if window.weight > 0 else ():
            week[day * _DAY + window.start : day * _DAY + window.end] = True
    return week


def _closed_days(person: Person) -> set[date]:
    """Return the dates of a person's leave and public holidays."""
    return {*_days(person.away), *_holidays(person)}


def _holidays(person: Person) -> set[date]:
    if person.country is None:
        return set()
    key = person.country.code, person.country.region
    if key not in _KNOWN_HOLIDAYS:
        years = range(2026, 2029)
        found = country_holidays(key[0], subdiv=key[1], years=years, observed=True)
        _KNOWN_HOLIDAYS[key] = set(found)
    return _KNOWN_HOLIDAYS[key]


_KNOWN_HOLIDAYS: dict[tuple[str, str | None], set[date]] = {}


def _days(runs: Iterable[Days]) -> Iterable[date]:
    for run in runs:
        yield from (run.first + timedelta(days=k) for k in range((run.last - run.first).days + 1))


def _offset(zone: ZoneInfo, minute: int) -> int:
    local = (_EPOCH + timedelta(minutes=minute)).astimezone(zone)
    return (local.utcoffset() or timedelta()) // timedelta(minutes=1)


def _minute(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(minutes=1)


def _seconds(interval: Interval) -> tuple[int, int]:
    """Return the first second a span is in, and the first one after it."""
    second = timedelta(seconds=1)
    return (interval.start - _EPOCH) // second, -((_EPOCH - interval.end) // second)
