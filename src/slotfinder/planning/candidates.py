"""Which starts two people could take in a period, and what each is worth to them.

compromise.md §1 and §2, judged on fixed facts only: what a run itself plans restricts the choice
among these (series.py), never the set.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from slotfinder.domain.cadence import Period
from slotfinder.domain.closures import dates_of, holidays_of
from slotfinder.domain.compromise import share_of
from slotfinder.domain.freebusy import FreeBusy, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Both, Format, Meeting
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import MINUTES_A_DAY, Wishes
from slotfinder.domain.programme import CompromiseRules, Programme, Room, TentativePolicy
from slotfinder.planning.facts import span_of
from slotfinder.planning.grid import (
    NO_TIME,
    Bools,
    Clock,
    Clocks,
    Ints,
    Spans,
    Weights,
    busy_seconds,
    instant_of,
    merged,
    minute_of,
    minutes_of,
    seconds_of,
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

    def between(self, earliest: datetime | None, latest: datetime | None) -> "Candidates":
        """Return those that start at ``earliest`` or later and before ``latest``."""
        kept = np.ones(self.starts.shape, dtype=np.bool_)
        if earliest is not None:
            kept &= self.starts >= minute_of(earliest)
        if latest is not None:
            kept &= self.starts < minute_of(latest)
        mentor, mentee = (side[kept] for side in self.satisfaction)
        shares = self.share[0][kept], self.share[1][kept]
        missing = self.missing or (None if kept.any() else HoldCode.NO_COMMON_FREE_TIME)
        return replace(
            self,
            starts=self.starts[kept],
            satisfaction=(mentor, mentee),
            share=shares,
            missing=missing,
        )

    def satisfactions(self, index: int) -> Both:
        return Both(*(int(side[index]) for side in self.satisfaction))

    def shares(self, index: int) -> Both:
        return Both(*(int(side[index]) for side in self.share))


Filter = Callable[[Ints], Bools]

Taken = Mapping[Kind, Ints]
"""Somebody's taken time by kind: one row a span, in seconds since 1970."""


