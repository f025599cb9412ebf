"""One pass: recover → observe → plan → record → carry out; what it did is the report."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from slotfinder.agent.changes import changes_of
from slotfinder.agent.forestalled import Forestalled
from slotfinder.agent.glance import is_taken
from slotfinder.agent.kept import as_kept
from slotfinder.agent.plan import AgreedPlan, plan_pass, requests_of
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report, document
from slotfinder.booking.executor import Failure, Outside, drain
from slotfinder.domain.command import Command
from slotfinder.domain.people import Pair
from slotfinder.errors import TimeTakenError
from slotfinder.planning.plan import ActionKind, Plan
from slotfinder.ports import Store

_TIMES_FORESTALLED = 3
"""How often a run looks for another time at once for a pair whose time was taken meanwhile."""


def run_pass(
    agent: Agent,
    store: Store,
    pairs: Sequence[Pair],
    now: datetime,
    agreed: AgreedPlan | None = None,
    command: Command | None = None,
) -> Report:
    """Do one full pass and return what was done.

    What an interrupted pass left in the outbox is finished first. With ``agreed`` exactly that
    plan is carried out, or none: ``refused`` of the report then says why. A pair whose new time
    somebody takes at the same moment gets another one at once. A ``command`` of a coordinator is
    recorded with what follows from it.
    """
    failed = drained(agent, store, now, {})
    ledger = store.load()
    if command is not None:
        ledger = replace(ledger, commands=(*ledger.commands, command))
    report = plan_pass(agent, ledger, pairs, agreed.now if agreed else now)
    if agreed and (refused := _refusal(agreed, report, agent, now)):
        return replace(report, mode="run", now=now, refused=refused)
    changes = changes_of(report.plan, report.facts, ledger, agent, run=report.run, now=now)
    store.record(replace(changes, commands=(command,) if command else ()))
    failed |= drained(agent, store, now, failed)
    plan = report.plan
    for _ in range(_TIMES_FORESTALLED if agreed is None else 0):
        lost = {key for key, each in failed.items() if isinstance(each.problem, TimeTakenError)}
        if not lost:
            break
        uids = {failed.pop(key).uid for key in lost}
        plan = _replanned(agent, store, plan, uids, run=report.run, now=now)
        failed |= drained(agent, store, now, failed)
    mode = command.kind.value if command else "run"
    return as_done(agent, store, replace(report, mode=mode, now=now, plan=plan), failed)


def as_done(agent: Agent, store: Store, report: Report, failed: Mapping[str, Failure]) -> Report:
    """Return a report with what calendars made of its plan, and what could not be written."""
    # What was withdrawn is no longer among those that stand, and had its name before.
    known = (*report.facts.meetings, *store.load().meetings)
    return replace(
        report,
        plan=as_kept(report.plan, agent, known),
        failed={each.uid: each.problem for each in failed.values()},
        requests=requests_of(agent),
    )


def drained(
    agent: Agent, store: Store, now: datetime, before: Mapping[str, Failure]
) -> dict[str, Failure]:
    """Do what the outbox holds but for what failed a moment ago; return what failed, by key."""
    outside = Outside(
        calendars=agent.calendars, mailer=agent.mailer, is_taken=partial(is_taken, agent)
    )
    return drain(store, outside, now=now, progress=agent.progress, skip=before.keys())


def _replanned(
    agent: Agent, store: Store, plan: Plan, lost: Collection[str], *, run: str, now: datetime
) -> Plan:
    """Plan the pairs anew whose meetings came to nothing; return all that is now planned."""
    forestalled, ledger = Forestalled(plan, lost), store.load()
    pairs = [pair for pair in agent.pairs if pair.id in forestalled.pairs]
    report = plan_pass(agent, ledger, pairs, now)
    again = forestalled.explained(report.plan)
    store.record(changes_of(again, report.facts, ledger, agent, run=run, now=now))
    return forestalled.joined(again)


def _refusal(agreed: AgreedPlan, report: Report, agent: Agent, now: datetime) -> str | None:
    """Return why an agreed plan cannot be done any more, None when it can."""
    if agreed.run != report.run or agreed.actions != document(report)["actions"]:
        return (
            "The calendars, files or meetings are not as they were when this plan was made. "
            "Nothing was written; make a new plan."
        )
    rules = agent.programme.meetings
    earliest = now + rules.notice
    for action in report.plan.actions:
        old = action.was or (action.meeting if action.kind is ActionKind.CANCEL else None)
        limit = now + rules.freeze if action.kind is ActionKind.MOVE else now
        if old and old.interval.start < limit:
            return (
                f"The meeting of pair {action.pair} that this plan would change is by now too "
                "close. Nothing was written; make a new plan."
            )
        new = action.kind in {ActionKind.BOOK, ActionKind.MOVE}
        if new and action.meeting and action.meeting.interval.start < earliest:
            return (
                f"A meeting this plan gives pair {action.pair} is by now closer than [meetings] "
                "notice allows. Nothing was written; make a new plan."
            )
    return None
