"""Creating, changing, cancelling and deleting events (items 15-22, 29)."""

from collections.abc import Collection
from copy import deepcopy

from tests.emulators import delivery
from tests.emulators.microsoft import teams
from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.errors import (
    GraphError,
    invalid_property,
    invalid_request,
    not_offered,
    stale,
)
from tests.emulators.microsoft.finding import event_of
from tests.emulators.microsoft.ids import etag, event_id, new_uid
from tests.emulators.microsoft.resource import (
    READ_ONLY,
    read_attendees,
    read_details,
    read_times,
    shown,
)
from tests.emulators.wire import Reply
from tests.emulators.world import Item, NoticeKind

_QUIET = {
    "attendees", "categories", "showAs", "isReminderOn", "reminderMinutesBeforeStart",
    "importance", "singleValueExtendedProperties", "transactionId", *READ_ONLY,
}  # fmt: skip
"""What may change without a mail to everybody."""


def create(call: Call) -> Reply:
    """Make an event and invite its attendees; the owner of the mailbox organizes it."""
    call.world.fire("before", "insert")
    _check_body(call)
    again = _repeated(call)
    if again is not None:
        return _created(call, again)
    for name in ("start", "end"):
        if call.body.get(name) is None:
            raise invalid_property()
    item = _new(call)
    read_times(item, call.body)
    read_details(item, call.body)
    read_attendees(item, call.body.get("attendees") or [])
    teams.begin(call, item, call.body)
    _mark_rooms(call, item)
    _commit(call, item)
    call.transactions.remember(item.calendar, call.body, item)
    guests = guests_of(item)
    delivery.deliver(call.world, item, guests)
    delivery.notify(call.world, item, guests, "invitation", call.operation.id)
    reply = _created(call, item)
    call.world.fire("after", "insert")
    return reply


def _new(call: Call) -> Item:
    calendar, number = call.calendar, call.world.next_id()
    now = call.world.clock.now()
    about = (calendar.id, number, new_uid(number), now, now, calendar.zone)
    item = Item(*about, organizer=calendar.id, creator=calendar.id)
    if call.body.get("transactionId"):
        item.extra["transactionId"] = call.body["transactionId"]
    return item


def _created(call: Call, item: Item) -> Reply:
    body = shown(call, item)
    context = f"{call.root}/v1.0/$metadata#users('{call.mailbox.email}')/events/$entity"
    where = f"{call.root}/v1.0/users/{call.mailbox.email}/events/{body['id']}"
    headers = {"Location": where, "ETag": etag(item)}
    return Reply.of({"@odata.context": context, **body}, 201, **headers)


def _check_body(call: Call) -> None:
    """Note what is ignored, refuse what this emulator does not model."""
    call.entry.unknown = [name for name in call.body if name in READ_ONLY]
    if call.body.get("recurrence"):
        raise not_offered("writing series")


def _repeated(call: Call) -> Item | None:
    """Find the event of a transactionId: the same body is the same event (item 16)."""
    found = call.transactions.find(call.calendar.id, call.body)
    if found is None:
        return None
    item, same = found
    gone = item.cancelled or item.purged
    if gone and not call.options.transaction_outlives:
        return None
    if same and not gone:
        return item
    message = (
        "Your request can't be completed. The TransactionId specified in the request has "
        "already been used to create a different event."
    )
    existing = {"@event.existingEventId": event_id(item, immutable=call.immutable)}
    more = existing if call.options.names_existing else {}
    status = call.options.duplicate_status
    raise GraphError(status, "ErrorDuplicateTransactionId", message, **more)


def _mark_rooms(call: Call, item: Item) -> None:
    """Let only those attendees be rooms that are resources to Exchange and were so invited."""
    for one in item.attendees:
        box = call.world.mailbox(one.email)
        if box is not None and box.room and not one.room:
            call.entry.remarks.append(f"room {one.email} not invited as resource")
            one.room = True


def _commit(call: Call, item: Item) -> None:
    call.world.put(item)
    call.entry.committed = True


def guests_of(item: Item) -> set[str]:
    return {one.email.lower() for one in item.attendees} - {item.organizer}


def _check_match(call: Call, item: Item) -> None:
    """Refuse a write meant for another state of the event (item 20)."""
    wanted = call.request.headers.get("if-match")
    if call.options.if_match and wanted not in (None, "*", etag(item)):
        raise stale()


