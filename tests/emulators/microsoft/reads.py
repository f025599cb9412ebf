"""get, list, calendarView and delta of events (items 22-25)."""

import base64
import json
from datetime import datetime, timedelta

from tests.emulators.microsoft import odata
from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.errors import (
    INVALID_WINDOW,
    GraphError,
    bad_request,
    invalid_parameter,
    invalid_request,
)
from tests.emulators.microsoft.finding import count_reading, event_of, in_calendar, listed
from tests.emulators.microsoft.ids import etag, event_id
from tests.emulators.microsoft.resource import shown
from tests.emulators.microsoft.schema import document, properties
from tests.emulators.microsoft.zones import floating, read_bound
from tests.emulators.recurrence import instances
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Item, Span

_LONGEST = timedelta(days=1825)


def _rendered(call: Call, item: Item) -> Json:
    body = {**shown(call, item), **odata.expanded(call, item)}
    event = document()["components"]["schemas"]["microsoft.graph.event"]
    kept = odata.selected(call, set(properties(event)), body)
    link = kept.get("onlineMeeting")
    if link and "$select" in call.params and "isOnlineMeeting" not in kept:
        kept["onlineMeeting"] = None
    return kept


def get(call: Call) -> Reply:
    call.world.fire("before", "read")
    item = event_of(call)
    count_reading(call, item)
    if call.request.headers.get("if-none-match") == etag(item):
        return Reply(304)
    body = {"@odata.context": _context(call, "/$entity"), **_rendered(call, item)}
    call.world.fire("after", "read")
    return Reply.of(body, ETag=etag(item))


def _context(call: Call, more: str = "") -> str:
    return f"{call.root}/v1.0/$metadata#users('{call.mailbox.email}')/events{more}"


def list_(call: Call) -> Reply:
    """List the calendar's events, series as one; Deleted Items are elsewhere."""
    call.world.fire("before", "list")
    odata.refuse_search(call)
    wanted = odata.tests(call)
    found = [one for one in listed(call) if all(test(one) for test in wanted)]
    return _page(call, odata.order(call, found))


def view(call: Call) -> Reply:
    """List what overlaps a window, series expanded (item 24)."""
    call.world.fire("before", "list")
    odata.refuse_search(call)
    window = _window(call)
    wanted = odata.tests(call)
    found = [one for one in _within(call, window) if all(test(one) for test in wanted)]
    found.sort(key=lambda item: floating(item.start))
    return _page(call, odata.order(call, found))


def _window(call: Call) -> Span:
    bounds = [read_bound(str(call.params.get(f"{one}DateTime", ""))) for one in ("start", "end")]
    low, high = bounds
    if low is None or high is None:
        raise invalid_parameter(INVALID_WINDOW)
    if high < low:
        raise invalid_parameter("The end of the time window must not be before its start.")
    if high - low > _LONGEST:
        raise invalid_request("The time window is too long: 1825 days are allowed.")
    return low, high


def _within(call: Call, window: Span) -> list[Item]:
    """Expand and match: a day of an all-day event is one of UTC (item 24)."""
    low, high = window
    single = [one for item in listed(call) for one in instances(call.world, item, high)]
    return [one for one in single if floating(one.start) < high and floating(one.end) > low]


def _page(call: Call, found: list[Item]) -> Reply:
    size = call.options.page_size
    wished = call.prefer.get("odata.maxpagesize", "")
    if wished.isdecimal() and 0 < int(wished) <= 1000:
        size = int(wished)
    items, more = odata.page(call, found, size)
    for item in items:
        count_reading(call, item)
    body = {"@odata.context": _context(call), "value": [_rendered(call, one) for one in items]}
    call.world.fire("after", "list")
    return Reply.of({**body, **more})


# Delta


def delta(call: Call) -> Reply:
    """Tell what changed in a window since a token (item 25)."""
    call.world.fire("before", "list")
    state = _state(call)
    low, high = (datetime.fromisoformat(state[name]) for name in ("low", "high"))
    items = sorted(call.world.items_of(call.calendar.id), key=lambda one: one.revision)
    fresh = [one for one in items if one.revision > state["since"]]
    rows = [row for one in fresh if (row := _change(call, one, (low, high), state)) is not None]
    wished = call.prefer.get("odata.maxpagesize", "")
    size = int(wished) if wished.isdecimal() and int(wished) else call.options.page_size
    skip = state["skip"]
    body: Json = {"@odata.context": _context(call), "value": rows[skip : skip + size]}
    if skip + size < len(rows):
        body["@odata.nextLink"] = _link(call, "$skiptoken", {**state, "skip": skip + size})
    else:
        now = {**state, "since": call.world.revision, "skip": 0, "first": False}
        body["@odata.deltaLink"] = _link(call, "$deltatoken", now)
    call.world.fire("after", "list")
    return Reply.of(body)


def _change(call: Call, item: Item, window: Span, state: Json) -> Json | None:
    low, high = window
    if not in_calendar(call, item):
        if state["first"]:
            return None
        name = event_id(item, immutable=True) if call.immutable else _old_id(item)
        return {"id": name, "@removed": {"reason": "deleted"}}
    inside = floating(item.start) < high and floating(item.end) > low
    return shown(call, item) if inside else None


def _old_id(item: Item) -> str:
    """Name a deleted event as it was named while it stood in the calendar."""
    was, item.cancelled = item.cancelled, False
    try:
        return event_id(item, immutable=False)
    finally:
        item.cancelled = was


def _state(call: Call) -> Json:
    """Read a token, or begin with a window."""
    token = call.params.get("$deltatoken") or call.params.get("$skiptoken")
    if token is None:
        low, high = _window(call)
        first = {"since": 0, "skip": 0, "first": True, "epoch": call.epoch}
        return {"low": low.isoformat(), "high": high.isoformat(), **first}
    try:
        state: Json = json.loads(base64.urlsafe_b64decode(token))
        known = state["epoch"] == call.epoch
    except (ValueError, KeyError, TypeError):
        raise bad_request("Badly formed token.", "syncStateInvalid") from None
    if not known:
        message = "The sync state generation is not found; perform a full synchronization."
        if call.options.delta_reset == "410":
            where = f"{call.root}{call.request.path}?$deltatoken="
            raise GraphError(410, "syncStateNotFound", message, headers={"Location": where})
        raise bad_request(message, "syncStateNotFound")
    return state


def _link(call: Call, name: str, state: Json) -> str:
    token = base64.urlsafe_b64encode(json.dumps(state).encode()).decode()
    return odata.link(call, {name: token})
