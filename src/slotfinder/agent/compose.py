"""Turns a decided meeting into what calendars hold and what people are told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from slotfinder.agent.programme import CLOUDS, Agent
from slotfinder.booking.keys import calendar_key, mail_key
from slotfinder.domain.explain import OWED, SHORT
from slotfinder.domain.meeting import Answer, Attendee, Event, Fallback, Format, Lifted, Meeting
from slotfinder.domain.people import Person
from slotfinder.invitations.itip import cancel_message, request_message
from slotfinder.invitations.wording import (
    Occasion,
    Place,
    event_location,
    event_text,
    mail,
)
from slotfinder.ports import Entry, EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Writes at ``now`` what is to be told; ``first`` are the uids of pairs' first meetings."""

    agent: Agent
    first: frozenset[str]
    now: datetime

    def new(self, meeting: Meeting, replaced: Meeting | None) -> list[Entry]:
        """Return what to write and whom to invite for a meeting that did not exist before.

        ``replaced`` is the meeting in another format that it comes instead of, if there was one.
        """
        occasion = self._occasion(meeting)
        if replaced is not None:
            occasion = replace(occasion, replaced=replaced.interval)
        return self._told(meeting, occasion, "invitation")

    def changed(self, meeting: Meeting, was: Meeting) -> list[Entry]:
        """Return what to write and whom to tell of another time or room (RFC 5546 §3.2.2)."""
        occasion, before = self._occasion(meeting), self._occasion(was)
        if before.interval != occasion.interval:
            occasion = replace(occasion, old=before.interval)
        if before.place != occasion.place:
            occasion = replace(occasion, old_location=event_location(before))
        return self._told(meeting, occasion, "changed")

    def again(self, meeting: Meeting) -> list[Entry]:
        """Return what has a cloud tell its guests once more of a meeting that stands as it did."""
        event = self._event(meeting, self._occasion(meeting))
        return [self._calendar(event, EntryKind.WRITE)]

    def withdrawn(self, meeting: Meeting, cause: str, instead: Meeting | None) -> list[Entry]:
        """Return what to take out of calendars and whom to tell when a meeting is off (§3.2.5).

        ``instead`` is the meeting in another format that replaces it, if there is one.
        """
        occasion = replace(
            self._occasion(meeting),
            cause=cause,
            is_cancelled=True,
            is_first=False,
            is_owed=False,
            is_shorter=False,
            instead=instead.interval if instead else None,
        )
        return self._told(meeting, occasion, "cancelled")

    def _told(self, meeting: Meeting, occasion: Occasion, name: str) -> list[Entry]:
        """Return the calendar's entry, and one mail for each person who is not the organizer."""
        event = self._event(meeting, occasion)
        kind = EntryKind.WITHDRAW if occasion.is_cancelled else EntryKind.WRITE
        written = self._calendar(event, kind)
        if written.provider in CLOUDS:
            return [written]  # clouds tell the guests of their own events themselves
        guests = [each for each in event.attendees if each.email != event.organizer.email]
        return [written, *(self._mail(event, occasion, name, each) for each in guests)]

    def _calendar(self, event: Event, kind: EntryKind) -> Entry:
        return Entry(
            key=calendar_key(event, kind),
            uid=event.uid,
            kind=kind,
            provider=self.agent.provider_of(event.organizer.email),
            event=event,
        )

    def _mail(self, event: Event, occasion: Occasion, name: str, guest: Attendee) -> Entry:
        """Return a mail that has no other language than the reader's, the event's text included."""
        texts, sender = self.agent.texts, self.agent.sender
        reader = self.agent.person(guest.email)
        body = mail(texts, name, occasion, reader)
        event = replace(event, text=event_text(texts, occasion, reader))
        if occasion.is_cancelled:
            message = cancel_message(event, guest, sender=sender, body=body)
        else:
            is_first = name == "invitation"
            message = request_message(event, guest, sender=sender, body=body, first=is_first)
        return Entry(key=mail_key(message), uid=event.uid, kind=EntryKind.MAIL, message=message)

    def _occasion(self, meeting: Meeting) -> Occasion:
        mentor, mentee = (self.agent.person(email) for email in meeting.people)
        return Occasion(
            programme=self.agent.programme.name,
            mentor=mentor,
            mentee=mentee,
            interval=meeting.interval,
            place=_place(self.agent, meeting, mentor),
            join_url=meeting.join_url,
            cause=meeting.reason_code,
            is_first=meeting.uid in self.first,
            is_owed=OWED in meeting.reason,
            is_shorter=SHORT in meeting.reason,
            sent_again=meeting.sent_again,
        )

    def _event(self, meeting: Meeting, occasion: Occasion) -> Event:
        agent = self.agent
        title = agent.programme.meetings.title.format(
            mentor=occasion.mentor.name, mentee=occasion.mentee.name, pair=meeting.pair
        )
        organizer = agent.people.get(meeting.organizer)
        has_own_link = agent.has_own_link(meeting)
        if has_own_link:
            occasion = replace(occasion, join_url=None, link_in_entry=True)
        return Event(
            uid=meeting.uid,
            sequence=meeting.revision + occasion.is_cancelled,
            stamp=self.now,
            interval=meeting.interval,
            title=title,
            text=event_text(agent.texts, occasion, *occasion.people),
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
                for person in occasion.people
            ),
            room=Attendee(email=meeting.room, name=meeting.room, answer=Answer.ACCEPTED)
            if meeting.room
            else None,
            conference=self._fallback(meeting, occasion) if has_own_link else None,
            sent_again=meeting.sent_again,
            may_overlap=Lifted.BUSY in meeting.lifted,
        )

    def _fallback(self, meeting: Meeting, occasion: Occasion) -> Fallback:
        """Return what the event says where its provider makes no link."""
        link = self.agent.programme.conference.join_url(meeting.pair)
        instead = replace(occasion, join_url=link, link_in_entry=False)
        return Fallback(
            text=event_text(self.agent.texts, instead, *instead.people),
            location=event_location(instead),
            join_url=link,
        )


def _place(agent: Agent, meeting: Meeting, mentor: Person) -> Place | None:
    if meeting.format is Format.VIRTUAL:
        return None
    room = meeting.room or ""
    site = agent.programme.sites.get(mentor.site)
    if site is None:
        # The person has left the site since; the meeting is only named to be called off.
        return Place(site=mentor.site, address="", room=room)
    floors = {each.email: each.floor for each in site.rooms}
    return Place(
        site=site.name,
        address=site.address,
        directions=site.directions,
        room=room,
        floor=floors.get(room, ""),
    )


def first_meetings(meetings: Iterable[Meeting], now: datetime) -> frozenset[str]:
    """Return the uids of those that are, or were, the first of the same two people in a pair."""
    first: dict[tuple[str, tuple[str, str]], str] = {}
    for each in sorted(meetings, key=lambda meeting: meeting.interval):
        if each.is_ahead(now) or each.took_place(now):
            first.setdefault((each.pair, each.people), each.uid)
    return frozenset(first.values())
