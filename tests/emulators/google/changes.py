"""patch and update of events: the organizer's own, and a guest's copy (items 19-23)."""

from collections.abc import Collection
from copy import deepcopy

from tests.emulators import delivery
from tests.emulators.google import conference
from tests.emulators.google.call import Call, open_calendar
from tests.emulators.google.errors import ApiError
from tests.emulators.google.guests import (
    WRITABLE,
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
from tests.emulators.google.resource import DEFAULTS, OWN, editable, read_point, shown, store
from tests.emulators.google.validate import check_event
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Calendar, Item, NoticeKind


def patch(call: Call) -> Reply:
    """Merge objects, replace arrays, let null delete (item 21)."""
    calendar, item = existing(call)
    body = merged(editable(item), writable(call, call.body))
    return _change(call, calendar, item, body)


def update(call: Call) -> Reply:
    """Replace everything: what is left out gets its default (item 21)."""
    calendar, item = existing(call)
    body = {"status": "confirmed", "eventType": "default"} | writable(call, call.body)
    return _change(call, calendar, item, body)


def merged(old: Json, new: Json) -> Json:
    result = deepcopy(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = deepcopy(value)
    return result


def existing(call: Call) -> tuple[Calendar, Item]:
    call.world.fire("before", "update")
    calendar, _ = open_calendar(call, "writer")
    item = event_of(call, calendar)
    check_single(item)
    check_match(call, item)
    if item.cancelled and (call.body.get("status") != "confirmed" or not call.options.revive):
        raise ApiError(403, "forbidden", "Forbidden")
    return calendar, item


def _change(call: Call, calendar: Calendar, item: Item, body: Json) -> Reply:
    if body.get("eventType", "default") != editable(item)["eventType"]:
        raise ApiError(400, "eventTypeRestriction", "The event type cannot be changed.", "calendar")
    if not call.options.omitted_answer_resets:
        _keep_answers(item, body)
    check_event(call, calendar, body)
    link = conference.apply(call, item.extra.get("conferenceData", {}), body)
    if item.is_main:
        _change_main(call, item, body, link=link)
    else:
        _change_copy(call, item, body)
    reply = Reply.of(shown(call, calendar, item, "all"))
    call.world.fire("after", "update")
    return reply


def _keep_answers(item: Item, body: Json) -> None:
    known = {one["email"].lower(): one["responseStatus"] for one in editable(item)["attendees"]}
    for guest in body.get("attendees") or []:
        answer = known.get(str(guest.get("email")).lower())
        if answer and not guest.get("responseStatus"):
            guest["responseStatus"] = answer


def _change_main(call: Call, item: Item, body: Json, *, link: bool = False) -> None:
    """Write the organizer's event, bring the copies up to date, tell the guests."""
    draft, before = deepcopy(item), guests_of(item)
    store(draft, body)
    mark_rooms(call, draft)
    after = guests_of(draft)
    check_outsiders(call, draft, after)
    moved = (draft.start, draft.end) != (item.start, item.end) or item.cancelled
    placed = draft.extra.get("location") != item.extra.get("location")
    vars(item).update(vars(draft))
    if call.options.bump_sequence and (moved or placed):
        item.sequence += 1
    if moved and call.options.time_change_resets_answers:
        for one in item.attendees:
            one.answer = "none"
    commit(call, item)
    if link:
        conference.begin(call.options, call.world, item)
    _tell(call, item, before, after, moved=moved)


def _tell(
    call: Call, item: Item, before: Collection[str], after: Collection[str], *, moved: bool
) -> None:
    if item.cancelled:
        mailed = mailed_by(call, after)
        delivery.withdraw(call.world, item, mailed)
        delivery.notify(call.world, item, mailed, "cancellation", call.method.id)
        return
    mailed = mailed_by(call, {*before, *after})
    delivery.deliver(call.world, item, mailed, moved=moved)
    groups: list[tuple[NoticeKind, set[str]]] = [
        ("invitation", set(after) - set(before)),
        ("update", set(after) & set(before)),
        ("cancellation", set(before) - set(after)),
    ]
    for kind, guests in groups:
        delivery.notify(call.world, item, guests & mailed, kind, call.method.id)


def _change_copy(call: Call, item: Item, body: Json) -> None:
    """Write a guest's copy: own fields and the own answer, nothing shared (items 19, 20)."""
    old = editable(item)
    if _shared(old, item.calendar) != _shared(body, item.calendar):
        main = call.world.main_of(item.uid)
        if not item.extra.get("guestsCanModify") or main is None:
            message = "Shared properties can only be changed by the organizer of the event."
            raise ApiError(403, "forbiddenForNonOrganizer", message, "calendar")
        own = {"private": dict(main.private), "shared": dict(main.shared)}
        _change_main(call, main, body | {"extendedProperties": own})
        return
    draft = deepcopy(item)
    store(draft, body)
    answer = draft.attendee(item.calendar)
    draft.attendees = item.attendees
    vars(item).update(vars(draft))
    commit(call, item)
    if answer is not None:
        mail = call.text("sendUpdates") in ("all", "externalOnly")
        delivery.record_answer(call.world, item.calendar, item.uid, answer.answer, mail=mail)


def _shared(body: Json, owner: str) -> Json:
    """Show the part of an event that is the same for everybody, the own answer aside."""
    kept = {key: body.get(key) for key in WRITABLE - {*OWN, "attendees", "extendedProperties"}}
    kept = {key: DEFAULTS.get(key) if one in (None, "", []) else one for key, one in kept.items()}
    kept["shared"] = (body.get("extendedProperties") or {}).get("shared") or {}
    for name in ("start", "end"):
        kept[name], _ = read_point(body[name], "UTC")
    for guest in body.get("attendees") or []:
        answer = None if guest["email"].lower() == owner else guest.get("responseStatus")
        kept[f"guest {guest['email'].lower()}"] = answer
    return kept
