"""get, list, instances of events (items 19, 20, 23, 24)."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from tests.emulators import delivery
from tests.emulators.google import conference
from tests.emulators.google.call import Call, View, open_calendar
from tests.emulators.google.errors import ApiError, bad_request, not_found
from tests.emulators.google.resource import editable, etag, event_type, shown
from tests.emulators.google.times import instant, millis
from tests.emulators.recurrence import instances as expanded
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Calendar, Item
from tests.emulators.world import instant as as_instant

_NOT_WITH_TOKEN = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin",
    "timeMax", "updatedMin",
)  # fmt: skip
_FAR = timedelta(days=2 * 366)


def event_of(call: Call, calendar: Calendar) -> Item:
    """Find the event of a request: an item, or an instance of a series."""
    name = call.text("eventId")
    found = call.world.items.get((calendar.id, name))
    if found is not None and not found.purged:
        return found
    series = call.world.items.get((calendar.id, name.rpartition("_")[0]))
    if series is not None and series.recurrence and not series.purged:
        until = call.world.clock.now() + _FAR
        for one in expanded(call.world, series, until):
            if one.id == name:
                return one
    raise not_found()


def get(call: Call) -> Reply:
    call.world.fire("before", "read")
    calendar, view = open_calendar(call, "reader")
    item = event_of(call, calendar)
    _count_reading(call, item)
    if call.request.headers.get("if-none-match") == etag(item):
        return Reply(304)
    body = _shown(call, calendar, view, item)
    call.world.fire("after", "read")
    return Reply.of(body, ETag=etag(item))


def _shown(call: Call, calendar: Calendar, view: View, item: Item) -> Json:
    """Render what the reader may see; who only reads sees no private event's contents."""
    role = call.world.role(calendar, call.who)
    hidden = item.extra.get("visibility") in ("private", "confidential")
    if view == "all" and role == "reader" and hidden:
        view = "availability"
    if item.cancelled and not item.is_main and view == "all":
        return {
            "kind": "calendar#event", "etag": etag(item), "id": item.id, "status": "cancelled",
        }  # fmt: skip
    return shown(call, calendar, item, view)


def _count_reading(call: Call, item: Item) -> None:
    """Let answers and links that were due arrive before this reading."""
    if item.is_main:
        delivery.tick(call.world, item.uid)
        conference.tick(call.options, call.world, item)


def instances(call: Call) -> Reply:
    calendar, view = open_calendar(call, "reader")
    series = event_of(call, calendar)
    high = _bound(call, "timeMax") or call.world.clock.now() + _FAR
    low = _bound(call, "timeMin")
    changed = [one for one in call.world.items_of(calendar.id) if one.series == series.id]
    found = [*expanded(call.world, series, high), *changed]
    if not call.flag("showDeleted"):
        found = [one for one in found if not one.cancelled]
    found = [one for one in found if _within(calendar, one, low, high)]
    return _page(call, calendar, view, found)


def list_(call: Call) -> Reply:
    call.world.fire("before", "list")
    calendar, view = open_calendar(call, "reader")
    _check_order(call)
    since = _since(call)
    found = [one for one in call.world.items_of(calendar.id) if one.revision > since]
    found = [one for one in found if _matches(call, one)]
    if call.flag("singleEvents"):
        high = _bound(call, "timeMax") or call.world.clock.now() + _FAR
        found = [one for item in found for one in _expand(call, item, high)]
    low, high_bound = _bound(call, "timeMin"), _bound(call, "timeMax")
    found = [one for one in found if one.recurrence or _within(calendar, one, low, high_bound)]
    found.sort(key=_order(call, calendar))
    reply = _page(call, calendar, view, found)
    call.world.fire("after", "list")
    return reply


def _expand(call: Call, item: Item, high: datetime) -> list[Item]:
    return [item] if item.cancelled else list(expanded(call.world, item, high))


def _bound(call: Call, name: str) -> datetime | None:
    """Read a bound; milliseconds are ignored."""
    found = instant(call.text(name)) if call.text(name) else None
    return found.replace(microsecond=0) if found else None


def _check_order(call: Call) -> None:
    if call.text("orderBy") == "startTime" and not call.flag("singleEvents"):
        raise bad_request("The requested ordering is not available for the particular query.")
    low, high = _bound(call, "timeMin"), _bound(call, "timeMax")
    if low and high and high <= low:
        message = "The specified time range is empty."
        where = {"locationType": "parameter", "location": "timeMax"}
        raise ApiError(400, "timeRangeEmpty", message, "calendar", **where)


def _order(call: Call, calendar: Calendar) -> Callable[[Item], tuple[object, ...]]:
    if call.text("orderBy") == "startTime":
        return lambda one: (as_instant(one.start, calendar.zone), one.id)
    return lambda one: (one.revision, one.id)


