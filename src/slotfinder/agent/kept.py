"""What calendars made of meetings: names, links and answers no plan can know beforehand."""

from collections.abc import Iterable
from dataclasses import replace

from slotfinder.agent.programme import Agent
from slotfinder.domain.meeting import Meeting
from slotfinder.planning.plan import Action, Plan


def as_kept(plan: Plan, agent: Agent, known: Iterable[Meeting]) -> Plan:
    """Return a plan whose meetings carry what their calendars made of those known so far."""
    by_uid = {meeting.uid: meeting for meeting in known}
    return replace(plan, actions=tuple(_action(each, agent, by_uid) for each in plan.actions))


def _action(action: Action, agent: Agent, known: dict[str, Meeting]) -> Action:
    if action.meeting is None:
        return action
    old = known.get(action.meeting.uid)
    meeting = _meeting(action.meeting, old, agent)
    # What the calendar remarked stands behind the reason the plan gave.
    said = old.reason if old and old.reason.startswith(action.reason) else action.reason
    return replace(action, meeting=meeting, reason=said)


def _meeting(meeting: Meeting, old: Meeting | None, agent: Agent) -> Meeting:
    stands = old is not None and (old.interval, old.room) == (meeting.interval, meeting.room)
    answer = old.room_answer if old and stands else None
    if not agent.is_in_cloud(meeting):
        return replace(meeting, calendar_uid=meeting.uid, room_answer=answer)
    kept = replace(meeting, calendar_uid=old.calendar_uid if old else None, room_answer=answer)
    if not agent.has_own_link(meeting):
        return kept
    return replace(
        kept,
        join_url=old.join_url if old else None,
        link_pending=old.link_pending if old else False,
    )
