"""One pass: recover → observe → plan → record → carry out; what it did is the report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from slotfinder.agent.changes import changes_of
from slotfinder.agent.plan import AgreedPlan, plan_pass
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
    drain(store, agent.calendars, agent.mailer, now=now, progress=agent.progress)
    ledger = store.load()
    report = plan_pass(agent, ledger, pairs, agreed.now if agreed else now)
    if agreed and (refused := _refusal(agreed, report, agent, now)):
        return replace(report, mode="run", now=now, refused=refused)
    changes = changes_of(report.plan, report.facts, ledger, agent, run=report.run, now=now)
    store.record(changes)
    failed = drain(store, agent.calendars, agent.mailer, now=now, progress=agent.progress)
    return replace(report, mode="run", now=now, failed=failed)


def _refusal(agreed: AgreedPlan, report: Report, agent: Agent, now: datetime) -> str | None:
    """Return why an agreed plan cannot be done any more, None when it can."""
    if agreed.run != report.run or agreed.actions != document(report)["actions"]:
        return (
            "The calendars, files or meetings are not as they were when this plan was made. "
            "Nothing was written; make a new plan."
        )
    earliest = now + agent.programme.meetings.notice
    for action in report.plan.actions:
        new = action.kind in {ActionKind.BOOK, ActionKind.MOVE}
        if new and action.meeting and action.meeting.interval.start < earliest:
            return (
                f"A meeting this plan gives pair {action.pair} is by now closer than [meetings] "
                "notice allows. Nothing was written; make a new plan."
            )
    return None
