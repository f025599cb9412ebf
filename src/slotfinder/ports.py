"""What the agent needs from the world outside. Adapters implement these; bootstrap names them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from slotfinder.domain.command import Command
from slotfinder.domain.freebusy import FreeBusy, OwnTime, Provider, Reading, Unreadable
from slotfinder.domain.inspection import Inspection
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Step
from slotfinder.domain.meeting import Event, Meeting, Receipt, Refusal, Seen, Stray
from slotfinder.domain.programme import Room

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


class MergingSource(FreeBusySource, Protocol):
    """A source whose answers run together what is ours and what is somebody else's."""

    def tell_apart(
        self, readings: Sequence[tuple[CalendarRef, FreeBusy, Sequence[OwnTime]]]
    ) -> list[FreeBusy]:
        """Return the readings with our own time tagged, as far as it can be told apart.

        Each comes with its calendar and when our meetings take that calendar's time.
        """
        ...

    def time_of(self, calendar: CalendarRef, calendar_uid: str) -> Interval | None:
        """Return when a calendar shows the event of this iCalUID; None if it does not or cannot."""
        ...


Glance = Callable[[Event, Interval | None], bool]
"""Tells, right before an event is written, whether somebody else has taken its time by now.

The interval is where the meeting itself stands at present, if it stands at another time.
"""


