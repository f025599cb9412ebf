"""getSchedule (items 8-14)."""

import random
import re
from datetime import timedelta

from tests.emulators.delivery import holds_room
from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.errors import (
    GraphError,
    bad_request,
    invalid_interval,
    invalid_parameter,
)
from tests.emulators.microsoft.hours import working_hours
from tests.emulators.microsoft.resource import show_as
from tests.emulators.microsoft.zones import read_time, written_item
from tests.emulators.recurrence import occurrences
from tests.emulators.wire import Json, Reply, Request
from tests.emulators.world import Calendar, Item, Mailbox, Span

LIMIT = timedelta(days=62)
_DIGITS = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3}


def query(call: Call) -> Reply:
    call.world.fire("before", "free-busy")
    reader = call.mailbox
    names = _names(call)
    window = _window(call)
    interval = _interval(call, window)
    entries = [_entry(call, reader, name, window, interval) for name in names]
    call.distortions.append(lambda content: _distorted(call, content))
    call.world.fire("after", "free-busy")
    context = f"{call.root}/v1.0/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return Reply.of({"@odata.context": context, "value": entries})


def _names(call: Call) -> list[str]:
    """List the addresses; members of a distribution list count one by one (item 8)."""
    names: list[str] = call.body["schedules"]
    if not names:
        raise invalid_parameter("schedules must not be empty.")
    count = sum(len(call.world.groups.get(one.lower(), [one])) for one in names)
    most = call.options.max_schedules
    if count > most:
        message = (
            "There are too many target users in the EmailAddress array. "
            f"The allowed size = {most}; the actual size = {count}."
        )
        raise bad_request(message, "ErrorMailboxDataArrayTooBig")
    return names


