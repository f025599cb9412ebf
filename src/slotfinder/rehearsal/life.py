"""What happens in people's calendars while a programme runs, drawn from a seed.

Every draw has a name (whose week, which meeting), so that all rules meet the same life.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.freebusy import Kind, Provider
from slotfinder.domain.interval import Interval, first_instant, local_day
from slotfinder.domain.meeting import Answer, Meeting
from slotfinder.domain.people import Person

DECLINED = 0.08
"""The share of meetings that one of the two declines."""

TAKEN = 0.05
"""The share of meetings on which something else is entered later."""

_RECURRING, _BUSY = 0.25, 0.40
"""The share of working hours that repeats every week, and that is taken altogether."""

_TENTATIVE = 0.1
_WORKDAYS, _OPENS, _HALF_HOURS = 5, time(8), 20
_HALF_HOUR = timedelta(minutes=30)
_LONGEST = 3
"""An entry takes up to so many half-hours."""

_WEEKS_BETWEEN_LEAVES = 13
_LONGEST_LEAVE = 5
_KNOWN_BEFORE = 8
"""Leave is entered up to so many weeks ahead."""

_LATEST, _SOONEST = timedelta(hours=2), timedelta(days=14)
"""Between these times before it, something happens to a meeting."""

_Slot = tuple[int, int]
"""A working day of the week, and a half-hour of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Somebody is off, and has it in the calendar from ``known`` on."""

    known: datetime
    interval: Interval


class Life:
    """The calendars of some people and rooms over some weeks, and what becomes of meetings."""

    def __init__(
        self, people: Mapping[str, Person], rooms: Iterable[str], weeks: list[date], seed: int
    ) -> None:
        self._seed = seed
        self._owners = [*people, *rooms]
        self._busy = {email: list(self._days(each, weeks)) for email, each in people.items()}
        self._leaves = {email: self._off(each, weeks) for email, each in people.items()}

    def calendars(self, provider: Provider, now: datetime) -> MemoryCalendars:
        """Return a new server that shows what is known of everybody's time at the beginning."""
        server = MemoryCalendars(self._owners, provider=provider)
        for email, entries in self._busy.items():
            for interval, kind in entries:
                server.add(email, interval, kind)
        self._enter_leave(server, lambda leave: leave.known < now)
        return server

    def go_by(self, server: MemoryCalendars, meetings: Iterable[Meeting], week: Interval) -> None:
        """Let a week pass: people take leave, decline meetings, and enter others over them.

        A meeting's draw belongs to its time: another time is another draw. What happened to it in
        an earlier week happens again, which changes nothing.
        """
        self._enter_leave(server, lambda leave: week.start <= leave.known < week.end)
        for meeting in meetings:
            if meeting.interval.start > week.start:
                self._befall(server, meeting, week.end)

    def _befall(self, server: MemoryCalendars, meeting: Meeting, until: datetime) -> None:
        dice = self._dice(meeting.pair, meeting.period, meeting.generation, meeting.sequence)
        lot, who = dice.random(), dice.choice(meeting.people)
        before = _LATEST + dice.random() * (_SOONEST - _LATEST)
        if meeting.interval.start - before >= until:
            return
        if lot < DECLINED:
            server.answer(who, meeting.uid, Answer.DECLINED)
        elif lot < DECLINED + TAKEN:
            server.add(who, meeting.interval)

    def _enter_leave(self, server: MemoryCalendars, is_entered: Callable[[Leave], bool]) -> None:
        for email, leaves in self._leaves.items():
            for leave in filter(is_entered, leaves):
                server.add(email, leave.interval, Kind.OUT_OF_OFFICE)

    def _days(self, person: Person, weeks: list[date]) -> Iterator[tuple[Interval, Kind]]:
        """Yield a person's own entries: the same ones each week, and others."""
        recurring: set[_Slot] = set()
        series = list(_entries(self._dice(person.email), recurring, _RECURRING))
        for monday in weeks:
            dice, taken = self._dice(person.email, monday), set(recurring)
            for (day, first), length in series:
                yield _at(monday, day, first, length, person.zone), Kind.BUSY
            for (day, first), length in _entries(dice, taken, _BUSY):
                kind = Kind.TENTATIVE if dice.random() < _TENTATIVE else Kind.BUSY
                yield _at(monday, day, first, length, person.zone), kind

    def _off(self, person: Person, weeks: list[date]) -> list[Leave]:
        """Return a person's leave: about one in a quarter, of some days."""
        dice = self._dice(person.email, "leave")
        leaves = []
        for _ in range(round(len(weeks) / _WEEKS_BETWEEN_LEAVES)):
            monday = dice.choice(weeks)
            first = dice.randrange(_WORKDAYS)
            last = min(first + dice.randrange(_LONGEST_LEAVE), _WORKDAYS - 1)
            known = monday - timedelta(weeks=dice.uniform(0, _KNOWN_BEFORE))
            days = [local_day(monday + timedelta(days=k), person.zone) for k in (first, last)]
            leaves.append(
                Leave(
                    known=first_instant(known, person.zone),
                    interval=Interval(days[0].start, days[1].end),
                )
            )
        return leaves

    def _dice(self, *name: object) -> Random:
        return Random(repr((self._seed, *map(str, name))))  # noqa: S311 - a game, no secret


def _entries(dice: Random, taken: set[_Slot], share: float) -> Iterator[tuple[_Slot, int]]:
    """Yield entries, start and half-hours, until this share of the working week is taken."""
    while len(taken) < share * _WORKDAYS * _HALF_HOURS:
        day, length = dice.randrange(_WORKDAYS), dice.randint(1, _LONGEST)
        first = dice.randrange(_HALF_HOURS - length + 1)
        slots = {(day, slot) for slot in range(first, first + length)}
        if not slots & taken:
            taken |= slots
            yield (day, first), length


def _at(monday: date, day: int, first: int, length: int, zone: ZoneInfo) -> Interval:
    """Return the time of an entry on the owner's clock."""
    opens = datetime.combine(monday + timedelta(days=day), _OPENS, zone)
    start = (opens + first * _HALF_HOUR).astimezone(UTC)
    return Interval(start, start + length * _HALF_HOUR)
