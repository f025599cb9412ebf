"""An item of the world as Google's Event resource, and back (items 20, 21)."""

from datetime import UTC, date, datetime
from typing import Any

from tests.emulators.google.call import Call, View
from tests.emulators.google.times import instant, millis, naive, written, zone
from tests.emulators.wire import Json
from tests.emulators.world import Answer, Attendee, Calendar, Item, Status, When

PLAIN = (
    "description", "location", "visibility", "colorId", "source", "reminders", "attachments",
    "guestsCanModify", "guestsCanInviteOthers", "guestsCanSeeOtherGuests", "anyoneCanAddSelf",
    "conferenceData", "workingLocationProperties", "outOfOfficeProperties", "focusTimeProperties",
    "birthdayProperties", "eventLabelId",
)  # fmt: skip
"""What the world has no name for and Google keeps as it is."""
DEFAULTS: Json = {
    "visibility": "default",
    "guestsCanModify": False,
    "guestsCanInviteOthers": True,
    "guestsCanSeeOtherGuests": True,
    "anyoneCanAddSelf": False,
}
OWN = ("reminders", "colorId", "transparency", "visibility", "eventLabelId")
"""What a guest may change on the own copy."""
_ANSWERS: dict[Answer, str] = {
    "none": "needsAction",
    "accepted": "accepted",
    "tentative": "tentative",
    "declined": "declined",
}
_TYPES: dict[Status, str] = {"ooo": "outOfOffice", "elsewhere": "workingLocation"}


def etag(item: Item) -> str:
    return f'"{3_400_000_000_000_000 + 2 * item.revision}"'


def event_type(item: Item) -> str:
    return str(item.extra.get("eventType", _TYPES.get(item.status, "default")))


def editable(item: Item) -> Json:
    """Show what a client may write, as it would write it; PATCH merges into this."""
    body: Json = {
        "summary": item.title,
        "status": "cancelled" if item.cancelled else item.extra.get("status", "confirmed"),
        "transparency": "transparent" if item.status in ("free", "elsewhere") else "opaque",
        "start": _point(item.start, item.zone, item.zone),
        "end": _point(item.end, item.extra.get("endZone", item.zone), item.zone),
        "eventType": event_type(item),
        "attendees": [_guest(one) for one in item.attendees],
        "extendedProperties": {"private": dict(item.private), "shared": dict(item.shared)},
        "recurrence": list(item.recurrence),
    }
    if item.status == "tentative":
        body["status"] = body["status"] if item.cancelled else "tentative"
    return body | {name: item.extra[name] for name in PLAIN if name in item.extra}


def _point(when: When, named: str, shown: str) -> Json:
    if isinstance(when, datetime):
        return {"dateTime": written(when, shown), "timeZone": named}
    return {"date": when.isoformat()}


def _guest(one: Attendee) -> Json:
    shown: Json = {"email": one.email, "responseStatus": _ANSWERS[one.answer]}
    extra = {"displayName": one.name, "comment": one.comment}
    flags = {"optional": one.optional, "resource": one.room}
    return shown | {name: value for name, value in {**extra, **flags}.items() if value}


def shown(call: Call, calendar: Calendar, item: Item, view: View) -> Json:
    """Render an item as the reader of a calendar sees it."""
    home = call.text("timeZone") or calendar.zone
    body: Json = {
        "kind": "calendar#event",
        "etag": etag(item),
        "id": item.id,
        "status": "cancelled" if item.cancelled else "confirmed",
        "htmlLink": f"https://www.google.com/calendar/event?eid={item.id}",
        "created": millis(item.created),
        "updated": millis(item.updated),
        "iCalUID": item.uid,
        "sequence": item.sequence,
        "creator": _person(item.creator, calendar),
        "organizer": _person(item.organizer, calendar),
        "reminders": {"useDefault": True},
    }
    body |= {name: value for name, value in editable(item).items() if value not in ("", [], None)}
    body["start"] = _point(item.start, item.zone, home)
    body["end"] = _point(item.end, item.extra.get("endZone", item.zone), home)
    if link := meet_link(item):
        body["hangoutLink"] = link
    _trim(call, calendar, item, body)
    if item.series and item.original is not None:
        body["recurringEventId"] = item.series
        body["originalStartTime"] = _point(item.original, item.zone, home)
    return _availability(call, item, body) if view == "availability" else body


