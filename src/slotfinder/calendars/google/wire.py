"""Google's payloads ↔ values of the core: pure functions, no calls."""

from base64 import b32hexencode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from slotfinder.calendars.google.failures import (
    calendar_trouble,
    malformed_answer,
    missing_answer,
    word,
)
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.interval import Interval, first_instant, merge
from slotfinder.domain.meeting import Answer, Attendee, Event, Meeting, Seen, Stray, room_says
from slotfinder.domain.programme import Room

JsonObject = dict[str, Any]
T = TypeVar("T")

LONGEST_WINDOW: Final = timedelta(days=31)
"""The longest time one query asks about; what Google accepts at most is not documented."""

MOST_CALENDARS: Final = 50
"""Calendars Google answers for in one query."""

KEY, REVISION, DECLINED, PROGRAMME = (
    f"slotfinder_{name}" for name in ("key", "revision", "declined", "programme")
)
"""Our private properties: the mark of one meeting, the version we wrote, who had declined the time
before that version, the mark of all meetings of the programme."""

OWN_FIELDS: Final = (
    "id,iCalUID,etag,status,start,end,organizer/email,attendees,hangoutLink,conferenceData,"
    "extendedProperties/private"
)
"""What is asked of our own events: no title and no text."""

ITEM_FIELDS: Final = "items(id,iCalUID,start,end,transparency,status,eventType),nextPageToken"
"""What is asked of other people's: whose a time is, and nothing else."""

WORKPLACE_FIELDS: Final = "items(start,end,status,workingLocationProperties),nextPageToken"
"""What is asked of entries that say where somebody works: no title."""

ROOM_FIELDS: Final = "items(resourceEmail,capacity,floorName,featureInstances),nextPageToken"

_UTC: Final = ZoneInfo("UTC")

_ANSWERS: Final = {
    "accepted": Answer.ACCEPTED,
    "tentative": Answer.TENTATIVE,
    "declined": Answer.DECLINED,
}


class MalformedError(ValueError):
    """An answer is not of the shape Google documents."""


def query(calendars: Iterable[str], part: Interval) -> JsonObject:
    """Return the body of one free/busy query."""
    return {
        "timeMin": rfc3339(part.start),
        "timeMax": rfc3339(part.end),
        "items": [{"id": calendar} for calendar in calendars],
    }


def busy_of(found: JsonObject, calendar: str, part: Interval) -> tuple[Interval, ...] | Trouble:
    """Return when a calendar is taken, sorted, merged and clipped; or why nobody knows.

    An entry with errors has an empty list of busy times beside them: it is unknown, never free.
    """
    entries = found.get("calendars")
    if not isinstance(entries, dict) or not _covers(found, part):
        return malformed_answer()
    # Google repeats the ids as they were sent; upper and lower case are not worth a calendar.
    mine = next((each for name, each in entries.items() if name.lower() == calendar), None)
    if mine is None:
        return missing_answer()
    if not isinstance(mine, dict) or not isinstance(mine.get("errors", []), list):
        return malformed_answer()
    if errors := mine.get("errors"):
        said = [each.get("reason") if isinstance(each, dict) else None for each in errors]
        return calendar_trouble([word(each) for each in said])
    try:
        blocks = [_span(each) for each in _items(mine, "busy")]
    except MalformedError:
        return malformed_answer()
    return merge(inside for block in blocks if (inside := block.clip(part)))


def rfc3339(at: datetime) -> str:
    """Return an instant as Google reads it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def event_id(uid: str) -> str:
    """Return the id of a meeting's event: allowed letters, the same for ever, telling nothing."""
    return b32hexencode(sha256(uid.encode()).digest()).decode().rstrip("=").lower()


