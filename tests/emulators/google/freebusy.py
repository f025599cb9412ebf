"""freebusy.query (items 9-13)."""

from datetime import datetime, timedelta

from tests.emulators.delivery import holds_room
from tests.emulators.google.call import Call
from tests.emulators.google.errors import ApiError, bad_request, invalid, required
from tests.emulators.google.options import Options
from tests.emulators.google.times import instant, millis, written, zone
from tests.emulators.recurrence import occurrences
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Calendar, Item, Span, World


def query(call: Call) -> Reply:
    call.world.fire("before", "free-busy")
    low, high = _window(call)
    wanted, groups = _wanted(call)
    entries = {
        _key(call, name): _entry(call, name, (low, high), crowded=reason)
        for name, reason in wanted.items()
        if name.lower() not in call.options.omitted
    }
    answer = {
        "kind": "calendar#freeBusy",
        "timeMin": millis(low),
        "timeMax": millis(high),
        **({"groups": groups} if groups else {}),
        "calendars": entries,
    }
    call.world.fire("after", "free-busy")
    return Reply.of(answer)


def _window(call: Call) -> Span:
    """Read and check the bounds (items 9, 10)."""
    for name in ("timeMin", "timeMax"):
        if not call.body.get(name):
            raise required(f"Missing {name} parameter.")
    low, high = instant(call.body["timeMin"]), instant(call.body["timeMax"])
    if low is None or high is None:
        raise bad_request()
    if zone(call.body.get("timeZone", "UTC")) is None:
        raise invalid("Invalid time zone definition.")
    where = {"locationType": "parameter", "location": "timeMax"}
    if high <= low:
        message = "The specified time range is empty."
        raise ApiError(400, "timeRangeEmpty", message, "calendar", **where)
    if high - low > call.options.max_range:
        message = "The requested time range is too long."
        raise ApiError(400, "timeRangeTooLong", message, "calendar", **where)
    return low, high


def _wanted(call: Call) -> tuple[dict[str, str], Json]:
    """List the calendars asked for, groups expanded; each with an error if there are too many."""
    most = min(call.body.get("calendarExpansionMax", 50), call.options.max_calendars)
    largest = min(call.body.get("groupExpansionMax", 100), call.options.max_group)
    names: list[str] = []
    groups: Json = {}
    for item in call.body.get("items", []):
        name = str(item.get("id", ""))
        members = call.world.groups.get(name.lower())
        if members is None:
            names.append(name)
        elif len(members) > largest:
            groups[name] = {"errors": [_error("groupTooBig")], "calendars": []}
        else:
            groups[name] = {"calendars": members}
            names += members
    reason = "tooManyCalendarsRequested" if len(names) > most else ""
    return dict.fromkeys(names, reason), groups


def _error(reason: str) -> Json:
    domain = "global" if reason == "notFound" else "calendar"
    return {"domain": domain, "reason": reason}


def _key(call: Call, name: str) -> str:
    return name.lower() if call.options.lower_keys else name


def _entry(call: Call, name: str, window: Span, *, crowded: str) -> Json:
    """Answer for one calendar: blocks, or an error next to an empty list (item 11)."""
    calendar = call.named_calendar(name)
    reason = crowded or call.options.reasons.get(name.lower(), "")
    if not reason and (calendar is None or call.world.role(calendar, call.who) == "none"):
        reason = "notFound"
    if reason or calendar is None:
        return {"errors": [_error(reason)], "busy": []}
    if name.lower() in call.options.without_busy:
        return {}
    home = call.body.get("timeZone", "UTC")
    return {
        "busy": [
            {"start": written(start, home), "end": written(end, home)}
            for start, end in _blocks(call, calendar, window)
        ]
    }


def _blocks(call: Call, calendar: Calendar, window: Span) -> list[Span]:
    low, high = window
    found = [
        one.span(calendar.zone)
        for one in occurrences(call.world, calendar, low, high)
        if is_busy(call.world, call.options, calendar, one)
    ]
    if call.options.hostile:
        return _hostile(found)
    clipped = sorted((max(start, low), min(end, high)) for start, end in found)
    return merged(clipped) if call.options.merged else clipped


def is_busy(world: World, options: Options, calendar: Calendar, item: Item) -> bool:
    """Tell what counts as busy (item 12); nothing else of an item matters."""
    if item.cancelled or item.status in ("free", "elsewhere"):
        return False
    box = world.mailbox(calendar.id)
    if box is not None and box.room:
        return holds_room(item, box)
    own = item.attendee(calendar.id)
    if own is None or own.answer == "accepted":
        return True
    return {
        "declined": options.declined_is_busy,
        "none": options.needs_action_is_busy,
        "tentative": options.maybe_is_busy,
    }[own.answer]


def merged(spans: list[Span]) -> list[Span]:
    """Join overlapping and touching spans that are in order."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _hostile(spans: list[Span]) -> list[Span]:
    """Last first, each cut in two that overlap, and as long as they are."""
    pieces: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans, reverse=True):
        middle = start + (end - start) / 2
        middle -= timedelta(microseconds=middle.microsecond)
        pieces += [(middle, end), (start, end)]
    return pieces
