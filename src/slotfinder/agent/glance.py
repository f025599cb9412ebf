"""A last look at people's calendars, right before a chosen time is written into them."""

from slotfinder.agent.programme import Agent
from slotfinder.domain.freebusy import FreeBusy
from slotfinder.domain.interval import Interval, without
from slotfinder.domain.meeting import Event, Format


def is_taken(agent: Agent, event: Event, ours: Interval | None) -> bool:
    """Tell whether somebody else has taken the event's time by now: the port ``Glance``.

    Only what lies on it counts, not the way there or back. What cannot be read now was judged when
    the time was chosen. Where blocks do not tell whose they are, the time of ``ours`` is ours.
    """
    if event.may_overlap:
        return False
    kinds = agent.programme.blocking_kinds(Format.IN_PERSON if event.room else Format.VIRTUAL)
    invited = [*event.attendees, *([event.room] if event.room else [])]
    for provider, source in agent.sources.items():
        mine = [each.email for each in invited if agent.provider_of(each.email) is provider]
        calendars = [agent.reference(email) for email in mine]
        for reading in source.read(calendars, event.interval, frozenset({event.uid})):
            if isinstance(reading, FreeBusy) and any(
                block.uid is None and block.kind in kinds and _beside(ours, block.interval, event)
                for block in reading.blocks
            ):
                return True
    return False


def _beside(ours: Interval | None, block: Interval, event: Event) -> bool:
    """Tell whether a block takes any of the event's time that is not ours already."""
    part = block.clip(event.interval)
    return part is not None and bool(without(part, [ours] if ours else []))
