"""Directory: resources.calendars.list, the rooms of a domain (section 3 of the facts)."""

import re
from typing import Any

from tests.emulators.google.call import Call
from tests.emulators.google.errors import ApiError, invalid
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Mailbox

_CLAUSE = re.compile(
    r"(?P<not>NOT\s+)?(?P<field>[\w.]+)\s*(?P<op>!=|=|:)\s*\"?(?P<value>[^\"]+?)\"?"
)
_FIELDS = {
    "generatedResourceName": "generatedResourceName",
    "name": "resourceName",
    "buildingId": "buildingId",
    "floor_name": "floorName",
    "capacity": "capacity",
    "resourceEmail": "resourceEmail",
    "resourceCategory": "resourceCategory",
}
_FEATURE = "featureInstances.feature.name"


def list_rooms(call: Call) -> Reply:
    if call.text("customer") not in ("my_customer", "C0slotfinder"):
        raise ApiError(404, "notFound", "Resource Not Found: customer")
    if not call.token.subject:
        raise ApiError(403, "forbidden", "Not Authorized to access this resource/api")
    home = call.who.rpartition("@")[2]
    boxes = call.world.mailboxes.values()
    rooms = [
        _room(box) for box in boxes if box.room and box.provider == "google" and box.domain == home
    ]
    rooms = [one for one in rooms if _matches(one, call.text("query"))]
    _sort(rooms, call.text("orderBy"))
    size = min(call.params.get("maxResults", 100), 500)
    start = int(call.text("pageToken") or 0)
    body: Json = {
        "kind": "admin#directory#resources#calendars#calendarResourcesList",
        "etag": '"r1"',
    }
    if rooms[start : start + size]:
        body["items"] = rooms[start : start + size]
    if start + size < len(rooms):
        body["nextPageToken"] = str(start + size)
    return Reply.of(body)


def _room(box: Mailbox) -> Json:
    name = box.name or box.email.partition("@")[0]
    shown: Json = {
        "kind": "admin#directory#resources#calendars#CalendarResource",
        "resourceId": f"id-{box.email.partition('@')[0]}",
        "resourceName": name,
        "generatedResourceName": f"{box.building}-{box.floor}-{name} ({box.capacity})",
        "resourceEmail": box.email,
        "capacity": box.capacity,
        "resourceCategory": "CONFERENCE_ROOM",
        "buildingId": box.building,
        "floorName": box.floor,
        "featureInstances": [{"feature": {"name": one}} for one in box.features],
    }
    return {key: value for key, value in shown.items() if value not in ("", [])}


def _sort(rooms: list[Json], order: str) -> None:
    for part in reversed([one.strip() for one in (order or "resourceId").split(",")]):
        name, _, direction = part.partition(" ")
        if name not in ("resourceId", "resourceName", "capacity", "buildingId", "floorName"):
            raise invalid("Invalid Input: orderBy")
        rooms.sort(key=lambda one: _sort_key(one.get(name)), reverse=direction.strip() == "desc")


def _sort_key(value: Any) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, str(value or ""))


def _matches(room: Json, query: str) -> bool:
    return all(_clause(room, one) for one in re.split(r"\s+AND\s+", query)) if query else True


def _clause(room: Json, text: str) -> bool:
    match = _CLAUSE.fullmatch(text.strip())
    if match is None or match["field"] not in {*_FIELDS, _FEATURE}:
        raise invalid("Invalid Input: query")
    found = _compare(_values(room, match["field"]), match["op"], match["value"])
    return found != bool(match["not"])


def _values(room: Json, field: str) -> list[str]:
    if field == _FEATURE:
        return [one["feature"]["name"] for one in room.get("featureInstances", [])]
    return [str(room.get(_FIELDS[field], ""))]


def _compare(values: list[str], operator: str, wanted: str) -> bool:
    if operator == "!=":
        return wanted not in values
    if operator == ":" and wanted.endswith("*"):
        return any(one.startswith(wanted[:-1]) for one in values)
    return wanted in values
