"""Which starts two people could take in a period, and what each is worth to them.

compromise.md §1 and §2, judged on fixed facts only: what a run itself plans restricts the choice
among these (series.py), never the set.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np

from slotfinder.domain.cadence import Period
from slotfinder.domain.closures import dates_of, holidays_of
from slotfinder.domain.freebusy import FreeBusy, Kind
from slotfinder.domain.interval import Interval, merge
from slotfinder.domain.meeting import Both, Format
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import MINUTES_A_DAY, Wishes
from slotfinder.domain.programme import CompromiseRules, Programme, Site, TentativePolicy
from slotfinder.planning.facts import Facts, span_of
from slotfinder.planning.grid import (
    Bools,
    Clock,
    Clocks,
    Ints,
    Spans,
    Weights,
    busy_seconds,
    day_number,
    day_of,
    instant_of,
    minute_of,
    minutes_of,
)
from slotfinder.planning.plan import HoldCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The starts (minutes since 1970, UTC, ascending) a pair could take, and their worth.

    Without any, ``missing`` names the first filter that left none.
    """

    starts: Ints
    duration: int
    satisfaction: tuple[Ints, Ints]
    share: tuple[Ints, Ints]
    best: Both
    missing: HoldCode | None = None

    def interval(self, index: int) -> Interval:
        start = instant_of(int(self.starts[index]))
        return Interval(start, start + timedelta(minutes=self.duration))

    def satisfactions(self, index: int) -> Both:
        return Both(*(int(side[index]) for side in self.satisfaction))

    def shares(self, index: int) -> Both:
        return Both(*(int(side[index]) for side in self.share))


Taken = Mapping[Kind, tuple[Interval, ...]]


class PersonTime:
    """One person's calendar and wall clock over the planning window.

    ``own`` are the meetings of the programme that stand, with the minutes each keeps free on both
    sides: the way to a meeting is not to be booked over by the next run.
    """

    def __init__(
        self, person: Person, taken: Taken, own: Sequence[tuple[Interval, int]], clock: Clock
    ) -> None:
        self.person = person
        self.clock = clock
        self._taken = taken
        self._own = own
        self._spans: dict[frozenset[Kind], Spans] = {}

    def spans(self, kinds: frozenset[Kind]) -> Spans:
        """Return the time entries of these kinds take."""
        if kinds not in self._spans:
            intervals = [each for kind in kinds for each in self._taken.get(kind, ())]
            self._spans[kinds] = Spans(intervals)
        return self._spans[kinds]

    def is_taken(self, kinds: frozenset[Kind], starts: Ints, duration: int, margin: int) -> Bools:
        """Tell which meetings, ``margin`` minutes on both sides included, an entry is in."""
        taken = self.spans(kinds).hit(starts, duration, margin)
        for interval, theirs in self._own:
            taken |= Spans([interval]).hit(starts, duration, max(margin, theirs))
        return taken

    def load(self, kinds: frozenset[Kind]) -> dict[int, int]:
        """Return the seconds of each local date that entries of these kinds take."""
        found = [self._taken[kind] for kind in sorted(kinds) if kind in self._taken]
        return busy_seconds(found, self.clock.zone)

    def weights(self, wishes: Wishes) -> Weights:
        return self.clock.weights(wishes)

    def closed_days(self) -> tuple[frozenset[date], frozenset[date]]:
        """Return the dates of the window that are the person's own leave, and public holidays."""
        window = _dates(self.clock)
        return dates_of(self.person.away, *window), holidays_of(self.person, *window)


