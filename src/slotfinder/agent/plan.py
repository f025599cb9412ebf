"""Observe and plan: what a run would do, with nothing changed anywhere."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slotfinder.agent.guard import mass_change
from slotfinder.agent.kept import as_kept
from slotfinder.agent.observe import observe
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import JsonObject, Report
from slotfinder.domain.command import as_commanded
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Plan
from slotfinder.planning.programme import plan as make_plan
from slotfinder.ports import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedPlan:
    """A plan somebody looked at and wants done: what the JSON of ``plan`` says of it."""

    now: datetime
    run: str
    pairs: tuple[str, ...]
    actions: list[JsonObject]


def plan_pass(agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime) -> Report:
    """Return what a run would do; nothing is changed anywhere."""
    facts = observe(agent, ledger, as_they_stand(agent, ledger, pairs, now), now)
    plan = make_plan(
        facts, now, lambda each: agent.progress.track(each, total=len(each), doing="Planning")
    )
    return replace(report_of(agent, facts, plan, now), refused=mass_change(plan, facts))


def report_of(agent: Agent, facts: Facts, plan: Plan, now: datetime) -> Report:
    """Return the report of a plan of which nothing is done yet."""
    known = {pair.id for pair in agent.pairs}
    return Report(
        mode="plan",
        run=f"{now:%Y-%m-%dT%H:%M:%SZ}-{_fingerprint(facts)}",
        now=now,
        programme=agent.programme.name,
        facts=facts,
        plan=as_kept(plan, agent, facts.meetings),
        requests=requests_of(agent),
        vanished=tuple(sorted({meeting.pair for meeting in facts.ahead} - known)),
    )


def as_they_stand(agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime) -> list[Pair]:
    """Return pairs with the status that files and commands together give them."""
    today = now.astimezone(agent.programme.zone).date()
    return [as_commanded(pair, ledger.commands, today) for pair in pairs]


def requests_of(agent: Agent) -> dict[str, int]:
    """Return how many requests were tried so far, by ``provider.operation``."""
    requests: dict[str, int] = {}
    for source in agent.sources.values():
        requests |= source.requests
    return requests


def _fingerprint(facts: Facts) -> str:
    """Return a hash of all a plan depends on but for the present moment; equal for equal facts.

    Sets are sorted first: their order in memory differs from process to process.
    """
    sets = [sorted(facts.own), sorted(facts.unsettled)]
    plain = replace(facts, own=frozenset(), unsettled=frozenset())
    return hashlib.sha256(repr((plain, sets)).encode()).hexdigest()[:12]
