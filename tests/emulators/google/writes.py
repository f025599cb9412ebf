"""insert, import, delete, move of events (items 14-18, 23, 26, 29)."""

from tests.emulators import delivery
from tests.emulators.google import conference
from tests.emulators.google.call import Call, open_calendar
from tests.emulators.google.changes import existing
from tests.emulators.google.errors import ApiError, invalid
from tests.emulators.google.guests import (
    check_match,
    check_outsiders,
    check_single,
    commit,
    guests_of,
    mailed_by,
    mark_rooms,
    writable,
)
from tests.emulators.google.reads import event_of
from tests.emulators.google.resource import shown, store
from tests.emulators.google.validate import check_event, check_id, check_special
from tests.emulators.wire import Reply
from tests.emulators.world import Calendar, Item


def insert(call: Call) -> Reply:
    call.world.fire("before", "insert")
    calendar, _ = open_calendar(call, "writer")
    body = {"status": "confirmed"} | writable(call, call.body)
    check_event(call, calendar, body)
    item, start = _new(call, calendar), call.body["start"]
    link = conference.apply(call, {}, body)
    item.zone = start.get("timeZone") or calendar.zone
    store(item, body)
    mark_rooms(call, item)
    guests = guests_of(item)
    check_outsiders(call, item, guests)
    commit(call, item)
    if link:
        conference.begin(call.options, call.world, item)
    mailed = mailed_by(call, guests)
    delivery.deliver(call.world, item, mailed)
    delivery.notify(call.world, item, mailed, "invitation", call.method.id)
    reply = Reply.of(shown(call, calendar, item, "all"))
    call.world.fire("after", "insert")
    return reply


def _new(call: Call, calendar: Calendar) -> Item:
    """Make the item of a new event under an id that is free (item 14)."""
    chosen = call.body.get("id")
    if chosen is not None:
        check_id(chosen)
        if call.body.get("iCalUID"):
            raise invalid("Only one of id and iCalUID may be given.")
        taken = call.world.items.get((calendar.id, chosen))
        if taken and (not taken.purged or call.options.expired_id_is_taken):
            raise ApiError(409, "duplicate", "The requested identifier already exists.")
    name = chosen or call.world.next_id()
    uid = call.body.get("iCalUID") or f"{name}@google.com"
    now = call.world.clock.now()
    return Item(
        calendar.id, name, uid, now, now, calendar.zone, organizer=calendar.id, creator=call.who
    )


def import_(call: Call) -> Reply:
    """Add a private copy of somebody's event; nobody is told (items 14, 29)."""
    calendar, _ = open_calendar(call, "writer")
    body = {"status": "confirmed"} | writable(call, call.body)
    if not call.body.get("iCalUID"):
        raise ApiError(400, "required", "Missing iCalUID.")
    check_event(call, calendar, body)
    item = _new(call, calendar)
    item.organizer = (call.body.get("organizer") or {}).get("email", calendar.id).lower()
    store(item, body)
    check_special(item)
    commit(call, item)
    return Reply.of(shown(call, calendar, item, "all"))


def delete(call: Call) -> Reply:
    """Cancel an event, or withdraw from it as a guest (item 23)."""
    call.world.fire("before", "delete")
    calendar, _ = open_calendar(call, "writer")
    item = event_of(call, calendar)
    check_single(item)
    if item.cancelled:
        raise ApiError(410, "deleted", "Resource has been deleted")
    check_match(call, item)
    item.cancelled = True
    if item.is_main:
        item.sequence += int(call.options.bump_sequence)
    commit(call, item)
    if item.is_main:
        mailed = mailed_by(call, guests_of(item))
        delivery.withdraw(call.world, item, mailed)
        delivery.notify(call.world, item, mailed, "cancellation", call.method.id)
    elif call.options.delete_copy_declines:
        delivery.record_answer(call.world, calendar.id, item.uid, "declined")
    call.world.fire("after", "delete")
    return Reply(204)


def move(call: Call) -> Reply:
    """Hand an event to another calendar; it stays the same event (item 29)."""
    _, item = existing(call)
    check_special(item)
    there = call.named_calendar(call.text("destination"))
    if there is None or call.world.role(there, call.who) not in ("writer", "owner"):
        raise ApiError(404, "notFound", "Not Found")
    if not item.is_main or item.series:
        raise ApiError(400, "cannotChangeOrganizer", "Cannot change the organizer.", "calendar")
    del call.world.items[item.calendar, item.id]
    item.calendar = item.organizer = there.id
    commit(call, item)
    delivery.deliver(call.world, item, mailed_by(call, guests_of(item)))
    return Reply.of(shown(call, there, item, "all"))
