"""What the weeks happen in: calendars people live with, and the ways in which things break."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from hypothesis.strategies import SearchStrategy

from slotfinder.agent.programme import Agent
from slotfinder.domain.freebusy import Block, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Receipt
from slotfinder.ports import Changes, Entry, Ledger, Store

START: Final = datetime(2027, 3, 8, 6, tzinfo=UTC)
"""A Monday: clocks go forward in New York on the next Sunday, in London two weeks later."""

LAST_DAY: Final = date(2027, 6, 27)
HORIZON: Final = timedelta(days=15)
FREEZE: Final = timedelta(hours=20)
NEW_YORK: Final = ZoneInfo("America/New_York")
"""Where Anna lives; the others are in London."""


class KilledError(BaseException):
    """The process died here."""


@dataclass
class Fuse:
    """The moment at which the process is to die next; empty where it lives on."""

    moment: str = ""

    def reach(self, moment: str) -> None:
        if moment == self.moment:
            self.moment = ""
            raise KilledError


@dataclass
class FragileStore:
    """A store whose process may die right before or after something is put into it."""

    store: Store
    fuse: Fuse

    def load(self) -> Ledger:
        return self.store.load()

    def pending(self) -> list[Entry]:
        return self.store.pending()

    def abandon(self, entry: Entry, *, stands: bool) -> None:
        self.store.abandon(entry, stands=stands)

    def record(self, changes: Changes) -> None:
        self.fuse.reach("killed before recording")
        self.store.record(changes)
        self.fuse.reach("killed after recording")

    def settle(self, entry: Entry, at: datetime, receipt: Receipt | None = None) -> None:
        self.fuse.reach("killed before settling")
        self.store.settle(entry, at, receipt)
        self.fuse.reach("killed after settling")


STORE_TROUBLES: Final = tuple(
    f"killed {when} {what}" for what in ("recording", "settling") for when in ("before", "after")
)

SLIPS_IN_BEFORE: Final = "somebody slips in right before a write"
SLIPS_IN_AFTER: Final = "somebody slips in right after a write"


@dataclass(frozen=True)
class Standing:
    """A meeting of ours as the organizer's calendar shows it; ``uid`` is the calendar's."""

    uid: str
    interval: Interval
    people: tuple[str, ...]
    declined: bool


@dataclass(frozen=True)
class Told:
    """One mail about a meeting to one person: an invitation, update or cancellation.

    ``ours`` is what the agent caused.
    """

    to: str
    uid: str
    kind: str
    start: datetime
    ours: bool


class World(ABC):
    """Tom, who mentors Priya (pair p1) and Anna (p2), the agent, and the calendars of all.

    ``troubles`` are the names of what can break in it; ``closed`` are the people whose calendars
    no one can read at present; ``trespasses`` are times of ours that were written over theirs.
    """

    troubles: ClassVar[SearchStrategy[str]]

    def __init__(self) -> None:
        self.fuse = Fuse()
        self.closed: set[str] = set()
        self.trespasses: list[Interval] = []

    @abstractmethod
    def close(self) -> None:
        """End it all."""

    # The agent

    @abstractmethod
    def session(self) -> AbstractContextManager[tuple[Agent, Store]]:
        """Yield the agent and its store, as a process of its own would have them."""

    @abstractmethod
    def ledger(self) -> Ledger:
        """Return what the store remembers."""

    @abstractmethod
    def changes(self) -> Counter[str]:
        """Return how often the log says that a meeting was changed and its people told, by uid."""

    # What breaks

    @abstractmethod
    def break_down(self, trouble: str) -> None:
        """Let one of ``troubles`` befall what comes next."""

    @abstractmethod
    def calm(self) -> None:
        """Let all be well again."""

    @abstractmethod
    def close_or_open(self, who: str) -> None:
        """Let nobody read somebody's calendar any more, or everybody again."""

    # What people do

    @abstractmethod
    def enter(self, who: str, block: Block) -> None:
        """Let somebody enter something of their own."""

    @abstractmethod
    def take_out(self, who: str, block: Block) -> None:
        """Let somebody take an entry of their own out again."""

    @abstractmethod
    def answer(self, who: str, uid: str, answer: Answer) -> None: ...

    @abstractmethod
    def move(self, uid: str, to: Interval) -> None:
        """Let somebody who may move a meeting for everybody do so."""

    @abstractmethod
    def delete(self, uid: str) -> None:
        """Let the organizer delete a meeting."""

    # What can be seen from outside

    def watch(self, interval: Interval, people: Iterable[str]) -> None:
        """Note a time just written, in or out of trouble, if it lies over what could be read."""
        self.trespasses += [
            interval
            for email in people
            if email not in self.closed
            for block in self.entries(email)
            if block.kind is not Kind.TENTATIVE and block.interval.overlaps(interval)
        ]

    @abstractmethod
    def standing(self) -> list[Standing]:
        """Return our meetings that stand, past ones included, in an order that does not change."""

    @abstractmethod
    def entries(self, who: str) -> list[Block]:
        """Return what somebody entered, each as it would be read if it were alone."""

    def told_apart(self, who: str) -> list[Block]:
        """Return what of somebody's entries can be told apart from our own meetings."""
        return self.entries(who)

    @abstractmethod
    def writes(self) -> int:
        """Return how often a calendar was written so far."""

    @abstractmethod
    def told(self) -> list[Told]:
        """Return every mail so far, oldest first."""

    @abstractmethod
    def indiscretions(self) -> list[str]:
        """Return where more than times was asked for, or said, of people's own entries."""
