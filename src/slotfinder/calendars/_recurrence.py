"""Recurrence rules (RFC 5545 §3.3.10) on wall time, bounded by counted steps, not by a clock."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Literal

from dateutil import rrule

from slotfinder.calendars._contentlines import UnreadableCalendarError

_RULE_STEPS: Final = 100_000
_CALENDAR_STEPS: Final = 2_000_000
_INTERVAL_LIMIT: Final = 100_000

_PART: Final = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)")
_UNTIL: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")
_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_FREQUENCIES: Final[Mapping[str, Literal[0, 1, 2, 3, 4]]] = {
    "YEARLY": rrule.YEARLY,
    "MONTHLY": rrule.MONTHLY,
    "WEEKLY": rrule.WEEKLY,
    "DAILY": rrule.DAILY,
    "HOURLY": rrule.HOURLY,
}
_DAYS: Final = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1, "HOURLY": 1}
_SPANS: Final = {
    "WEEKLY": timedelta(weeks=1),
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
}
_DAY_PARTS: Final = frozenset({"byweekno", "byyearday", "bymonthday", "byweekday"})
# Each list of numbers: dateutil's name for it, the least and the greatest of its numbers.
_LISTS: Final = {
    "BYMONTH": ("bymonth", 1, 12),
    "BYWEEKNO": ("byweekno", -53, 53),
    "BYYEARDAY": ("byyearday", -366, 366),
    "BYMONTHDAY": ("bymonthday", -31, 31),
    "BYHOUR": ("byhour", 0, 23),
    "BYMINUTE": ("byminute", 0, 59),
    "BYSECOND": ("bysecond", 0, 59),
    "BYSETPOS": ("bysetpos", -366, 366),
}


class Budget:
    """How many steps reading may still take; a calendar's holds those of its rules."""

    def __init__(self, steps: int = _CALENDAR_STEPS, calendar: "Budget | None" = None) -> None:
        self._steps = steps
        self._calendar = calendar

    def for_rule(self) -> "Budget":
        return Budget(_RULE_STEPS, self)

    def spend(self, steps: int = 1) -> None:
        """Take steps off, or give the calendar up."""
        self._steps -= steps
        if self._steps < 0:
            raise UnreadableCalendarError("a recurrence rule in it takes too long to follow")
        if self._calendar is not None:
            self._calendar.spend(steps)


@dataclass(frozen=True, slots=True)
class Until:
    """The last time of a rule as it is written; a date means its whole day."""

    wall: datetime
    is_utc: bool

    def in_zone(self, zone: tzinfo) -> datetime:
        """Return it as a wall time of ``zone``."""
        if not self.is_utc:
            return self.wall
        return self.wall.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule that was understood; ``by`` holds dateutil's arguments."""

    frequency: str
    interval: int
    count: int | None
    until: Until | None
    by: Mapping[str, Any]

    @property
    def weight(self) -> int:
        """Return what one round of dateutil's loop costs, in steps of about two microseconds."""
        days = _DAYS[self.frequency]
        positions = len(self.by.get("bysetpos", ()))
        times = 1
        for part in ("byhour", "byminute", "bysecond"):
            times *= len(self.by.get(part, " "))
        return 1 + days // 14 + days * positions // 14 + times // 4


def read_rule(text: str) -> Rule:
    """Return the rule.

    Raises:
        UnreadableCalendarError: it is none, or repeats more often than every hour.
    """
    parts: dict[str, str] = {}
    for pair in text.upper().replace(" ", "").rstrip(";").split(";"):
        part = _PART.fullmatch(pair)
        if part is None or part[1] in parts:
            raise UnreadableCalendarError("a recurrence rule in it is malformed")
        parts[part[1]] = part[2]
    frequency = parts.pop("FREQ", "")
    if frequency in {"SECONDLY", "MINUTELY"}:
        raise UnreadableCalendarError("an entry repeats more often than every hour")
    try:
        rule = Rule(
            frequency=frequency,
            interval=_number(parts.pop("INTERVAL", "1"), 1, _INTERVAL_LIMIT),
            count=_number(parts.pop("COUNT"), 1, 10**9) if "COUNT" in parts else None,
            until=_until(parts.pop("UNTIL")) if "UNTIL" in parts else None,
            by={"wkst": rrule.MO} | dict(_by(name, value) for name, value in parts.items()),
        )
        _FREQUENCIES[frequency]
    except (KeyError, ValueError):
        raise UnreadableCalendarError("a recurrence rule in it is malformed") from None
    return rule


