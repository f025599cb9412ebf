"""The programme in figures, month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from slotfinder.agent.programme import Agent
from slotfinder.domain.command import periods_skipped
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.planning.facts import belongs_to, periods_of, span_of
from slotfinder.ports import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """What became of the periods that ended in a month (by the programme's zone).

    ``met`` of ``periods`` had a meeting that took place, ``in_person`` of them face to face.
    ``moves`` is how often the agent moved those meetings. ``mentor`` and ``mentee`` are mean
    satisfactions in percent, None where nobody met.
    """

    month: date
    pairs: int
    periods: int
    met: int
    in_person: int
    moves: int
    mentor: float | None
    mentee: float | None

    @property
    def kept(self) -> float | None:
        """Return the share of periods that had their meeting, in percent."""
        return 100 * self.met / self.periods if self.periods else None


def figures(agent: Agent, ledger: Ledger, now: datetime) -> list[MonthFigures]:
    """Return the figures of each month with a period that is over, oldest first.

    Periods that were over before the agent knew the pair, or were left out, do not count.
    """
    over: dict[date, list[tuple[str, Meeting | None]]] = {}
    for pair in agent.pairs:
        skipped = periods_skipped(ledger.commands, pair.id)
        known_since = ledger.known_since.get(pair.id, now)
        met = [each for each in ledger.meetings if each.pair == pair.id and each.took_place(now)]
        for period in periods_of(pair):
            end = span_of(period, agent.programme).end
            if not known_since < end <= now or period.first in skipped:
                continue
            mine = (each for each in met if belongs_to(each, period, agent.programme))
            last_day = date.fromordinal(period.end.toordinal() - 1)
            over.setdefault(last_day.replace(day=1), []).append((pair.id, next(mine, None)))
    return [_month(month, over[month]) for month in sorted(over)]


def _month(month: date, found: Sequence[tuple[str, Meeting | None]]) -> MonthFigures:
    met = [meeting for _, meeting in found if meeting is not None]
    return MonthFigures(
        month=month,
        pairs=len({pair for pair, _ in found}),
        periods=len(found),
        met=len(met),
        in_person=sum(each.format is Format.IN_PERSON for each in met),
        moves=sum(each.moves for each in met),
        mentor=_mean([each.satisfaction.mentor for each in met]),
        mentee=_mean([each.satisfaction.mentee for each in met]),
    )


def _mean(numbers: Sequence[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
