"""An event and two people, of which a test varies what it is about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Attendee, Event
from slotfinder.domain.people import Person
from slotfinder.invitations.wording import Occasion, Place

ORGANIZER = Attendee(email="mentoring@acme.example", name="Mentoring")
TOM = Attendee(email="tom@acme.example", name="Tom Baker")
PRIYA = Attendee(email="priya@acme.example", name="Priya Sharma")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(start: str, end: str) -> Interval:
    return Interval(instant(start), instant(end))


def event(**changes: Any) -> Event:
    example = Event(
        uid="0d3b4f4e-6f0e-5d3c-9a54-6a6f2b1c7a11",
        sequence=0,
        stamp=instant("2027-01-04T06:00"),
        interval=between("2027-01-07T11:15", "2027-01-07T12:00"),
        title="Reverse mentoring: Tom Baker & Priya Sharma",
        text="Thursday\nat eleven",
        location="https://meet.example/abc",
        join_url="https://meet.example/abc",
        private=True,
        organizer=ORGANIZER,
        attendees=(TOM, PRIYA),
        room=None,
    )
    return replace(example, **changes)


def person(name: str, zone: str, language: str = "en") -> Person:
    return Person(
        email=f"{name.split(maxsplit=1)[0].lower()}@acme.example",
        name=name,
        provider=Provider.LOCAL,
        zone=ZoneInfo(zone),
        language=language,
    )


def occasion(**changes: Any) -> Occasion:
    example = Occasion(
        programme="Reverse mentoring 2027",
        mentor=person("Tom Baker", "Europe/London"),
        mentee=person("Priya Sharma", "Asia/Kolkata"),
        interval=between("2027-01-07T11:15", "2027-01-07T12:00"),
        place=None,
        join_url="https://meet.example/abc",
        cause="best-compromise",
    )
    return replace(example, **changes)


def spoken(language: str, **changes: Any) -> Occasion:
    """Return the same among two people of one language, whose names no language has in it."""
    both = {
        "mentor": person("Tom Baker", "Europe/London", language),
        "mentee": person("Priya Sharma", "Asia/Kolkata", language),
    }
    return occasion(**(both | changes))


LONDON = Place(
    site="London",
    address="1 Example Street",
    directions="Left of the station.\nFirst door.",
    room="room-a@acme.example",
    floor="3",
)
