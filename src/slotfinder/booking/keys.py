"""Deterministic keys: the same thing to do has the same key, whoever works it out again."""

from slotfinder.domain.meeting import Event
from slotfinder.ports import EntryKind, Message


def calendar_key(event: Event, kind: EntryKind) -> str:
    """Return the key of writing or withdrawing one version of an event."""
    return f"{event.uid}.{event.sequence}.{kind}"


def mail_key(message: Message) -> str:
    """Return the key of sending one message to one person."""
    return f"{message.key}.{EntryKind.MAIL}"
