"""The programme in figures, month by month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from slotfinder.agent.programme import Agent
from slotfinder.domain.command import periods_skipped
from slotfinder.domain.lifecycle import Cause, Step
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.planning.facts import belongs_to, periods_of, span_of
from slotfinder.ports import Ledger, Logged


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """What became of the periods that ended in a month (by the programme's zone).

    ``met`` of ``periods`` had a meeting that took place, ``in_person`` of them face to face.
    ``moves`` is how often the agent moved those meetings. ``found_again`` is how long, on average,
    a declined meeting had no new time: from the run that noticed until the one that found it.
    ``mentor`` and ``mentee`` are mean satisfactions in percent. What there is nothing to tell of
    is None.
    """

    month: date
    pairs: int
    periods: int
    met: int
    in_person: int
    moves: int
    found_again: timedelta | None
    mentor: float | None
    mentee: float | None

    @property
    def kept(self) -> float | None:
        """Return the share of periods that had their meeting, in percent."""
        return 100 * self.met / self.periods if self.periods else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """One period of a pair that is over: its meeting if there was one, and waits for new times."""

    pair: str
    meeting: Meeting | None
    waits: tuple[timedelta, ...]


def figures(
    agent: Agent, ledger: Ledger, logged: Iterable[Logged], now: datetime
) -> list[MonthFigures]:
    """Return the figures of each month with a period that is over, oldest first.

    Periods that were over before the agent knew the pair, or were left out, do not count.
    """
    waits, over = _waits(logged), dict[date, list[_Period]]()
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
            found = _Period(
                pair=pair.id,
                meeting=next(mine, None),
                waits=tuple(waits.get((pair.id, period.first), ())),
            )
            over.setdefault(last_day.replace(day=1), []).append(found)
    return [_month(month, over[month]) for month in sorted(over)]


def _waits(logged: Iterable[Logged]) -> dict[tuple[str, date], list[timedelta]]:
    """Return how long declined meetings of each pair's period had no new time."""
    found: dict[tuple[str, date], list[timedelta]] = {}
    lost: dict[tuple[str, date], datetime] = {}
    for each in logged:
        place = each.pair, each.period
        if each.cause == Cause.DECLINED:
            lost.setdefault(place, each.at)
        if each.kind in {Step.BOOK, Step.MOVE} and place in lost:
            found.setdefault(place, []).append(each.at - lost.pop(place))
    return found


def _month(month: date, found: Sequence[_Period]) -> MonthFigures:
    met = [each.meeting for each in found if each.meeting is not None]
    waits = [wait for each in found for wait in each.waits]
    return MonthFigures(
        month=month,
        pairs=len({each.pair for each in found}),
        periods=len(found),
        met=len(met),
        in_person=sum(each.format is Format.IN_PERSON for each in met),
        moves=sum(each.moves for each in met),
        found_again=sum(waits, timedelta()) / len(waits) if waits else None,
        mentor=_mean([each.satisfaction.mentor for each in met]),
        mentee=_mean([each.satisfaction.mentee for each in met]),
    )


def _mean(numbers: Sequence[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
