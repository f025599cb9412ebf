"""The weeks on the in-memory server, whose calls may fail or kill whoever makes them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine, select

from slotfinder.agent.programme import Agent
from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.freebusy import Block, Provider, Reading, Unreadable, UnreadableCode
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Event, Receipt
from slotfinder.errors import WriteError
from slotfinder.ports import CalendarRef, Glance, Ledger, Message, Store
from slotfinder.store import tables
from slotfinder.store.sql import SqlStore
from tests.acceptance.world import invitation, lines_of, values
from tests.booking.test_executor import Unseen
from tests.machine.world import (
    FREEZE,
    HORIZON,
    LAST_DAY,
    NEW_YORK,
    SLIPS_IN_AFTER,
    SLIPS_IN_BEFORE,
    START,
    STORE_TROUBLES,
    FragileStore,
    Fuse,
    Standing,
    Told,
    World,
)
from tests.planning.builders import ALWAYS, ANNA, PRIYA, TOM, pair, person, programme


@dataclass
class Server(MemoryCalendars):
    """The in-memory server; ``trouble`` is what befalls its calls."""

    world: World
    trouble: str = ""
    written: int = 0

    def __post_init__(self) -> None:
        super().__init__((TOM, PRIYA, ANNA))

    def read(
        self, calendars: Sequence[CalendarRef], window: Interval, own: frozenset[str]
    ) -> list[Reading]:
        found = super().read(calendars, window, own)
        return [_unknown(each) if each.person in self.world.closed else each for each in found]

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        self._slip_in(SLIPS_IN_BEFORE, event)
        before = deepcopy(self.events.get(event.uid))
        self._break("before")
        receipt = super().write(event, is_taken)
        now = self.events[event.uid]
        self.written += now != before
        if before is None or now.interval != before.interval:
            self.world.watch(now.interval, [each.email for each in event.attendees])
            self._slip_in(SLIPS_IN_AFTER, event)
        self._break("after")
        return receipt

    def withdraw(self, event: Event) -> None:
        self._break("before")
        self.written += event.uid in self.events
        super().withdraw(event)
        self._break("after")

    @property
    def events(self) -> Mapping[str, Any]:
        """Return what stands, by uid."""
        return self._events

    @property
    def entries(self) -> Mapping[str, list[Block]]:
        """Return what people entered themselves."""
        return self._entries

    def _slip_in(self, trouble: str, event: Event) -> None:
        if self.trouble == trouble:
            self.trouble = ""
            self.add(event.attendees[0].email, event.interval)

    def _break(self, moment: str) -> None:
        self.world.fuse.reach(f"killed {moment} writing")
        if self.trouble == f"refused {moment} writing":
            raise WriteError("provider-unavailable", "Nothing answers.")


@dataclass
class Post:
    """A mail server that remembers what it delivered; the same key again is the same mail."""

    fuse: Fuse
    delivered: dict[str, Told] = field(default_factory=dict)

    def send(self, message: Message) -> None:
        self.fuse.reach("killed before mailing")
        self.delivered.setdefault(message.key, _read(message))
        self.fuse.reach("killed after mailing")


class MemoryWorld(World):
    """Everybody on one server that is always up, unless it is told otherwise."""

    troubles = st.sampled_from(
        (
            "refused before writing",
            "refused after writing",
            SLIPS_IN_BEFORE,
            SLIPS_IN_AFTER,
            "killed before writing",
            "killed after writing",
            "killed before mailing",
            "killed after mailing",
            *STORE_TROUBLES,
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self._engine = create_engine("sqlite://", poolclass=StaticPool)
        tables.metadata.create_all(self._engine)
        self._store = SqlStore(self._engine)
        self._server, self._post = Server(self), Post(self.fuse)
        rules = programme(
            rules={"horizon": HORIZON, "freeze": FREEZE},
            starts=START.date(),
            ends=LAST_DAY,
        )
        zones = {ANNA: {"zone": NEW_YORK}}
        couples = (pair("p1", TOM, PRIYA), pair("p2", TOM, ANNA))
        self._agent = Agent(
            programme=rules,
            people={
                email: person(email, ALWAYS, **zones.get(email, {})) for email in (TOM, PRIYA, ANNA)
            },
            pairs=tuple(replace(each, starts=START.date(), ends=LAST_DAY) for each in couples),
            sources={Provider.LOCAL: self._server},
            calendars={Provider.LOCAL: self._server},
            mailer=self._post,
            sender="mentoring@acme.example",
            organizer_provider=Provider.LOCAL,
            progress=Unseen(),
        )

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def session(self) -> Iterator[tuple[Agent, Store]]:
        yield self._agent, FragileStore(self._store, self.fuse)

    def ledger(self) -> Ledger:
        return self._store.load()

    def changes(self) -> Counter[str]:
        happened = tables.events.c
        told = select(happened.uid).where(happened.kind.in_(("move", "adopt")))
        with self._engine.connect() as connection:
            return Counter(connection.execute(told).scalars())

    def break_down(self, trouble: str) -> None:
        self.fuse.moment = self._server.trouble = trouble

    def calm(self) -> None:
        self.fuse.moment = self._server.trouble = ""

    def close_or_open(self, who: str) -> None:
        self.closed ^= {who}

    def enter(self, who: str, block: Block) -> None:
        self._server.add(who, block.interval, block.kind)

    def take_out(self, who: str, block: Block) -> None:
        self._server.entries[who].remove(block)

    def answer(self, who: str, uid: str, answer: Answer) -> None:
        self._server.answer(who, uid, answer)

    def move(self, uid: str, to: Interval) -> None:
        event: Event = self._server.events[uid].event
        self._server.move(event.attendees[0].email, uid, to)

    def delete(self, uid: str) -> None:
        self._server.delete(uid)

    def standing(self) -> list[Standing]:
        return [
            Standing(
                uid=uid,
                interval=kept.interval,
                people=tuple(each.email for each in kept.event.attendees),
                declined=Answer.DECLINED in kept.answers.values(),
            )
            for uid, kept in sorted(self._server.events.items())
        ]

    def entries(self, who: str) -> list[Block]:
        return list(self._server.entries[who])

    def writes(self) -> int:
        return self._server.written

    def told(self) -> list[Told]:
        return list(self._post.delivered.values())

    def indiscretions(self) -> list[str]:
        return []  # entries have no titles here


def _unknown(reading: Reading) -> Unreadable:
    return Unreadable(
        person=reading.person,
        provider=reading.provider,
        code=UnreadableCode.PROVIDER_ERROR,
        reason="",
        advice="",
    )


def _read(message: Message) -> Told:
    mail = message_from_bytes(message.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    content = invitation(mail)
    [uid], [start] = values(content, "UID"), values(content, "DTSTART")
    if lines_of(content, "METHOD") == ["METHOD:CANCEL"]:
        kind = "cancellation"
    else:
        kind = "invitation" if values(content, "SEQUENCE") == ["0"] else "update"
    at = datetime.strptime(start, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return Told(to=message.recipient, uid=uid, kind=kind, start=at, ours=True)
