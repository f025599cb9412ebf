"""What the agent needs from the world outside. Adapters implement these; bootstrap names them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from slotfinder.domain.freebusy import Provider, Reading
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Event, Meeting, Seen

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRef:
    """Whose calendar to read. ``zone`` is the owner's: all-day and floating times are theirs."""

    owner: str
    zone: ZoneInfo
    feed: str | None = None


class FreeBusySource(Protocol):
    """Reads when people are taken."""

    @property
    def provider(self) -> Provider: ...

    def read(
        self, calendars: Sequence[CalendarRef], window: Interval, own: frozenset[str]
    ) -> list[Reading]:
        """Return one reading for each calendar, in the given order.

        A block whose entry has a UID in ``own`` carries that uid; no other entry's identity, title
        or people may leave the adapter. Anything that keeps a calendar from being read completely
        makes an Unreadable of its owner, never an exception, and never less busy time.
        """
        ...

    @property
    def requests(self) -> Mapping[str, int]:
        """Return how many requests were tried so far, by ``provider.operation``."""
        ...


class MeetingCalendar(Protocol):
    """Holds the programme's own meetings: writes them, and tells what became of them."""

    @property
    def provider(self) -> Provider: ...

    def look_up(self, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        """Return what the calendars show of each meeting, by uid."""
        ...

    def write(self, event: Event) -> None:
        """Make every reachable copy show this event; doing it again changes nothing.

        Raises:
            WriteError: a copy could not be written; the next run tries again.
        """
        ...

    def withdraw(self, event: Event) -> None:
        """Take the meeting out of every reachable calendar, the room's included; idempotent.

        Raises:
            WriteError: a copy could not be removed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail to one person, complete: ``content`` holds the bytes to transmit."""

    key: str
    recipient: str
    content: bytes


class Mailer(Protocol):
    """Delivers mail, one recipient a transaction, so that an outcome is never ambiguous."""

    def send(self, message: Message) -> None:
        """Deliver the message; sending it again under the same key is harmless.

        Raises:
            WriteError: it was refused, or could not be handed over.
        """
        ...


class Progress(Protocol):
    """Shows a person how long work is getting on."""

    def track(self, work: Iterable[T], *, total: int, doing: str) -> Iterable[T]:
        """Yield what ``work`` yields, showing how much of ``total`` is done."""
        ...
