"""Who a write reaches: guests, mails, the cap on outsiders; and what a client may write."""

from collections.abc import Collection
from copy import deepcopy

from tests.emulators.google.call import Call
from tests.emulators.google.errors import ApiError
from tests.emulators.google.resource import PLAIN, etag
from tests.emulators.wire import Json
from tests.emulators.world import Item

WRITABLE = {
    *PLAIN, "summary", "status", "transparency", "start", "end", "eventType", "attendees",
    "extendedProperties", "recurrence",
}  # fmt: skip


def writable(call: Call, body: Json) -> Json:
    """Keep what a client may write; attachments only if it says it can (item 16)."""
    kept = {key: deepcopy(value) for key, value in body.items() if key in WRITABLE}
    if not call.flag("supportsAttachments"):
        kept.pop("attachments", None)
    return kept


def check_match(call: Call, item: Item) -> None:
    """Refuse a write that was meant for another state of the event (item 22)."""
    wanted = call.request.headers.get("if-match")
    if wanted not in (None, "*", etag(item)):
        where = {"locationType": "header", "location": "If-Match"}
        raise ApiError(412, "conditionNotMet", "Precondition Failed", **where)


def commit(call: Call, item: Item) -> None:
    call.world.put(item)
    call.entry.committed = True


def guests_of(item: Item) -> set[str]:
    """List who is invited: everybody but the calendar that invites."""
    return {one.email.lower() for one in item.attendees} - {item.organizer}


def mailed_by(call: Call, guests: Collection[str]) -> set[str]:
    """Tell who gets a mail (item 26); an omitted `sendUpdates` tells nobody."""
    how = call.text("sendUpdates")
    if not how:
        call.entry.remarks.append("sendUpdates omitted")
        how = "all" if call.flag("sendNotifications") else "none"
    if how == "all":
        return set(guests)
    boxes = {one: call.world.mailbox(one) for one in guests}
    outside = {one for one, box in boxes.items() if box is None or box.provider != "google"}
    return outside if how == "externalOnly" else set()


def check_outsiders(call: Call, item: Item, guests: Collection[str]) -> None:
    """Count guests of other domains against the cap on invitations (item 32)."""
    owner = (
        call.world.calendars[item.organizer].owner if item.organizer in call.world.calendars else ""
    )
    home = owner.rpartition("@")[2]
    call.quotas.invite(item.uid, {one for one in guests if one.rpartition("@")[2] != home})


def check_single(item: Item) -> None:
    """Refuse what this emulator does not model: one meeting of a series with guests."""
    if item.series and item.attendees:
        raise ApiError(501, "notImplemented", "Instances with attendees cannot be written here.")


def mark_rooms(call: Call, item: Item) -> None:
    """Mark attendees that are resources, whether or not the client did."""
    for one in item.attendees:
        box = call.world.mailbox(one.email)
        one.room = one.room or bool(box and box.room)
