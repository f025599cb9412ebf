"""One pass: recover → observe → plan → record → carry out; what it did is the report."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slotfinder.agent.changes import changes_of
from slotfinder.agent.observe import observe
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import JsonObject, Report, document
from slotfinder.booking.executor import drain
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import ActionKind
from slotfinder.planning.programme import plan as make_plan
from slotfinder.ports import Ledger, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedPlan:
    """A plan somebody looked at and wants done: what the JSON of ``plan`` says of it."""

    now: datetime
    run: str
    pairs: tuple[str, ...]
    actions: list[JsonObject]


def plan_pass(agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime) -> Report:
    """Return what a run would do; nothing is changed anywhere."""
    facts = observe(agent, ledger, pairs, now)
    plan = make_plan(
        facts, now, lambda each: agent.progress.track(each, total=len(each), doing="Planning")
    )
    known = {pair.id for pair in agent.pairs}
    requests: dict[str, int] = {}
    for source in agent.sources.values():
        requests |= source.requests
    return Report(
        mode="plan",
        run=f"{now:%Y-%m-%dT%H:%M:%SZ}-{_fingerprint(facts)}",
        now=now,
        programme=agent.programme.name,
        facts=facts,
        plan=plan,
        requests=requests,
        vanished=tuple(sorted({meeting.pair for meeting in facts.ahead} - known)),
    )


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


def _fingerprint(facts: Facts) -> str:
    """Return a hash of all a plan depends on but for the present moment; equal for equal facts.

    Sets are sorted first: their order in memory differs from process to process.
    """
    sets = [sorted(facts.own), sorted(facts.unsettled)]
    plain = replace(facts, own=frozenset(), unsettled=frozenset())
    return hashlib.sha256(repr((plain, sets)).encode()).hexdigest()[:12]
