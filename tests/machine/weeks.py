"""Weeks of whatever people, calendars and coordinators may do, in any world.

The agent runs as it always does; the machine plays everybody else, lets things break, and kills
the agent in the middle of what it does. After every run that nothing disturbed, the promises hold.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import combinations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from slotfinder.agent import orders
from slotfinder.agent.plan import plan_pass
from slotfinder.agent.report import Report
from slotfinder.agent.run import command_pass, run_pass
from slotfinder.domain.command import Command, CommandKind
from slotfinder.domain.freebusy import Block, Kind, UnreadableCode
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Meeting
from slotfinder.errors import UsageError
from slotfinder.planning.order import Order
from slotfinder.planning.plan import ActionKind
from tests.machine.world import (
    FREEZE,
    NEW_YORK,
    SLIPS_IN_AFTER,
    START,
    KilledError,
    Standing,
    World,
)
from tests.planning.builders import ANNA, LONDON, PRIYA, TOM

EVERYBODY = (TOM, PRIYA, ANNA)


class Weeks(RuleBasedStateMachine):
    """Two pairs that share Tom, week after week."""

    make_world: Callable[[], World]

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Let the first run, which has most to write, be in trouble as well."""
        self.now = START
        self.world = type(self).make_world()
        self.a_run_in_trouble(data)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()

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
        self.world.enter(
            who, Block(interval=Interval(at, at + timedelta(minutes=length)), kind=kind)
        )

    @precondition(lambda self: self.ahead())
    @rule(data=st.data(), kind=st.sampled_from((Kind.BUSY, Kind.OUT_OF_OFFICE)))
    def something_comes_up_at_the_time_of_a_meeting(self, data: st.DataObject, kind: Kind) -> None:
        meeting = data.draw(st.sampled_from(self.ahead()))
        half = timedelta(minutes=30)
        around = Interval(meeting.interval.start - half, meeting.interval.start + half)
        who = data.draw(st.sampled_from(meeting.people))
        self.world.enter(who, Block(interval=around, kind=kind))

    @precondition(lambda self: any(map(self.entries, EVERYBODY)))
    @rule(data=st.data())
    def something_falls_through(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from([each for each in EVERYBODY if self.entries(each)]))
        self.world.take_out(who, data.draw(st.sampled_from(self.entries(who))))

    @precondition(lambda self: self.ahead())
    @rule(data=st.data(), answer=st.sampled_from((Answer.DECLINED, Answer.ACCEPTED)))
    def somebody_answers(self, data: st.DataObject, answer: Answer) -> None:
        meeting = data.draw(st.sampled_from(self.ahead()))
        self.world.answer(data.draw(st.sampled_from(meeting.people)), meeting.uid, answer)

    @precondition(lambda self: self.ahead())
    @rule(data=st.data(), hours=st.sampled_from((-24, 1, 3, 24, 200)))
    def somebody_moves(self, data: st.DataObject, hours: int) -> None:
        meeting, by = data.draw(st.sampled_from(self.ahead())), timedelta(hours=hours)
        to = Interval(meeting.interval.start + by, meeting.interval.end + by)
        self.world.move(meeting.uid, to)

    @precondition(lambda self: self.ahead())
    @rule(data=st.data())
    def somebody_deletes(self, data: st.DataObject) -> None:
        self.world.delete(data.draw(st.sampled_from(self.ahead())).uid)

    @rule(who=st.sampled_from(EVERYBODY))
    def a_calendar_closes_or_opens(self, who: str) -> None:
        self.world.close_or_open(who)

    # What coordinators do

    @rule(data=st.data(), name=st.sampled_from(("p1", "p2")))
    def a_coordinator_reschedules(self, data: st.DataObject, name: str) -> None:
        with self.perhaps_in_trouble(data), self.world.session() as (agent, store):
            [couple] = agent.pairs_named((name,))
            ledger = store.load()
            uid = orders.meeting_to_move(ledger, couple, None, self.now).uid
            order = Order(pair=name, uid=uid)
            orders.check_order(agent, ledger, order, self.now)
            command = Command(at=self.now, pair=name, kind=CommandKind.RESCHEDULE, uid=uid)
            orders.carry_out(agent, store, order, command, self.now)

    @rule(
        data=st.data(),
        name=st.sampled_from(("p1", "p2")),
        kind=st.sampled_from((CommandKind.PAUSE, CommandKind.RESUME, CommandKind.SKIP)),
    )
    def a_coordinator_commands(self, data: st.DataObject, name: str, kind: CommandKind) -> None:
        with self.perhaps_in_trouble(data), self.world.session() as (agent, store):
            [couple] = agent.pairs_named((name,))
            period = None
            if kind is CommandKind.SKIP:
                ledger = store.load()
                period = orders.period_to_skip(agent, ledger, couple, None, self.now).first
            command = Command(at=self.now, pair=name, kind=kind, period=period)
            command_pass(agent, store, couple, command, self.now)

    # What the agent does

    @rule()
    def a_run(self) -> None:
        self.check(self.run())

    @rule(data=st.data())
    def a_run_in_trouble(self, data: st.DataObject) -> None:
        with self.in_trouble(data.draw(self.world.troubles)):
            self.run()
        self.check(self.run())

    @rule()
    def a_run_in_which_somebody_slips_in(self) -> None:
        with self.in_trouble(SLIPS_IN_AFTER):
            report = self.run()
        self.check(report)

    def run(self) -> Report:
        with self.world.session() as (agent, store):
            return run_pass(agent, store, agent.pairs, self.now, force=True)

    @contextmanager
    def perhaps_in_trouble(self, data: st.DataObject) -> Iterator[None]:
        """Let something break while a coordinator commands what may not be possible at all."""
        with self.in_trouble(data.draw(st.just("") | self.world.troubles)), suppress(UsageError):
            yield

    @contextmanager
    def in_trouble(self, trouble: str) -> Iterator[None]:
        if trouble:
            self.world.break_down(trouble)
        with suppress(KilledError):
            yield
        self.world.calm()

    # What has to be true after a run that nothing disturbed

    def check(self, report: Report) -> None:
        unknown = {each.person: each.code for each in report.plan.unreadable}
        if UnreadableCode.SUSPICIOUS in unknown.values():
            # A crowded calendar that is empty at once is doubted in one run, never in the next.
            report = self.run()
            unknown = {each.person: each.code for each in report.plan.unreadable}
        assert set(unknown) <= self.world.closed, unknown
        assert not report.failed
        assert self.world.trespasses == []
        held = {each.uid for each in self.world.ledger().holds}
        for action in report.plan.actions:
            is_new = action.kind in {ActionKind.BOOK, ActionKind.MOVE}
            if is_new and action.meeting and action.meeting.uid not in held:
                self.check_new(action.meeting)
        self.check_calendars()
        self.check_quiet()
        assert self.world.indiscretions() == []

    def check_new(self, meeting: Meeting) -> None:
        """Promises 1, 2 and 9: nobody is taken or unknown, and clocks show a time they wished."""
        for email in meeting.people:
            zone = NEW_YORK if email == ANNA else LONDON
            assert email not in self.world.closed
            assert not self.is_taken(email, meeting.interval)
            first, last = (
                each.astimezone(zone) for each in (meeting.interval.start, meeting.interval.end)
            )
            assert first.weekday() < 5
            assert (first.hour, first.minute) >= (9, 0)
            assert (last.hour, last.minute) <= (17, 0)

    def check_calendars(self) -> None:
        """Promises 3 and 7: one meeting a pair and period, as the store has it, and heeded."""
        ledger = self.world.ledger()
        known = {each.calendar_uid: each for each in ledger.meetings}
        held = {each.uid for each in ledger.holds}
        ahead = {each.uid: each for each in self.ahead()}
        assert set(ahead) <= set(known)
        periods = Counter((known[uid].pair, known[uid].period) for uid in ahead)
        assert not [each for each, count in periods.items() if count > 1]
        for uid, meeting in known.items():
            if meeting.interval.start > self.now and meeting.uid not in held:
                assert uid in ahead
        settled = [
            each
            for uid, each in ahead.items()
            if known[uid].uid not in held and self.world.closed.isdisjoint(each.people)
        ]
        for each in settled:
            assert each.interval == known[each.uid].interval
            assert not each.declined
            if each.interval.start > self.now + FREEZE:
                assert not [who for who in each.people if self.is_taken(who, each.interval)]
        for one, other in combinations(settled, 2):
            apart = not one.interval.overlaps(other.interval)
            assert apart or set(one.people).isdisjoint(other.people)
        self.check_told(settled)

    def check_told(self, settled: Sequence[Standing]) -> None:
        """Promise 5: one invitation a person and meeting, one notice a change."""
        told, changes = self.world.told(), self.world.changes()
        counts = Counter((each.kind, each.to, each.uid) for each in told if each.ours)
        for (kind, _, uid), count in counts.items():
            assert count <= (changes[uid] if kind == "update" else 1), (kind, uid)
        last = {(each.to, each.uid): each for each in told}
        for meeting in settled:
            for email in meeting.people:
                assert counts["invitation", email, meeting.uid] == 1
                assert last[email, meeting.uid].kind != "cancellation"
                assert last[email, meeting.uid].start == meeting.interval.start

    def check_quiet(self) -> None:
        """Promises 4 and 10: a plan of the same is the same, and a run of it changes nothing."""
        before = self.world.writes(), len(self.world.told())
        with self.world.session() as (agent, store):
            plan = plan_pass(agent, store.load(), agent.pairs, self.now)
        again = self.run()
        kinds = {each.kind for each in again.plan.actions}
        assert kinds <= {ActionKind.KEEP, ActionKind.HOLD}, again.plan.actions
        assert (self.world.writes(), len(self.world.told())) == before
        assert (again.run, again.plan.actions) == (plan.run, plan.plan.actions)

    # Helpers

    def ahead(self) -> list[Standing]:
        """Return what stands ahead of now."""
        found = self.world.standing() if hasattr(self, "world") else ()
        return [each for each in found if each.interval.start > self.now]

    def entries(self, who: str) -> list[Block]:
        return self.world.entries(who) if hasattr(self, "world") else []

    def is_taken(self, who: str, interval: Interval) -> bool:
        return any(
            block.interval.overlaps(interval)
            for block in self.world.told_apart(who)
            if block.kind is not Kind.TENTATIVE
        )
