"""How calendars are asked: in parts of a window, in batches, side by side."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier

from hypothesis import given
from hypothesis import strategies as st

from slotfinder.calendars.asking import batched, parts_of, side_by_side
from slotfinder.domain.interval import Interval

MONTH = timedelta(days=31)


@given(
    st.integers(1, 400 * 24 * 3600),
    st.integers(0, 400 * 24 * 3600),
)
def test_the_parts_of_a_window_are_all_of_it_and_short_enough(seconds: int, later: int) -> None:
    first = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=later)
    window = Interval(first, first + timedelta(seconds=seconds))
    parts = parts_of(window, MONTH)

    assert parts[0].start == window.start
    assert parts[-1].end == window.end
    for one, other in pairwise(parts):
        assert one.end == other.start
    assert all(part.length <= MONTH for part in parts)
    assert len(parts) == -(-window.length // MONTH)
    lengths = [part.length for part in parts]
    assert max(lengths) - min(lengths) <= timedelta(seconds=len(parts))


def test_batches_are_full_but_for_the_last() -> None:
    assert list(batched(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batched([], 3)) == []


def test_what_is_asked_side_by_side_comes_back_in_order() -> None:
    together = Barrier(4)

    def ask(number: int) -> int:
        together.wait(timeout=10)  # passes only if four are asked at a time
        return -number

    assert side_by_side(ask, range(8)) == [0, -1, -2, -3, -4, -5, -6, -7]
