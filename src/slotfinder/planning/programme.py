"""From facts to a plan for all pairs: what stays, what is adopted, moved, booked or held."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from slotfinder.domain.compromise import Worth, balance, dry_spell_breaks, yields
from slotfinder.domain.explain import DRY_SPELL, HOLDS, OWED, SHORT, not_in_person, slot_reason
from slotfinder.domain.freebusy import Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Broken, Cause
from slotfinder.domain.meeting import (
    Format,
    Meeting,
    MeetingState,
    Option,
    meeting_uid,
)
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import Facts, belongs_to
from slotfinder.planning.pair import PairPlan, Step, cancel, hold, stopped
from slotfinder.planning.plan import Action, ActionKind, HoldCode, Plan
from slotfinder.planning.relaxation import with_relaxations
from slotfinder.planning.series import ranked
from slotfinder.planning.together import choose
from slotfinder.planning.world import Occurrence, World

Track = Callable[[Sequence[Pair]], Iterable[Pair]]

_OPTIONS = 3


def plan(facts: Facts, now: datetime, track: Track = iter) -> Plan:
    """Return what one run at ``now`` would do: same facts and moment, same plan.

    Steps: judge every meeting ahead (keep, adopt, broken) and fix the format of each open period
    (compromise.md §3), pair by pair; choose the slots of all together (§4, §5); last, name the
    runners-up that fit the whole plan.

    ``track`` only watches the pairs go by.
    """
    world = World(facts, now)
    plans = {pair.id: PairPlan(pair, world) for pair in facts.pairs if pair.is_booked}
    for pair in track(facts.pairs):
        if pair.id in plans:
            plans[pair.id].prepare()
    certificate = choose(list(plans.values()), world)
    steps: list[Step] = []
    for pair in facts.pairs:
        steps += plans[pair.id].steps() if pair.id in plans else stopped(pair, world)
    actions: list[Action] = []
    for step in steps:
        actions += actions_of(step, world) if isinstance(step, Occurrence) else [step]
    unreadable = [each for each in facts.readings.values() if isinstance(each, Unreadable)]
    return Plan(
        actions=tuple(with_relaxations(actions, world)),
        unreadable=tuple(unreadable),
        certificate=certificate,
    )


def actions_of(occurrence: Occurrence, world: World) -> list[Action]:
    """Turn a decided occurrence into what has to be done."""
    was, cause = occurrence.replaces, occurrence.cause
    if occurrence.interval is None:
        return _held(occurrence, occurrence.held or HoldCode.TAKEN, was, cause)
    meeting = _meeting(occurrence, occurrence.interval, world)
    action = Action(
        kind=ActionKind.BOOK,
        pair=occurrence.pair.id,
        period=occurrence.period,
        reason_code=meeting.reason_code,
        reason=meeting.reason,
        meeting=meeting,
    )
    if was is None or cause is None:
        return [*_left_standing(occurrence, world), action]
    if cause.ends_event:
        return [cancel(was, occurrence.period, cause), action]
    refused = was.interval if cause.refused else None
    return [replace(action, kind=ActionKind.MOVE, was=was, refused=refused)]


def _held(
    occurrence: Occurrence, code: HoldCode, was: Meeting | None, cause: Broken | None
) -> list[Action]:
    """Hold a period; a meeting nobody wants any more is taken out, a merely clashing one stays."""
    pair, period = occurrence.pair, occurrence.period
    if was is None or cause is None:
        return [hold(pair, code, period)]
    if cause.is_unwanted:
        return [cancel(was, period, cause), hold(pair, code, period)]
    return [hold(pair, code, period, was)]


def _left_standing(occurrence: Occurrence, world: World) -> list[Action]:
    """Withdraw a declined meeting of this period that was left in the calendars and is over."""
    declined = Broken(Cause.DECLINED, why="The time was declined.")
    return [
        cancel(meeting, occurrence.period, declined)
        for meeting in world.meetings_of(occurrence.pair)
        if belongs_to(meeting, occurrence.period, world.programme)
        and meeting.interval.end <= world.now
        and meeting.declined_by
    ]


def _meeting(occurrence: Occurrence, interval: Interval, world: World) -> Meeting:
    """Return the meeting as it is to be: a new one, or the old one at another time."""
    pair, period, was = occurrence.pair, occurrence.period, occurrence.replaces
    choice, candidates = occurrence.choice or 0, occurrence.candidates
    generation = world.facts.generations.get((pair.id, period.first), 0)
    virtual = occurrence.form is Format.VIRTUAL
    meeting = Meeting(
        uid=meeting_uid(world.programme.name, pair.id, period.first, generation),
        pair=pair.id,
        period=period.first,
        occurrence=period.number,
        generation=generation,
        state=MeetingState.BOOKED,
        format=occurrence.form,
        interval=interval,
        planned=interval.start,
        sequence=0,
        revision=0,
        moves=_moves(occurrence),
        organizer=pair.organizer,
        mentor=pair.mentor,
        mentee=pair.mentee,
        room=occurrence.room,
        join_url=world.programme.conference.join_url(pair.id) if virtual else None,
        satisfaction=candidates.satisfactions(choice),
        share=candidates.shares(choice),
        best=candidates.best,
        balance=balance([*occurrence.series, *_planned_until(occurrence, world)]),
        reason_code=occurrence.cause.cause if occurrence.cause else "best-compromise",
        reason=_reason(occurrence, world),
        options=_options(occurrence, world),
        answers={},
    )
    cause = occurrence.cause
    if not was or not cause or cause.ends_event or was.format is not meeting.format:
        return meeting
    # The same event at another time: a moved time never changes the uid (docs/compromise.md §5).
    return replace(
        meeting,
        uid=was.uid,
        period=was.period,
        generation=was.generation,
        organizer=was.organizer,
        sequence=was.sequence + 1,
        revision=world.next_revision(was),
    )


def _moves(occurrence: Occurrence) -> int:
    """Count the agent's own moves of this occurrence; other people begin anew."""
    was, cause = occurrence.replaces, occurrence.cause
    if was is None or cause is None or cause.cause is Cause.REPLACED:
        return 0
    return was.moves + (cause.cause is not Cause.RESCHEDULED)


