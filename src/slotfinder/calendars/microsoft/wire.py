"""Graph's payloads ↔ values of the core: pure functions, no calls."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from html import escape
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from slotfinder.calendars._zones import named_zone
from slotfinder.calendars.microsoft.failures import (
    malformed_answer,
    missing_answer,
    schedule_trouble,
    word,
)
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import Block, Kind, Provider
from slotfinder.domain.interval import Interval, first_instant
from slotfinder.domain.meeting import Answer, Attendee, Event, Meeting, Seen, Stray, room_says
from slotfinder.domain.programme import Room

JsonObject = dict[str, Any]
T = TypeVar("T")

LONGEST_WINDOW: Final = timedelta(days=60)
"""The longest time one query asks about; Graph refuses more than 62 days."""

MOST_CALENDARS: Final = 20
"""Calendars Graph answers for in one query, as documented."""

TEAMS: Final = "teamsForBusiness"

_SET: Final = "{8b1d6a0e-5f0c-4c53-9d0a-51f0f1a6c3de}"
KEY, REVISION, DECLINED, PROGRAMME = (
    f"String {_SET} Name slotfinder_{name}" for name in ("key", "revision", "declined", "programme")
)
"""Our extended properties: the mark of one meeting, the version we wrote, who had declined the
time before that version, the mark of all meetings of the programme."""

OWN_FIELDS: Final = (
    "id,iCalUId,start,end,isCancelled,organizer,attendees,isOnlineMeeting,onlineMeeting,"
    "singleValueExtendedProperties"
)
"""What is asked of our own events: no title and no text. What is expanded is named here too."""

OWN_PROPERTIES: Final = "singleValueExtendedProperties($filter={})".format(
    " or ".join(f"id eq '{each}'" for each in (KEY, REVISION, DECLINED))
)

ROOM_FIELDS: Final = "emailAddress,capacity,floorLabel,floorNumber,isWheelChairAccessible,tags"

_STEP_FREE: Final = "step-free"
"""What rooms are called here that Microsoft calls accessible by wheelchair."""

_DAY: Final = timedelta(days=1)
_SHORTEST_WINDOW: Final = timedelta(minutes=5)
_COARSEST_VIEW: Final = timedelta(days=1)
_KINDS: Final = {
    "busy": Kind.BUSY,
    "oof": Kind.OUT_OF_OFFICE,
    "tentative": Kind.TENTATIVE,
    "workingelsewhere": Kind.ELSEWHERE,
}
_ANSWERS: Final = {
    "accepted": Answer.ACCEPTED,
    "organizer": Answer.ACCEPTED,
    "tentativelyaccepted": Answer.TENTATIVE,
    "declined": Answer.DECLINED,
}


class MalformedError(ValueError):
    """An answer is not of the shape Graph documents."""


# Free/busy


def query(calendars: Iterable[str], part: Interval) -> JsonObject:
    """Return the body of one free/busy query.

    The view Graph draws beside the entries is not used; it is asked for as coarse as may be.
    """
    end = max(part.end, part.start + _SHORTEST_WINDOW)
    view = min(_COARSEST_VIEW, end - part.start)
    return {
        "schedules": list(calendars),
        "startTime": point(part.start),
        "endTime": point(end),
        "availabilityViewInterval": view // timedelta(minutes=1),
    }


def blocks_of(found: JsonObject, calendar: str, zone: ZoneInfo) -> list[Block] | Trouble:
    """Return how a calendar is taken, unclipped; or why nobody knows.

    ``zone`` is the owner's. An entry with an error has no times beside it: it is unknown.
    """
    entries = found.get("value")
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        return malformed_answer()
    # Graph repeats the addresses as they were sent, in any order; case is not worth a calendar.
    mine = [each for each in entries if str(each.get("scheduleId", "")).lower() == calendar]
    if not mine:
        return missing_answer()
    [entry, *others] = mine
    if error := entry.get("error"):
        code = error.get("responseCode") if isinstance(error, dict) else None
        return schedule_trouble(word(code))
    try:
        blocks = [block for each in _items(entry, "scheduleItems") for block in _blocks(each, zone)]
    except MalformedError:
        return malformed_answer()
    return malformed_answer() if others else blocks


def _blocks(found: object, zone: ZoneInfo) -> Iterator[Block]:
    if not isinstance(found, dict):
        raise MalformedError("an entry")
    status = str(found.get("status")).lower()
    interval = _span(found)
    if status == "free" or interval.start == interval.end:
        return
    kind = _KINDS.get(status, Kind.UNKNOWN)
    yield Block(interval=interval, kind=kind)
    if _may_be_whole_days(interval):
        # Whole days float: Graph shows them at midnight of the zone that was asked for.
        try:
            local = Interval(
                first_instant(interval.start.date(), zone), first_instant(interval.end.date(), zone)
            )
        except OverflowError:
            raise MalformedError("a day") from None
        if local != interval:
            yield Block(interval=local, kind=kind)


def zones_of(found: object) -> dict[str, ZoneInfo]:
    """Return the zones of people's working hours, by address in lower case, as far as named.

    A zone of somebody's own making has no name anybody knows.
    """
    zones: dict[str, ZoneInfo] = {}
    for entry in _items(answer(found), "value"):
        hours = entry.get("workingHours") if isinstance(entry, dict) else None
        zone = hours.get("timeZone") if isinstance(hours, dict) else None
        name = zone.get("name") if isinstance(zone, dict) else None
        if known := named_zone(name) if isinstance(name, str) else None:
            zones[str(entry.get("scheduleId", "")).lower()] = known
    return zones


def _may_be_whole_days(interval: Interval) -> bool:
    return interval.start.time() == time() and not interval.length % _DAY


def tagged(blocks: Iterable[Block], uid: str, ours: Interval) -> list[Block]:
    """Return the blocks, that of our own meeting carrying its ``uid``.

    Ours is the one with exactly our start and end. Of several the least firm one is: whose they
    are nobody can tell, and somebody else's must not become less than it is.
    """
    listed = list(blocks)
    for kind in (Kind.TENTATIVE, Kind.BUSY):
        wanted = Block(interval=ours, kind=kind)
        if wanted in listed:
            listed[listed.index(wanted)] = Block(interval=ours, kind=kind, uid=uid)
            break
    return listed


# Our own events


def new_event(event: Event, programme: str) -> JsonObject:
    """Return the body that creates a meeting's event; ``programme`` is the mark of all of them.

    The same version gives the same body: sent again under its transaction id it is no second one.
    """
    room = [_guest(event.room, "resource")] if event.room else []
    properties = {KEY: event.uid, REVISION: str(event.sequence), PROGRAMME: programme}
    body: JsonObject = {
        "transactionId": event.uid,
        "subject": event.title,
        "body": _html(_own_part(event.text)),
        **_place(event),
        **_time(event),
        "showAs": "busy",
        "sensitivity": "private" if event.private else "normal",
        "attendees": [
            *(_guest(each, "required") for each in event.attendees if _is_guest(each, event)),
            *room,
        ],
        **_properties(properties),
    }
    if event.conference is not None:
        body |= {"isOnlineMeeting": True, "onlineMeetingProvider": TEAMS}
    return body


def changed_event(event: Event, found: "OwnEvent") -> JsonObject:
    """Return what brings an event to this version: its time and the text that names it.

    Where people have nothing to be told of, only our own notes are sent: whatever else is sent,
    Exchange mails to everybody. Guests are sent only where the room changes, and then all of them
    as just read.
    """
    # To a new time all answers are old ones; what a person moved has its time already.
    old = found.declined if found.interval != event.interval else found.outdated
    body = _properties({REVISION: str(event.sequence), DECLINED: " ".join(sorted(old))})
    if not is_news(event, found):
        return body
    body |= {"body": _html(_with_own_part(found.text, event.text)), **_time(event)}
    if _changes_room(event, found):
        people = [_as_read(each) for each in found.attendees if not _is_room(each)]
        room = [_guest(event.room, "resource")] if event.room else []
        body |= {"attendees": [*people, *room], **_place(event)}
    return body


def is_news(event: Event, found: "OwnEvent") -> bool:
    """Tell whether people have to be told of this version: another time or room, or once more."""
    return event.sent_again or found.interval != event.interval or _changes_room(event, found)


def with_text(event: Event, found: "OwnEvent") -> JsonObject:
    """Return what puts right what an event says of where to meet."""
    return {"body": _html(_with_own_part(found.text, event.text)), **_place(event)}


def _changes_room(event: Event, found: "OwnEvent") -> bool:
    return found.rooms != ({event.room.email} if event.room else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """One of our own events as its organizer's calendar shows it.

    ``declined`` are the marks of the noes there are, each of one person at one moment; ``outdated``
    those of them that were said to an earlier time. ``link`` is that of Teams; while
    ``link_pending`` it is being made. ``text`` is empty where it was not asked for.
    """

    id: str
    calendar_uid: str
    etag: str
    interval: Interval
    organizer: str
    attendees: tuple[JsonObject, ...]
    key: str
    revision: int
    outdated: frozenset[str]
    is_online: bool
    link: str | None
    text: str

    @property
    def link_pending(self) -> bool:
        return self.is_online and self.link is None

    @property
    def invited(self) -> set[str]:
        return {_email(each) for each in self.attendees}

    @property
    def rooms(self) -> set[str]:
        return {_email(each) for each in self.attendees if _is_room(each)}

    @property
    def declined(self) -> frozenset[str]:
        marks = (_mark(each) for each in self.attendees)
        return frozenset(each for each in marks if each)

    def answer_of(self, email: str) -> Answer | None:
        """Return what somebody says to the present time; None for who is not invited."""
        if email == self.organizer:
            return Answer.ACCEPTED
        mine = next((each for each in self.attendees if _email(each) == email), None)
        if mine is None:
            return None
        return Answer.NONE if _mark(mine) in self.outdated else _answer(mine)

    def has_declined_before(self, email: str) -> bool:
        """Tell whether somebody's only answer is a no to an earlier time."""
        mine = (each for each in self.attendees if _email(each) == email)
        return any(_mark(each) in self.outdated for each in mine)