def _within(calendar: Calendar, item: Item, low: datetime | None, high: datetime | None) -> bool:
    """Compare the end with timeMin and the start with timeMax, both exclusive (item 24)."""
    start, end = item.span(calendar.zone)
    return (low is None or end > low) and (high is None or start < high)


def _matches(call: Call, item: Item) -> bool:
    deleted = call.flag("showDeleted") or call.text("syncToken") or call.text("updatedMin")
    if item.cancelled and not deleted:
        return False
    changed = _bound(call, "updatedMin")
    kinds = call.params.get("eventTypes")
    checks = (
        not changed or item.updated >= changed,
        not kinds or event_type(item) in kinds,
        not call.text("iCalUID") or item.uid == call.text("iCalUID"),
        not call.text("q") or _says(call, item, call.text("q").lower()),
        _has(call, item.private, "privateExtendedProperty"),
        _has(call, item.shared, "sharedExtendedProperty"),
    )
    return all(checks)


def _says(call: Call, item: Item, text: str) -> bool:
    call.entry.remarks.append("q asked")
    return text in json.dumps(editable(item)).lower()


def _has(call: Call, kept: dict[str, str], name: str) -> bool:
    """Match properties: all constraints, or any of them (U, switchable)."""
    wanted = call.params.get(name) or []
    pairs = [text.partition("=") for text in wanted]
    found = [kept.get(key) == value for key, _, value in pairs]
    return not found or (any(found) if call.options.properties_any else all(found))


def _since(call: Call) -> int:
    """Read a sync token: only what changed later is listed (item 24)."""
    token = call.text("syncToken")
    if not token:
        _check_updated_min(call)
        return 0
    wrong = [name for name in _NOT_WITH_TOKEN if name in call.params]
    if wrong or call.params.get("showDeleted") is False:
        raise bad_request(f"Sync token cannot be used with {wrong or ['showDeleted']}.")
    try:
        kind, revision, same = base64.urlsafe_b64decode(token).decode().split(":")
    except ValueError:
        kind, revision, same = "", "0", ""
    if kind != "sync" or same != _parameters(call) or int(revision) > call.world.revision:
        message = "Sync token is no longer valid, a full sync is required."
        where = {"locationType": "parameter", "location": "syncToken"}
        raise ApiError(410, "fullSyncRequired", message, "calendar", **where)
    return int(revision)


def _parameters(call: Call) -> str:
    fixed = ("calendarId", "singleEvents", "eventTypes", "maxAttendees")
    kept = {name: call.params.get(name) for name in fixed}
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]


def _check_updated_min(call: Call) -> None:
    oldest = call.world.clock.now() - timedelta(days=call.options.updated_min_days)
    wanted = _bound(call, "updatedMin")
    if wanted and wanted < oldest:
        message = "The requested minimum modification time lies too far in the past."
        where = {"locationType": "parameter", "location": "updatedMin"}
        raise ApiError(410, "updatedMinTooLongAgo", message, "calendar", **where)


def _page(call: Call, calendar: Calendar, view: View, found: list[Item]) -> Reply:
    """Cut a page out of what was found; pages may be short or empty (item 24)."""
    size = min(call.params.get("maxResults", 250), call.options.page_size, 2500)
    offset, empty = _offset(call)
    if call.options.empty_first_page and not empty and not call.text("pageToken"):
        size = 0
    page = found[offset : offset + size]
    for item in page:
        _count_reading(call, item)
    body: Json = {
        "kind": "calendar#events",
        "etag": f'"p{call.world.revision}"',
        "summary": calendar.title,
        "description": "",
        "updated": millis(call.world.clock.now()),
        "timeZone": calendar.zone,
        "accessRole": call.world.role(calendar, call.who),
        "defaultReminders": [],
    }
    if offset + size < len(found) or size == 0:
        body["nextPageToken"] = _token("page", offset + size, "")
    elif not any(name in call.params for name in _NOT_WITH_TOKEN):
        body["nextSyncToken"] = _token("sync", call.world.revision, _parameters(call))
    body["items"] = list(map(partial(_shown, call, calendar, view), page))
    return Reply.of(body)


def _token(kind: str, number: int, more: str) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{number}:{more}".encode()).decode()


def _offset(call: Call) -> tuple[int, bool]:
    text = call.text("pageToken")
    if not text:
        return 0, False
    try:
        kind, number, _ = base64.urlsafe_b64decode(text).decode().split(":")
    except ValueError:
        kind, number = "", "0"
    if kind != "page":
        raise bad_request("Invalid page token value.")
    return int(number), True
