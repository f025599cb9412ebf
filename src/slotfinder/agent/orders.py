"""What a coordinator commands for one pair: carried out at once, recorded, told to the pair."""

from dataclasses import replace
from datetime import datetime

from slotfinder.agent.carrying import Pass
from slotfinder.agent.changes import changes_of
from slotfinder.agent.observe import observe
from slotfinder.agent.plan import as_they_stand, report_of
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report
from slotfinder.domain.cadence import Period
from slotfinder.domain.command import Command, CommandKind, periods_skipped
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair
from slotfinder.errors import UsageError
from slotfinder.planning.facts import Facts, belongs_to, periods_of, span_of, within_horizon
from slotfinder.planning.order import Order, period_at, plan_order
from slotfinder.planning.plan import ActionKind
from slotfinder.ports import Changes, Ledger, Store


def check_order(agent: Agent, ledger: Ledger, order: Order, now: datetime) -> Period | None:
    """Find out before anything is read whether an order can be meant.

    Return the period a time is named in, if one is.

    Raises:
        UsageError: it cannot; the text says what would be right.
    """
    [pair] = as_they_stand(agent, ledger, agent.pairs_named((order.pair,)), now)
    if not pair.is_booked:
        what = pair.status if pair.agreed else "not agreed"
        raise UsageError(f"Pair {pair.id} is {what}; only active, agreed pairs meet.")
    if order.form is Format.IN_PERSON and not _site(agent, pair):
        raise UsageError(f"The two of pair {pair.id} share no site to meet in person at.")
    was = next((each for each in ledger.meetings if each.uid == order.uid), None)
    if order.uid and (was is None or was.people != pair.people):
        raise UsageError(
            f"The meeting of pair {pair.id} is not as it was, or of other people; let a run see "
            "to that first."
        )
    if order.at is None:
        return None
    if order.at < now:
        raise UsageError("--at is over already.")
    period = period_at(pair, order.at, agent.programme.zone)
    if period is None:
        raise UsageError(f"--at lies outside of all periods of pair {pair.id}.")
    for meeting in ledger.meetings:
        in_the_way = meeting.pair == pair.id and meeting.uid != order.uid
        if in_the_way and meeting.is_ahead(now) and belongs_to(meeting, period, agent.programme):
            raise UsageError(
                f"Pair {pair.id} has a meeting in the period from {period.first} already; "
                "move that one with reschedule."
            )
    return period


def carry_out(agent: Agent, store: Store, order: Order, command: Command, now: datetime) -> Report:
    """Do what was ordered, if it can be, and return what was done; else nothing is changed."""
    work, ledger = Pass(agent, store, now), store.load()
    report = replace(order_pass(agent, ledger, order, now), mode=command.kind.value)
    if all(action.kind is not ActionKind.HOLD for action in report.plan.actions):
        changes = changes_of(report.plan, report.facts, ledger, agent, run=report.run, now=now)
        settled = {action.period.first for action in report.plan.actions if action.period}
        others = [each for each in ledger.holds if each.pair == order.pair]
        kept = tuple(each for each in others if each.period not in settled)
        work.record(replace(changes, holds=kept, crowded={}, commands=(command,)))
    return work.done(report)


def order_pass(agent: Agent, ledger: Ledger, order: Order, now: datetime) -> Report:
    """Return what an order would do; nothing is changed anywhere."""
    pairs = as_they_stand(agent, ledger, agent.pairs_named((order.pair,)), now)
    period = _period_of(agent, ledger, pairs[0], order)
    # All of the period: what else there is in it shows how good a time is.
    also = [span_of(period, agent.programme)] if period else []
    facts = observe(agent, ledger, pairs, now, also)
    _stop_where_changed(facts, pairs[0], order, period)
    return report_of(agent, facts, plan_order(facts, now, order), now)


