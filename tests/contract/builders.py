"""Meetings for the suites of the calendar ports."""

from dataclasses import replace
from typing import Any

from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Both, Event, Format, Meeting, MeetingState


def meeting_of(event: Event, **changes: Any) -> Meeting:
    """Return the meeting an event was written for."""
    mentor, mentee = event.attendees
    meeting = Meeting(
        uid=event.uid,
        pair="p01",
        period=event.interval.start.date(),
        occurrence=1,
        generation=0,
        state=MeetingState.BOOKED,
        format=Format.VIRTUAL,
        interval=event.interval,
        planned=event.interval.start,
        sequence=event.sequence,
        revision=event.sequence,
        moves=0,
        organizer=event.organizer.email,
        mentor=mentor.email,
        mentee=mentee.email,
        room=event.room.email if event.room else None,
        join_url=event.join_url,
        satisfaction=Both(50, 50),
        share=Both(50, 50),
        best=Both(100, 100),
        balance=Both(100, 100),
        reason_code="best-compromise",
        reason="",
        options=(),
        answers={},
    )
    return replace(meeting, **changes)


def nobody(_event: Event, _ours: Interval | None) -> bool:
    """Look again, and see nobody in the way."""
    return False


def somebody(_event: Event, _ours: Interval | None) -> bool:
    """Look again, and see that the time is taken."""
    return True
