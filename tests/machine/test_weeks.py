"""Weeks of whatever people, calendars and coordinators may do: the promises hold after every run.

The agent runs on the in-memory server, with the real planner, store and outbox; the machine plays
everybody else, lets calls fail, and kills the agent in the middle of a run.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import StaticPool, create_engine

from slotfinder.agent import orders
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report
from slotfinder.agent.run import command_pass, run_pass
from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.command import Command, CommandKind
from slotfinder.domain.freebusy import (
    Block,
    Kind,
    Provider,
    Reading,
    Unreadable,
    UnreadableCode,
)
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Event, Meeting, Receipt
from slotfinder.errors import UsageError, WriteError
from slotfinder.planning.order import Order
from slotfinder.planning.plan import ActionKind
from slotfinder.ports import CalendarRef, Entry, Glance, Message
from slotfinder.store import tables
from slotfinder.store.sql import SqlStore
from tests.booking.test_executor import Unseen
from tests.planning.builders import ANNA, PRIYA, TOM, pair, person, programme

START = datetime(2027, 3, 15, 6, tzinfo=UTC)
"""A Monday, two weeks before clocks go forward in London."""

PAIRS = (pair("p1", TOM, PRIYA), pair("p2", TOM, ANNA))
EVERYBODY = (TOM, PRIYA, ANNA)


class KilledError(BaseException):
    """The process died here."""


@dataclass
class World(MemoryCalendars):
    """The in-memory server, whose calls may fail or kill whoever makes them, before or after."""

    def __post_init__(self) -> None:
        super().__init__(EVERYBODY)
        self.breaks: str = ""
        self.unreadable: set[str] = set()
        self.writes: list[str] = []

    def read(
        self, calendars: Sequence[CalendarRef], window: Interval, own: frozenset[str]
    ) -> list[Reading]:
        found = super().read(calendars, window, own)
        return [self._unknown(each) if each.person in self.unreadable else each for each in found]

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        if self.breaks == "slip in":
            self.breaks = ""
            self.add(event.attendees[0].email, event.interval)
        before = repr(self._events.get(event.uid))
        self._break("before")
        receipt = super().write(event, is_taken)
        if repr(self._events.get(event.uid)) != before:
            self.writes.append(event.uid)
        self._break("after")
        return receipt

    def withdraw(self, event: Event) -> None:
        if event.uid in self._events:
            self.writes.append(event.uid)
        self._break("before")
        super().withdraw(event)
        self._break("after")

    def events(self) -> Mapping[str, Any]:
        """Return what stands, by uid."""
        return self._events

    def foreign(self, owner: str) -> list[Block]:
        """Return what is in somebody's calendar beside our meetings."""
        return self._entries[owner]

    def _unknown(self, reading: Reading) -> Unreadable:
        return Unreadable(
            person=reading.person,
            provider=reading.provider,
            code=UnreadableCode.PROVIDER_ERROR,
            reason="",
            advice="",
        )

    def _break(self, moment: str) -> None:
        if self.breaks == f"refuse {moment}":
            raise WriteError("provider-unavailable", "Nothing answers.")
        if self.breaks == f"kill {moment}":
            self.breaks = ""
            raise KilledError


@dataclass
class Post:
    """A mail server that remembers what it delivered; the same key again is the same mail."""

    delivered: dict[str, Message] = field(default_factory=dict)
    breaks: str = ""

    def send(self, message: Message) -> None:
        if self.breaks == "kill before":
            self.breaks = ""
            raise KilledError
        self.delivered.setdefault(message.key, message)
        if self.breaks == "kill after":
            self.breaks = ""
            raise KilledError


class FragileStore(SqlStore):
    """A store that may be killed right after it settled something, or instead."""

    breaks = ""

    def settle(self, entry: Entry, at: datetime, receipt: Receipt | None = None) -> None:
        if self.breaks == "kill before":
            self.breaks = ""
            raise KilledError
        super().settle(entry, at, receipt)
        if self.breaks == "kill after":
            self.breaks = ""
            raise KilledError


