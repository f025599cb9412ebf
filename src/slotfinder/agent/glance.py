"""Looks at people's calendars right before a chosen time is written into them, and right after."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from slotfinder.agent.programme import Agent
from slotfinder.domain.freebusy import Block, FreeBusy, OwnTime
from slotfinder.domain.interval import Interval, without
from slotfinder.domain.meeting import Event, Format, Lifted, Meeting

_AROUND = timedelta(days=1)
"""How far beside a meeting is read: a merged block tells nothing where it is cut off."""


def is_taken(agent: Agent, event: Event, ours: Interval | None) -> bool:
    """Tell whether somebody else has taken the event's time by now: the port ``Glance``.

    Only what lies on it counts, not the way there or back. What cannot be read now was judged when
    the time was chosen. Where blocks do not tell whose they are, the time of ``ours`` is ours.
    """
    if event.may_overlap:
        return False
    kinds = agent.programme.blocking_kinds(Format.IN_PERSON if event.room else Format.VIRTUAL)
    invited = [*event.attendees, *([event.room] if event.room else [])]
    emails = [each.email for each in invited]
    return any(
        block.uid is None and block.kind in kinds and _beside(ours, block.interval, event)
        for block in _blocks(agent, emails, event.interval, event.uid)
    )


def is_overrun(agent: Agent, meeting: Meeting, was: Meeting | None) -> bool:
    """Tell whether somebody else has taken one of the two while their meeting was being written.

    A copy may still show where it ``was``. The room is not asked: it answers the invitation itself.
    """
    if Lifted.BUSY in meeting.lifted:
        return False
    kinds = agent.programme.blocking_kinds(meeting.format)
    former = was.interval if was else None
    around = Interval(meeting.interval.start - _AROUND, meeting.interval.end + _AROUND)
    ours = OwnTime(uid=meeting.uid, calendar_uid=meeting.calendar_uid, interval=meeting.interval)
    return any(
        block.uid is None and block.kind in kinds and _beside(former, block.interval, meeting)
        for block in _blocks(agent, meeting.people, around, meeting.uid, ours)
    )


def _blocks(
    agent: Agent,
    emails: Iterable[str],
    window: Interval,
    uid: str,
    ours: OwnTime | None = None,
) -> Iterator[Block]:
    """Yield what takes these people's time, of everybody who can be read.

    What the source itself knows to be the event of ``uid`` carries that; with ``ours`` also what
    is told apart from the time of others.
    """
    wanted = list(emails)
    for provider, source in agent.sources.items():
        mine = [agent.reference(each) for each in wanted if agent.provider_of(each) is provider]
        readings = source.read(mine, window, frozenset({uid})) if mine else []
        known = [
            (calendar, reading, [ours] if ours else [])
            for calendar, reading in zip(mine, readings, strict=True)
            if isinstance(reading, FreeBusy)
        ]
        merging = agent.merging.get(provider)
        told = merging.tell_apart(known) if merging and ours else [each[1] for each in known]
        for reading in told:
            yield from reading.blocks


def _beside(ours: Interval | None, block: Interval, event: Event | Meeting) -> bool:
    """Tell whether a block takes any of the event's time that is not ours already."""
    part = block.clip(event.interval)
    return part is not None and bool(without(part, [ours] if ours else []))