def new_event(event: Event, programme: str) -> JsonObject:
    """Return the body that creates a meeting's event; ``programme`` is the mark of all of them."""
    body: JsonObject = {
        "id": event_id(event.uid),
        "summary": event.title,
        **text_of(event),
        "start": {"dateTime": rfc3339(event.interval.start)},
        "end": {"dateTime": rfc3339(event.interval.end)},
        "transparency": "opaque",
        "visibility": "private" if event.private else "default",
        "reminders": {"useDefault": True},
        "attendees": [
            *(_guest(each, event) for each in event.attendees),
            *([_room(event.room)] if event.room else []),
        ],
        "extendedProperties": {
            "private": {KEY: event.uid, REVISION: str(event.sequence), PROGRAMME: programme}
        },
    }
    if event.conference is not None:
        body["conferenceData"] = {
            "createRequest": {
                # Derived from the meeting: asked for again, it stays the same link.
                "requestId": event_id(event.uid),
                "conferenceSolutionKey": {"type": "hangoutsMeet"},
            }
        }
    return body


def changed_event(event: Event, found: "OwnEvent") -> JsonObject:
    """Return what brings an event to this version: its time and the text that names it.

    Guests are sent only where the room changes, and then all of them as just read, answers
    included: a list that is sent replaces the one that is there.
    """
    # To a new time all answers are old ones; what a person moved has its time already.
    old = found.declined if _moves(event, found) else found.outdated
    declined = sorted(map(_digest, old))
    body: JsonObject = {
        **text_of(event),
        # An all-day event a person made of it has dates, which null removes.
        "start": {"dateTime": rfc3339(event.interval.start), "date": None},
        "end": {"dateTime": rfc3339(event.interval.end), "date": None},
        "extendedProperties": {
            "private": {REVISION: str(event.sequence), DECLINED: " ".join(declined)}
        },
    }
    if changes_room(event, found):
        people = [each for each in found.attendees if each.get("resource") is not True]
        body["attendees"] = [*people, *([_room(event.room)] if event.room else [])]
    return body


def changes_room(event: Event, found: "OwnEvent") -> bool:
    """Tell whether this version has another room than the event, or one where it had none."""
    return found.rooms != ({event.room.email} if event.room else set())


def is_news(event: Event, found: "OwnEvent") -> bool:
    """Tell whether people have to be told of this version: another time or room, or once more."""
    return event.sent_again or _moves(event, found) or changes_room(event, found)