def own_event(event: object) -> OwnEvent:
    """Read one of our own events.

    Raises:
        MalformedError: a part is missing that every event has.
    """
    found = answer(event)
    attendees = tuple(each for each in _items(found, "attendees", ()) if isinstance(each, dict))
    properties = {
        str(each.get("id")).lower(): str(each.get("value"))
        for each in _items(found, "singleValueExtendedProperties", ())
        if isinstance(each, dict)
    }
    revision = properties.get(REVISION.lower(), "")
    before = set(properties.get(DECLINED.lower(), "").split())
    marks = (_mark(each) for each in attendees)
    link = _table(found, "onlineMeeting").get("joinUrl")
    return OwnEvent(
        id=_string(found, "id"),
        calendar_uid=_string(found, "iCalUId"),
        etag=_string(found, "@odata.etag"),
        interval=_span(found),
        organizer=_email(_table(found, "organizer")),
        attendees=attendees,
        key=properties.get(KEY.lower(), ""),
        revision=int(revision) if revision.isdecimal() else 0,
        outdated=frozenset(each for each in marks if each in before),
        is_online=found.get("isOnlineMeeting") is True,
        link=link if isinstance(link, str) and link.startswith("https://") else None,
        text=str(_table(found, "body").get("content") or ""),
    )