def _window(call: Call) -> Span:
    bounds = []
    for name in ("startTime", "endTime"):
        point = call.body[name] or {}
        when = read_time(point.get("dateTime") or "", point.get("timeZone") or "")
        if when is None:
            raise invalid_parameter(f"{name} is not a valid time.")
        bounds.append(when)
    low, high = bounds
    if high <= low:
        raise invalid_parameter("The end of the time window must be after its start.")
    if high - low > LIMIT:
        days = -((low - high) // timedelta(days=1))
        message = (
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too "
            f"long. The allowed limit = 62 days; the actual limit = {days} days."
        )
        raise bad_request(message, "ErrorTimeIntervalTooBig")
    return low, high


def _interval(call: Call, window: Span) -> timedelta:
    minutes = call.body.get("availabilityViewInterval", 30)
    found = timedelta(minutes=minutes)
    if found > window[1] - window[0]:
        raise invalid_interval()
    return found


def check_null_interval(call: Call, request: Request) -> None:
    """Break on an explicit null, as the service did (item 10)."""
    broken = re.search(rb'"availabilityViewInterval"\s*:\s*null', request.body, re.IGNORECASE)
    if broken and call.options.null_interval_breaks and call.operation.id.endswith("getSchedule"):
        raise GraphError(500, "ErrorInternalServerError", "An internal server error occurred.")


def _entry(call: Call, reader: Mailbox, name: str, window: Span, interval: timedelta) -> Json:
    """Answer for one address: what it holds, or an error without any of it (item 12)."""
    members = call.world.groups.get(name.lower())
    if members is not None:
        return _group(call, reader, name, members, window, interval)
    reason = _reason(call, reader, name)
    if reason:
        return _error(name, reason)
    box = call.world.mailboxes[name.lower()]
    calendar = call.world.calendars[box.email]
    found = occurrences(call.world, calendar, *window)
    shown = [(one, _status(call, box, one)) for one in found]
    shown = [(one, status) for one, status in shown if status]
    if len(shown) > call.options.max_entries:
        return _error(name, "5006")
    detail = call.world.role(calendar, reader.email) in ("reader", "writer", "owner")
    shown.sort(key=lambda pair: pair[0].span(calendar.zone))
    return {
        "scheduleId": name,
        "availabilityView": _view(calendar, shown, window, interval),
        "scheduleItems": [_item(call, one, status, detail=detail) for one, status in shown],
        "workingHours": working_hours(call, box),
    }


def _reason(call: Call, reader: Mailbox, name: str) -> str:
    box = call.world.mailbox(name)
    if scripted := call.options.reasons.get(name.lower()):
        return scripted
    if box is None or box.provider != "microsoft":
        return "5009"
    if not box.has_calendar:
        return "5016"
    if call.options.scope_covers_schedules and not call.app.reaches(name):
        return call.options.no_access_code
    return _sharing(call, reader, call.world.calendars[box.email])


def _sharing(call: Call, reader: Mailbox, calendar: Calendar) -> str:
    """Refuse what nobody shared, and other tenants: their addresses do not resolve."""
    if call.world.role(calendar, reader.email) != "none":
        return ""
    domain = calendar.owner.rpartition("@")[2]
    if domain not in {reader.domain, *call.options.tenant_domains}:
        return "5009"
    hidden = calendar.everyone == "none" or reader.email in calendar.acl
    return call.options.no_access_code if hidden else ""


_MESSAGES = {
    "5009": "Unable to resolve e-mail address {name} to an Active Directory object.",
    "5016": "The mailbox of {name} was not found or its user does not exist.",
    "5006": "The result set contains too many calendar entries. The allowed size is 1000.",
    "timeout": "The request for {name} timed out before an answer came.",
}


def _error(name: str, reason: str) -> Json:
    message = _MESSAGES.get(reason, "{name}: no information is available.").format(name=name)
    code = "ErrorTimeoutExpired" if reason == "timeout" else reason
    return {"scheduleId": name, "error": {"message": message, "responseCode": code}}


def _group(
    call: Call,
    reader: Mailbox,
    name: str,
    members: list[str],
    window: Span,
    interval: timedelta,
) -> Json:
    """Answer for a list: one entry, its members' items together (our choice)."""
    entries = [_entry(call, reader, one, window, interval) for one in members]
    bad = [one for one in entries if "error" in one]
    if bad or not entries:
        return {**(bad[0] if bad else _error(name, "5009")), "scheduleId": name}
    views = zip(*(one["availabilityView"] for one in entries), strict=True)
    return {
        "scheduleId": name,
        "availabilityView": "".join(max(digits) for digits in views),
        "scheduleItems": [item for one in entries for item in one["scheduleItems"]],
    }


def _status(call: Call, box: Mailbox, item: Item) -> str:
    """Tell what an item shows; "" if nothing: cancelled, declined, not held by the room."""
    if item.cancelled:
        return ""
    if box.room:
        return show_as(item) if holds_room(item, box) else ""
    own = item.attendee(box.email)
    if own is None or item.organizer == box.email or own.answer == "accepted":
        return show_as(item)
    if own.answer == "declined":
        return "free" if call.options.declined_stays else ""
    if own.answer == "none" and not call.options.unanswered_is_tentative:
        return show_as(item)
    return "tentative" if item.status in ("busy", "tentative") else show_as(item)


def _view(
    calendar: Calendar, shown: list[tuple[Item, str]], window: Span, interval: timedelta
) -> str:
    """Draw one digit a slot, the highest of what touches it; `unknown` is 2 (our choice)."""
    low, high = window
    digits = [0] * -((low - high) // interval)
    for item, status in shown:
        start, end = item.span(calendar.zone)
        first = max((start - low) // interval, 0)
        last = min(-((low - end) // interval), len(digits))
        for slot in range(first, last):
            digits[slot] = max(digits[slot], _DIGITS.get(status, 2))
    return "".join(map(str, digits))


def _item(call: Call, item: Item, status: str, *, detail: bool) -> Json:
    """Show an item whole, not cut to the window; its details only to who may see them."""
    body: Json = {
        "status": status,
        "start": written_item(item.start, call.zone),
        "end": written_item(item.end, call.zone),
    }
    private = item.extra.get("visibility") in ("private", "confidential")
    if detail and not private:
        body |= {
            "isPrivate": False,
            "subject": item.title,
            "location": item.extra.get("location", ""),
        }
    return body


def _distorted(call: Call, content: Json) -> Json:
    """Leave out, shuffle, capitalise, null: what clients must stand (items 7, 12)."""
    options = call.options
    entries = [one for one in content["value"] if one["scheduleId"].lower() not in options.omitted]
    if options.shuffled:
        random.Random(len(entries)).shuffle(entries)
        entries.reverse()
    for entry in entries:
        if options.null_items and "error" in entry:
            entry["scheduleItems"] = None
        for item in entry.get("scheduleItems") or []:
            if options.capitalised:
                item["status"] = item["status"][:1].upper() + item["status"][1:]
    return {**content, "value": entries}
