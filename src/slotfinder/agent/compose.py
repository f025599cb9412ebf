"""Turns a decided meeting into what calendars hold and what people are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from slotfinder.agent.programme import CLOUDS, Agent
from slotfinder.booking.keys import calendar_key, mail_key
from slotfinder.domain.meeting import Answer, Attendee, Event, Fallback, Format, Lifted, Meeting
from slotfinder.domain.people import Person
from slotfinder.invitations.itip import cancel_message, request_message
from slotfinder.invitations.wording import (
    Body,
    Occasion,
    Place,
    cancelled,
    event_location,
    event_text,
    invitation,
    moved,
)
from slotfinder.ports import Entry, EntryKind, Message


def new_meeting(agent: Agent, meeting: Meeting, now: datetime) -> list[Entry]:
    """Return what to write and whom to invite for a meeting that did not exist before."""
    occasion = _occasion(agent, meeting)
    event = _event(agent, meeting, occasion, now)

    def ask(reader: Person, recipient: Attendee) -> Message:
        body = invitation(occasion, reader, reason=meeting.reason)
        return request_message(event, recipient, sender=agent.sender, body=body, first=True)

    return [_calendar(agent, event, EntryKind.WRITE), *_mails(agent, event, ask)]


def changed_meeting(agent: Agent, meeting: Meeting, was: Meeting, now: datetime) -> list[Entry]:
    """Return what to write and whom to tell when a meeting has another time (RFC 5546 §3.2.2)."""
    occasion = _occasion(agent, meeting)
    event = _event(agent, meeting, occasion, now)

    def tell(reader: Person, recipient: Attendee) -> Message:
        body = moved(occasion, reader, was=was.interval, reason=meeting.reason)
        return request_message(event, recipient, sender=agent.sender, body=body, first=False)

    return [_calendar(agent, event, EntryKind.WRITE), *_mails(agent, event, tell)]


def sent_again(agent: Agent, meeting: Meeting, now: datetime) -> list[Entry]:
    """Return what has a cloud tell its guests once more of a meeting that stands as it did."""
    event = _event(agent, meeting, _occasion(agent, meeting), now)
    return [_calendar(agent, event, EntryKind.WRITE)]


def withdrawn_meeting(agent: Agent, meeting: Meeting, reason: str, now: datetime) -> list[Entry]:
    """Return what to take out of calendars and whom to tell when a meeting is off (§3.2.5)."""
    occasion = _occasion(agent, meeting)
    event = replace(_event(agent, meeting, occasion, now), sequence=meeting.revision + 1)

    def tell(reader: Person, recipient: Attendee) -> Message:
        body: Body = cancelled(occasion, reader, reason=reason)
        return cancel_message(event, recipient, sender=agent.sender, body=body)

    return [_calendar(agent, event, EntryKind.WITHDRAW), *_mails(agent, event, tell)]


def _calendar(agent: Agent, event: Event, kind: EntryKind) -> Entry:
    return Entry(
        key=calendar_key(event, kind),
        uid=event.uid,
        kind=kind,
        provider=agent.provider_of(event.organizer.email),
        event=event,
    )


def _mails(agent: Agent, event: Event, write: Callable[[Person, Attendee], Message]) -> list[Entry]:
    """Return one mail for each person who is not the organizer."""
    if agent.provider_of(event.organizer.email) in CLOUDS:
        return []  # clouds tell the guests of their own events themselves
    messages = [
        write(agent.person(attendee.email), attendee)
        for attendee in event.attendees
        if attendee.email != event.organizer.email
    ]
    return [
        Entry(key=mail_key(message), uid=event.uid, kind=EntryKind.MAIL, message=message)
        for message in messages
    ]


def _occasion(agent: Agent, meeting: Meeting) -> Occasion:
    mentor, mentee = (agent.person(email) for email in meeting.people)
    return Occasion(
        programme=agent.programme.name,
        mentor=mentor,
        mentee=mentee,
        interval=meeting.interval,
        place=_place(agent, meeting, mentor),
        join_url=meeting.join_url,
        sent_again=meeting.sent_again,
    )


def _place(agent: Agent, meeting: Meeting, mentor: Person) -> Place | None:
    if meeting.format is Format.VIRTUAL:
        return None
    site = agent.programme.sites.get(mentor.site)
    if site is None:
        # The person has left the site since; the meeting is only named to be called off.
        return Place(site=mentor.site, address="", room=meeting.room or "")
    return Place(site=site.name, address=site.address, room=meeting.room or "")


def _event(agent: Agent, meeting: Meeting, occasion: Occasion, now: datetime) -> Event:
    people = occasion.mentor, occasion.mentee
    title = agent.programme.meetings.title.format(
        mentor=occasion.mentor.name, mentee=occasion.mentee.name, pair=meeting.pair
    )
    organizer = agent.people.get(meeting.organizer)
    has_own_link = agent.has_own_link(meeting)
    if has_own_link:
        occasion = replace(occasion, join_url=None, link_in_entry=True)
    return Event(
        uid=meeting.uid,
        sequence=meeting.revision,
        stamp=now,
        interval=meeting.interval,
        title=title,
        text=event_text(occasion),
        location=event_location(occasion),
        join_url=occasion.join_url,
        private=agent.programme.meetings.private,
        organizer=Attendee(
            email=meeting.organizer, name=organizer.name if organizer else agent.programme.name
        ),
        attendees=tuple(
            Attendee(
                email=person.email,
                name=person.name,
                answer=meeting.answers.get(person.email, Answer.NONE),
            )
            for person in people
        ),
        room=Attendee(email=meeting.room, name=meeting.room, answer=Answer.ACCEPTED)
        if meeting.room
        else None,
        conference=_fallback(agent, meeting, occasion) if has_own_link else None,
        sent_again=meeting.sent_again,
        may_overlap=Lifted.BUSY in meeting.lifted,
    )


def _fallback(agent: Agent, meeting: Meeting, occasion: Occasion) -> Fallback:
    """Return what the event says where its provider makes no link."""
    link = agent.programme.conference.join_url(meeting.pair)
    instead = replace(occasion, join_url=link, link_in_entry=False)
    return Fallback(text=event_text(instead), location=event_location(instead), join_url=link)
