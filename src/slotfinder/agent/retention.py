"""What need not be remembered any longer: older than ``[store] keep``, and needed by nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from slotfinder.agent.programme import Agent
from slotfinder.domain.cadence import Period, is_due_in_person
from slotfinder.domain.command import Command, in_force, periods_skipped
from slotfinder.domain.interval import first_instant
from slotfinder.domain.people import Pair, PairStatus
from slotfinder.planning.facts import periods_of, span_of
from slotfinder.ports import Forgetting, Ledger


def forgetting(
    agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime
) -> Forgetting | None:
    """Return what is to be forgotten; None where everything is kept for ever.

    ``pairs`` are all of the programme, as they stand.
    """
    if agent.keep is None:
        return None
    limit = now - agent.keep
    going_on = [pair for pair in pairs if _goes_on(pair, agent, now)]
    before = {pair.id: _first_kept(pair, agent, ledger, limit, now) for pair in going_on}
    return Forgetting(
        limit=limit,
        before=before,
        counted=frozenset(_counted(agent, ledger, going_on, now)),
        commands=tuple(_outdated(agent, ledger, before, limit, now)),
    )


def nobodys_calendars(agent: Agent, ledger: Ledger) -> list[str]:
    """Return of whom the store remembers a full calendar though nobody reads it any more."""
    read = {*agent.people, *(room.email for room in agent.rooms())}
    return sorted(ledger.crowded - read)


def _goes_on(pair: Pair, agent: Agent, now: datetime) -> bool:
    """Tell whether a pair may still meet."""
    found = periods_of(pair)
    is_over = not found or span_of(found[-1], agent.programme).end <= now
    return not is_over and pair.status is not PairStatus.ENDED


def _first_kept(
    pair: Pair, agent: Agent, ledger: Ledger, limit: datetime, now: datetime
) -> datetime:
    """Return the start of a pair's first period that is young enough, or of which more is needed.

    It is the start of a period, so that no period is remembered in part: one whose meeting was
    forgotten would look like one that was lost.
    """
    starts = [span_of(each, agent.programme).start for each in periods_of(pair)]
    needed = [span_of(each, agent.programme).start for each in _needed(pair, agent, ledger, now)]
    latest = min([limit, *needed])
    return max((each for each in starts if each <= latest), default=latest)


def _needed(pair: Pair, agent: Agent, ledger: Ledger, now: datetime) -> Iterator[Period]:
    """Yield periods whose meetings say what comes next, however long they are over.

    The first open one; the last two that count, of which ``todo`` tells if both were lost; and the
    last that was due in person: whether one is owed depends on nothing before it.
    """
    found = periods_of(pair)
    over = [each for each in found if span_of(each, agent.programme).end <= now]
    yield found[len(over)]
    skipped = periods_skipped(ledger.commands, pair.id)
    yield from [each for each in over if each.first not in skipped][-2:]
    due = [
        period
        for before, period in pairwise([None, *over])
        if period and is_due_in_person(pair.in_person, period, before)
    ]
    yield from due[-1:]


def _counted(agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime) -> Iterator[str]:
    """Yield the uids of the past meetings that the rule remembers, and of each pair's last one."""
    memory = max(1, agent.programme.compromise.memory)
    for pair in pairs:
        held = [each for each in ledger.meetings if each.pair == pair.id and each.took_place(now)]
        held.sort(key=lambda each: each.interval)
        yield from (each.uid for each in held[-memory:])


def _outdated(
    agent: Agent, ledger: Ledger, before: dict[str, datetime], limit: datetime, now: datetime
) -> Iterator[Command]:
    """Yield the commands that say nothing any more of what is remembered or comes."""
    zone = agent.programme.zone
    today = now.astimezone(zone).date()
    for command in ledger.commands:
        since = before.get(command.pair, limit)
        about = first_instant(command.period, zone) if command.period else command.at
        is_old = command.at < since and about < since
        if is_old and command not in in_force(ledger.commands, command.pair, today):
            yield command