def _planned_until(occurrence: Occurrence, world: World) -> list[Worth]:
    return [
        each.worth(each.choice)
        for each in world.planned.of_pair(occurrence.pair)
        if each.choice is not None and each.period.number <= occurrence.period.number
    ]


def _rest(occurrence: Occurrence, world: World) -> list[Worth]:
    """Return the pair's remembered and planned meetings but for this one."""
    planned = [
        each.worth(each.choice)
        for each in world.planned.of_pair(occurrence.pair)
        if each.choice is not None and each is not occurrence
    ]
    return [*occurrence.series, *planned]


def _options(occurrence: Occurrence, world: World) -> tuple[Option, ...]:
    """Return the runners-up that fit the rest of the plan, best first."""
    free = world.possible(occurrence)
    series, rules = _rest(occurrence, world), world.programme.compromise
    order = ranked(occurrence.candidates, free, series, rules, world.clock)
    others = [index for index in order if index != occurrence.choice][:_OPTIONS]
    candidates = occurrence.candidates
    return tuple(
        Option(interval=candidates.interval(each), share=candidates.shares(each)) for each in others
    )


def _reason(occurrence: Occurrence, world: World) -> str:
    """Say why this slot, in plain words that reveal nobody's wishes."""
    choice = occurrence.choice or 0
    parts = [occurrence.cause.why] if occurrence.cause else []
    possible = len(occurrence.candidates.starts)
    parts.append(slot_reason(occurrence.candidates.shares(choice), possible))
    if occurrence.candidates.duration < occurrence.pair.duration:
        parts.append(SHORT)
    if occurrence.due and occurrence.form is Format.VIRTUAL:
        parts += [OWED, not_in_person(HOLDS[occurrence.missed or HoldCode.NO_ROOM])]
    if _breaks_dry_spell(occurrence, choice, world):
        parts.append(DRY_SPELL)
    return " ".join(parts)


def _breaks_dry_spell(occurrence: Occurrence, choice: int, world: World) -> bool:
    limit = world.programme.compromise.yields
    rest = _rest(occurrence, world)
    both = (rest, [*rest, occurrence.worth(choice)])
    without, with_it = (
        dry_spell_breaks([yields(worth.share) for worth in _by_start(series)], limit)
        for series in both
    )
    return with_it > without


def _by_start(series: Sequence[Worth]) -> list[Worth]:
    return sorted(series, key=lambda worth: worth.start)
