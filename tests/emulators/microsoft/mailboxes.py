"""The calendar's own resource, mailbox settings, rooms and lists of them (item 26)."""

from tests.emulators.microsoft import odata, teams
from tests.emulators.microsoft.call import Call, object_id
from tests.emulators.microsoft.errors import GraphError, invalid_query
from tests.emulators.microsoft.hours import working_hours, zone_name
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Mailbox


def calendar(call: Call) -> Reply:
    """Describe the default calendar: which meetings online it allows (item 18)."""
    box = call.mailbox
    providers = teams.allowed(call.options, box.email)
    body: Json = {
        "id": f"AAMkCalendar{object_id(box.email)}=",
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": "Y2FsZW5kYXI=",
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": providers[0] if providers else "unknown",
        "isTallyingResponses": True,
        "isRemovable": False,
        "owner": {"name": box.name or box.email, "address": box.email},
    }
    return _one(call, body, f"users('{box.email}')/calendar/$entity")


def settings(call: Call) -> Reply:
    """Tell zone, hours, automatic replies and what kind of mailbox it is."""
    box = call.mailbox
    away = box.settings.get("automaticReplies", "disabled")
    body: Json = {
        "archiveFolder": "AAMkArchive=",
        "timeZone": zone_name(call, box),
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        "userPurpose": "room" if box.room else box.settings.get("userPurpose", "user"),
        "automaticRepliesSetting": {
            "status": away,
            "externalAudience": "all",
            "internalReplyMessage": box.settings.get("replyText", ""),
            "externalReplyMessage": box.settings.get("replyText", ""),
            "scheduledStartDateTime": _point(box, "replyStart"),
            "scheduledEndDateTime": _point(box, "replyEnd"),
        },
        "language": {"locale": box.settings.get("locale", "en-GB"), "displayName": "English"},
        "workingHours": working_hours(call, box),
    }
    call.distortions.append(lambda content: _capitals(call, content))
    return _one(call, body, f"users('{box.email}')/mailboxSettings")


def _point(box: Mailbox, name: str) -> Json:
    text = box.settings.get(name, "2027-01-01T00:00:00.0000000")
    return {"dateTime": text, "timeZone": "UTC"}


def _capitals(call: Call, content: Json) -> Json:
    away = content.get("automaticRepliesSetting")
    if call.options.capitalised and away:
        away["status"] = away["status"][:1].upper() + away["status"][1:]
    return content


def _one(call: Call, body: Json, context: str) -> Reply:
    if "$expand" in call.params:
        raise invalid_query("Nothing can be expanded here.")
    kept = odata.selected(call, set(body), body)
    if "id" not in body:
        kept.pop("id", None)
    return Reply.of({"@odata.context": f"{call.root}/v1.0/$metadata#{context}", **kept})


# Places


def rooms(call: Call) -> Reply:
    return _places(call, [_room(call, one) for one in _rooms(call)], "room")


def room_lists(call: Call) -> Reply:
    """List the groups that hold rooms only."""
    rooms_known = {one.email for one in _rooms(call)}
    lists = [
        {
            "id": object_id(email),
            "displayName": email.partition("@")[0],
            "emailAddress": email,
            "address": None,
            "phone": None,
        }
        for email, members in call.world.groups.items()
        if members and set(members) <= rooms_known
    ]
    return _places(call, lists, "roomList")


def rooms_of_list(call: Call) -> Reply:
    """List a room list's rooms; the list is named by its address, not by an id."""
    members = call.world.groups.get(call.path["place-id"].lower())
    if members is None:
        raise GraphError(404, "NotFound", "The requested place was not found.")
    found = [_room(call, one) for one in _rooms(call) if one.email in members]
    return _places(call, found, "room")


def _rooms(call: Call) -> list[Mailbox]:
    boxes = call.world.mailboxes.values()
    return [one for one in boxes if one.room and one.provider == "microsoft"]


def _room(call: Call, box: Mailbox) -> Json:
    vague = call.options.nulls_in_places
    return {
        "id": object_id(box.email),
        "displayName": box.name or box.email.partition("@")[0],
        "emailAddress": box.email,
        "nickname": box.name or box.email.partition("@")[0],
        "capacity": None if vague else box.capacity,
        "building": None if vague else box.building or None,
        "floorNumber": int(box.floor) if box.floor.isdecimal() and not vague else None,
        "floorLabel": None if vague else box.floor or None,
        "label": None,
        "phone": None,
        "bookingType": "standard",
        "isWheelChairAccessible": None if vague else "step-free" in box.features,
        "tags": list(box.features),
        "address": None,
        "geoCoordinates": None,
        "audioDeviceName": None,
        "videoDeviceName": None,
        "displayDeviceName": None,
    }


def _places(call: Call, found: list[Json], kind: str) -> Reply:
    for name in ("$filter", "$search", "$orderby", "$expand"):
        if name in call.params:
            raise invalid_query(f"This emulator does not offer {name} of places.")
    items, more = odata.page(call, found, call.options.places_page)
    known = {name for one in items for name in one}
    kept = [odata.selected(call, known, one) for one in items]
    context = f"{call.root}/v1.0/$metadata#places/microsoft.graph.{kind}"
    return Reply.of({"@odata.context": context, "value": kept, **more})
