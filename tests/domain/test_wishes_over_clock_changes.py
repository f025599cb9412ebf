"""A wish for 08:00 is one for 08:00 on the wall, whatever clocks do: each minute is looked at."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.domain.preference import Window, Wishes
from slotfinder.planning.grid import Clock, instant_of, minute_of

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
)
_DAY = timedelta(days=1)


def days_around_changes() -> Iterator[tuple[str, date]]:
    """Yield each zone with the days of 2026 to 2028 on which its clocks change, or one of none."""
    for name in ZONES:
        changes, day = [], date(2026, 1, 1)
        while day.year < 2029:
            if _offset(day, name) != _offset(day + _DAY, name):
                changes.append(day + _DAY)
            day += _DAY
        for each in changes or [date(2027, 3, 28)]:
            yield name, each


def _offset(day: date, zone: str) -> timedelta | None:
    return datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset()


CHANGES = list(days_around_changes())

_windows = st.builds(
    lambda days, hours, weight: Window(frozenset(days), min(hours), max(hours), weight),
    st.sets(st.integers(0, 6), min_size=1),
    st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda two: two[0] != two[1]),
    st.decimals(0, 1, places=3),
)
_wishes = st.lists(_windows, min_size=1, max_size=4).map(tuple)


def clock_around(zone: str, day: date) -> Clock:
    noon = minute_of(datetime.combine(day, time(12), UTC))
    return Clock(ZoneInfo(zone), noon - 2160, noon + 2160)


def looked_up(wishes: Wishes, minute: int, zone: ZoneInfo) -> Fraction:
    """Return the weight of a minute by looking at a clock on the wall."""
    wall = instant_of(minute).astimezone(zone)
    of_day = wall.hour * 60 + wall.minute
    weights = [
        Fraction(window.weight)
        for window in wishes
        if wall.weekday() in window.days and window.start <= of_day < window.end
    ]
    return max(weights, default=Fraction(0))


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_a_clock_shows_what_the_zone_says_in_every_minute(zone: str, day: date) -> None:
    clock = clock_around(zone, day)
    minutes = np.arange(clock.first, clock.end, dtype=np.int64)
    walls = [instant_of(int(minute)).astimezone(clock.zone) for minute in minutes]
    shown = [minute_of(wall.replace(tzinfo=UTC)) for wall in walls]
    assert clock.local(minutes).tolist() == shown
    dates = [wall.date() for wall in walls]
    first, _ = clock.span_of_dates
    assert clock.day_index(minutes).tolist() == [(each - first).days for each in dates]
    of_week = [wall.weekday() * 1440 + wall.hour * 60 + wall.minute for wall in walls]
    assert clock.minute_of_week(minutes).tolist() == of_week


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@settings(max_examples=3, deadline=None, derandomize=True)
@given(wishes=_wishes, duration=st.sampled_from((5, 45, 90)))
def test_the_weight_of_a_span_is_that_of_its_minutes(
    zone: str, day: date, wishes: Wishes, duration: int
) -> None:
    clock = clock_around(zone, day)
    weights = clock.weights(wishes)
    minutes = range(clock.first, clock.end)
    naive = [looked_up(wishes, minute, clock.zone) for minute in minutes]
    positions = range(0, len(minutes) - duration, 7)
    starts = np.array([minutes[k] for k in positions], dtype=np.int64)
    totals = weights.total(starts, duration).tolist()
    spans = [naive[k : k + duration] for k in positions]
    assert [Fraction(total, weights.scale) for total in totals] == [sum(span) for span in spans]
    assert weights.wished(starts, duration).tolist() == [all(span) for span in spans]


def test_a_morning_wish_stays_in_the_morning_when_clocks_change() -> None:
    wishes = (Window(frozenset(range(7)), 480, 540, Decimal(1)),)
    clock = clock_around("Europe/London", date(2027, 3, 28))
    weights = clock.weights(wishes)
    before, after = datetime(2027, 3, 27, 8, tzinfo=UTC), datetime(2027, 3, 28, 7, tzinfo=UTC)
    starts = np.array([minute_of(before), minute_of(after)], dtype=np.int64)
    assert weights.wished(starts, 60).tolist() == [True, True]
    assert weights.wished(starts + 60, 60).tolist() == [False, False]
