"""Carries out what the outbox holds: each entry is done, then marked as done."""

from collections import deque
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.meeting import Receipt
from slotfinder.errors import ChangedMeanwhileError, StoppedError, TimeTakenError, WriteError
from slotfinder.ports import Entry, EntryKind, Glance, Mailer, MeetingCalendar, Progress, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What kept an outbox entry from being done, and which meeting it is of."""

    uid: str
    problem: WriteError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world outside: what is written to, and the last look before a time is written."""

    calendars: Mapping[Provider, MeetingCalendar]
    mailer: Mailer
    is_taken: Glance


def drain(
    store: Store,
    outside: Outside,
    *,
    now: datetime,
    progress: Progress,
    skip: Collection[str] = (),
) -> dict[str, Failure]:
    """Do everything the outbox still holds, oldest first; return what failed, by key.

    After a calendar refused a meeting nothing more is told to anybody about it in this pass: a
    mail must never announce what no calendar shows. What failed stays in the outbox, but for what
    people changed first: doing it later would undo what they did. The keys in ``skip`` failed a
    moment ago and are left for the next pass, as is all that is left when the pass is to stop.
    """
    failed: dict[str, Failure] = {}
    unwritten: set[str] = set()
    entries = store.pending()
    left = deque(entries)
    tracked = progress.track(entries, total=len(entries), doing="Writing calendars and mail")
    with suppress(StoppedError):
        for entry in tracked:
            left.popleft()
            if entry.uid in unwritten:
                continue
            problem = None if entry.key in skip else _done(store, outside, entry, now)
            if problem is not None:
                failed[entry.key] = Failure(uid=entry.uid, problem=problem)
            if entry.kind is not EntryKind.MAIL and (problem or entry.key in skip):
                unwritten.add(entry.uid)
    return failed | {each.key: Failure(uid=each.uid, problem=_LEFT) for each in left}


_LEFT: Final = WriteError(
    "stopped", "The run was asked to stop first; the next one does it.", skipped=True
)


def _done(store: Store, outside: Outside, entry: Entry, now: datetime) -> WriteError | None:
    """Do an entry and note that it is done; return what kept it from being done."""
    try:
        receipt = _carry_out(entry, outside)
    except ChangedMeanwhileError as problem:
        store.abandon(entry, stands=not isinstance(problem, TimeTakenError))
        return problem
    except WriteError as problem:
        return problem
    store.settle(entry, now, receipt)
    return None


def _carry_out(entry: Entry, outside: Outside) -> Receipt | None:
    if entry.message is not None:
        outside.mailer.send(entry.message)
    elif entry.event is not None and entry.provider is not None:
        calendar = outside.calendars.get(entry.provider)
        if calendar is None:
            raise WriteError("provider-refused", f"No calendar on {entry.provider} is set up.")
        if entry.kind is EntryKind.WRITE:
            return calendar.write(entry.event, outside.is_taken)
        calendar.withdraw(entry.event)
    return None
