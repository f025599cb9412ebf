"""A meeting as iCalendar text (RFC 5545), the same bytes for the same event."""

import re
import unicodedata
from datetime import UTC
from typing import Final
from urllib.parse import quote

from icalendar import Calendar, vCalAddress, vUri
from icalendar import Event as VEvent

from slotfinder.domain.meeting import Answer, Attendee, Event

PRODUCT: Final = "-//slotfinder//slotfinder//EN"

_PARTSTAT: Final = {
    Answer.NONE: "NEEDS-ACTION",
    Answer.ACCEPTED: "ACCEPTED",
    Answer.TENTATIVE: "TENTATIVE",
    Answer.DECLINED: "DECLINED",
}
# What may stand in an address as it is: RFC 5322 §3.2.3 atext. The percent sign is missing on
# purpose, for in a mailto URI it introduces an escape (RFC 6068 §2).
_ADDRESS_SAFE: Final = "@!#$&'*+-/=?^_`{|}~."
_URI_SAFE: Final = ":/?#[]@!$&'()*+,;=%-._~"  # RFC 3986 §2.2, §2.3 and escapes already made


def event_calendar(event: Event, method: str | None = None) -> bytes:
    """Return a VCALENDAR holding the event: a copy for a calendar, or with ``method`` a message.

    Times are written in UTC without a VTIMEZONE, which all readers understand alike; local times
    belong into the event's text.
    """
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    if method is not None:
        calendar.add("METHOD", method)
    calendar.add_component(_vevent(event, cancelled=method == "CANCEL"))
    content: bytes = calendar.to_ical()
    return content


def one_line(text: str) -> str:
    """Return the text without control characters or line ends, each run of blanks a single one."""
    return " ".join(_printable(text).split())


def _vevent(event: Event, *, cancelled: bool) -> VEvent:
    vevent = VEvent()
    vevent.add("UID", one_line(event.uid))
    vevent.add("SEQUENCE", event.sequence)
    vevent.add("DTSTAMP", event.stamp.astimezone(UTC))
    vevent.add("DTSTART", event.interval.start)
    vevent.add("DTEND", event.interval.end)
    vevent.add("SUMMARY", one_line(event.title))
    vevent.add("DESCRIPTION", _printable(event.text))
    if event.location:
        vevent.add("LOCATION", one_line(event.location))
    if event.private:
        vevent.add("CLASS", "PRIVATE")
    vevent.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    vevent.add("TRANSP", "TRANSPARENT" if cancelled else "OPAQUE")
    # Outlook's importer prefers this over TRANSP (MS-OXCICAL §2.1.3.1.1.20.31).
    vevent.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE" if cancelled else "BUSY")
    _add_people(vevent, event)
    if event.join_url is not None:
        _add_join_link(vevent, event.join_url)
    return vevent


def _add_people(vevent: VEvent, event: Event) -> None:
    vevent["ORGANIZER"] = _address(event.organizer)
    attendees = [_attendee(who, event.organizer) for who in event.attendees]
    if event.room is not None:
        room = {"CUTYPE": "ROOM", "ROLE": "NON-PARTICIPANT", "PARTSTAT": "ACCEPTED"}
        attendees.append(_address(event.room, **room))
    vevent["ATTENDEE"] = attendees


def _attendee(who: Attendee, organizer: Attendee) -> vCalAddress:
    if who.email == organizer.email:
        return _address(who, CUTYPE="INDIVIDUAL", ROLE="CHAIR", PARTSTAT="ACCEPTED")
    parameters = {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": _PARTSTAT[who.answer],
    }
    if who.answer is not Answer.ACCEPTED:
        parameters["RSVP"] = "TRUE"
    return _address(who, **parameters)


def _address(who: Attendee, **parameters: str) -> vCalAddress:
    """Return a CAL-ADDRESS. Whatever is no part of an address is percent-encoded, line ends too."""
    address = vCalAddress("mailto:" + quote(who.email, safe=_ADDRESS_SAFE))
    # A double quote cannot stand in a parameter (RFC 5545 §3.2), and few readers know the escape
    # RFC 6868 gives it.
    name = one_line(who.name) or one_line(who.email)
    address.params["CN"] = name.replace('"', "'")
    address.params.update(parameters)
    return address


def _add_join_link(vevent: VEvent, url: str) -> None:
    """Write the link where readers look for one (RFC 7986 §5.11, RFC 5545 §3.8.4.6)."""
    link = vUri(quote(url, safe=_URI_SAFE))
    conference = vUri(link)
    conference.params["VALUE"] = "URI"
    # Set as a list here, because icalendar.Conference would quote both features as one value.
    conference.params["FEATURE"] = ["AUDIO", "VIDEO"]
    vevent["CONFERENCE"] = conference
    vevent["URL"] = link


def _printable(text: str) -> str:
    r"""Return the text fit for TEXT (RFC 5545 §3.3.11): of the control characters only ``\n``.

    Unicode's own line ends go as well, for some readers break lines at them, and so do lone
    surrogates, which no encoding has. A backslash becomes a slash: node-ical takes an escaped one
    before an n for a line end, and icalendar writes ``\N`` as one.
    """
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text).replace("\t", " ")
    text = text.replace("\\", "/")
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
