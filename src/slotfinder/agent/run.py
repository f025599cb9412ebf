"""One pass: recover → observe → plan → record → carry out; what it did is the report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from slotfinder.agent.carrying import Pass
from slotfinder.agent.plan import AgreedPlan, plan_pass
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Refused, Report, document
from slotfinder.domain.command import Command
from slotfinder.domain.people import Pair
from slotfinder.planning.plan import ActionKind
from slotfinder.ports import PROGRAMME, Changes, Held, Ledger, Store


def run_pass(
    agent: Agent,
    store: Store,
    pairs: Sequence[Pair],
    now: datetime,
    agreed: AgreedPlan | None = None,
    *,
    force: bool = False,
) -> Report:
    """Do one full pass and return what was done.

    With ``agreed`` exactly that plan is carried out, or none: ``refused`` of the report then says
    why. What changes very much at once needs ``force``.
    """
    work, ledger = Pass(agent, store, now), store.load()
    report = plan_pass(agent, ledger, pairs, agreed.now if agreed else now)
    report = replace(report, mode="run")
    if agreed and (refused := _refusal(agreed, report, agent, now)):
        refusal = Refused(code="world-changed", reason=refused)
        return work.done(replace(report, now=now, refused=refusal))
    if report.refused and not force:
        work.record(_guarded(report.refused, ledger, now))
    else:
        report = work.do(replace(report, refused=None), ledger)
        if agreed is None:
            report = work.replan_forestalled(report)
    work.tell_coordinators()
    return work.done(report)


def command_pass(agent: Agent, store: Store, pair: Pair, command: Command, now: datetime) -> Report:
    """Record a command for a pair, with what follows from it for the pair, and do that."""
    work, ledger = Pass(agent, store, now), store.load()
    ledger = replace(ledger, commands=(*ledger.commands, command))
    report = plan_pass(agent, ledger, [pair], now)
    report = work.do(replace(report, mode=command.kind.value, refused=None), ledger, command)
    return work.done(work.replan_forestalled(report))


def _guarded(refused: Refused, ledger: Ledger, now: datetime) -> Changes:
    """Return the hold of the whole programme that a refused run leaves."""
    before = (held.since for held in ledger.holds if held.reason_code == refused.code)
    held = Held(
        pair=PROGRAMME,
        period=None,
        since=next(before, now),
        reason_code=refused.code,
        reason=refused.reason,
        uid=None,
    )
    return Changes.nothing_but(now, pairs=(PROGRAMME,), holds=(held,))


def _refusal(agreed: AgreedPlan, report: Report, agent: Agent, now: datetime) -> str | None:
    """Return why an agreed plan cannot be done any more, None when it can."""
    if (
        agreed.run != report.run
        or agreed.actions != document(replace(report, mode="plan"))["actions"]
    ):
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
