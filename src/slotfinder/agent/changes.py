"""Record: what a plan changes in the store, and what is then to be told to whom."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from slotfinder.agent.astray import still_astray, to_send_again
from slotfinder.agent.observe import crowded_calendars
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import instant
from slotfinder.agent.retention import forgetting, nobodys_calendars
from slotfinder.agent.waiting import NEW_TIME
from slotfinder.domain.drift import CopyDrift
from slotfinder.domain.lifecycle import Cause, Step
from slotfinder.domain.meeting import Meeting, MeetingState, Refusal
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind, Plan
from slotfinder.ports import Changes, Entry, Happening, Held, Ledger

_WRITTEN = frozenset({ActionKind.BOOK, ActionKind.MOVE, ActionKind.ADOPT})


def changes_of(
    plan: Plan, facts: Facts, ledger: Ledger, agent: Agent, *, run: str, now: datetime
) -> Changes:
    """Return everything a plan changes, with the messages ready to be sent."""
    actions = plan.actions
    # What directories tell of rooms is told to the people who meet in them.
    agent = replace(agent, programme=facts.programme)
    is_whole = len(facts.pairs) == len(agent.pairs)
    withdrawn = [meeting for meeting, _ in _withdrawn(actions)]
    # What is decided about a meeting counts more than the answers seen on it.
    again = to_send_again(plan, facts)
    crowded = dict.fromkeys(nobodys_calendars(agent, ledger), False) if is_whole else {}
    meetings = [*_answered(facts, ledger), *withdrawn, *_standing(actions), *again]
    return Changes(
        now=now,
        pairs=(
            *(pair.id for pair in facts.pairs),
            *(_others_held(agent, ledger) if is_whole else ()),
        ),
        meetings=tuple({meeting.uid: meeting for meeting in meetings}.values()),
        refusals=(*_refusals(actions), *_rooms_refused(facts, ledger)),
        holds=tuple(_holds(plan, facts, ledger, now)),
        happenings=tuple(_happenings(actions, run, now)),
        entries=_entries(plan, facts, again, agent, now),
        crowded=crowded | crowded_calendars(facts.readings.values(), now),
        known=frozenset((each.uid, each.interval.start) for each in ledger.meetings),
        forgetting=forgetting(agent, ledger, facts.pairs, now) if is_whole else None,
    )


def _others_held(agent: Agent, ledger: Ledger) -> list[str]:
    """Return what has holds beside pairs of the file: the programme, and rows that vanished."""
    known = {pair.id for pair in agent.pairs}
    return sorted({held.pair for held in ledger.holds if held.pair not in known})


def _answered(facts: Facts, ledger: Ledger) -> list[Meeting]:
    """Return the meetings of which calendars show other answers or links than the last run saw."""
    before = {meeting.uid: meeting for meeting in ledger.meetings}
    # What was only found is recorded when it is adopted, with what it is worth.
    return [
        meeting
        for meeting in facts.meetings
        if meeting.uid in before and meeting != before[meeting.uid]
    ]


def _standing(actions: Iterable[Action]) -> list[Meeting]:
    return [action.meeting for action in actions if action.kind in _WRITTEN and action.meeting]


def _kept(actions: Iterable[Action]) -> list[Meeting]:
    return [each.meeting for each in actions if each.kind is ActionKind.KEEP and each.meeting]


def _withdrawn(actions: Iterable[Action]) -> list[tuple[Meeting, Action]]:
    """Return the meetings that are taken out of the calendars, and by which action.

    A moved meeting whose format changed is another event: the old one goes (docs/compromise.md §5).
    """
    found: list[tuple[Meeting, Action]] = []
    for action in actions:
        gone = action.meeting if action.kind is ActionKind.CANCEL else None
        if _is_another_event(action):
            gone = action.was
        if gone is not None:
            found.append((replace(gone, state=MeetingState.WITHDRAWN), action))
    return found


def _is_another_event(action: Action) -> bool:
    return bool(action.meeting and action.was and action.meeting.uid != action.was.uid)


def _refusals(actions: Iterable[Action]) -> list[Refusal]:
    return [
        Refusal(
            pair=action.pair,
            period=old.period,
            interval=action.refused,
            cause=action.reason_code,
        )
        for action in actions
        if action.refused and (old := action.was or action.meeting)
    ]


def _rooms_refused(facts: Facts, ledger: Ledger) -> list[Refusal]:
    """Return which rooms said no since the last run: they are not asked for that time again."""
    return [each for each in facts.rooms_refused if each not in ledger.refusals]


def _holds(plan: Plan, facts: Facts, ledger: Ledger, now: datetime) -> list[Held]:
    """Return the holds; one that the last run left already keeps its first day."""
    since = {(held.pair, held.period, held.reason_code): held.since for held in ledger.holds}
    found = [
        Held(
            pair=action.pair,
            period=action.period.first if action.period else None,
            since=now,
            reason_code=action.reason_code,
            reason=action.reason,
            uid=action.standing.uid if action.standing else None,
            relaxation_code=action.relaxation.code if action.relaxation else None,
            relaxation_text=action.relaxation.text if action.relaxation else None,
        )
        for action in plan.actions
        if action.kind is ActionKind.HOLD
    ]
    found += [
        Held(
            pair=meeting.pair,
            period=meeting.period,
            since=now,
            reason_code=each.drift.value,
            reason=_ASTRAY[each.drift],
            uid=meeting.uid,
        )
        for meeting, each in still_astray(plan, facts)
    ]
    found += [
        Held(
            pair=meeting.pair,
            period=meeting.period,
            since=now,
            reason_code=NEW_TIME,
            reason="One of the two proposes another time.",
            uid=meeting.uid,
            relaxation_code=NEW_TIME,
            relaxation_text=instant(at),
        )
        for meeting in _kept(plan.actions)
        if (what := facts.seen.get(meeting.uid)) and what.interval == meeting.interval
        for at in what.proposed
        if at != meeting.interval.start and at > now
    ]
    return [
        replace(held, since=since.get((held.pair, held.period, held.reason_code), now))
        for held in found
    ]


_ASTRAY = {
    CopyDrift.MISSING: "An invitation was sent once more and is still missing in a calendar.",
    CopyDrift.DIFFERS: "One of the two has the meeting at another time in the own calendar.",
}


def _happenings(actions: Sequence[Action], run: str, now: datetime) -> list[Happening]:
    """Return what happens to meetings; what goes comes first."""
    steps = [(gone, Step.CANCEL, action) for gone, action in _withdrawn(actions)]
    steps += [
        (action.meeting, Step(action.kind), action)
        for action in actions
        if action.kind in _WRITTEN and action.meeting
    ]
    return [
        Happening(
            at=now,
            run=run,
            meeting=meeting,
            kind=step,
            cause=action.reason_code,
            reason=action.reason,
        )
        for meeting, step, action in steps
    ]


def _entries(
    plan: Plan, facts: Facts, again: Sequence[Meeting], agent: Agent, now: datetime
) -> tuple[Entry, ...]:
    """Return the outbox entries; what goes is told before what comes."""
    gone = _withdrawn(plan.actions)
    told = [
        each
        for each in plan.actions
        if each.kind in _WRITTEN and each.reason_code != Cause.FOUND  # that stands as it is
    ]
    if not (gone or told or again):
        return ()
    # What writes texts is slow to load, and most runs change nothing.
    from slotfinder.agent.compose import Composer, first_meetings  # noqa: PLC0415

    stand = {each.uid: each for each in (*facts.meetings, *_standing(told))}
    stand |= {off.uid: off for off, _ in gone}
    composer = Composer(agent=agent, first=first_meetings(stand.values(), now), now=now)
    entries: list[Entry] = []
    for off, action in gone:
        instead = action.meeting if _is_another_event(action) else None
        entries += composer.withdrawn(off, action.reason_code, instead)
    for action in told:
        meeting, was = action.meeting, action.was
        if meeting is None:
            continue
        if was is None or _is_another_event(action):
            entries += composer.new(meeting, replaced=was)
        else:
            entries += composer.changed(meeting, was)
    return (*entries, *(each for meeting in again for each in composer.again(meeting)))
