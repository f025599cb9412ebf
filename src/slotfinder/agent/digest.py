"""Tells coordinators what waits for them: at most once a run, and only what is news."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from slotfinder.agent.programme import Agent
from slotfinder.agent.waiting import NEW_TIME, Waiting, waiting
from slotfinder.booking.keys import mail_key
from slotfinder.invitations.digest import digest_message
from slotfinder.ports import Changes, Entry, EntryKind, Ledger


def digest(agent: Agent, ledger: Ledger, now: datetime) -> Changes | None:
    """Return the mails to record, None where the set of what waits is the one told of last."""
    rows = waiting(agent, ledger, now)
    mark = mark_of(rows)
    if mark == ledger.digest:
        return None
    # What was told before once more is news again: the key carries the moment too.
    key = sha256(f"{mark} {now.isoformat()}".encode()).hexdigest()[:32]
    messages = [
        digest_message(
            agent.programme.name,
            [_line(row) for row in rows],
            sender=agent.sender,
            recipient=coordinator,
            at=now,
            key=key,
        )
        for coordinator in agent.programme.coordinators
    ]
    entries = tuple(
        Entry(key=mail_key(each), uid="", kind=EntryKind.MAIL, message=each) for each in messages
    )
    return Changes.nothing_but(now, entries=entries, digest=mark)


def mark_of(rows: Sequence[Waiting]) -> str:
    """Return what tells one set of open things from another; empty for none."""
    if not rows:
        return ""
    # What would help may be found by one run and not by the next; another time proposed is news.
    told = sorted(
        (
            row.pair or "",
            row.uid or "",
            row.reason_code,
            str(row.relaxation_text) if row.reason_code == NEW_TIME else "",
        )
        for row in rows
    )
    return sha256(repr(told).encode()).hexdigest()[:32]


def _line(row: Waiting) -> str:
    whose = f"Pair {row.pair}" if row.pair else "The whole programme"
    helps = f"\n{row.relaxation_text}" if row.relaxation_text else ""
    return f"{whose}: {row.reason}{helps}\n    {' '.join(row.command)}"
