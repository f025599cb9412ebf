"""What happened to a pair: who or what moved what, when and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from slotfinder.domain.command import Command
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Cause, Step
from slotfinder.ports import Logged

_BY_ORDER = frozenset(
    {Cause.RESCHEDULED.value, Cause.SKIPPED.value, "agreed", "pair-paused", "pair-ended"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of a pair's log. ``who`` is ``agent``, ``person`` or ``coordinator``.

    ``uid`` is the meeting's in its calendar, ``code`` the reason code.
    """

    at: datetime
    who: str
    what: str
    uid: str | None
    interval: Interval | None
    code: str
    why: str


def history(logged: Iterable[Logged], commands: Iterable[Command]) -> list[Deed]:
    """Return a pair's log, oldest first; a command comes before what followed from it."""
    found = [_command(each) for each in commands]
    found += [_happening(each) for each in logged]
    return sorted(found, key=lambda deed: deed.at)


def _command(command: Command) -> Deed:
    until = f"until {command.until}" if command.until else ""
    return Deed(
        at=command.at,
        who="coordinator",
        what=command.kind.value,
        uid=None,
        interval=None,
        code="command",
        why=" ".join(part for part in (until, command.text) if part),
    )


def _happening(logged: Logged) -> Deed:
    who = "coordinator" if logged.cause in _BY_ORDER else "agent"
    return Deed(
        at=logged.at,
        who="person" if logged.kind is Step.ADOPT else who,
        what=logged.kind,
        uid=logged.calendar_uid,
        interval=logged.interval,
        code=logged.cause,
        why=logged.reason,
    )