def own_events(found: object) -> list[OwnEvent]:
    """Return the events of a page of a list that stand; withdrawn ones may be on it too."""
    listed = map(standing_event, _items(answer(found), "value"))
    return [each for each in listed if each is not None]


def standing_event(event: object) -> OwnEvent | None:
    """Return one of our own events; None for one that was withdrawn."""
    return None if answer(event).get("isCancelled") is True else own_event(event)


def next_page(found: object) -> str:
    """Return the query that asks for the next page of a list, empty after the last."""
    link = answer(found).get("@odata.nextLink")
    return urlsplit(link).query if isinstance(link, str) else ""


def rooms(found: object) -> list[Room]:
    """Return the rooms of a page of places; one that has no address cannot be invited."""
    listed = [answer(each) for each in _items(answer(found), "value")]
    return [_room_of(each) for each in listed if each.get("emailAddress")]


def _room_of(found: JsonObject) -> Room:
    """Return a room as its place describes it; whatever nobody typed in is null there."""
    seats, tags = found.get("capacity"), found.get("tags")
    features = [str(each).lower() for each in tags] if isinstance(tags, list) else []
    if found.get("isWheelChairAccessible") is True:
        features.append(_STEP_FREE)
    label, number = found.get("floorLabel"), found.get("floorNumber")
    return Room(
        email=_string(found, "emailAddress").lower(),
        provider=Provider.MICROSOFT,
        floor=str(label or ("" if number is None else number)),
        features=tuple(dict.fromkeys(features)),
        capacity=seats if isinstance(seats, int) and seats > 0 else None,
    )


