"""What people read: the mails and the text of the calendar entry. English only.

Both people's local times are named. No function here knows what anybody wished, so none can tell;
the sentence that gives a reason comes from the caller, goes into the mail of that one reader, and
stays out of the calendar entry, which both people and their delegates see.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from slotfinder.domain.interval import Interval
from slotfinder.domain.people import Person
from slotfinder.invitations.vevent import one_line

# Written out, because strftime speaks the language of the machine it runs on.
_WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DASH: Final = "\N{EN DASH}"

_ANSWER: Final = (
    "Please accept or decline in your calendar; nothing else is needed. "
    "If you decline, a new time is proposed by itself."
)
_SENT_AGAIN: Final = (
    "This is sent once more because it had not reached everybody's calendar; nothing has changed."
)
_NO_LINK: Final = "Online; no link is set up: please agree on how to talk."
_LINK_IN_ENTRY: Final = "Online; the link to join is in this calendar entry."


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a mail says, the same as plain text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people meet face to face; ``room`` is empty where no room is booked."""

    site: str
    address: str
    room: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A meeting as people think of it. It is online where ``place`` is None.

    ``link_in_entry`` says that the calendar shows a link of its own beside the text, ``sent_again``
    that the invitation is told once more because it had not arrived everywhere.
    """

    programme: str
    mentor: Person
    mentee: Person
    interval: Interval
    place: Place | None
    join_url: str | None
    link_in_entry: bool = False
    sent_again: bool = False

    def partner(self, reader: Person) -> Person:
        return self.mentee if reader.email == self.mentor.email else self.mentor


@dataclass(frozen=True, slots=True)
class _Paragraph:
    lines: tuple[str, ...]
    heading: str = ""


def invitation(occasion: Occasion, reader: Person, *, reason: str) -> Body:
    """Return the mail that asks one of the two to a new meeting."""
    partner = occasion.partner(reader).name
    return _body(
        f"Invitation: {_topic(occasion, reader)}",
        _greeting(reader, f"you are invited to a meeting with {partner}."),
        _Paragraph(_times(occasion, reader), "When"),
        _Paragraph(_where(occasion), "Where"),
        _Paragraph((reason,)),
        _Paragraph((_ANSWER,)),
        _signature(occasion),
    )


def moved(occasion: Occasion, reader: Person, *, was: Interval, reason: str) -> Body:
    """Return the mail that tells one of the two of a change: another time, or just another place.

    ``occasion`` is the meeting as it is now, ``was`` the time it had.
    """
    partner = occasion.partner(reader).name
    if was == occasion.interval:
        kind, news = "Updated", f"your meeting with {partner} has changed; its time stays."
        before: tuple[_Paragraph, ...] = ()
    else:
        kind, news = "Moved", f"your meeting with {partner} has a new time."
        before = (_Paragraph((local_time(was, reader.zone),), "Old time"),)
    return _body(
        f"{kind}: {_topic(occasion, reader)}",
        _greeting(reader, news),
        _Paragraph(_times(occasion, reader), "When"),
        *before,
        _Paragraph(_where(occasion), "Where"),
        _Paragraph((reason,)),
        _Paragraph((_ANSWER,)),
        _signature(occasion),
    )


def cancelled(occasion: Occasion, reader: Person, *, reason: str) -> Body:
    """Return the mail that tells one of the two that a meeting will not be."""
    partner = occasion.partner(reader).name
    return _body(
        f"Cancelled: {_topic(occasion, reader)}",
        _greeting(reader, f"your meeting with {partner} will not take place."),
        _Paragraph(_times(occasion, reader), "It was planned for"),
        _Paragraph((reason,)),
        _Paragraph(("There is nothing you need to do.",)),
        _signature(occasion),
    )


def event_text(occasion: Occasion) -> str:
    """Return the text of the calendar entry, which both people read."""
    mentor, mentee = occasion.mentor, occasion.mentee
    return _as_text(
        _Paragraph((f"{occasion.programme}: {mentor.name} and {mentee.name}",)),
        _Paragraph(_shared_times(occasion), "When"),
        _Paragraph(_where(occasion), "Where"),
        *([_Paragraph((_SENT_AGAIN,))] if occasion.sent_again else []),
        _Paragraph((_ANSWER,)),
        _signature(occasion),
    )


def event_location(occasion: Occasion) -> str:
    """Return what the calendar entry gives as its location: room and address, or the join link."""
    return "" if occasion.place is None and not occasion.join_url else _where(occasion)[-1]


def local_time(interval: Interval, zone: ZoneInfo) -> str:
    """Return a time in words, as the clocks of ``zone`` show it.

    Where the date or the offset differs between start and end, both ends are spelled out: a
    meeting may end at an earlier wall time than it began.
    """
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    if start.date() == end.date() and start.utcoffset() == end.utcoffset():
        return f"{_day(start)}, {_clock(start)}{_DASH}{_clock(end)} {_zone_name(start)}"
    return " to ".join(f"{_day(at)}, {_clock(at)} {_zone_name(at)}" for at in (start, end))


def _day(at: datetime) -> str:
    return f"{_WEEKDAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def _clock(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}"


def _zone_name(at: datetime) -> str:
    """Return "Kolkata time (GMT+5:30)"; a zone that is no place gives its offset alone.

    The names of zones such as Etc/GMT+5 and EST would contradict the offset or need explaining.
    """
    region, _, place = str(at.tzinfo).rpartition("/")
    if region in ("", "Etc"):
        return _offset(at)
    return f"{place.replace('_', ' ')} time ({_offset(at)})"


def _offset(at: datetime) -> str:
    minutes = (at.utcoffset() or timedelta()) // timedelta(minutes=1)
    if minutes == 0:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def _times(occasion: Occasion, reader: Person) -> tuple[str, ...]:
    """Return the reader's own time, then the partner's where their clocks are others."""
    partner = occasion.partner(reader)
    own = local_time(occasion.interval, reader.zone)
    if partner.zone == reader.zone:
        return (own,)
    return own, f"For {partner.name}: {local_time(occasion.interval, partner.zone)}"


def _shared_times(occasion: Occasion) -> tuple[str, ...]:
    people = occasion.mentor, occasion.mentee
    if occasion.mentor.zone == occasion.mentee.zone:
        return (local_time(occasion.interval, occasion.mentor.zone),)
    return tuple(f"For {who.name}: {local_time(occasion.interval, who.zone)}" for who in people)


def _where(occasion: Occasion) -> tuple[str, ...]:
    place = occasion.place
    if place is not None:
        return (", ".join(filter(None, (place.room, place.site, place.address))),)
    if occasion.link_in_entry:
        return (_LINK_IN_ENTRY,)
    return ("Online", occasion.join_url) if occasion.join_url else (_NO_LINK,)


def _topic(occasion: Occasion, reader: Person) -> str:
    start = occasion.interval.start.astimezone(reader.zone)
    partner = occasion.partner(reader).name
    return f"{occasion.programme} with {partner}, {_day(start)}, {_clock(start)}"


def _greeting(reader: Person, news: str) -> _Paragraph:
    return _Paragraph((f"Hello {reader.name},", news))


def _signature(occasion: Occasion) -> _Paragraph:
    return _Paragraph((f"Sent by slotfinder, the scheduling agent of {occasion.programme}.",))


def _body(subject: str, *paragraphs: _Paragraph) -> Body:
    return Body(subject=one_line(subject), text=_as_text(*paragraphs), html=_as_html(*paragraphs))


def _as_text(*paragraphs: _Paragraph) -> str:
    return "\n\n".join(
        "\n".join(
            ([f"{paragraph.heading}:"] if paragraph.heading else [])
            + [one_line(line) for line in paragraph.lines]
        )
        for paragraph in paragraphs
    )


def _as_html(*paragraphs: _Paragraph) -> str:
    """Return paragraphs and line ends only: Outlook lays out mails with Word, and knows those."""
    rendered = "\n".join(
        "<p>"
        + (f"<strong>{paragraph.heading}</strong><br>" if paragraph.heading else "")
        + "<br>".join(_html_line(one_line(line)) for line in paragraph.lines)
        + "</p>"
        for paragraph in paragraphs
    )
    return f'<html lang="en">\n<body>\n{rendered}\n</body>\n</html>'


def _html_line(line: str) -> str:
    escaped = escape(line)
    is_link = line.startswith(("https://", "http://")) and " " not in line
    return f'<a href="{escaped}">{escaped}</a>' if is_link else escaped
