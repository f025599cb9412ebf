"""Spans of time: their algebra holds instant by instant, and local days are whole."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotfinder.domain.interval import Interval, first_instant, local_day, merge

_START = datetime(2027, 3, 27, tzinfo=UTC)
_LENGTH = 40

_points = st.integers(0, _LENGTH)
_intervals = st.tuples(_points, _points).map(lambda two: _interval(min(two), max(two)))


def _interval(start: int, end: int) -> Interval:
    return Interval(_START + timedelta(minutes=start), _START + timedelta(minutes=end))


def minutes(*intervals: Interval) -> set[int]:
    """Return the minutes intervals cover, counted one by one."""
    at = [(_START + timedelta(minutes=k), k) for k in range(-_LENGTH, 2 * _LENGTH)]
    return {k for each in intervals for moment, k in at if each.start <= moment < each.end}


@given(_intervals, _intervals)
def test_intervals_overlap_where_they_share_a_minute(one: Interval, other: Interval) -> None:
    assert one.overlaps(other) is bool(minutes(one) & minutes(other))
    assert one.overlaps(other) is other.overlaps(one)


@given(_intervals, _intervals)
def test_clipping_keeps_the_shared_minutes(one: Interval, window: Interval) -> None:
    clipped = one.clip(window)
    assert minutes(*([clipped] if clipped else [])) == minutes(one) & minutes(window)


@given(_intervals, _intervals)
def test_what_covers_another_has_all_its_minutes(one: Interval, other: Interval) -> None:
    if one.covers(other):
        assert minutes(other) <= minutes(one)
    elif other.length:
        assert not minutes(other) <= minutes(one)


@given(_intervals, st.integers(0, 20))
def test_widening_adds_the_margin_on_both_sides(one: Interval, margin: int) -> None:
    wide = one.widen(timedelta(minutes=margin))
    assert wide.length == one.length + timedelta(minutes=2 * margin)
    assert wide.covers(one)


@given(st.lists(_intervals, max_size=8))
def test_merging_keeps_all_minutes_in_sorted_parts_that_do_not_touch(
    intervals: list[Interval],
) -> None:
    merged = merge(intervals)
    assert minutes(*merged) == minutes(*intervals)
    assert all(each.length for each in merged)
    assert all(one.end < other.start for one, other in pairwise(merged))


@given(st.lists(_intervals, max_size=8), st.data())
def test_merging_depends_on_no_order_and_doing_it_again_changes_nothing(
    intervals: list[Interval], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(intervals))
    assert merge(shuffled) == merge(merge(intervals)) == merge(intervals)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (_START, _START - timedelta(minutes=1)),
        (_START.replace(tzinfo=None), _START),
        (_START, _START.astimezone(ZoneInfo("Europe/London"))),
    ],
)
def test_an_interval_is_made_of_ordered_utc_instants(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match=r"^an interval "):
        Interval(start, end)


def changes_of_clocks(zone: ZoneInfo, years: Sequence[int]) -> list[date]:
    """Return the local dates on which a zone's clocks change."""
    found = []
    day = date(years[0], 1, 1)
    while day.year <= years[-1]:
        offsets = {_noon(day + timedelta(days=k), zone).utcoffset() for k in (0, 1)}
        if len(offsets) > 1:
            found.append(day + timedelta(days=1))
        day += timedelta(days=1)
    return found


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone)


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/London",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Africa/Cairo",  # clocks jump from 00:00 to 01:00
        "Asia/Beirut",  # likewise, and 00:00 to 01:00 comes twice
        "America/Havana",  # likewise
    ],
)
def test_a_local_day_holds_exactly_the_minutes_whose_wall_shows_its_date(zone: str) -> None:
    place = ZoneInfo(zone)
    for day in changes_of_clocks(place, (2026, 2027, 2028)):
        for date_ in (day - timedelta(days=1), day, day + timedelta(days=1)):
            whole = local_day(date_, place)
            assert whole.start == first_instant(date_, place)
            assert _shown(date_, whole.start, place)
            assert _shown(date_, whole.end - timedelta(minutes=1), place)
            assert not _shown(date_, whole.start - timedelta(minutes=1), place)
            assert not _shown(date_, whole.end, place)


def _shown(day: date, at: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).date() == day


def test_days_on_which_clocks_change_are_shorter_and_longer() -> None:
    lord_howe, london = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Europe/London")
    assert local_day(date(2027, 3, 28), london).length == timedelta(hours=23)
    assert local_day(date(2027, 10, 31), london).length == timedelta(hours=25)
    assert local_day(date(2027, 10, 3), lord_howe).length == timedelta(hours=23.5)
    assert local_day(date(2027, 4, 4), lord_howe).length == timedelta(hours=24.5)