def _number(text: str, least: int, greatest: int) -> int:
    if not least <= int(text[:12]) <= greatest:
        raise ValueError("out of range")
    return int(text)


def _until(text: str) -> Until:
    found = _UNTIL.fullmatch(text)
    if found is None:
        raise ValueError("no date")
    time = found[2] or "235959"
    return Until(datetime.fromisoformat(f"{found[1]}T{time}"), is_utc=bool(found[3]))


def _by(name: str, value: str) -> tuple[str, Any]:
    if name == "WKST":
        return "wkst", _weekday(value)
    if name == "BYDAY":
        return "byweekday", tuple(dict.fromkeys(map(_weekday, value.split(","))))
    argument, least, greatest = _LISTS[name]
    numbers = {_number(each, least, greatest) for each in value.split(",")}
    if 0 in numbers and least < 0:
        raise ValueError("there is no zeroth")
    return argument, tuple(sorted(numbers))


def _weekday(text: str) -> rrule.weekday:
    found = _WEEKDAY.fullmatch(text)
    if found is None:
        raise ValueError("no weekday")
    day: rrule.weekday = getattr(rrule, found[2])
    return day(_number(found[1], -53, 53)) if found[1] else day


class _Counted(int):
    """An INTERVAL that counts how often dateutil adds it.

    dateutil has no limit of its own: a rule without instances loops inside it until the year
    9999. Each round adds the interval, and Python asks a subclass's reflected method first.
    """

    budget: Budget
    weight: int

    def __radd__(self, other: int) -> int:
        self.budget.spend(self.weight)
        return other + int(self)

    def __mul__(self, other: int) -> int:
        self.budget.spend(self.weight)
        return int(self) * other

    __rmul__ = __mul__


def expand(
    rule: Rule, start: datetime, first: datetime, last: datetime, calendar: Budget
) -> Iterator[datetime]:
    """Yield the rule's wall times in ``[first, last]``, those of ``start`` on."""
    budget = calendar.for_rule()
    interval = _Counted(rule.interval)
    interval.budget, interval.weight = budget, rule.weight
    begin = start if rule.count else _skip_ahead(rule, start, first)
    try:
        budget.spend(rule.weight)
        times = rrule.rrule(
            _FREQUENCIES[rule.frequency], begin, interval, count=rule.count, **rule.by
        )
        for wall in times:
            budget.spend()
            if wall > last:
                return
            if wall >= first:
                yield wall
    except (ValueError, IndexError, OverflowError):
        raise UnreadableCalendarError("a recurrence rule in it cannot be followed") from None


def _skip_ahead(rule: Rule, start: datetime, first: datetime) -> datetime:
    """Return a later start from which the rule has the same times near ``first``.

    Whole intervals are skipped, so that weeks, months and years stay those the rule counts; one is
    left over because ``start`` cuts its own short.
    """
    if span := _SPANS.get(rule.frequency):
        length = span * rule.interval
        return start + max(0, (first - start) // length - 1) * length
    if start.day > 28 and not _DAY_PARTS & rule.by.keys():
        return start  # dateutil takes the day from the start, and not every month has it
    step = rule.interval * (12 if rule.frequency == "YEARLY" else 1)
    skipped = ((first.year - start.year) * 12 + first.month - start.month) // step - 1
    if skipped < 1:
        return start
    months = start.year * 12 + start.month - 1 + skipped * step
    return start.replace(year=months // 12, month=months % 12 + 1, day=min(start.day, 28))