def _dates(clock: Clock) -> tuple[date, date]:
    """Return the first and last local date the clock's window may touch."""
    return day_of(clock.first // MINUTES_A_DAY - 1), day_of(clock.end // MINUTES_A_DAY + 1)


class PairTime:
    """Everything about when one pair could meet: the source of its candidates."""

    def __init__(
        self,
        pair: Pair,
        programme: Programme,
        clocks: Clocks,
        mentor: PersonTime,
        mentee: PersonTime,
    ) -> None:
        self._pair = pair
        self._programme = programme
        self._clock = clocks.of(programme.zone)
        self._sides = {Role.MENTOR: mentor, Role.MENTEE: mentee}
        self._loads = {role: side.load(self._load_kinds) for role, side in self._sides.items()}
        self._tentative = self._rules.tentative is TentativePolicy.AVOID

    @property
    def _rules(self) -> CompromiseRules:
        return self._programme.compromise

    @property
    def _load_kinds(self) -> frozenset[Kind]:
        kinds = self._programme.blocking_kinds(Format.VIRTUAL)
        ignored = self._rules.tentative is TentativePolicy.IGNORE
        return kinds if ignored else kinds | {Kind.TENTATIVE}

    @property
    def site(self) -> str:
        """Return where the two work, empty when they share no site."""
        mentor, mentee = (side.person.site for side in self._sides.values())
        return mentor if mentor == mentee else ""

    def candidates(
        self,
        period: Period,
        form: Format,
        *,
        now: datetime,
        others: Sequence[Interval],
        refusals: Sequence[Interval],
        rooms: "RoomTimes",
    ) -> Candidates:
        """Return the candidates of a period in one format.

        ``others`` are the pair's meetings that took place or stay: the gap is kept to them.
        ``refusals`` are the slots of this occurrence that must not be offered again.
        """
        starts = self._starts_left(period, form, now)
        if starts is None:
            return self._none(HoldCode.PERIOD_OVER)
        if not starts.size:
            return self._none(HoldCode.NO_COMMON_WISHES)
        for code, passes in self._filters(form, others, refusals, rooms):
            starts = starts[passes(starts)]
            if not starts.size:
                return self._none(code)
        return self._valued(starts, form)

    def worth_at(self, interval: Interval, form: Format) -> Both:
        """Return both satisfactions with a time a person chose, wished for or not."""
        start = np.array([minute_of(interval.start)], dtype=np.int64)
        minutes = max(1, minutes_of(interval.length))
        return Both(*(int(self._satisfaction(role, start, minutes, form)[0]) for role in Role))

    def is_over(self, period: Period, form: Format, now: datetime) -> bool:
        """Tell whether the period has no start left that both wish for, though it had some."""
        return self._starts_left(period, form, now) is None

    def _starts(self, period: Period) -> Ints:
        grid = self._programme.meetings.grid
        span = span_of(period, self._programme)
        first = -(-minute_of(span.start) // grid) * grid
        last = minute_of(span.end) - self._pair.duration
        return np.arange(first, last + 1, grid, dtype=np.int64)

    def _starts_left(self, period: Period, form: Format, now: datetime) -> Ints | None:
        """Return the starts that respect ``notice``; None where those left are wished by nobody."""
        starts = self._starts(period)
        left = starts >= minute_of(now + self._programme.meetings.notice)
        wished = self._wished(starts, form)
        return None if wished.any() and not (wished & left).any() else starts[left]

    def _wished(self, starts: Ints, form: Format) -> Bools:
        passes = np.ones(starts.shape, dtype=np.bool_)
        for role, side in self._sides.items():
            weights = side.weights(self._programme.wishes(side.person, role, form))
            passes &= weights.wished(starts, self._pair.duration)
        return passes

    def _filters(
        self,
        form: Format,
        others: Sequence[Interval],
        refusals: Sequence[Interval],
        rooms: "RoomTimes",
    ) -> Iterator[tuple[HoldCode, Callable[[Ints], Bools]]]:
        """Yield the filters in the order in which a hold names them (compromise.md §7)."""
        yield HoldCode.AWAY, self._not_away
        yield HoldCode.CLOSED, self._not_closed
        yield HoldCode.NO_COMMON_WISHES, lambda starts: self._wished(starts, form)
        yield HoldCode.NO_COMMON_FREE_TIME, lambda starts: self._free(starts, form, refusals)
        if form is Format.IN_PERSON:
            yield HoldCode.NO_ROOM, lambda starts: self._at_the_site(starts, rooms)
        yield HoldCode.GAP_TOO_SMALL, lambda starts: self._apart(starts, others)

    def _not_away(self, starts: Ints) -> Bools:
        passes = np.ones(starts.shape, dtype=np.bool_)
        for side in self._sides.values():
            passes &= ~self._on(starts, side.clock, self._closures[side.person.email][0])
        return passes

    def _not_closed(self, starts: Ints) -> Bools:
        blackouts = dates_of(self._programme.blackouts, *_dates(self._clock))
        passes = ~self._on(starts, self._clock, blackouts)
        for side in self._sides.values():
            passes &= ~self._on(starts, side.clock, self._closures[side.person.email][1])
        return passes

    @cached_property
    def _closures(self) -> dict[str, tuple[frozenset[date], frozenset[date]]]:
        return {side.person.email: side.closed_days() for side in self._sides.values()}

    def _on(self, starts: Ints, clock: Clock, days: frozenset[date]) -> Bools:
        """Tell which meetings touch one of the local dates."""
        numbers = np.array(sorted(map(day_number, days)), dtype=np.int64)
        last_minutes = starts + self._pair.duration - 1
        touched: Bools = np.isin(clock.day(starts), numbers)
        return touched | np.isin(clock.day(last_minutes), numbers)

    def _free(self, starts: Ints, form: Format, refusals: Sequence[Interval]) -> Bools:
        minutes = self._pair.duration
        passes = ~Spans(refusals).hit(starts, minutes)
        at_a_site = form is Format.VIRTUAL or self.site
        margin = minutes_of(self._programme.margin(form, self.site)) if at_a_site else 0
        kinds = self._programme.blocking_kinds(form)
        for side in self._sides.values():
            passes &= ~side.is_taken(kinds, starts, minutes, margin)
        return passes

    def _at_the_site(self, starts: Ints, rooms: "RoomTimes") -> Bools:
        passes = np.full(starts.shape, bool(self.site))
        for side in self._sides.values():
            if (days := side.person.site_days) is not None:
                # 1970-01-01 was a Thursday, day 3 of a week that begins on Monday.
                weekdays = (side.clock.day(starts) + 3) % 7
                passes &= np.isin(weekdays, np.array(sorted(days), dtype=np.int64))
        return passes & rooms.any_free(self.site, starts, self._pair.duration)

    def _apart(self, starts: Ints, others: Sequence[Interval]) -> Bools:
        gap = minutes_of(self._programme.gap)
        passes = np.ones(starts.shape, dtype=np.bool_)
        for other in others:
            passes &= np.abs(starts - minute_of(other.start)) >= gap
        return passes

    def _valued(self, starts: Ints, form: Format) -> Candidates:
        worth = [self._satisfaction(role, starts, self._pair.duration, form) for role in Role]
        best = [int(side.max()) for side in worth]
        shares = [shares_of(side, top) for side, top in zip(worth, best, strict=True)]
        return Candidates(
            starts=starts,
            duration=self._pair.duration,
            satisfaction=(worth[0], worth[1]),
            share=(shares[0], shares[1]),
            best=Both(*best),
        )

    def _satisfaction(self, role: Role, starts: Ints, minutes: int, form: Format) -> Ints:
        """Return compromise.md §2 exactly: one rational a start, rounded half up once."""
        side = self._sides[role]
        weights = side.weights(self._programme.wishes(side.person, role, form))
        limit = self._rules.day_limit * 60
        load = self._loads[role]
        busy = np.array([load.get(int(day), 0) for day in side.clock.day(starts)], dtype=np.int64)
        excess = np.clip(busy + minutes * 60 - limit, 0, limit)
        numerator = 100 * weights.total(starts, minutes) * (2 * limit - excess)
        denominator = np.full(starts.shape, minutes * weights.scale * 2 * limit, dtype=np.int64)
        if self._tentative:
            tentative = side.spans(frozenset({Kind.TENTATIVE})).hit(starts, minutes)
            denominator[tentative] *= 2
        rounded: Ints = np.maximum(1, (2 * numerator + denominator) // (2 * denominator))
        return rounded

    def _none(self, code: HoldCode) -> Candidates:
        nothing = np.empty(0, dtype=np.int64)
        return Candidates(
            starts=nothing,
            duration=self._pair.duration,
            satisfaction=(nothing, nothing),
            share=(nothing, nothing),
            best=Both(0, 0),
            missing=code,
        )


def shares_of(satisfactions: Ints, best: int) -> Ints:
    """Return compromise.share_of for many satisfactions at once; ``best`` is above 0."""
    return np.minimum(100, (200 * satisfactions + best) // (2 * best))


class RoomTimes:
    """When the rooms of each site are free, as read; an unreadable room is never free."""

    def __init__(self, sites: Mapping[str, Site], taken: Mapping[str, Taken | None]) -> None:
        self._sites = sites
        self._spans = {
            email: None
            if time is None
            else Spans(each for spans in time.values() for each in spans)
            for email, time in taken.items()
        }

    def any_free(
        self,
        site: str,
        starts: Ints,
        duration: int,
        planned: Sequence[tuple[str, Interval]] = (),
    ) -> Bools:
        """Tell for which starts the site has a room free of all that is planned, or needs none."""
        rooms = self._sites[site].rooms if site in self._sites else ()
        passes = np.full(starts.shape, not rooms)
        for room in rooms:
            if (spans := self._spans[room.email]) is not None:
                mine = Spans(interval for email, interval in planned if email == room.email)
                passes |= ~(spans.hit(starts, duration) | mine.hit(starts, duration))
        return passes

    def first_free(
        self,
        site: str,
        interval: Interval,
        planned: Sequence[tuple[str, Interval]],
        prefer: str | None = None,
    ) -> str | None:
        """Return the preferred or first room of the site free then, also of what is planned."""
        start = np.array([minute_of(interval.start)], dtype=np.int64)
        minutes = minutes_of(interval.length)
        for room in sorted(self._sites[site].rooms, key=lambda room: room.email != prefer):
            spans = self._spans[room.email]
            if spans is None or spans.hit(start, minutes)[0]:
                continue
            if not any(room.email == email and interval.overlaps(at) for email, at in planned):
                return room.email
        return None


def taken_time(
    email: str,
    facts: Facts,
    times: Mapping[str, Sequence[Interval]],
    without: frozenset[str] = frozenset(),
) -> Taken | None:
    """Return the time a calendar's entries take, by kind; None when it could not be read.

    Our own meetings block from the store, whatever the calendar shows of them (calendars.md), at
    the ``times`` given by uid; those in ``without`` are being re-planned and do not stand in their
    own way.
    """
    reading = facts.free_busy(email)
    if reading is None:
        return None
    found: dict[Kind, list[Interval]] = {}
    for kind, interval in foreign_entries(reading, facts):
        found.setdefault(kind, []).append(interval)
    for meeting in facts.ahead:
        if email in (*meeting.people, meeting.room) and meeting.uid not in without:
            found.setdefault(Kind.BUSY, []).extend(times[meeting.uid])
    return {kind: merge(spans) for kind, spans in found.items()}


def foreign_entries(reading: FreeBusy, facts: Facts) -> Iterator[tuple[Kind, Interval]]:
    """Yield the entries of a calendar that are none of our own meetings.

    A calendar that cannot tell whose an entry is (a published feed) shows ours as one that has
    exactly its time; a second one at the same time is somebody else's.
    """
    tagged = {block.uid for block in reading.blocks if block.uid}
    untagged = [
        meeting.interval
        for meeting in facts.ahead
        if reading.person in (*meeting.people, meeting.room) and meeting.uid not in tagged
    ]
    for block in reading.blocks:
        if block.uid is not None:
            continue
        if block.interval in untagged:
            untagged.remove(block.interval)
            continue
        yield block.kind, block.interval