def event_id(found: object) -> str:
    """Return the id of an event that was written.

    Raises:
        MalformedError: there is none.
    """
    return _string(answer(found), "id")


def seen(meeting: Meeting, found: OwnEvent) -> Seen:
    """Return what became of a meeting whose event was found."""
    answers = {who: said for who in meeting.people if (said := found.answer_of(who)) is not None}
    return Seen(
        present=True,
        interval=found.interval,
        mover=None,
        answers=answers,
        room=room_says(found.answer_of(meeting.room), found.rooms) if meeting.room else None,
        revision=found.revision,
        join_url=found.link,
        link_pending=found.link_pending,
        proposed=tuple(sorted({at for each in found.attendees if (at := _proposed(each))})),
        declined_before=tuple(who for who in meeting.people if found.has_declined_before(who)),
    )


def stray(found: OwnEvent) -> Stray:
    """Return an event of ours, as one that only its calendar knows."""
    return Stray(
        uid=found.key,
        calendar_uid=found.calendar_uid,
        interval=found.interval,
        room=next(iter(sorted(found.rooms)), None),
        revision=found.revision,
        join_url=found.link,
    )


def gone(meeting: Meeting) -> Seen:
    """Return that a meeting was deleted."""
    return Seen(present=False, interval=meeting.interval, mover=None, answers={})


def has(name: str, value: str) -> str:
    """Return the filter for events that carry one of our properties."""
    quoted = value.replace("'", "''")
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{quoted}')"


def ends_after(at: datetime) -> str:
    """Return the filter for events that end at an instant or later."""
    return f"end/dateTime ge '{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"


def has_calendar_uid(uid: str) -> str:
    """Return the filter for the event of an iCalUId."""
    return "iCalUId eq '{}'".format(uid.replace("'", "''"))


def allows_teams(calendar: object) -> bool:
    """Tell whether a calendar makes Teams meetings."""
    allowed = answer(calendar).get("allowedOnlineMeetingProviders")
    return isinstance(allowed, list) and TEAMS.lower() in {str(each).lower() for each in allowed}


def answer(found: object) -> JsonObject:
    """Return an answer that is a JSON object, as all of Graph's are.

    Raises:
        MalformedError: it is something else.
    """
    if not isinstance(found, dict):
        raise MalformedError("an answer")
    return found


def point(at: datetime) -> JsonObject:
    """Return an instant as Graph reads it: a wall clock and its zone."""
    return {"dateTime": at.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}


# Parts of bodies


def _time(event: Event) -> JsonObject:
    # A person may have made an all-day event of it.
    start, end = point(event.interval.start), point(event.interval.end)
    return {"start": start, "end": end, "isAllDay": False}


