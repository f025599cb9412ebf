"""How a programme went under a rule, in a few numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean

from slotfinder.domain.compromise import yields
from slotfinder.domain.meeting import Meeting
from slotfinder.domain.programme import Baseline, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers rules are compared by, over the meetings that took place.

    ``worse_off`` is the mean satisfaction (0…1) of the worse-off person of a pair, ``gap`` that
    between the two, both averaged over the pairs that met. ``longest_run`` counts meetings of a
    pair in a row at which the same person gave way. ``kept`` is the share of periods with a
    meeting, ``moves`` how often the agent moved one, for each meeting.
    """

    rule: Rule | Baseline
    meetings: int
    worse_off: float
    gap: float
    longest_run: int
    kept: float
    moves: float


def figures_of(
    rule: Rule | Baseline, held: Sequence[Meeting], *, periods: int, moves: int
) -> Figures:
    """Return the figures of the meetings that took place, out of so many ``periods``."""
    in_order = sorted(held, key=lambda meeting: (meeting.pair, meeting.interval))
    series = [list(mine) for _, mine in groupby(in_order, key=lambda meeting: meeting.pair)]
    means = [_means(mine) for mine in series] or [(0.0, 0.0)]
    return Figures(
        rule=rule,
        meetings=len(held),
        worse_off=mean(map(min, means)),
        gap=mean(abs(mentor - mentee) for mentor, mentee in means),
        longest_run=max(map(_longest_run, series), default=0),
        kept=len({(each.pair, each.period) for each in held}) / max(1, periods),
        moves=moves / max(1, len(held)),
    )


def _means(meetings: Iterable[Meeting]) -> tuple[float, float]:
    """Return what a pair's meetings were worth to mentor and mentee on average, 0…1."""
    both = [meeting.satisfaction for meeting in meetings]
    return mean(each.mentor for each in both) / 100, mean(each.mentee for each in both) / 100


def _longest_run(meetings: Iterable[Meeting]) -> int:
    """Return how many meetings in a row the same person gave way, at most."""
    rows = groupby(yields(meeting.share) for meeting in meetings)
    return max((len(list(row)) for who, row in rows if who), default=0)
