"""Guests whose calendars do not show a meeting as it stands: found, and sent to once more."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from slotfinder.agent.programme import CLOUDS, Agent
from slotfinder.domain.drift import Astray, CopyDrift, shows_nothing
from slotfinder.domain.freebusy import FreeBusy, Reading
from slotfinder.domain.meeting import Meeting, Seen
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import ActionKind, Plan


def guests_astray(
    agent: Agent,
    meetings: Iterable[Meeting],
    readings: Mapping[str, Reading],
    seen: Mapping[str, Seen],
) -> tuple[Astray, ...]:
    """Return the guests in clouds who show nothing at the time of a meeting that stands as it was.

    Only meetings in clouds are judged, and only guests whose calendars could be read.
    """
    found: list[Astray] = []
    for meeting in meetings:
        what = seen.get(meeting.uid)
        if what is None or not what.present or what.interval != meeting.interval:
            continue
        if not agent.is_in_cloud(meeting):
            continue
        for person in meeting.people:
            reading = readings.get(person)
            if (
                isinstance(reading, FreeBusy)
                and reading.provider in CLOUDS
                and person not in what.declined_before
                and shows_nothing(meeting, person, reading)
            ):
                found.append(_astray(agent, meeting, reading))
    return tuple(found)


def to_send_again(plan: Plan, facts: Facts) -> list[Meeting]:
    """Return the next version of each kept meeting whose invitation is to be sent once more.

    That happens once a meeting: what is missing still is for a coordinator.
    """
    again = {
        meeting.uid: replace(meeting, revision=meeting.revision + 1, sent_again=True)
        for meeting, each in _of_kept(plan, facts)
        if is_sent_again(meeting, each)
    }
    return list(again.values())


def still_astray(plan: Plan, facts: Facts) -> list[tuple[Meeting, Astray]]:
    """Return what no further sending mends, with the meeting."""
    found = _of_kept(plan, facts)
    return [(meeting, each) for meeting, each in found if not is_sent_again(meeting, each)]


def is_sent_again(meeting: Meeting, astray: Astray) -> bool:
    """Tell whether a run sends the invitation once more to mend this."""
    return astray.drift is CopyDrift.MISSING and not meeting.sent_again


def _of_kept(plan: Plan, facts: Facts) -> Iterator[tuple[Meeting, Astray]]:
    """Yield who misses a meeting that is kept; one that is moved is told of anyway."""
    for action in plan.actions:
        if action.kind is ActionKind.KEEP and (meeting := action.meeting):
            yield from ((meeting, each) for each in facts.astray if each.uid == meeting.uid)


def _astray(agent: Agent, meeting: Meeting, reading: FreeBusy) -> Astray:
    source, elsewhere = agent.merging.get(reading.provider), None
    if source and meeting.calendar_uid:
        calendar = agent.reference(reading.person)
        elsewhere = source.time_of(calendar, meeting.calendar_uid)
    moved = elsewhere is not None and elsewhere != meeting.interval
    drift = CopyDrift.DIFFERS if moved else CopyDrift.MISSING
    return Astray(uid=meeting.uid, person=reading.person, drift=drift)
