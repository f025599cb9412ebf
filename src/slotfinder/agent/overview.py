"""What a coordinator looks at: how each pair is doing, from the store alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from slotfinder.agent.programme import Agent
from slotfinder.agent.waiting import needs_a_person
from slotfinder.domain.cadence import Period
from slotfinder.domain.command import periods_skipped
from slotfinder.domain.compromise import Worth, balance, remembered
from slotfinder.domain.meeting import Answer, Both, Meeting
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import belongs_to, periods_of, span_of, within_horizon
from slotfinder.planning.plan import HoldCode
from slotfinder.ports import Held, Ledger

_MANY_MOVES = 2


class Health(StrEnum):
    """How a pair is doing, best first."""

    OK = "ok"
    DUE = "due"
    OVERDUE = "overdue"
    AT_RISK = "at-risk"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOverview:
    """One pair: the meeting that took place last, the next one, and what is wrong, if anything."""

    pair: Pair
    health: Health
    why: str
    last: Meeting | None
    next: Meeting | None
    frozen: bool
    answers: Mapping[str, Answer]
    balance: Both
    meetings: tuple[Meeting, ...]
    holds: tuple[Held, ...]


def overview(agent: Agent, ledger: Ledger, pair: Pair, now: datetime) -> PairOverview:
    """Return how a pair is doing."""
    meetings = tuple(each for each in ledger.meetings if each.pair == pair.id)
    holds = tuple(held for held in ledger.holds if held.pair == pair.id)
    past = [meeting for meeting in meetings if meeting.took_place(now)]
    ahead = [meeting for meeting in meetings if meeting.is_ahead(now)]
    following = min(ahead, key=lambda meeting: meeting.interval, default=None)
    health, why = next(_findings(agent, ledger, pair, now))
    rules = agent.programme
    worths = [
        Worth(start=each.interval.start, satisfaction=each.satisfaction, share=each.share)
        for each in (*past, *ahead)
    ]
    return PairOverview(
        pair=pair,
        health=health,
        why=why,
        last=max(past, key=lambda meeting: meeting.interval, default=None),
        next=following,
        frozen=bool(following and following.interval.start < now + rules.meetings.freeze),
        answers={email: following.answers.get(email, Answer.NONE) for email in following.people}
        if following
        else {},
        balance=balance(remembered(worths, rules.compromise.memory)),
        meetings=meetings,
        holds=holds,
    )


def _findings(
    agent: Agent, ledger: Ledger, pair: Pair, now: datetime
) -> Iterator[tuple[Health, str]]:
    """Yield all that can be said of the pair, the worst first, each with its sentence."""
    meetings = [each for each in ledger.meetings if each.pair == pair.id]
    ahead = [each for each in meetings if each.is_ahead(now)]

    def is_empty(period: Period) -> bool:
        return not any(belongs_to(each, period, agent.programme) for each in meetings)

    if not pair.is_booked:
        yield Health.OK, f"The pair is {pair.status}." if pair.agreed else "Not agreed yet."
    waiting = [held for held in ledger.holds if held.pair == pair.id and needs_a_person(held)]
    yield from ((Health.HELD, held.reason) for held in waiting if held.reason_code in set(HoldCode))
    yield from ((Health.AT_RISK, held.reason) for held in waiting)
    if any(each.declined_by for each in ahead):
        yield Health.AT_RISK, "A meeting ahead was declined."
    if any(each.moves >= _MANY_MOVES for each in ahead):
        yield Health.AT_RISK, "A meeting ahead was moved twice already."
    skipped = periods_skipped(ledger.commands, pair.id)
    spans = [
        (each, span_of(each, agent.programme))
        for each in periods_of(pair)
        if each.first not in skipped
    ]
    known_since = ledger.known_since.get(pair.id, now)
    ended = [period for period, span in spans if known_since < span.end <= now]
    if ended and is_empty(ended[-1]):
        yield Health.OVERDUE, "The last period ended without a meeting."
    for period, _ in spans:
        if within_horizon(period, agent.programme, now) and is_empty(period):
            yield Health.DUE, f"The period from {period.first} has no meeting yet."
    yield Health.OK, "Meetings are booked as the cadence asks."