class Weeks(RuleBasedStateMachine):
    """Two pairs that share Tom, week after week."""

    @initialize()
    def begin(self) -> None:
        rules = programme(
            rules={"horizon": timedelta(days=15), "freeze": timedelta(hours=20)},
            gap=timedelta(days=2),
            starts=START.date(),
        )
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        tables.metadata.create_all(self.engine)
        self.store, self.world, self.post = FragileStore(self.engine), World(), Post()
        self.now = START
        self.pairs = tuple(replace(each, starts=START.date()) for each in PAIRS)
        self.agent = Agent(
            programme=rules,
            people={email: person(email, "Mo-Fr 09:00-17:00") for email in EVERYBODY},
            pairs=self.pairs,
            sources={Provider.LOCAL: self.world},
            calendars={Provider.LOCAL: self.world},
            mailer=self.post,
            sender="mentoring@acme.example",
            organizer_provider=Provider.LOCAL,
            progress=Unseen(),
        )

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()

    # What life does

    @rule(hours=st.sampled_from((1, 20, 24, 72, 168)))
    def time_goes_by(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(
        who=st.sampled_from(EVERYBODY),
        day=st.integers(0, 15),
        hour=st.integers(7, 17),
        length=st.sampled_from((30, 120, 1440)),
        kind=st.sampled_from((Kind.BUSY, Kind.TENTATIVE, Kind.OUT_OF_OFFICE)),
    )
    def something_comes_up(self, who: str, day: int, hour: int, length: int, kind: Kind) -> None:
        at = self.now.replace(hour=hour, minute=0) + timedelta(days=day)
        self.world.add(who, Interval(at, at + timedelta(minutes=length)), kind)

    @precondition(lambda self: self.live())
    @rule(data=st.data(), answer=st.sampled_from((Answer.DECLINED, Answer.ACCEPTED)))
    def somebody_answers(self, data: st.DataObject, answer: Answer) -> None:
        uid = data.draw(st.sampled_from(self.live()))
        attendees = self.world.events()[uid].event.attendees
        who = data.draw(st.sampled_from([each.email for each in attendees]))
        self.world.answer(who, uid, answer)

    @precondition(lambda self: self.live())
    @rule(data=st.data(), hours=st.sampled_from((-24, 1, 3, 24, 200)))
    def somebody_moves(self, data: st.DataObject, hours: int) -> None:
        uid = data.draw(st.sampled_from(self.live()))
        kept = self.world.events()[uid]
        by = timedelta(hours=hours)
        to = Interval(kept.interval.start + by, kept.interval.end + by)
        self.world.move(kept.event.attendees[0].email, uid, to)

    @precondition(lambda self: self.live())
    @rule(data=st.data())
    def somebody_deletes(self, data: st.DataObject) -> None:
        self.world.delete(data.draw(st.sampled_from(self.live())))

    @rule(who=st.sampled_from(EVERYBODY))
    def a_calendar_closes_or_opens(self, who: str) -> None:
        self.world.unreadable ^= {who}

    # What coordinators do

    @rule(name=st.sampled_from(("p1", "p2")))
    def a_coordinator_reschedules(self, name: str) -> None:
        couple = self.couple(name)
        with suppress(UsageError):
            ledger = self.store.load()
            uid = orders.meeting_to_move(ledger, couple, None, self.now).uid
            order = Order(pair=name, uid=uid)
            orders.check_order(self.agent, ledger, order, self.now)
            command = Command(at=self.now, pair=name, kind=CommandKind.RESCHEDULE, uid=uid)
            orders.carry_out(self.agent, self.store, order, command, self.now)

    @rule(
        name=st.sampled_from(("p1", "p2")),
        kind=st.sampled_from((CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SKIP)),
    )
    def a_coordinator_commands(self, name: str, kind: CommandKind) -> None:
        couple = self.couple(name)
        with suppress(UsageError):
            period = None
            if kind is CommandKind.SKIP:
                ledger = self.store.load()
                period = orders.period_to_skip(self.agent, ledger, couple, None, self.now).first
            command = Command(at=self.now, pair=name, kind=kind, period=period)
            command_pass(self.agent, self.store, couple, command, self.now)

    # What the agent does

    @rule()
    def a_run(self) -> None:
        self.check(self.run())

    @rule(how=st.sampled_from(("refuse before", "refuse after")))
    def a_run_whose_calendar_fails(self, how: str) -> None:
        self.world.breaks = how
        self.run()
        self.world.breaks = ""
        self.check(self.run())

    @rule()
    def a_run_in_which_somebody_takes_the_time_first(self) -> None:
        self.world.breaks = "slip in"
        self.run()
        self.world.breaks = ""
        self.check(self.run())

    @rule(
        what=st.sampled_from(("world", "post", "store")),
        when=st.sampled_from(("kill before", "kill after")),
    )
    def a_run_that_is_killed(self, what: str, when: str) -> None:
        victim = getattr(self, what)
        victim.breaks = when
        with suppress(KilledError):
            self.run()
        victim.breaks = ""
        self.check(self.run())

    def run(self) -> Report:
        return run_pass(self.agent, self.store, self.agent.pairs, self.now, force=True)

    def check(self, report: Report) -> None:
        """Check what a run that nothing disturbed has left."""
        assert not report.failed
        for action in report.plan.actions:
            if action.kind in {ActionKind.BOOK, ActionKind.MOVE} and action.meeting:
                self.check_free(action.meeting)
        self.check_calendars()
        self.check_quiet()

    def check_free(self, meeting: Meeting) -> None:
        """Promise 1 and 2: what was booked lies over nobody's time, and nobody was unknown."""
        for email in meeting.people:
            assert email not in self.world.unreadable
            for block in self.world.foreign(email):
                if block.kind is not Kind.TENTATIVE:
                    assert not block.interval.overlaps(meeting.interval)

    def check_calendars(self) -> None:
        """Promise 3: one live meeting a pair and period, and calendars as the store has them."""
        ledger = self.store.load()
        ahead = [each for each in ledger.meetings if each.is_ahead(self.now)]
        periods = Counter((each.pair, each.period) for each in ahead)
        assert not [each for each, count in periods.items() if count > 1]
        ours = {each.uid for each in ahead if each.interval.start > self.now}
        standing = {
            uid for uid, kept in self.world.events().items() if kept.interval.end > self.now
        }
        known = {each.uid for each in ledger.meetings}
        assert standing <= known
        assert ours <= set(self.world.events()) | {each.uid for each in ahead if self.held(each)}

    def held(self, meeting: Meeting) -> bool:
        """Tell whether a meeting waits for a coordinator or a calendar; it may be gone then."""
        return any(held.uid == meeting.uid for held in self.store.load().holds)

    def check_quiet(self) -> None:
        """Promise 4 and 5: another run changes nothing and tells nobody; nobody is told twice."""
        self.world.writes.clear()
        told = len(self.post.delivered)
        again = self.run()
        kinds = {each.kind for each in again.plan.actions}
        assert kinds <= {ActionKind.KEEP, ActionKind.HOLD}, again.plan.actions
        assert self.world.writes == []
        assert len(self.post.delivered) == told

    # Helpers

    def live(self) -> list[str]:
        """Return what stands ahead, in an order of its own."""
        found = self.world.events().items() if hasattr(self, "world") else ()
        return sorted(uid for uid, kept in found if kept.interval.start > self.now)

    def couple(self, name: str) -> Any:
        return next(each for each in self.pairs if each.id == name)


_ordinary = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class TestSomeWeeks(Weeks.TestCase):  # type: ignore[misc, valid-type]
    settings = _ordinary


@pytest.mark.exhaustive
class TestManyWeeks(Weeks.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(
        _ordinary,
        max_examples=600,
        stateful_step_count=40,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
    )
