"""What waits for a coordinator, and the command that would settle it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slotfinder.agent.guard import MASS_CHANGE
from slotfinder.agent.programme import Agent
from slotfinder.domain.cadence import Period
from slotfinder.domain.command import periods_skipped
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Lifted
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import belongs_to, periods_of, span_of
from slotfinder.planning.plan import HoldCode
from slotfinder.ports import PROGRAMME, Held, Ledger

TWO_LOST: Final = "two-lost"
NEW_TIME: Final = "new-time"
"""An attendee proposes another time, which the hold's relaxation names as an instant.

No proposal is ever taken by itself."""

_LIFTS: Final = {
    HoldCode.FROZEN.value: Lifted.FREEZE,
    HoldCode.BUDGET_SPENT.value: Lifted.BUDGET,
    HoldCode.GAP_TOO_SMALL.value: Lifted.GAP,
    HoldCode.CLOSED.value: Lifted.CLOSED,
    HoldCode.AWAY.value: Lifted.CLOSED,
}
_NEEDS_NOBODY: Final = {code.value for code in HoldCode if not code.needs_a_person}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing for a coordinator; ``pair`` is None where it concerns the whole programme.

    ``uid`` is the meeting's in its calendar. ``command`` is what would settle it, or shows most
    about it where nothing settles it by itself.
    """

    pair: str | None
    uid: str | None
    since: datetime
    reason_code: str
    reason: str
    relaxation_code: str | None
    relaxation_text: str | None
    command: tuple[str, ...]


def needs_a_person(held: Held) -> bool:
    """Tell whether a coordinator has to do something about what the last run left."""
    return held.reason_code not in _NEEDS_NOBODY


def waiting(agent: Agent, ledger: Ledger, now: datetime) -> list[Waiting]:
    """Return what waits for a coordinator, oldest first."""
    known = {PROGRAMME, *(pair.id for pair in agent.pairs)}
    found = [
        _row(held, ledger) for held in ledger.holds if held.pair in known and needs_a_person(held)
    ]
    found += [
        row
        for pair in agent.pairs
        if pair.is_booked
        for row in _lost_twice(agent, ledger, pair, now)
    ]
    return sorted(found, key=lambda row: (row.since, row.pair or "", row.reason_code))


def _row(held: Held, ledger: Ledger) -> Waiting:
    names = {meeting.uid: meeting.calendar_uid for meeting in ledger.meetings}
    uid = names.get(held.uid) if held.uid else None
    return Waiting(
        pair=held.pair or None,
        uid=uid,
        since=held.since,
        reason_code=held.reason_code,
        reason=held.reason,
        relaxation_code=held.relaxation_code,
        relaxation_text=held.relaxation_text,
        command=_command(held, uid),
    )


def _command(held: Held, uid: str | None) -> tuple[str, ...]:
    if held.reason_code == MASS_CHANGE:
        return ("slotfinder", "run", "--force")
    if held.relaxation_code == NEW_TIME and held.relaxation_text and uid:
        named = ("--meeting", uid, "--at", held.relaxation_text)
        return ("slotfinder", "reschedule", held.pair, *named)
    lifted = _LIFTS.get(held.reason_code)
    if uid and lifted:
        named = ("--meeting", uid, "--allow", lifted.value)
        return ("slotfinder", "reschedule", held.pair, *named)
    return ("slotfinder", "explain", held.pair)


def _lost_twice(agent: Agent, ledger: Ledger, pair: Pair, now: datetime) -> Iterator[Waiting]:
    """Yield that a pair did not meet in its last two periods."""
    lost = lost_in_a_row(agent, ledger, pair, now)
    if len(lost) > 1:
        yield Waiting(
            pair=pair.id,
            uid=None,
            since=lost[1].end,
            reason_code=TWO_LOST,
            reason="The pair has not met in its last two periods.",
            relaxation_code=None,
            relaxation_text=None,
            command=("slotfinder", "explain", pair.id),
        )


def lost_in_a_row(agent: Agent, ledger: Ledger, pair: Pair, now: datetime) -> list[Interval]:
    """Return the periods without a meeting since the pair last met, in order."""
    skipped = periods_skipped(ledger.commands, pair.id)
    known_since = ledger.known_since.get(pair.id, now)
    met = [each for each in ledger.meetings if each.pair == pair.id and each.took_place(now)]

    def has_met(period: Period) -> bool:
        return any(belongs_to(each, period, agent.programme) for each in met)

    lost: list[Interval] = []
    for period in periods_of(pair):
        span = span_of(period, agent.programme)
        if not known_since < span.end <= now or period.first in skipped:
            continue
        lost = [] if has_met(period) else [*lost, span]
    return lost
