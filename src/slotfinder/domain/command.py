"""What coordinators decided by command: kept in the store, beside what the files say."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from slotfinder.domain.people import Pair, PairStatus


class CommandKind(StrEnum):
    """The commands that change a pair or one of its meetings."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    SKIP = "skip"
    MARK = "mark"
    RESCHEDULE = "reschedule"
    BOOK = "book"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command for a pair.

    ``until`` is the last day of a pause, None for one without end. ``period`` is the first day of
    a period that is left out, or booked. ``uid`` names the meeting it was about; ``text`` is what
    else is worth remembering, such as the reason given and the rules lifted.
    """

    at: datetime
    pair: str
    kind: CommandKind
    until: date | None = None
    period: date | None = None
    uid: str | None = None
    text: str = ""


_STRICTEST_FIRST = (
    PairStatus.ENDED,
    PairStatus.PAUSED,
    PairStatus.PROPOSED,
    PairStatus.ACTIVE,
)


def status_by_command(commands: Iterable[Command], pair: str, today: date) -> PairStatus:
    """Return what commands, oldest first, say of a pair on a day of the programme's zone."""
    status = PairStatus.ACTIVE
    for command in commands:
        if command.pair != pair or status is PairStatus.ENDED:
            continue
        if command.kind is CommandKind.END:
            status = PairStatus.ENDED
        elif command.kind is CommandKind.RESUME:
            status = PairStatus.ACTIVE
        elif command.kind is CommandKind.PAUSE:
            over = command.until is not None and command.until < today
            status = PairStatus.ACTIVE if over else PairStatus.PAUSED
    return status


def as_commanded(pair: Pair, commands: Iterable[Command], today: date) -> Pair:
    """Return a pair as it stands: the stricter of the file and the commands holds."""
    both = (pair.status, status_by_command(commands, pair.id, today))
    return replace(pair, status=min(both, key=_STRICTEST_FIRST.index))


def in_force(commands: Iterable[Command], pair: str, today: date) -> list[Command]:
    """Return the command that still keeps a pair from meeting: its end, or the pause it is in."""
    mine = [each for each in commands if each.pair == pair and each.kind in _ABOUT_STATUS]
    ends = [each for each in mine if each.kind is CommandKind.END]
    last = ends[:1] or mine[-1:]
    return last if status_by_command(last, pair, today) is not PairStatus.ACTIVE else []


_ABOUT_STATUS = frozenset({CommandKind.PAUSE, CommandKind.RESUME, CommandKind.END})


def periods_skipped(commands: Iterable[Command], pair: str) -> list[date]:
    """Return the first days of the periods that a pair leaves out, in order.

    What is booked in one by a later command is no longer left out. Commands come oldest first.
    """
    found: set[date] = set()
    for command in commands:
        if command.pair == pair and command.period is not None:
            if command.kind is CommandKind.SKIP:
                found.add(command.period)
            else:
                found.discard(command.period)
    return sorted(found)
