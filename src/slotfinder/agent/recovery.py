"""Meetings that stand in calendars and that the store does not know: it was lost, or is older."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slotfinder.agent.programme import Agent
from slotfinder.domain.cadence import Period, is_due_in_person
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.lifecycle import Cause
from slotfinder.domain.meeting import (
    Both,
    Format,
    Meeting,
    MeetingState,
    Stray,
    meeting_uid,
)
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import periods_of, span_of, within_horizon
from slotfinder.ports import Ledger

_GENERATIONS: Final = 4
"""How many generations of a period beyond the next one are looked for."""

_NOTHING: Final = Both(0, 0)


@dataclass(frozen=True, slots=True)
class _Name:
    """What a meeting's uid stands for."""

    pair: Pair
    period: Period
    previous: Period | None
    generation: int


def lost_meetings(
    agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime, since: datetime
) -> list[Meeting]:
    """Return what stands ahead in calendars under names only a meeting of ours can have.

    Calendars of organizers are looked through from ``since`` on. How good the times are is not
    known yet: that is judged when they are adopted.
    """
    names = {
        meeting_uid(agent.programme.name, each.pair.id, each.period.first, each.generation): each
        for pair in pairs
        if pair.is_booked
        for each in _names(agent, ledger, pair, now)
    }
    wanted: dict[Provider, dict[str, set[str]]] = {}
    for uid, name in names.items():
        organizer = name.pair.organizer
        calendar = wanted.setdefault(agent.provider_of(organizer), {})
        calendar.setdefault(organizer, set()).add(uid)
    found: list[Meeting] = []
    for provider, by_organizer in wanted.items():
        if calendar_port := agent.calendars.get(provider):
            strays = calendar_port.strays(by_organizer, since)
            ahead = (each for each in strays if each.interval.end > now)
            found += [_meeting(agent, names[each.uid], each) for each in ahead]
    return found


def _names(agent: Agent, ledger: Ledger, pair: Pair, now: datetime) -> Iterator[_Name]:
    """Yield the meetings a pair could have in periods that are being planned."""
    previous: Period | None = None
    for period in periods_of(pair):
        before, previous = previous, period
        if span_of(period, agent.programme).end <= now:
            continue
        if not within_horizon(period, agent.programme, now):
            break
        first = ledger.generations.get((pair.id, period.first), 0)
        for generation in range(first, first + _GENERATIONS):
            yield _Name(pair, period, before, generation)


def _meeting(agent: Agent, name: _Name, stray: Stray) -> Meeting:
    pair = name.pair
    mentor, mentee = (agent.people[email].site for email in pair.people)
    due = is_due_in_person(pair.in_person, name.period, name.previous)
    there = bool(stray.room) or (due and bool(mentor) and mentor == mentee and not stray.join_url)
    link = agent.programme.conference.join_url(pair.id)
    return Meeting(
        uid=stray.uid,
        pair=pair.id,
        period=name.period.first,
        occurrence=name.period.number,
        generation=name.generation,
        state=MeetingState.BOOKED,
        format=Format.IN_PERSON if there else Format.VIRTUAL,
        interval=stray.interval,
        planned=stray.interval.start,
        sequence=0,
        revision=stray.revision,
        moves=0,
        organizer=pair.organizer,
        mentor=pair.mentor,
        mentee=pair.mentee,
        room=stray.room,
        join_url=None if there else stray.join_url or link,
        satisfaction=_NOTHING,
        share=_NOTHING,
        best=_NOTHING,
        balance=_NOTHING,
        reason_code=Cause.FOUND,
        reason="",
        options=(),
        answers={},
        calendar_uid=stray.calendar_uid,
    )
