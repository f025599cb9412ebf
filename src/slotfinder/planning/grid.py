"""One person's time as arrays: whole minutes and seconds since 1970 in UTC, half-open.

Starts are asked about many at a time; each answer is an array with one element per start.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from slotfinder.domain.cadence import Period
from slotfinder.domain.interval import Interval, first_instant
from slotfinder.domain.preference import MINUTES_A_DAY, MINUTES_A_WEEK, Wishes, weekly_weights

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date()
# 1970-01-01 was a Thursday; weeks of wishes begin on Monday.
_EPOCH_WEEKDAY = 3

NO_TIME = np.empty((0, 2), dtype=np.int64)
"""No taken time at all."""


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


def minute_of_week(instant: datetime, zone: ZoneInfo) -> int:
    """Return the local minute of the week, Monday 00:00 being 0, of any instant."""
    local = instant.astimezone(zone)
    return (local.weekday() * 24 + local.hour) * 60 + local.minute


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
        self._first_day, self._last_day = (
            int(self._local[edge]) // MINUTES_A_DAY for edge in (0, -1)
        )

    def local(self, minutes: Ints) -> Ints:
        """Return wall-clock minutes since 1970-01-01 00:00 local time."""
        return self._local[minutes - self.first]

    def day_index(self, minutes: Ints) -> Ints:
        """Return local dates, counted from the first one of the window."""
        return self._day_indices[minutes - self.first]

    @property
    def span_of_dates(self) -> tuple[date, date]:
        """Return the first and last local date the window touches."""
        return day_of(self._first_day), day_of(self._last_day)

    def dates(self, days: Collection[date]) -> Bools | None:
        """Tell of each local date of the window whether it is one of these; None for none."""
        if not days:
            return None
        found = np.zeros(self._last_day + 1 - self._first_day, dtype=np.bool_)
        found[[day_number(day) - self._first_day for day in days]] = True
        return found

    @cached_property
    def _day_indices(self) -> Ints:
        return self._local // MINUTES_A_DAY - self._first_day

    @cached_property
    def day_bounds(self) -> Ints:
        """Return the seconds since 1970 at which the window's local dates begin, and the end."""
        days = range(self._first_day, self._last_day + 2)
        begins = [first_instant(day_of(number), self.zone).timestamp() for number in days]
        return np.array(begins, dtype=np.int64)

    def weights(self, wishes: Wishes) -> "Weights":
        """Return the wishes laid out over the window; made once, most people share theirs."""
        if wishes not in self._weights:
            self._weights[wishes] = Weights(self, wishes)
        return self._weights[wishes]

    def minute_of_week(self, minutes: Ints) -> Ints:
        """Return the local minute of the week, Monday 00:00 being 0."""
        return (self.local(minutes) + _EPOCH_WEEKDAY * MINUTES_A_DAY) % MINUTES_A_WEEK

    def changes_during(self, starts: Ints, duration: int) -> Bools:
        """Tell in which spans of ``duration`` minutes the clock is changed."""
        last = duration - 1
        changed: Bools = self.local(starts + last) - self.local(starts) != last
        return changed


class Clocks:
    """The clocks of all zones over one window."""

    def __init__(self, first: int, end: int) -> None:
        self.first = first
        self.end = end
        self._clocks: dict[str, Clock] = {}
        self._wished: dict[tuple[tuple[Weights, Weights], Period, int], Ints] = {}

    def of(self, zone: ZoneInfo) -> Clock:
        if zone.key not in self._clocks:
            self._clocks[zone.key] = Clock(zone, self.first, self.end)
        return self._clocks[zone.key]

    def wished_by(
        self,
        both: "tuple[Weights, Weights]",
        period: Period,
        duration: int,
        starts: Callable[[Period], Ints],
    ) -> Ints:
        """Return which of a period's ``starts`` both wish for; many pairs share the answer."""
        key = both, period, duration
        if key not in self._wished:
            asked = starts(period)
            mentor, mentee = (each.wished(asked, duration) for each in both)
            self._wished[key] = asked[mentor & mentee]
        return self._wished[key]


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
    """How much somebody wishes each span: the sum of the weights of its minutes.

    Weights repeat week by week on the wall clock, so that sums over two weeks in a row serve every
    span but one during which clocks change.
    """

    def __init__(self, clock: Clock, wishes: Wishes) -> None:
        table, self.scale = weekly_weights(wishes)
        self._clock = clock
        self._table = np.array(table, dtype=np.int64)
        self._sums = _running(np.tile(self._table, 2))
        self._holes = _running(np.tile(self._table == 0, 2).astype(np.int64))

    def total(self, starts: Ints, duration: int) -> Ints:
        """Return the summed weights times ``scale``."""
        return self._sum(self._sums, self._table, starts, duration)

    def wished(self, starts: Ints, duration: int) -> Bools:
        """Tell for which starts every minute has a weight above 0."""
        unwished = self._sum(self._holes, self._table == 0, starts, duration)
        wished: Bools = unwished == 0
        return wished

    def _sum(self, sums: Ints, table: Ints | Bools, starts: Ints, duration: int) -> Ints:
        """Return the sums of a week's ``table`` over each span, ``sums`` being its running sums."""
        if duration > MINUTES_A_WEEK:
            uneven = np.ones(starts.shape, dtype=np.bool_)
            total = np.zeros(starts.shape, dtype=np.int64)
        else:
            uneven = self._clock.changes_during(starts, duration)
            first = self._clock.minute_of_week(starts)
            total = sums[first + duration] - sums[first]
        if uneven.any():
            minutes = starts[uneven, np.newaxis] + np.arange(duration)
            total[uneven] = table[self._clock.minute_of_week(minutes)].sum(axis=1)
        return total


