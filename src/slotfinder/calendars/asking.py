"""How many calendars are asked for at a time, and for how long: the same for every cloud."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import islice, pairwise
from typing import Final, TypeVar

from slotfinder.domain.interval import Interval

T = TypeVar("T")
R = TypeVar("R")

_THREADS: Final = 8


def side_by_side(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return what the work makes of each item, in order, some of them at a time."""
    if len(items) <= 1:
        return [work(each) for each in items]
    with ThreadPoolExecutor(min(_THREADS, len(items)), "calendars") as pool:
        return list(pool.map(work, items))


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of ``size``, the last one shorter."""
    rest = iter(items)
    return iter(partial(lambda: list(islice(rest, size))), [])


def parts_of(window: Interval, longest: timedelta) -> list[Interval]:
    """Return the window in equal parts, none longer than ``longest``."""
    count = max(1, -(-window.length // longest))
    step = timedelta(seconds=-(-int(window.length.total_seconds()) // count))
    bounds = [min(window.start + step * k, window.end) for k in range(count)]
    return [Interval(first, last) for first, last in pairwise([*bounds, window.end])]