class PersonTime:
    """One person's calendar and wall clock over the planning window.

    ``own`` are the meetings of the programme that stand, by the minutes they keep free on both
    sides: the way to a meeting is not to be booked over by the next run.
    """

    def __init__(self, person: Person, taken: Taken, own: Mapping[int, Ints], clock: Clock) -> None:
        self.person = person
        self.clock = clock
        self._taken = taken
        self._own = {margin: Spans(spans) for margin, spans in own.items()}
        self._spans: dict[frozenset[Kind], Spans] = {}
        self._loads: dict[frozenset[Kind], Ints] = {}

    def spans(self, kinds: frozenset[Kind]) -> Spans:
        """Return the time entries of these kinds take."""
        if kinds not in self._spans:
            self._spans[kinds] = Spans(np.concatenate([NO_TIME, *self._of(kinds)]))
        return self._spans[kinds]

    def is_taken(self, kinds: frozenset[Kind], starts: Ints, duration: int, margin: int) -> Bools:
        """Tell which meetings, ``margin`` minutes on both sides included, an entry is in."""
        taken = self.spans(kinds).hit(starts, duration, margin)
        for theirs, spans in self._own.items():
            taken |= spans.hit(starts, duration, max(margin, theirs))
        return taken

    def load(self, kinds: frozenset[Kind]) -> Ints:
        """Return the seconds of each local date of the clock that entries of these kinds take."""
        if kinds not in self._loads:
            self._loads[kinds] = busy_seconds(self._of(kinds), self.clock)
        return self._loads[kinds]

    def weights(self, wishes: Wishes) -> Weights:
        return self.clock.weights(wishes)

    @cached_property
    def leave(self) -> Bools | None:
        """Tell which local dates of the clock are the person's own leave; None for no date."""
        return self.clock.dates(dates_of(self.person.away, *self.clock.span_of_dates))

    @cached_property
    def holidays(self) -> Bools | None:
        """Tell which local dates of the clock are public holidays; None for no date."""
        return self.clock.dates(holidays_of(self.person, *self.clock.span_of_dates))

    def _of(self, kinds: frozenset[Kind]) -> list[Ints]:
        return [self._taken[kind] for kind in sorted(kinds) if kind in self._taken]


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
        self._clocks = clocks
        self._clock = clocks.of(programme.zone)
        self._sides = {Role.MENTOR: mentor, Role.MENTEE: mentee}
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
        filters = self._filters(form, others, refusals, rooms)
        wished = self._wished_in(period, form)
        starts = wished[wished >= self._earliest(now)]
        for _, passes in filters:
            starts = starts[passes(starts)]
        if starts.size:
            return self._valued(starts, form)
        return self._none(self._missing(period, form, now, filters))

    def worth_at(self, interval: Interval, form: Format) -> Both:
        """Return both satisfactions with a time a person chose, wished for or not."""
        start = np.array([minute_of(interval.start)], dtype=np.int64)
        minutes = max(1, minutes_of(interval.length))
        return Both(*(int(self._satisfaction(role, start, minutes, form)[0]) for role in Role))

    def named(
        self, at: datetime, form: Format, best: Both, *, now: datetime, rooms: "RoomTimes"
    ) -> Candidates | HoldCode:
        """Return the one start that people agreed on, or what forbids it.

        Wishes and the gap are not asked. ``best`` is the highest satisfaction in the period.
        """
        start = np.array([minute_of(at)], dtype=np.int64)
        if start[0] < self._earliest(now):
            return HoldCode.PERIOD_OVER
        for code, passes in self._filters(form, (), (), rooms):
            if code is not HoldCode.NO_COMMON_WISHES and not passes(start).all():
                return code
        sides = [self._satisfaction(role, start, self._pair.duration, form) for role in Role]
        tops = (best.mentor, best.mentee)
        shares = [
            shares_of(side, top) if top else np.array([share_of(int(side[0]), top)])
            for side, top in zip(sides, tops, strict=True)
        ]
        return Candidates(
            starts=start,
            duration=self._pair.duration,
            satisfaction=(sides[0], sides[1]),
            share=(shares[0], shares[1]),
            best=best,
        )

    def is_over(self, period: Period, form: Format, now: datetime) -> bool:
        """Tell whether the period has no start left that both wish for, though it had some."""
        wished = self._wished_in(period, form)
        return wished.size > 0 and int(wished[-1]) < self._earliest(now)

    def _earliest(self, now: datetime) -> int:
        return minute_of(now + self._programme.meetings.notice)

    def _starts(self, period: Period) -> Ints:
        grid = self._programme.meetings.grid
        span = span_of(period, self._programme)
        first = -(-minute_of(span.start) // grid) * grid
        last = minute_of(span.end) - self._pair.duration
        return np.arange(first, last + 1, grid, dtype=np.int64)

    def _wished_in(self, period: Period, form: Format) -> Ints:
        """Return all starts of a period that both wish for, past ones included."""
        both = self._weights[form]
        return self._clocks.wished_by(both, period, self._pair.duration, self._starts)

    @cached_property
    def _weights(self) -> dict[Format, tuple[Weights, Weights]]:
        mentor, mentee = self._sides.items()
        found = {}
        for form in Format:
            of = [
                side.weights(self._programme.wishes(side.person, role, form))
                for role, side in (mentor, mentee)
            ]
            found[form] = of[0], of[1]
        return found

    def _wished(self, starts: Ints, form: Format) -> Bools:
        mentor, mentee = self._weights[form]
        minutes = self._pair.duration
        wished: Bools = mentor.wished(starts, minutes) & mentee.wished(starts, minutes)
        return wished

    def _filters(
        self,
        form: Format,
        others: Sequence[Interval],
        refusals: Sequence[Interval],
        rooms: "RoomTimes",
    ) -> list[tuple[HoldCode, Filter]]:
        """Return the filters in the order in which a hold names them (compromise.md §7)."""
        found: list[tuple[HoldCode, Filter]] = [
            (HoldCode.AWAY, self._not_away),
            (HoldCode.CLOSED, self._not_closed),
            (HoldCode.NO_COMMON_WISHES, lambda starts: self._wished(starts, form)),
            (HoldCode.NO_COMMON_FREE_TIME, lambda starts: self._free(starts, form, refusals)),
        ]
        if form is Format.IN_PERSON:
            found.append((HoldCode.NO_ROOM, lambda starts: self._at_the_site(starts, rooms)))
        found.append((HoldCode.GAP_TOO_SMALL, lambda starts: self._apart(starts, others)))
        return found

    def _missing(
        self,
        period: Period,
        form: Format,
        now: datetime,
        filters: Sequence[tuple[HoldCode, Filter]],
    ) -> HoldCode:
        """Return the first filter that leaves no start of a period that has no candidate."""
        if self.is_over(period, form, now):
            return HoldCode.PERIOD_OVER
        steps = iter(filters)
        starts = self._starts(period)
        starts = starts[starts >= self._earliest(now)]
        code = HoldCode.NO_COMMON_WISHES
        while starts.size:
            code, passes = next(steps)
            starts = starts[passes(starts)]
        return code

    def _not_away(self, starts: Ints) -> Bools:
        passes = np.ones(starts.shape, dtype=np.bool_)
        for side in self._sides.values():
            self._leave_out(passes, starts, side.clock, side.leave)
        return passes

    def _not_closed(self, starts: Ints) -> Bools:
        passes = np.ones(starts.shape, dtype=np.bool_)
        blackouts = dates_of(self._programme.blackouts, *self._clock.span_of_dates)
        self._leave_out(passes, starts, self._clock, self._clock.dates(blackouts))
        for side in self._sides.values():
            self._leave_out(passes, starts, side.clock, side.holidays)
        return passes

    def _leave_out(self, passes: Bools, starts: Ints, clock: Clock, days: Bools | None) -> None:
        """Clear ``passes`` of the meetings that touch one of the local dates."""
        if days is not None:
            last_minutes = starts + self._pair.duration - 1
            passes &= ~(days[clock.day_index(starts)] | days[clock.day_index(last_minutes)])

    def _free(self, starts: Ints, form: Format, refusals: Sequence[Interval]) -> Bools:
        minutes = self._pair.duration
        passes = ~Spans(seconds_of(refusals)).hit(starts, minutes)
        at_a_site = form is Format.VIRTUAL or self.site
        margin = minutes_of(self._programme.margin(form, self.site)) if at_a_site else 0
        kinds = self._programme.blocking_kinds(form)
        for side in self._sides.values():
            passes &= ~side.is_taken(kinds, starts, minutes, margin)
        return passes

    def _at_the_site(self, starts: Ints, rooms: "RoomTimes") -> Bools:
        site = self._programme.sites.get(self.site)
        passes = np.full(starts.shape, site is not None)
        for side in self._sides.values():
            if (days := side.person.site_days) is not None:
                weekdays = side.clock.minute_of_week(starts) // MINUTES_A_DAY
                passes &= np.isin(weekdays, np.array(sorted(days), dtype=np.int64))
        if site and site.rooms:
            both = [side.person for side in self._sides.values()]
            suited = site.rooms_for(both, self._pair.calendar)
            passes &= rooms.any_free(suited, starts, self._pair.duration)
        return passes

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
        weights = self._weights[form][role is Role.MENTEE]
        limit = self._rules.day_limit * 60
        busy = side.load(self._load_kinds)[side.clock.day_index(starts)]
        excess = np.minimum(np.maximum(busy + (minutes * 60 - limit), 0), limit)
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
    """When rooms are free, as read; an unreadable room is never free.

    A room that ``refused`` a time is not to be had then, whatever its calendar shows.
    """

    def __init__(
        self, taken: Mapping[str, Taken | None], refused: Mapping[str, Sequence[Interval]]
    ) -> None:
        self._spans = {
            email: None
            if time is None
            else Spans(np.concatenate([seconds_of(refused.get(email, ())), *time.values()]))
            for email, time in taken.items()
        }

    def any_free(
        self,
        rooms: Iterable[Room],
        starts: Ints,
        duration: int,
        *planned: Mapping[str, Spans],
    ) -> Bools:
        """Tell for which starts one of the rooms is free, also of all that is planned.

        ``planned`` say when rooms are taken by what is planned.
        """
        passes = np.zeros(starts.shape, dtype=np.bool_)
        for room in rooms:
            if (spans := self._spans[room.email]) is not None:
                taken = spans.hit(starts, duration)
                for each in planned:
                    if room.email in each:
                        taken |= each[room.email].hit(starts, duration)
                passes |= ~taken
        return passes

    def free_rooms(
        self, rooms: Iterable[Room], interval: Interval, planned: Mapping[str, Sequence[Interval]]
    ) -> list[str]:
        """Return which of the rooms are free then, also of what is planned, in order."""
        start = np.array([minute_of(interval.start)], dtype=np.int64)
        minutes = minutes_of(interval.length)
        return [
            email
            for email, spans in ((room.email, self._spans[room.email]) for room in rooms)
            if spans and not spans.hit(start, minutes)[0]
            if not any(interval.overlaps(at) for at in planned.get(email, ()))
        ]


def taken_time(
    reading: FreeBusy | None,
    ours: Iterable[Meeting],
    times: Mapping[str, Sequence[Interval]],
    without: frozenset[str] = frozenset(),
) -> Taken | None:
    """Return the time a calendar's entries take, by kind; None when it could not be read.

    ``ours`` are our own meetings ahead that are in this calendar. They block from the store,
    whatever the calendar shows of them (calendars.md), at the ``times`` given by uid; those in
    ``without`` are being re-planned and do not stand in their own way.
    """
    if reading is None:
        return None
    found: dict[Kind, list[Interval]] = {}
    ours = list(ours)
    for kind, interval in foreign_entries(reading, ours):
        found.setdefault(kind, []).append(interval)
    for meeting in ours:
        if meeting.uid not in without:
            found.setdefault(Kind.BUSY, []).extend(times[meeting.uid])
    return {kind: merged(seconds_of(spans)) for kind, spans in found.items()}


def foreign_entries(reading: FreeBusy, ours: Iterable[Meeting]) -> Iterator[tuple[Kind, Interval]]:
    """Yield the entries of a calendar that are none of our own meetings ahead.

    A calendar that cannot tell whose an entry is (a published feed) shows ours as one that has
    exactly its time; a second one at the same time is somebody else's.
    """
    tagged = {block.uid for block in reading.blocks if block.uid}
    untagged = [meeting.interval for meeting in ours if meeting.uid not in tagged]
    for block in reading.blocks:
        if block.uid is not None:
            continue
        if block.interval in untagged:
            untagged.remove(block.interval)
            continue
        yield block.kind, block.interval