def _place(event: Event) -> JsonObject:
    place: JsonObject = {"displayName": event.location}
    if event.room:
        place["locationEmailAddress"] = event.room.email
    return {"location": place}


def _properties(values: Mapping[str, str]) -> JsonObject:
    listed = [{"id": name, "value": value} for name, value in values.items()]
    return {"singleValueExtendedProperties": listed}


def _guest(each: Attendee, kind: str) -> JsonObject:
    return {"emailAddress": {"address": each.email, "name": each.name}, "type": kind}


def _is_guest(each: Attendee, event: Event) -> bool:
    # The owner of the mailbox organizes and is no guest to Exchange.
    return each.email != event.organizer.email


def _as_read(found: Mapping[str, Any]) -> JsonObject:
    return {name: found[name] for name in ("emailAddress", "type", "status") if name in found}


_OWN_PART: Final = re.compile(r'<div[^>]*class="?(?:x_)*slotfinder"?[^>]*>.*?</div>', re.DOTALL)
_BODY: Final = re.compile(r"<body[^>]*>")
_LINK: Final = re.compile(r"https://[^\s<>\"]+")


def _html(content: str) -> JsonObject:
    return {"contentType": "html", "content": content}


def _own_part(text: str) -> str:
    lines = escape(text, quote=False).split("\n")
    linked = (_LINK.sub(r'<a href="\g<0>">\g<0></a>', line) for line in lines)
    return f'<div class="slotfinder">{"<br>".join(linked)}</div>'


def _with_own_part(whole: str, text: str) -> str:
    """Return a body with our own part replaced; what Teams and people wrote beside it stays."""
    part = _own_part(text)
    found = _OWN_PART.search(whole)
    if found is not None:
        return whole[: found.start()] + part + whole[found.end() :]
    begin = _BODY.search(whole)
    at = begin.end() if begin else 0
    return whole[:at] + part + whole[at:]


# Parts of answers


def _email(found: Mapping[str, Any]) -> str:
    return str(_table(found, "emailAddress").get("address", "")).lower()


def _is_room(found: Mapping[str, Any]) -> bool:
    return str(found.get("type")).lower() == "resource"


def _answer(found: Mapping[str, Any]) -> Answer:
    return _ANSWERS.get(str(_table(found, "status").get("response")).lower(), Answer.NONE)


def _mark(found: Mapping[str, Any]) -> str:
    """Return what tells one no of one person from any other; empty where there is none."""
    if _answer(found) is not Answer.DECLINED:
        return ""
    said = f"{_email(found)} {_table(found, 'status').get('time')}"
    return sha256(said.encode()).hexdigest()[:12]


def _proposed(found: Mapping[str, Any]) -> datetime | None:
    """Return the start an attendee proposes instead, None for most and where nobody can read it."""
    proposal = _table(found, "proposedNewTime")
    try:
        return _span(proposal).start if proposal else None
    except MalformedError:
        return None


def _items(found: Mapping[str, Any], key: str, absent: Sequence[Any] | None = None) -> list[Any]:
    value = found.get(key, absent)
    if not isinstance(value, list | tuple):
        raise MalformedError(key)
    return list(value)


def _table(found: Mapping[str, Any], key: str) -> JsonObject:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _string(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedError(key)
    return value


def _span(found: Mapping[str, Any]) -> Interval:
    start, end = (_instant(_table(found, name)) for name in ("start", "end"))
    if end < start:
        raise MalformedError("end")
    return Interval(start, end)


def _instant(found: Mapping[str, Any]) -> datetime:
    zone = named_zone(str(found.get("timeZone")))
    try:
        at = datetime.fromisoformat(str(found.get("dateTime")))
    except ValueError:
        raise MalformedError("a time") from None
    if at.tzinfo is None and zone is None:
        raise MalformedError("a time zone")
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise MalformedError("a time") from None