def asked_anew() -> JsonObject:
    """Return what forgets who had declined an older time: Google itself asked them again."""
    return {"extendedProperties": {"private": {DECLINED: ""}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """One of our own events as its organizer's calendar shows it.

    ``interval`` is None for one that was deleted, of which little is told. ``declined`` are the
    people whose answer is no, ``outdated`` those of them who had said so to an earlier time.
    ``link`` is Google's own; while ``link_pending`` it is being made.
    """

    id: str
    calendar_uid: str
    etag: str
    interval: Interval | None
    organizer: str
    attendees: tuple[JsonObject, ...]
    key: str
    revision: int
    declined: frozenset[str]
    outdated: frozenset[str]
    link: str | None
    link_pending: bool

    @property
    def has_conference(self) -> bool:
        return self.link is not None or self.link_pending

    @property
    def is_gone(self) -> bool:
        return self.interval is None

    @property
    def invited(self) -> set[str]:
        return {_email(each) for each in self.attendees}

    @property
    def rooms(self) -> set[str]:
        return {_email(each) for each in self.attendees if each.get("resource") is True}

    def answer_of(self, email: str) -> Answer | None:
        """Return what somebody says to the present time; None for who is not invited."""
        if email in self.outdated:
            return Answer.NONE
        found = (each.get("responseStatus") for each in self.attendees if _email(each) == email)
        said = next(found, _NOT_INVITED)
        return None if said is _NOT_INVITED else _ANSWERS.get(str(said), Answer.NONE)


_NOT_INVITED: Final = object()


def own_event(event: object) -> OwnEvent:
    """Read one of our own events.

    Raises:
        MalformedError: a part is missing that every event has.
    """
    found = answer(event)
    is_gone = found.get("status") == "cancelled"
    attendees = tuple(each for each in _items(found, "attendees", ()) if isinstance(each, dict))
    private = _table(_table(found, "extendedProperties"), "private")
    revision = str(private.get(REVISION, ""))
    declined = frozenset(
        _email(each) for each in attendees if each.get("responseStatus") == "declined"
    )
    before = set(str(private.get(DECLINED, "")).split())
    conference = _table(found, "conferenceData")
    link = _link(found, conference)
    pending = link is None and _status(conference) == "pending"
    return OwnEvent(
        id=_string(found, "id"),
        calendar_uid=str(found.get("iCalUID", "")) if is_gone else _string(found, "iCalUID"),
        etag=str(found.get("etag", "")),
        interval=None if is_gone else _event_span(found, _UTC),
        organizer=_email(_table(found, "organizer")),
        attendees=attendees,
        key=str(private.get(KEY, "")),
        revision=int(revision) if revision.isdecimal() else 0,
        declined=declined,
        outdated=frozenset(who for who in declined if _digest(who) in before),
        link=link,
        link_pending=pending,
    )


def seen(meeting: Meeting, found: OwnEvent) -> Seen:
    """Return what became of a meeting whose event was found."""
    if found.interval is None:
        return gone(meeting)
    answers = {who: said for who in meeting.people if (said := found.answer_of(who)) is not None}
    room = room_says(found.answer_of(meeting.room), found.rooms) if meeting.room else None
    return Seen(
        present=True,
        interval=found.interval,
        mover=None,
        answers=answers,
        room=room,
        revision=found.revision,
        join_url=found.link,
        link_pending=found.link_pending,
        declined_before=tuple(sorted(found.outdated)),
    )


def stray(found: OwnEvent, interval: Interval) -> Stray:
    """Return an event of ours at its time, as one that only its calendar knows."""
    return Stray(
        uid=found.key,
        calendar_uid=found.calendar_uid,
        interval=interval,
        room=next(iter(sorted(found.rooms)), None),
        revision=found.revision,
        join_url=found.link,
    )


def gone(meeting: Meeting) -> Seen:
    """Return that a meeting was deleted."""
    return Seen(present=False, interval=meeting.interval, mover=None, answers={})


def entry(found: JsonObject, zone: ZoneInfo) -> tuple[str, Interval] | None:
    """Return whose (by iCalUID) and when an entry is, all-day ones in ``zone``.

    None for one that takes no time.

    Raises:
        MalformedError: its time cannot be read.
    """
    if found.get("status") == "cancelled" or found.get("transparency") == "transparent":
        return None
    return str(found.get("iCalUID", "")), _event_span(found, zone)


def away_from(
    found: JsonObject, *, site: str, sites: Collection[str], zone: ZoneInfo
) -> Interval | None:
    """Return when an entry says somebody works somewhere else than at the site; None if not.

    An office counts as the site unless it is called like another one of the ``sites``.

    Raises:
        MalformedError: its time cannot be read.
    """
    place = _table(found, "workingLocationProperties")
    if found.get("status") == "cancelled" or not place.get("type"):
        return None
    office = _table(place, "officeLocation")
    names = {str(office.get(key, "")).casefold() for key in ("label", "buildingId")}
    others = {each.casefold() for each in sites if each != site}
    label = str(_table(place, "customLocation").get("label", "")).casefold()
    is_there = {"officeLocation": not names & others, "customLocation": label == site.casefold()}
    return None if is_there.get(str(place["type"])) else _event_span(found, zone)


def page(found: object, read: Callable[[JsonObject], T]) -> tuple[list[T], str | None]:
    """Return the items of one page of a list, and the token of the next page if there is one.

    Raises:
        MalformedError: it is no page of a list.
    """
    listed = answer(found)
    token = listed.get("nextPageToken")
    return [read(answer(each)) for each in _items(listed, "items", ())], token or None


def answer(found: object) -> JsonObject:
    """Return an answer that is a JSON object, as all of Google's are.

    Raises:
        MalformedError: it is something else.
    """
    if not isinstance(found, dict):
        raise MalformedError("an answer")
    return found


def allows_meet(calendar: object) -> bool:
    """Tell whether a calendar's owner may have Google Meet links."""
    allowed = _table(answer(calendar), "conferenceProperties").get("allowedConferenceSolutionTypes")
    return not isinstance(allowed, list) or "hangoutsMeet" in allowed


def room(found: JsonObject) -> Room:
    """Return a room as the directory describes it."""
    features = (
        _table(each, "feature").get("name")
        for each in _items(found, "featureInstances", ())
        if isinstance(each, dict)
    )
    return Room(
        email=_string(found, "resourceEmail").lower(),
        provider=Provider.GOOGLE,
        floor=str(found.get("floorName") or ""),
        features=tuple(each.lower() for each in features if isinstance(each, str)),
        capacity=seats if isinstance(seats := found.get("capacity"), int) and seats > 0 else None,
    )


def text_of(event: Event) -> JsonObject:
    """Return what an event tells its readers beside its time and guests."""
    return {"description": event.text, "location": event.location}


def _moves(event: Event, found: OwnEvent) -> bool:
    return found.interval != event.interval


def _guest(each: Attendee, event: Event) -> JsonObject:
    # Whoever organizes has said yes by it; everybody else is asked.
    organizes = each.email == event.organizer.email
    answer = "accepted" if organizes else "needsAction"
    return {"email": each.email, "displayName": each.name, "responseStatus": answer}


def _room(room: Attendee) -> JsonObject:
    return {"email": room.email, "resource": True, "responseStatus": "needsAction"}


def _digest(email: str) -> str:
    return sha256(email.encode()).hexdigest()[:12]


def _email(found: Mapping[str, Any]) -> str:
    return str(found.get("email", "")).lower()


def _covers(found: JsonObject, part: Interval) -> bool:
    """Tell whether an answer that names its window names all of the one asked for."""
    try:
        first, last = (found.get(name) for name in ("timeMin", "timeMax"))
        return (first is None or _instant(first) <= part.start) and (
            last is None or _instant(last) >= part.end
        )
    except MalformedError:
        return False


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


def _span(found: object) -> Interval:
    if not isinstance(found, dict):
        raise MalformedError("a block")
    start, end = _instant(found.get("start")), _instant(found.get("end"))
    if end < start:
        raise MalformedError("a block's end")
    return Interval(start, end)


def _event_span(found: JsonObject, zone: ZoneInfo) -> Interval:
    start, end = (_bound(_table(found, name), zone) for name in ("start", "end"))
    if end < start:
        raise MalformedError("end")
    return Interval(start, end)


def _bound(found: JsonObject, zone: ZoneInfo) -> datetime:
    if "dateTime" in found:
        return _instant(found["dateTime"])
    try:
        return first_instant(date.fromisoformat(str(found.get("date"))), zone)
    except (ValueError, OverflowError):
        raise MalformedError("date") from None


def _instant(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise MalformedError("a time") from None
    if at.tzinfo is None:
        raise MalformedError("a time without offset")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise MalformedError("a time") from None


def _link(found: JsonObject, conference: JsonObject) -> str | None:
    points = conference.get("entryPoints")
    uris = [
        each.get("uri")
        for each in (points if isinstance(points, list) else [])
        if isinstance(each, dict) and each.get("entryPointType") == "video"
    ]
    link = next(iter(uris), None) or found.get("hangoutLink")
    return link if isinstance(link, str) and link.startswith("https://") else None


def _status(conference: JsonObject) -> str:
    request = _table(conference, "createRequest")
    return str(_table(request, "status").get("statusCode", ""))
