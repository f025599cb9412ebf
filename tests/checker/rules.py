"""Which of a pair's possible starts is the best compromise (compromise.md §4), the plain way."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.checker.folder import Folder, wall
from tests.checker.judge import Booked, Numbers

Key = tuple[int | tuple[int, ...], ...]


@dataclass(frozen=True)
class Worth:
    """What one meeting, past or planned, is worth to the two."""

    start: int
    satisfaction: Numbers
    share: Numbers


def worth_of(meeting: Booked) -> Worth:
    return Worth(meeting.start, meeting.satisfaction, meeting.share)


def remembered(history: Sequence[Booked], memory: int) -> list[Worth]:
    """Return the last meetings by start that the rule counts."""
    ordered = sorted(map(worth_of, history), key=lambda worth: worth.start)
    return ordered[len(ordered) - min(memory, len(ordered)) :]


def key(candidate: Worth, rest: Sequence[Worth], folder: Folder) -> Key:
    """Return what orders the candidates of one occurrence, the least first.

    ``rest`` are the pair's remembered and otherwise planned meetings.
    """
    series = sorted([*rest, candidate], key=lambda worth: worth.start)
    floor = folder.number("compromise", "floor")
    share = candidate.share
    return (
        min(share.mentor, share.mentee) < floor,
        breaks(series, folder.number("compromise", "yields")),
        tuple(-each for each in _merit(candidate, series, folder.setting("compromise", "rule"))),
        -_habits(series, folder.zone),
        candidate.start,
    )


def _merit(candidate: Worth, series: Sequence[Worth], rule: str) -> tuple[int, ...]:
    a = 50 + sum(worth.satisfaction.mentor for worth in series)
    b = 50 + sum(worth.satisfaction.mentee for worth in series)
    totals = [
        sum(worth.share.mentor for worth in series),
        sum(worth.share.mentee for worth in series),
    ]
    if rule == "fair":
        return (a * b,)
    if rule == "total":
        return (a + b,)
    if rule == "equal":
        return min(totals), max(totals)
    turn = _turn(series[: series.index(candidate)])
    other = "mentee" if turn == "mentor" else "mentor"
    return candidate.share.get(turn), candidate.share.get(other)


def _turn(before: Sequence[Worth]) -> str:
    """Return whose turn it is after these meetings."""
    if not before:
        return "mentor"
    last = before[-1].share
    if last.mentor != last.mentee:
        return "mentor" if last.mentor < last.mentee else "mentee"
    return "mentee" if _turn(before[:-1]) == "mentor" else "mentor"


def breaks(series: Sequence[Worth], limit: int) -> int:
    """Count the meetings at which somebody yields more than ``limit`` times in a row."""
    found = 0
    for role, other in (("mentor", "mentee"), ("mentee", "mentor")):
        row = 0
        for worth in series:
            gives_way = 2 * worth.share.get(role) < worth.share.get(other)
            row = row + 1 if gives_way else 0
            found += row > limit
    return found


def _habits(series: Sequence[Worth], zone: ZoneInfo) -> int:
    habits = [f"{wall(worth.start, zone):%a %H:%M}" for worth in series]
    return sum(one == other for one, other in pairwise(habits))