def _running(values: Ints) -> Ints:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values)))


class Spans:
    """Merged taken time, to the second."""

    def __init__(self, taken: Ints) -> None:
        """``taken`` has one row a span: its first second since 1970 and the one after its last."""
        self.merged = merged(taken)
        # The sentinel lets every search find a span after the last one.
        self._starts = np.append(self.merged[:, 0], _NEVER)
        self._ends = np.ascontiguousarray(self.merged[:, 1])

    def hit(self, starts: Ints, duration: int, margin: int = 0) -> Bools:
        """Tell which of ``[start - margin, start + duration + margin)`` (minutes) overlap."""
        if not self._ends.size:
            return np.zeros(starts.shape, dtype=np.bool_)
        low = (starts - margin) * 60
        after = self._ends.searchsorted(low, side="right")
        overlapping: Bools = self._starts[after] < low + (duration + 2 * margin) * 60
        return overlapping


def seconds_of(intervals: Iterable[Interval]) -> Ints:
    """Return one row an interval: its first second since 1970, and the one after its last."""
    listed = [(each.start.timestamp(), each.end.timestamp()) for each in intervals]
    if not listed:
        return NO_TIME
    bounds = np.array(listed)
    return np.stack((np.floor(bounds[:, 0]), np.ceil(bounds[:, 1])), axis=1).astype(np.int64)


def merged(taken: Ints) -> Ints:
    """Return the union of spans, sorted and disjoint; touching ones are joined, empty ones go."""
    taken = taken[taken[:, 0] < taken[:, 1]]
    if len(taken) < 2:
        return taken
    taken = taken[taken[:, 0].argsort(kind="stable")]
    reached = np.maximum.accumulate(taken[:, 1])
    begins = np.append(True, taken[1:, 0] > reached[:-1])
    ends = np.append(begins[1:], True)
    return np.stack((taken[begins, 0], reached[ends]), axis=1)


def busy_seconds(taken: Iterable[Ints], clock: Clock) -> Ints:
    """Return how many seconds of each local date of the clock are taken, whole-day spans left out.

    ``taken`` holds the merged time of each kind of entry; one of them that covers a local date
    all by itself says that somebody is away that day, not that the day is full of meetings.
    """
    bounds = clock.day_bounds
    parts = [_parts_of_days(spans, bounds) for spans in taken]
    union = merged(np.concatenate([NO_TIME, *parts]))
    # Touching parts of two days were joined: they are cut at midnight once more.
    pieces = _cut(union, bounds)
    days = bounds.searchsorted(pieces[:, 0], side="right") - 1
    seconds: Ints = np.zeros(len(bounds) - 1, dtype=np.int64)
    np.add.at(seconds, days, pieces[:, 1] - pieces[:, 0])
    return seconds


def _parts_of_days(spans: Ints, bounds: Ints) -> Ints:
    """Return spans cut at midnight, without the parts that are whole days."""
    pieces = _cut(spans, bounds)
    days = bounds.searchsorted(pieces[:, 0], side="right") - 1
    whole = (pieces[:, 0] == bounds[days]) & (pieces[:, 1] == bounds[days + 1])
    parts: Ints = pieces[~whole]
    return parts


def _cut(spans: Ints, bounds: Ints) -> Ints:
    """Return spans cut at all bounds, without what lies before the first and after the last."""
    spans = np.clip(spans, bounds[0], bounds[-1])
    spans = spans[spans[:, 0] < spans[:, 1]]
    first = bounds.searchsorted(spans[:, 0], side="right")
    counts = bounds.searchsorted(spans[:, 1], side="left") - first + 1
    total = int(counts.sum())
    rows = np.repeat(np.arange(len(spans)), counts)
    nth = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    days = first[rows] + nth
    return np.stack(
        (
            np.maximum(spans[rows, 0], bounds[days - 1]),
            np.minimum(spans[rows, 1], bounds[days]),
        ),
        axis=1,
    )


_NEVER = np.iinfo(np.int64).max
