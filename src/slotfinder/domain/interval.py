"""Half-open spans of time in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """``[start, end)``; both aware and in UTC, ``start <= end``. An empty one overlaps nothing."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("an interval is made of aware UTC instants")
        if self.end < self.start:
            raise ValueError("an interval ends before it starts")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        """Tell whether the two share an instant; touching is not overlapping."""
        return max(self.start, other.start) < min(self.end, other.end)

    def covers(self, other: "Interval") -> bool:
        return self.start <= other.start and other.end <= self.end

    def clip(self, window: "Interval") -> "Interval | None":
        """Return the part inside ``window``, or None when nothing is left."""
        start, end = max(self.start, window.start), min(self.end, window.end)
        return Interval(start, end) if start < end else None

    def widen(self, margin: timedelta) -> "Interval":
        return Interval(self.start - margin, self.end + margin)


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the union, sorted and disjoint; touching intervals are joined, empty ones vanish."""
    merged: list[Interval] = []
    for each in sorted(intervals):
        if each.start == each.end:
            continue
        if merged and each.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return tuple(merged)


def without(whole: Interval, parts: Iterable[Interval]) -> list[Interval]:
    """Return what is left of an interval when all parts are taken out, sorted."""
    left: list[Interval] = []
    start = whole.start
    for each in merge(parts):
        if each.end <= start:
            continue
        if each.start >= whole.end:
            break
        if each.start > start:
            left.append(Interval(start, each.start))
        start = each.end
    return [*left, Interval(start, whole.end)] if start < whole.end else left


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first UTC instant whose local date in ``zone`` is ``day``.

    Where clocks jump over midnight the day begins later than 00:00; where 00:00 comes twice, the
    first one counts (fold 0 gives both).
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_day(day: date, zone: ZoneInfo) -> Interval:
    """Return the whole local date: 23, 24 or 25 hours, and what else zones do."""
    return Interval(first_instant(day, zone), first_instant(day + timedelta(days=1), zone))