def _period_of(agent: Agent, ledger: Ledger, pair: Pair, order: Order) -> Period | None:
    """Return the period an order is about: that of the time named, else the meeting's own."""
    if order.at is not None:
        return period_at(pair, order.at, agent.programme.zone)
    was = next((each for each in ledger.meetings if each.uid == order.uid), None)
    mine = (each for each in periods_of(pair) if was and belongs_to(was, each, agent.programme))
    return next(mine, None)


def _stop_where_changed(facts: Facts, pair: Pair, order: Order, period: Period | None) -> None:
    """Stop where calendars show what the order does not know of.

    Raises:
        UsageError: the meeting was deleted, or there is one already where one is to be booked.
    """
    seen = facts.seen.get(order.uid or "")
    if seen is not None and not seen.present:
        raise UsageError(
            f"The meeting of pair {pair.id} was deleted from its calendar; the next run sees to it."
        )
    found = [each for each in facts.ahead if each.uid in facts.found and each.pair == pair.id]
    if (
        order.uid is None
        and period
        and any(belongs_to(each, period, facts.programme) for each in found)
    ):
        raise UsageError(
            f"A meeting of pair {pair.id} stands in that period already; the next run takes it up."
        )


def meeting_to_move(ledger: Ledger, pair: Pair, uid: str | None, now: datetime) -> Meeting:
    """Return a pair's meeting that is named by a calendar's uid, else its next one.

    Raises:
        UsageError: there is none.
    """
    ahead = [each for each in ledger.meetings if each.pair == pair.id and each.is_ahead(now)]
    found = [each for each in ahead if uid is None or uid in {each.uid, each.calendar_uid}]
    if not found:
        which = "no meeting ahead; book one with book" if uid is None else f"no meeting {uid} ahead"
        raise UsageError(f"Pair {pair.id} has {which}.")
    return min(found, key=lambda each: each.interval)


def period_to_skip(
    agent: Agent, ledger: Ledger, pair: Pair, occurrence: int | None, now: datetime
) -> Period:
    """Return the period of that number, else that of the next meeting, else the first open one.

    Raises:
        UsageError: there is none, or it is over.
    """
    rules, skipped = agent.programme, periods_skipped(ledger.commands, pair.id)
    left = [
        each
        for each in periods_of(pair)
        if span_of(each, rules).end > now and each.first not in skipped
    ]
    if occurrence is not None:
        found = [each for each in left if each.number == occurrence]
    else:
        mine = [each for each in ledger.meetings if each.pair == pair.id and each.is_ahead(now)]
        following = min(mine, key=lambda each: each.interval, default=None)
        found = [
            each
            for each in left
            if (
                belongs_to(following, each, rules)
                if following
                else within_horizon(each, rules, now)
            )
        ]
    if not found:
        which = f"occurrence {occurrence} that is not over" if occurrence else "period to skip"
        raise UsageError(f"Pair {pair.id} has no {which}.")
    return found[0]


def mark(
    ledger: Ledger, store: Store, pair: Pair, uid: str, now: datetime, *, held: bool
) -> Meeting:
    """Record what really happened at a past meeting, and return it.

    Raises:
        UsageError: the pair has no such meeting that has begun.
    """
    found = [
        each
        for each in ledger.meetings
        if each.pair == pair.id
        and uid in {each.uid, each.calendar_uid}
        and each.interval.start <= now
    ]
    if not found:
        raise UsageError(f"Pair {pair.id} has no meeting {uid} that has begun.")
    marked = replace(found[0], held=held)
    command = Command(
        at=now,
        pair=pair.id,
        kind=CommandKind.MARK,
        uid=marked.uid,
        text="held" if held else "missed",
    )
    store.record(Changes.nothing_but(now, meetings=(marked,), commands=(command,)))
    return marked


def _site(agent: Agent, pair: Pair) -> str:
    mentor, mentee = (agent.people[email].site for email in pair.people)
    return mentor if mentor == mentee else ""
