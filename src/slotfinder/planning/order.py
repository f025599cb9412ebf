"""What a coordinator orders for one pair: another time for a meeting, or a meeting at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slotfinder.domain.cadence import Period
from slotfinder.domain.freebusy import FreeBusy, Reading
from slotfinder.domain.lifecycle import Broken, Cause, Stays
from slotfinder.domain.meeting import Format, Lifted, Meeting
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import Facts, belongs_to, periods_of, span_of
from slotfinder.planning.pair import PairPlan, hold
from slotfinder.planning.plan import Action, HoldCode, Plan
from slotfinder.planning.programme import actions_of
from slotfinder.planning.together import choose
from slotfinder.planning.world import Occurrence, World

_ASKED = "A coordinator asked for another time."
_TOO_CLOSE = "That is closer to now than the notice allows; --allow notice lifts that."
_AGREED = "The two agreed on this time with a coordinator."


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order for one pair; ``uid`` is the meeting to move, None where one is to be booked.

    ``at`` names the start: wishes, gap and floor are not asked then. Else it is chosen among the
    candidates of the meeting's period that start at ``earliest`` or later and before ``latest``.
    ``lifted`` are the rules that need not be kept this once.
    """

    pair: str
    uid: str | None = None
    at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    form: Format | None = None
    lifted: tuple[Lifted, ...] = ()


def period_at(pair: Pair, at: datetime, zone: ZoneInfo) -> Period | None:
    """Return the period of a pair in which an instant lies, by the programme's ``zone``."""
    day = at.astimezone(zone).date()
    return next((each for each in periods_of(pair) if each.first <= day < each.end), None)


def plan_order(facts: Facts, now: datetime, order: Order) -> Plan:
    """Return the one thing to do: the move or booking that was ordered, or why it cannot be."""
    [pair] = facts.pairs
    world = World(_without(facts, order.lifted), now)
    was = _as_seen(next((each for each in facts.ahead if each.uid == order.uid), None), facts)
    period = _period(pair, was, order, facts)
    code = _refused(world, pair, was, period, order)
    if code is None and period is not None:
        occurrence = _occurrence(world, pair, was, period, order)
        if isinstance(occurrence, Occurrence):
            plan = PairPlan(pair, world)
            plan.open_only(occurrence, _others(world, pair, was))
            certificate = choose([plan], world)
            actions = actions_of(occurrence, world)
            if occurrence.interval is not None:
                done = tuple(_ordered(each, order) for each in actions)
                return Plan(actions=done, unreadable=(), certificate=certificate)
            code = HoldCode.TAKEN
        else:
            code = occurrence
    held = hold(pair, code or HoldCode.PERIOD_OVER, period, was)
    if order.at and order.at < now + world.programme.meetings.notice:
        held = replace(held, reason=_TOO_CLOSE)
    unreadable = [each for each in facts.readings.values() if not isinstance(each, FreeBusy)]
    return Plan(actions=(held,), unreadable=tuple(unreadable), certificate=choose([], world))


def _as_seen(meeting: Meeting | None, facts: Facts) -> Meeting | None:
    """Return a meeting at the time it has in its calendar: a person may have moved it."""
    seen = facts.seen.get(meeting.uid) if meeting else None
    return replace(meeting, interval=seen.interval) if meeting and seen else meeting


def _period(pair: Pair, was: Meeting | None, order: Order, facts: Facts) -> Period | None:
    """Return the period the meeting is to be in: that of the time named, else its own."""
    if order.at is not None:
        return period_at(pair, order.at, facts.programme.zone)
    found = (each for each in periods_of(pair) if was and belongs_to(was, each, facts.programme))
    return next(found, None)


def _refused(
    world: World, pair: Pair, was: Meeting | None, period: Period | None, order: Order
) -> HoldCode | None:
    """Return the rule that forbids the order whatever the time."""
    rules = world.programme.meetings
    if period is None:
        return HoldCode.PERIOD_OVER
    whole = span_of(period, world.programme).end <= world.facts.window.end
    if not world.readable(pair) or not whole:
        return HoldCode.CALENDAR_UNREADABLE
    frozen = was is not None and was.interval.start < world.now + rules.freeze
    if frozen and Lifted.FREEZE not in order.lifted:
        return HoldCode.FROZEN
    if was and was.moves >= rules.automatic_moves and Lifted.BUDGET not in order.lifted:
        return HoldCode.BUDGET_SPENT
    return None


def _occurrence(
    world: World, pair: Pair, was: Meeting | None, period: Period, order: Order
) -> Occurrence | HoldCode:
    """Return what the order leaves to choose from, or the first filter that leaves nothing."""
    form = order.form or (was.format if was else Format.VIRTUAL)
    gone = frozenset({was.uid}) if was else frozenset[str]()
    time, rooms = world.pair_time(pair, gone), world.rooms(gone)
    others = _others(world, pair, was)
    refusals = [
        each.interval
        for each in world.refusals_of(pair)
        if period.first <= each.period < period.end
    ]
    candidates = time.candidates(
        period,
        form,
        now=world.now,
        others=[each.interval for each in others],
        refusals=[*refusals, *([was.interval] if was else [])],
        rooms=rooms,
    )
    if order.at is not None:
        named = time.named(order.at, form, candidates.best, now=world.now, rooms=rooms)
        if isinstance(named, HoldCode):
            return named
        candidates = named
    else:
        candidates = candidates.between(order.earliest, order.latest)
    if candidates.missing:
        return candidates.missing
    return Occurrence(
        pair=pair,
        period=period,
        time=time,
        form=form,
        due=form is Format.IN_PERSON,
        candidates=candidates,
        series=(),
        replaces=was,
        cause=Broken(Cause.RESCHEDULED, why=_ASKED) if was else None,
    )


def _others(world: World, pair: Pair, was: Meeting | None) -> list[Meeting]:
    """Return the pair's other meetings that took place, or stay."""
    return [
        each
        for each in world.meetings_of(pair)
        if (was is None or each.uid != was.uid)
        and (
            isinstance(world.fates[each.uid], Stays)
            if each.uid in world.fates
            else each.took_place(world.now)
        )
    ]


def _ordered(action: Action, order: Order) -> Action:
    """Return an action whose meeting remembers what was lifted for it, and why it is then."""
    if action.meeting is None:
        return action
    meeting = replace(action.meeting, lifted=tuple(sorted(order.lifted)))
    if order.at is None:
        return replace(action, meeting=meeting)
    code = Cause.RESCHEDULED if order.uid else "agreed"
    meeting = replace(meeting, reason=_AGREED, reason_code=code, options=())
    return replace(action, meeting=meeting, reason=_AGREED, reason_code=code)


def _without(facts: Facts, lifted: tuple[Lifted, ...]) -> Facts:
    """Return the facts as they would be if the lifted rules did not exist."""
    programme, people = facts.programme, dict(facts.people)
    readings: dict[str, Reading] = dict(facts.readings)
    if Lifted.NOTICE in lifted:
        meetings = replace(programme.meetings, notice=timedelta())
        programme = replace(programme, meetings=meetings)
    if Lifted.GAP in lifted:
        programme = replace(programme, gap=timedelta())
    if Lifted.CLOSED in lifted:
        programme = replace(programme, blackouts=())
        people = {email: replace(each, away=(), country=None) for email, each in people.items()}
    if Lifted.BUSY in lifted:
        for email, reading in facts.readings.items():
            if email in facts.people and isinstance(reading, FreeBusy):
                own = tuple(block for block in reading.blocks if block.uid)
                readings[email] = replace(reading, blocks=own)
    return replace(facts, programme=programme, people=people, readings=readings)
