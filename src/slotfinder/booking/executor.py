"""Carries out what the outbox holds: each entry is done, then marked as done."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.meeting import Receipt
from slotfinder.errors import ChangedMeanwhileError, TimeTakenError, WriteError
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
    moment ago and are left for the next pass.
    """
    failed: dict[str, Failure] = {}
    unwritten: set[str] = set()
    entries = store.pending()
    for entry in progress.track(entries, total=len(entries), doing="Writing calendars and mail"):
        if entry.key in skip:
            if entry.kind is not EntryKind.MAIL:
                unwritten.add(entry.uid)
            continue
        if entry.uid in unwritten:
            continue
        try:
            receipt = _carry_out(entry, outside)
        except ChangedMeanwhileError as problem:
            failed[entry.key] = Failure(uid=entry.uid, problem=problem)
            store.abandon(entry, stands=not isinstance(problem, TimeTakenError))
            unwritten.add(entry.uid)
            continue
        except WriteError as problem:
            failed[entry.key] = Failure(uid=entry.uid, problem=problem)
            if entry.kind is not EntryKind.MAIL:
                unwritten.add(entry.uid)
            continue
        store.settle(entry, now, receipt)
    return failed


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
