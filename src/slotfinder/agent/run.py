"""One pass: recover → observe → plan → record → carry out; what it did is the report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from slotfinder.agent.changes import changes_of
from slotfinder.agent.kept import as_kept
from slotfinder.agent.plan import AgreedPlan, plan_pass, requests_of
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report, document
from slotfinder.booking.executor import drain
from slotfinder.domain.people import Pair
from slotfinder.planning.plan import ActionKind
from slotfinder.ports import Store


def run_pass(
    agent: Agent,
    store: Store,
    pairs: Sequence[Pair],
    now: datetime,
    agreed: AgreedPlan | None = None,
) -> Report:
    """Do one full pass and return what was done.

    What an interrupted pass left in the outbox is finished first. With ``agreed`` exactly that
    plan is carried out, or none: ``refused`` of the report then says why.
    """
    unfinished = drain(store, agent.calendars, agent.mailer, now=now, progress=agent.progress)
    ledger = store.load()
    report = plan_pass(agent, ledger, pairs, agreed.now if agreed else now)
    if agreed and (refused := _refusal(agreed, report, agent, now)):
        return replace(report, mode="run", now=now, refused=refused)
    changes = changes_of(report.plan, report.facts, ledger, agent, run=report.run, now=now)
    store.record(changes)
    failed = unfinished | drain(
        store,
        agent.calendars,
        agent.mailer,
        now=now,
        progress=agent.progress,
        skip=unfinished.keys(),
    )
    problems = {each.uid: each.problem for each in failed.values()}
    # What was withdrawn is no longer among those that stand, and had its name before.
    known = (*report.facts.meetings, *store.load().meetings)
    return replace(
        report,
        mode="run",
        now=now,
        plan=as_kept(report.plan, agent, known),
        failed=problems,
        requests=requests_of(agent),
    )


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
