"""One person's time as arrays: whole minutes and seconds since 1970 in UTC, half-open.

Starts are asked about many at a time; each answer is an array with one element per start.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from slotfinder.domain.interval import Interval, local_day, merge
from slotfinder.domain.preference import MINUTES_A_DAY, MINUTES_A_WEEK, Wishes, weekly_weights

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date()
# 1970-01-01 was a Thursday; weeks of wishes begin on Monday.
_EPOCH_WEEKDAY = 3


def minute_of(instant: datetime) -> int:
    """Return the first whole minute that does not begin before ``instant``."""
    return -((_EPOCH - instant) // timedelta(minutes=1))


def minutes_of(length: timedelta) -> int:
    """Return whole minutes, a started one counted."""
    return -(-length // timedelta(minutes=1))


def instant_of(minute: int) -> datetime:
    """Return the instant at which a minute begins."""
    return _EPOCH + timedelta(minutes=minute)


def day_of(number: int) -> date:
    """Return a date from its number of days since 1970-01-01."""
    return _EPOCH_DAY + timedelta(days=number)


def day_number(day: date) -> int:
    """Return the number of days since 1970-01-01."""
    return (day - _EPOCH_DAY).days


class Clock:
    """A zone's wall clock over a window of UTC minutes ``[first, end)``."""

    def __init__(self, zone: ZoneInfo, first: int, end: int) -> None:
        self.zone = zone
        self.first = first
        self.end = end
        self._weights: dict[Wishes, Weights] = {}
        offsets = np.empty(end - first, dtype=np.int64)
        position = first
        for until, offset in _offsets(zone, first, end):
            offsets[position - first : until - first] = offset
            position = until
        self._local = np.arange(first, end, dtype=np.int64) + offsets

    def local(self, minutes: Ints) -> Ints:
        """Return wall-clock minutes since 1970-01-01 00:00 local time."""
        return self._local[minutes - self.first]

    def day(self, minutes: Ints) -> Ints:
        """Return local dates, as days since 1970-01-01."""
        return self.local(minutes) // MINUTES_A_DAY

    def weights(self, wishes: Wishes) -> "Weights":
        """Return the wishes laid out over the window; made once, most people share theirs."""
        if wishes not in self._weights:
            self._weights[wishes] = Weights(self, wishes)
        return self._weights[wishes]

    def minute_of_week(self) -> Ints:
        """Return the minute of the week (Monday 00:00 = 0) of each minute of the window."""
        return (self._local + _EPOCH_WEEKDAY * MINUTES_A_DAY) % MINUTES_A_WEEK


class Clocks:
    """The clocks of all zones over one window."""

    def __init__(self, first: int, end: int) -> None:
        self.first = first
        self.end = end
        self._clocks: dict[str, Clock] = {}

    def of(self, zone: ZoneInfo) -> Clock:
        if zone.key not in self._clocks:
            self._clocks[zone.key] = Clock(zone, self.first, self.end)
        return self._clocks[zone.key]


def _offsets(zone: ZoneInfo, first: int, end: int) -> Iterable[tuple[int, int]]:
    """Yield (end minute, offset in minutes) of each run of minutes with one offset."""
    start = first
    while start < end:
        offset = _offset(zone, start)
        # Zones change their offset at most once a day; the very minute is found by halving.
        while start < end and _offset(zone, min(start + MINUTES_A_DAY, end - 1)) == offset:
            start += MINUTES_A_DAY
        low, high = min(start, end - 1), min(start + MINUTES_A_DAY, end)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        start = high if start < end else end
        yield start, offset


def _offset(zone: ZoneInfo, minute: int) -> int:
    offset = instant_of(minute).astimezone(zone).utcoffset()
    return (offset or timedelta()) // timedelta(minutes=1)


class Weights:
    """How much somebody wishes each span: the sum of the weights of its minutes."""

    def __init__(self, clock: Clock, wishes: Wishes) -> None:
        table, self.scale = weekly_weights(wishes)
        weights = np.array(table, dtype=np.int64)[clock.minute_of_week()]
        self._first = clock.first
        self._sums = _running(weights)
        self._holes = _running((weights == 0).astype(np.int64))

    def total(self, starts: Ints, duration: int) -> Ints:
        """Return the summed weights times ``scale``."""
        return _between(self._sums, starts - self._first, duration)

    def wished(self, starts: Ints, duration: int) -> Bools:
        """Tell for which starts every minute has a weight above 0."""
        unwished = _between(self._holes, starts - self._first, duration)
        wished: Bools = unwished == 0
        return wished


def _running(values: Ints) -> Ints:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values)))


def _between(sums: Ints, positions: Ints, duration: int) -> Ints:
    total: Ints = sums[positions + duration] - sums[positions]
    return total


class Spans:
    """Merged taken time, to the second."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        merged = merge(intervals)
        # The sentinel lets every search find a span after the last one.
        self._starts = np.array([_floor(each.start) for each in merged] + [_NEVER], dtype=np.int64)
        self._ends = np.array([_ceil(each.end) for each in merged], dtype=np.int64)

    def hit(self, starts: Ints, duration: int, margin: int = 0) -> Bools:
        """Tell which of ``[start - margin, start + duration + margin)`` (minutes) overlap."""
        low = (starts - margin) * 60
        high = (starts + duration + margin) * 60
        after = np.searchsorted(self._ends, low, side="right")
        overlapping: Bools = np.less(self._starts[after], high)
        return overlapping


def busy_seconds(taken: Iterable[Sequence[Interval]], zone: ZoneInfo) -> dict[int, int]:
    """Return how many seconds of each local date are taken, whole-day entries left out.

    ``taken`` holds the merged time of each kind of entry; one of them that covers a local date
    all by itself says that somebody is away that day, not that the day is full of meetings.
    """
    parts: dict[int, list[Interval]] = {}
    for spans in taken:
        for span in spans:
            first = day_number(span.start.astimezone(zone).date())
            last = day_number(span.end.astimezone(zone).date())
            for number in range(first, last + 1):
                day = local_day(day_of(number), zone)
                if not span.covers(day) and (part := span.clip(day)):
                    parts.setdefault(number, []).append(part)
    return {
        number: sum((each.length for each in merge(found)), timedelta()) // timedelta(seconds=1)
        for number, found in parts.items()
    }


_NEVER = np.iinfo(np.int64).max


def _floor(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)


def _ceil(instant: datetime) -> int:
    return -((_EPOCH - instant) // timedelta(seconds=1))
