"""What Google refuses in the body of an event, in the order it does (items 14-16, 18, 29)."""

import re
from datetime import date, timedelta

from dateutil.rrule import rrulestr

from tests.emulators.google.call import Call
from tests.emulators.google.errors import ApiError, invalid, required
from tests.emulators.google.resource import event_type, read_point
from tests.emulators.google.times import instant, naive, zone
from tests.emulators.wire import Json
from tests.emulators.world import Calendar, Item
from tests.emulators.world import instant as as_instant

_ID = re.compile(r"[a-v0-9]{5,1024}")
_RULE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)[:;]")
_CREATABLE = {"default", "outOfOffice", "focusTime", "workingLocation", "birthday"}
_CHOICES = {
    "status": {"confirmed", "tentative", "cancelled"},
    "transparency": {"opaque", "transparent"},
    "visibility": {"default", "public", "private", "confidential"},
}


def check_id(text: str) -> None:
    if not _ID.fullmatch(text):
        raise invalid("Invalid resource id value.")


def check_event(call: Call, calendar: Calendar, body: Json) -> None:
    """Check a complete body; properties too long are cut as Google cuts them."""
    for name, allowed in _CHOICES.items():
        if body.get(name) is not None and body[name] not in allowed:
            raise invalid(f"Invalid value for: {body[name]} is not a valid value")
    _check_times(calendar, body)
    _check_recurrence(body)
    _check_reminders(body)
    _check_type(body)
    _check_attendees(call, body)
    if len(body.get("attachments") or []) > 25:
        raise invalid("Too many attachments.")
    _cut_properties(body)


def _check_times(calendar: Calendar, body: Json) -> None:
    points = {name: body.get(name) or {} for name in ("start", "end")}
    for name in ("end", "start"):
        if not points[name].get("date") and not points[name].get("dateTime"):
            raise required(f"Missing {name} time.")
    kinds = [bool(points[name].get(kind)) for name in points for kind in ("date", "dateTime")]
    if kinds not in ([True, False] * 2, [False, True] * 2):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    for name, point in points.items():
        _check_point(name, point)
    (start, _), (end, _) = (read_point(point, calendar.zone) for point in points.values())
    first, last = as_instant(start, calendar.zone), as_instant(end, calendar.zone)
    if last < first or (kinds[0] and last == first):
        message = "The specified time range is empty."
        raise ApiError(400, "timeRangeEmpty", message, "calendar")


def _check_point(name: str, point: Json) -> None:
    named = point.get("timeZone")
    if named is not None and zone(named) is None:
        raise invalid(f"Invalid time zone definition for {name} time.")
    if point.get("date"):
        try:
            date.fromisoformat(point["date"])
        except ValueError:
            raise invalid(f"Invalid {name} time.") from None
        return
    if instant(point["dateTime"]) is None:
        if naive(point["dateTime"]) is None:
            raise invalid(f"Invalid {name} time.")
        if named is None:
            raise required(f"Missing time zone definition for {name} time.")


def _check_recurrence(body: Json) -> None:
    rules = body.get("recurrence") or []
    if not rules:
        return
    if any(not _RULE.match(one) for one in rules):
        raise invalid("Invalid recurrence rule.")
    if body["start"].get("dateTime") and not body["start"].get("timeZone"):
        raise required("Missing time zone definition for start time.")
    try:
        rrulestr("\n".join(rules), forceset=True)
    except ValueError:
        raise invalid("Invalid recurrence rule.") from None


def _check_reminders(body: Json) -> None:
    overrides = (body.get("reminders") or {}).get("overrides") or []
    if len(overrides) > 5:
        raise invalid("Too many override reminders.")
    for one in overrides:
        if one.get("method") not in ("email", "popup") or not 0 <= one.get("minutes", -1) <= 40320:
            raise invalid("Invalid reminder.")
    if overrides and body["reminders"].get("useDefault"):
        message = "Cannot specify both default reminders and overrides at the same time."
        raise ApiError(400, "cannotUseDefaultRemindersAndSpecifyOverride", message, "calendar")


def _check_type(body: Json) -> None:
    kind = body.get("eventType") or "default"
    if kind not in _CREATABLE:
        raise invalid("Invalid event type.")
    if kind in ("outOfOffice", "focusTime") and body.get("transparency") == "transparent":
        raise invalid(f"Events of type {kind} must be opaque.")
    place = body.get("workingLocationProperties") or {}
    days = body["end"].get("date"), body["start"].get("date")
    if kind == "workingLocation":
        if place.get("type") not in ("homeOffice", "officeLocation", "customLocation"):
            raise _bad_location("A working location event must have a working location type.")
        if days[0] and date.fromisoformat(days[0]) - date.fromisoformat(days[1]) != timedelta(1):
            raise _bad_location("An all-day working location event must be exactly one day long.")
        if body.get("transparency") != "transparent" or body.get("visibility") != "public":
            raise _bad_location("A working location event must be transparent and public.")


def _bad_location(message: str) -> ApiError:
    return ApiError(400, "malformedWorkingLocationEvent", message, "calendar")


def _check_attendees(call: Call, body: Json) -> None:
    guests = body.get("attendees") or []
    if any("@" not in (one.get("email") or "") for one in guests):
        raise required("Missing attendee email.")
    answers = {None, "needsAction", "declined", "tentative", "accepted"}
    if any(one.get("responseStatus") not in answers for one in guests):
        raise invalid("Invalid attendee response status.")
    if len({one["email"].lower() for one in guests}) < len(guests):
        raise invalid("Duplicate attendee.")
    if guests and not call.token.subject:
        message = (
            "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority."
        )
        raise ApiError(403, "forbiddenForServiceAccounts", message, "calendar")


def _cut_properties(body: Json) -> None:
    """Drop long keys, cut long values, refuse too many (item 16)."""
    properties = body.get("extendedProperties") or {}
    for kind, kept in properties.items():
        properties[kind] = {
            key: value[:1024]
            for key, value in (kept or {}).items()
            if value is not None and len(key) <= 44
        }
    size = [len(key) + len(value) for kept in properties.values() for key, value in kept.items()]
    if len(size) > 300 or sum(size) > 32 * 1024:
        raise invalid("Too many extended properties.")


def check_special(item: Item) -> None:
    """Refuse to move or import what is not a plain event (item 29)."""
    if event_type(item) != "default":
        message = "The event type does not allow this operation."
        raise ApiError(400, "eventTypeRestriction", message, "calendar")
