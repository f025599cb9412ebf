"""Carrying out what was decided: recorded with its outbox first, then done, then reported."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from slotfinder.agent.astray import still_astray
from slotfinder.agent.changes import changes_of
from slotfinder.agent.digest import digest
from slotfinder.agent.forestalled import Forestalled
from slotfinder.agent.glance import is_overrun, is_taken
from slotfinder.agent.kept import as_kept
from slotfinder.agent.plan import plan_pass, requests_of
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report
from slotfinder.booking.executor import Failure, Outside, drain
from slotfinder.domain.command import Command
from slotfinder.domain.meeting import Meeting
from slotfinder.errors import LockHeldError, StoppedError, TimeTakenError
from slotfinder.planning.plan import ActionKind, Plan
from slotfinder.ports import Changes, Ledger, Store

_TIMES_FORESTALLED = 3
"""How often a run looks for another time at once for a pair whose time was taken meanwhile."""

_TIMED = frozenset({ActionKind.BOOK, ActionKind.MOVE})


class Pass:
    """One pass of the agent at ``now``: everything it writes goes through here.

    What an interrupted pass left in the outbox is finished first.
    """

    def __init__(self, agent: Agent, store: Store, now: datetime) -> None:
        self._agent = agent
        self._store = store
        self._now = now
        self._failed: dict[str, Failure] = {}
        self._looked_at: set[tuple[str, datetime]] = set()
        self._drain()

    def do(self, report: Report, ledger: Ledger, *commands: Command) -> Report:
        """Record what a report planned, with the commands it follows from, and carry it out."""
        changes = self._changes(report.plan, report, ledger)
        self.record(replace(changes, commands=commands))
        return replace(report, now=self._now)

    def replan_forestalled(self, report: Report) -> Report:
        """Plan pairs anew whose new time somebody took at the same moment; carry that out too.

        What was written already gives way: the other entry was there first in somebody's mind. A
        pass that is to stop, or finds another one at work, leaves that to the next one.
        """
        with suppress(StoppedError, LockHeldError):
            for _ in range(_TIMES_FORESTALLED):
                lost = self._forestalled() | self._overrun(report.plan)
                if not lost:
                    break
                report = self._replanned(report, lost)
        return report

    def tell_coordinators(self) -> None:
        """Send what waits for them, if that is news."""
        news = digest(self._agent, self._store.load(), self._now)
        if news is not None:
            self.record(news)

    def record(self, changes: Changes) -> None:
        """Record changes, and do what they put into the outbox."""
        self._store.record(changes)
        self._drain()

    def done(self, report: Report) -> Report:
        """Return a report with what calendars made of its plan, and what could not be written."""
        # What was withdrawn is no longer among those that stand, and had its name before.
        known = (*report.facts.meetings, *self._store.load().meetings)
        return replace(
            report,
            plan=as_kept(report.plan, self._agent, known),
            failed={each.uid: each.problem for each in self._failed.values()},
            requests=requests_of(self._agent),
        )

    def _drain(self) -> None:
        """Do what the outbox holds, but for what failed a moment ago."""
        agent = self._agent
        outside = Outside(
            calendars=agent.calendars, mailer=agent.mailer, is_taken=partial(is_taken, agent)
        )
        self._failed |= drain(
            self._store, outside, now=self._now, progress=agent.progress, skip=self._failed.keys()
        )

    def _changes(self, plan: Plan, report: Report, ledger: Ledger) -> Changes:
        return changes_of(plan, report.facts, ledger, self._agent, run=report.run, now=self._now)

    def _forestalled(self) -> set[str]:
        """Return the meetings that came to nothing."""
        failed = self._failed.values()
        return {each.uid for each in failed if isinstance(each.problem, TimeTakenError)}

    def _overrun(self, plan: Plan) -> set[str]:
        """Return the meetings just written that lie on what somebody entered at the same moment."""
        written = self._just_written(plan)
        self._looked_at |= {(each.uid, each.interval.start) for each in written}
        before = {each.meeting.uid: each.was for each in plan.actions if each.meeting}
        tracked = self._agent.progress.track(written, total=len(written), doing="Looking again")
        return {each.uid for each in tracked if is_overrun(self._agent, each, before[each.uid])}

    def _just_written(self, plan: Plan) -> list[Meeting]:
        """Return the meetings that stand at a new time, and that nobody looked at since."""
        ledger, failed = self._store.load(), {each.uid for each in self._failed.values()}
        stored = {each.uid: each for each in ledger.meetings}
        new = {each.meeting.uid for each in plan.actions if each.kind in _TIMED and each.meeting}
        return [
            stored[uid]
            for uid in sorted((new & stored.keys()) - failed - ledger.unsettled)
            if (uid, stored[uid].interval.start) not in self._looked_at
        ]

    def _replanned(self, report: Report, lost: Collection[str]) -> Report:
        forestalled, ledger = Forestalled(report.plan, lost), self._store.load()
        pairs = [pair for pair in self._agent.pairs if pair.id in forestalled.pairs]
        found = plan_pass(self._agent, ledger, pairs, self._now)
        again = forestalled.explained(found.plan)
        # What this run wrote may be on its way still: whose copy is missing, the first look tells.
        astray = tuple(each for _, each in still_astray(report.plan, report.facts))
        found = replace(found, run=report.run, facts=replace(found.facts, astray=astray))
        self.record(self._changes(again, found, ledger))
        # Only now there is something in the place of what came to nothing.
        self._failed = {
            key: each
            for key, each in self._failed.items()
            if each.uid not in lost or not isinstance(each.problem, TimeTakenError)
        }
        return replace(report, plan=forestalled.joined(again))
