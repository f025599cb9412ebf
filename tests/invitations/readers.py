"""Readers of iCalendar that are independent of the library we write with.

Each returns what it understood in the same plain form, so that they can be held side by side.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import vobject
from ical.calendar_stream import IcsCalendarStream


@dataclass(frozen=True)
class Understood:
    uid: str
    sequence: int
    start: datetime
    end: datetime
    summary: str
    organizer: str
    attendees: frozenset[tuple[str, str]]
    """Address and name of each."""


def read_with_vobject(content: bytes) -> Understood:
    vevent = vobject.readOne(content.decode()).vevent
    assert len(vevent.contents["uid"]) == 1
    return Understood(
        uid=vevent.uid.value,
        sequence=int(vevent.sequence.value),
        start=vevent.dtstart.value.astimezone(UTC),
        end=vevent.dtend.value.astimezone(UTC),
        summary=vevent.summary.value,
        organizer=_address(vevent.organizer.value),
        attendees=frozenset(
            (_address(line.value), line.params["CN"][0]) for line in vevent.attendee_list
        ),
    )


def read_with_ical(content: bytes) -> Understood:
    (calendar,) = IcsCalendarStream.from_ics(content.decode()).calendars
    (vevent,) = calendar.events
    assert isinstance(vevent.dtstart, datetime)
    assert isinstance(vevent.dtend, datetime)
    organizer: Any = vevent.organizer
    attendees: Any = vevent.attendees
    return Understood(
        uid=vevent.uid,
        sequence=vevent.sequence or 0,
        start=vevent.dtstart.astimezone(UTC),
        end=vevent.dtend.astimezone(UTC),
        summary=vevent.summary or "",
        organizer=_address(str(organizer.uri)),
        attendees=frozenset((_address(str(each.uri)), each.common_name) for each in attendees),
    )


def _address(uri: str) -> str:
    assert uri.startswith("mailto:")
    return unquote(uri.removeprefix("mailto:"))