class MeetingCalendar(Protocol):
    """Holds the programme's own meetings: writes them, and tells what became of them."""

    @property
    def provider(self) -> Provider: ...

    def look_up(self, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        """Return what the calendars show of each meeting, by uid; what is unknown is left out."""
        ...

    def strays(self, wanted: Mapping[str, Collection[str]], since: datetime) -> list[Stray]:
        """Return what stands under these uids in calendars of organizers and ends after ``since``.

        A calendar that cannot be looked into has none; ``troubles`` tells of it.
        """
        ...

    def troubles(self, organizers: Sequence[str]) -> dict[str, Unreadable]:
        """Return why calendars of organizers cannot be used, by address; nothing of those that can.

        Nothing is written to find out.
        """
        ...

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        """Make every reachable copy show this event; doing it again changes nothing.

        An event that people deleted or moved stays as they left it. ``is_taken`` is asked before
        a time is written at which the meeting does not stand yet.

        Raises:
            TimeTakenError: it is new, and its time is taken by now: nothing was written.
            ChangedMeanwhileError: it stands, and people changed more than their answers, or its
                new time is taken by now: nothing was written.
            WriteError: a copy could not be written; the next run tries again.
        """
        ...

    def withdraw(self, event: Event) -> None:
        """Take the meeting out of every reachable calendar, the room's included; idempotent.

        Raises:
            WriteError: a copy could not be removed.
        """
        ...


class Workplaces(Protocol):
    """Tells when people say they work elsewhere than at a site: a hint, which need not be had."""

    def elsewhere(
        self,
        calendars: Sequence[tuple[CalendarRef, str]],
        sites: Collection[str],
        window: Interval,
    ) -> Mapping[str, Sequence[Interval]]:
        """Return when each of these is not at the site named beside it, by address.

        ``sites`` are those of the programme. Who says nothing, or cannot be asked, is never away.
        """
        ...


class RoomDirectory(Protocol):
    """Describes the rooms of an organisation: a hint, which need not be had."""

    def rooms(self) -> Mapping[str, Room] | None:
        """Return all rooms by address (lower case), None where they cannot be seen."""
        ...


class CloudInspector(Protocol):
    """Shows what a cloud lets be seen beside calendars, so that ``doctor`` can judge it."""

    def inspect(
        self, organizers: Sequence[str], people: Sequence[str], window: Interval
    ) -> Inspection:
        """Return what can be seen of rights, of organizers' links and of people's zones.

        Nothing is written, and no entry of anybody is asked for but by its time. What a look needs
        time for happens within ``window``.
        """
        ...

    def clock_ahead(self) -> timedelta | None:
        """Return how far this machine's clock is ahead of the cloud's, as its answers tell so far.

        Negative if it is behind; None where nothing told.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail to one person, complete: ``content`` holds the bytes to transmit."""

    key: str
    recipient: str
    content: bytes


class Mailer(Protocol):
    """Delivers mail, one recipient a transaction, so that one outcome says nothing of another's."""

    def send(self, message: Message) -> None:
        """Deliver the message; sending it again under the same key is harmless.

        Raises:
            WriteError: it was refused, or could not be handed over.
        """
        ...


class EntryKind(StrEnum):
    """What an outbox entry asks for."""

    WRITE = "write"
    WITHDRAW = "withdraw"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to be told to the world outside, recorded before it is done.

    ``key`` is deterministic: recording it twice is impossible, doing it twice harmless. ``event``
    goes to a calendar of ``provider``; ``message`` to a person.
    """

    key: str
    uid: str
    kind: EntryKind
    provider: Provider | None = None
    event: Event | None = None
    message: Message | None = None


PROGRAMME = ""
"""In place of a pair's id: what concerns the whole programme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the last run left undone; ``period`` is None for a whole pair.

    ``relaxation_code`` and ``relaxation_text`` say what would help, where a single thing does.
    """

    pair: str
    period: date | None
    since: datetime
    reason_code: str
    reason: str
    uid: str | None
    relaxation_code: str | None = None
    relaxation_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One change in a meeting's life, for the log."""

    at: datetime
    run: str
    meeting: Meeting
    kind: Step
    cause: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One change in a meeting's life, as the log has it; the meeting may be gone by now.

    ``period`` is the first day of the one it was planned for.
    """

    at: datetime
    pair: str
    period: date
    kind: Step
    cause: str
    reason: str
    calendar_uid: str | None
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the store remembers, as one consistent snapshot.

    ``meetings`` are those that stand; ``generations`` the next free one of a pair's period;
    ``known_since`` from when on everything of a pair is remembered; ``unsettled`` the uids whose
    calendars are not written yet; ``crowded`` the people whose calendars had many entries ahead
    when they were last read. ``commands`` are those of coordinators, oldest first. ``digest`` marks
    what coordinators were told of last.
    """

    meetings: tuple[Meeting, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    holds: tuple[Held, ...] = ()
    known_since: Mapping[str, datetime] = field(default_factory=dict)
    generations: Mapping[tuple[str, date], int] = field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()
    crowded: frozenset[str] = frozenset()
    commands: tuple[Command, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What a store is to forget, and what it has to keep however old it is.

    Everything before an instant goes: ``before`` says which for pairs that go on meeting, always
    the start of one of their periods; ``limit`` is that of all others. A period's meetings go
    together. ``counted`` are uids of meetings that stay; ``commands`` are those that go.
    """

    limit: datetime
    before: Mapping[str, datetime]
    counted: frozenset[str]
    commands: tuple[Command, ...]

    def since(self, pair: str) -> datetime:
        """Return the instant from which on everything of a pair is kept."""
        return self.before.get(pair, self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything a run decided, to be recorded in one transaction.

    ``meetings`` replace those of the same uid; ``holds`` replace all of the pairs in ``pairs``.
    ``crowded`` tells of each calendar read whether it had many entries ahead. ``digest`` marks what
    coordinators are told of, None where they are told nothing. ``known`` are the standing meetings,
    by uid and start, that the decisions were made on. ``forgetting`` is None where nothing is to be
    forgotten.
    """

    now: datetime
    pairs: tuple[str, ...]
    meetings: tuple[Meeting, ...]
    refusals: tuple[Refusal, ...]
    holds: tuple[Held, ...]
    happenings: tuple[Happening, ...]
    entries: tuple[Entry, ...]
    crowded: Mapping[str, bool] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    digest: str | None = None
    known: frozenset[tuple[str, datetime]] = frozenset()
    forgetting: Forgetting | None = None

    @classmethod
    def nothing_but(cls, now: datetime, **what: Any) -> "Changes":  # noqa: ANN401 - any field
        """Return changes of these fields alone; no pair's holds are replaced unless it is named."""
        empty = cls(
            now=now, pairs=(), meetings=(), refusals=(), holds=(), happenings=(), entries=()
        )
        return replace(empty, **what)


Records = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of the store by table, each with all of its columns, as JSON keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """How a person is taken out of the store.

    In ``meetings`` (by uid) another name takes the place of the address. ``silenced`` are commands
    (by id) that lose their text; ``deleted`` are the rows that go, by table and key.
    """

    person: str
    meetings: tuple[str, ...]
    silenced: tuple[int, ...]
    deleted: Mapping[str, tuple[str | int, ...]]


class Store(Protocol):
    """Remembers meetings, refusals and what is still to be told to whom."""

    def load(self) -> Ledger:
        """Return everything a plan needs, read at one moment."""
        ...

    def record(self, changes: Changes) -> None:
        """Write all changes, outbox entries included, or none of them.

        Raises:
            LockHeldError: another run has meanwhile taken the time of the same people, or changed
                a meeting of the same pairs.
        """
        ...

    def pending(self) -> list[Entry]:
        """Return the outbox entries that are not done, oldest first."""
        ...

    def settle(self, entry: Entry, at: datetime, receipt: Receipt | None = None) -> None:
        """Mark an entry as done and forget its content; it is never offered again.

        What the calendar made of it is kept with its meeting, in the same transaction.
        """
        ...

    def abandon(self, entry: Entry, *, stands: bool) -> None:
        """Drop an entry that must never be done, and all that is still to be told with it.

        Unless its meeting ``stands`` as it did before, it came to nothing and stands no more.
        """
        ...


class PersonalStore(Store, Protocol):
    """A store that also shows, and forgets, what it remembers about one person."""

    def about(self, person: str) -> Records:
        """Return everything that is remembered about a person, by address; empty for a stranger."""
        ...

    def erase(self, what: Erasure) -> str:
        """Take a person out, leaving no trace in the file, and return the name put instead."""
        ...


class Progress(Protocol):
    """Shows a person how long work is getting on."""

    def track(self, work: Iterable[T], *, total: int, doing: str) -> Iterable[T]:
        """Yield what ``work`` yields, showing how much of ``total`` is done.

        Raises:
            StoppedError: whoever watches wants the work to stop, before its next piece.
        """
        ...