def _existing(call: Call) -> Item:
    item = event_of(call)
    if item.series and item.attendees:
        raise not_offered("writing one meeting of a series")
    _check_match(call, item)
    return item


# Changing


def update(call: Call) -> Reply:
    """Change an event; on a guest's copy the change stays there (facts, section 3)."""
    call.world.fire("before", "update")
    _check_body(call)
    item = _existing(call)
    if "transactionId" in call.body and call.body["transactionId"] != item.extra.get(
        "transactionId"
    ):
        raise invalid_property()
    if item.cancelled:
        raise invalid_request("A cancelled event cannot be changed.")
    draft, before = deepcopy(item), guests_of(item)
    if {"start", "end", "isAllDay"} & call.body.keys():
        read_times(draft, call.body)
    read_details(draft, call.body)
    teams.change(call, draft, call.body)
    if item.is_main and call.body.get("attendees") is not None:
        read_attendees(draft, call.body["attendees"])
        _mark_rooms(call, draft)
    changed = {name for name in call.body if name not in READ_ONLY}
    moved = (draft.start, draft.end) != (item.start, item.end)
    differs = call.options.same_values_notify or _differs(item, draft)
    loud = differs and bool(changed - _QUIET)
    vars(item).update(vars(draft))
    if item.is_main:
        _change_main(call, item, before, moved=moved, loud=loud)
    else:
        _commit(call, item)
    context = f"{call.root}/v1.0/$metadata#users('{call.mailbox.email}')/events/$entity"
    reply = Reply.of({"@odata.context": context, **shown(call, item)}, ETag=etag(item))
    call.world.fire("after", "update")
    return reply


def _differs(old: Item, new: Item) -> bool:
    names = ("body", "locations", "visibility", "teams", "hideAttendees", "allowNewTimeProposals")
    same = all(old.extra.get(name) == new.extra.get(name) for name in names)
    return not same or (old.title, old.start, old.end) != (new.title, new.start, new.end)


def _change_main(
    call: Call, item: Item, before: Collection[str], *, moved: bool, loud: bool
) -> None:
    """Write the organizer's event, bring the copies up to date, mail whom it concerns."""
    if moved:
        item.sequence += 1
        for one in item.attendees:
            one.proposed = None
            if call.options.time_change_resets_answers:
                one.answer, one.answered = "none", None
    _commit(call, item)
    after = guests_of(item)
    stayed = set(after) & set(before)
    groups: list[tuple[NoticeKind, set[str]]] = [
        ("invitation", set(after) - set(before)),
        ("update", stayed if loud else set()),
        ("cancellation", set(before) - set(after)),
    ]
    mailed = {one for _, guests in groups for one in guests}
    delivery.deliver(call.world, item, mailed, moved=moved)
    for kind, guests in groups:
        delivery.notify(call.world, item, guests, kind, call.operation.id)


# Ending


def cancel(call: Call) -> Reply:
    """Withdraw an invitation, with a word to everybody (item 21)."""
    call.world.fire("before", "delete")
    item = _existing(call)
    if not item.is_main:
        raise invalid_request(
            "Your request can't be completed. You need to be an organizer to cancel a meeting."
        )
    if item.cancelled:
        raise invalid_request("Your request can't be completed. The meeting is cancelled already.")
    _end(call, item, str(call.body.get("Comment") or ""))
    call.world.fire("after", "delete")
    return Reply(202)


def delete(call: Call) -> Reply:
    """Remove an event: the organizer's is cancelled for everybody, a guest's declined."""
    call.world.fire("before", "delete")
    item = _existing(call)
    if item.is_main and not item.cancelled:
        _end(call, item, "")
    elif not item.cancelled:
        item.cancelled = True
        _commit(call, item)
        delivery.record_answer(call.world, item.calendar, item.uid, "declined")
    item.extra["graphDeleted"] = True
    call.world.fire("after", "delete")
    return Reply(204)


def _end(call: Call, item: Item, comment: str) -> None:
    item.cancelled = True
    item.sequence += 1
    _commit(call, item)
    guests = guests_of(item)
    delivery.withdraw(call.world, item, guests)
    kind: NoticeKind = "cancellation"
    delivery.notify(call.world, item, guests, kind, call.operation.id, comment)