def meet_link(item: Item) -> str:
    """Find the link of a Meet conference that has come into being."""
    points = item.extra.get("conferenceData", {}).get("entryPoints", [])
    return next((one["uri"] for one in points if one["entryPointType"] == "video"), "")


def _person(email: str, calendar: Calendar) -> Json:
    return {"email": email} | ({"self": True} if email == calendar.id else {})


def _trim(call: Call, calendar: Calendar, item: Item, body: Json) -> None:
    """Leave out what has its default; mark who is who among the attendees."""
    for name, value in {**DEFAULTS, "transparency": "opaque"}.items():
        if body.get(name) == value:
            del body[name]
    properties = {kind: kept for kind, kept in body.pop("extendedProperties").items() if kept}
    if properties:
        body["extendedProperties"] = properties
    for guest in body.get("attendees", []):
        if guest["email"].lower() == calendar.id:
            guest["self"] = True
        if guest["email"].lower() == item.organizer:
            guest["organizer"] = True
    most = call.params.get("maxAttendees")
    if most is not None and len(body.get("attendees", [])) > most:
        own = [one for one in body["attendees"] if one.get("self")]
        body["attendees"], body["attendeesOmitted"] = own, True


def _availability(call: Call, item: Item, body: Json) -> Json:
    """Leave only when and whether: the view of a free/busy reader."""
    kept = {name: body[name] for name in call.options.availability_fields if name in body}
    if item.series:
        kept |= {"recurringEventId": item.series}
    return {"kind": body["kind"], "etag": body["etag"], **kept}


def store(item: Item, body: Json) -> None:
    """Write a checked, complete body into an item."""
    item.title = body.get("summary") or ""
    item.start, item.zone = read_point(body["start"], item.zone)
    item.end, end_zone = read_point(body["end"], item.zone)
    item.extra["endZone"] = end_zone
    item.attendees = [_read_guest(one) for one in body.get("attendees") or []]
    item.recurrence = list(body.get("recurrence") or [])
    properties = body.get("extendedProperties") or {}
    item.private = dict(properties.get("private") or {})
    item.shared = dict(properties.get("shared") or {})
    item.cancelled = body.get("status") == "cancelled"
    item.extra = {key: one for key, one in item.extra.items() if key not in PLAIN}
    item.extra |= {name: body[name] for name in PLAIN if body.get(name) is not None}
    item.extra["eventType"] = body.get("eventType") or "default"
    item.status = _status(body)


def _status(body: Json) -> Status:
    kind = body.get("eventType")
    if body.get("transparency") == "transparent":
        return "elsewhere" if kind == "workingLocation" else "free"
    if kind == "outOfOffice":
        return "ooo"
    return "tentative" if body.get("status") == "tentative" else "busy"


def read_point(point: Json, home: str) -> tuple[When, str]:
    """Read a start or an end that has been checked."""
    if point.get("date"):
        return date.fromisoformat(point["date"]), home
    text, name = point["dateTime"], point.get("timeZone") or home
    when = instant(text)
    if when is None:
        wall = naive(text)
        place = zone(name)
        assert wall is not None
        when = wall.replace(tzinfo=place).astimezone(UTC)
    return when, name


def _read_guest(one: Json) -> Attendee:
    answers: dict[Any, Answer] = {text: answer for answer, text in _ANSWERS.items()}
    return Attendee(
        one["email"],
        answers.get(one.get("responseStatus"), "none"),
        optional=bool(one.get("optional")),
        room=bool(one.get("resource")),
        name=one.get("displayName") or "",
        comment=one.get("comment") or "",
    )
