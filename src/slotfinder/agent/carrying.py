"""Carrying out what was decided: recorded with its outbox first, then done, then reported."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

from slotfinder.agent.changes import changes_of
from slotfinder.agent.digest import digest
from slotfinder.agent.forestalled import Forestalled
from slotfinder.agent.glance import is_taken
from slotfinder.agent.kept import as_kept
from slotfinder.agent.plan import plan_pass, requests_of
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report
from slotfinder.booking.executor import Failure, Outside, drain
from slotfinder.domain.command import Command
from slotfinder.errors import TimeTakenError
from slotfinder.planning.plan import Plan
from slotfinder.ports import Changes, Ledger, Store

_TIMES_FORESTALLED = 3
"""How often a run looks for another time at once for a pair whose time was taken meanwhile."""


class Pass:
    """One pass of the agent at ``now``: everything it writes goes through here.

    What an interrupted pass left in the outbox is finished first.
    """

    def __init__(self, agent: Agent, store: Store, now: datetime) -> None:
        self._agent = agent
        self._store = store
        self._now = now
        self._failed: dict[str, Failure] = {}
        self._drain()

    def do(self, report: Report, ledger: Ledger, *commands: Command) -> Report:
        """Record what a report planned, with the commands it follows from, and carry it out."""
        changes = self._changes(report.plan, report, ledger)
        self.record(replace(changes, commands=commands))
        return replace(report, now=self._now)

    def replan_forestalled(self, report: Report) -> Report:
        """Plan pairs anew whose new time somebody took at the same moment; carry that out too."""
        for _ in range(_TIMES_FORESTALLED):
            lost = self._forestalled()
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
        """Return the meetings that came to nothing, and forget that they failed."""
        lost = {
            key for key, each in self._failed.items() if isinstance(each.problem, TimeTakenError)
        }
        return {self._failed.pop(key).uid for key in lost}

    def _replanned(self, report: Report, lost: Collection[str]) -> Report:
        forestalled, ledger = Forestalled(report.plan, lost), self._store.load()
        pairs = [pair for pair in self._agent.pairs if pair.id in forestalled.pairs]
        found = plan_pass(self._agent, ledger, pairs, self._now)
        again = forestalled.explained(found.plan)
        self.record(self._changes(again, replace(found, run=report.run), ledger))
        return replace(report, plan=forestalled.joined(again))
