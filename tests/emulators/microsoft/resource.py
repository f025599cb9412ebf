"""An item of the world as Graph's event, and back (items 15, 17, 18, 23)."""

import re
from copy import deepcopy
from datetime import datetime
from html import escape, unescape

from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.errors import invalid_property
from tests.emulators.microsoft.ids import PROPERTY, change_key, etag, event_id
from tests.emulators.microsoft.zones import (
    UNSET,
    is_midnight,
    read_time,
    stamp,
    windows_name,
    written,
    written_item,
    zone,
)
from tests.emulators.wire import Json
from tests.emulators.world import Answer, Attendee, Item, Mailbox, Status

OWN = (
    "categories", "importance", "isReminderOn", "reminderMinutesBeforeStart", "responseRequested",
    "allowNewTimeProposals", "hideAttendees",
)  # fmt: skip
"""What the world has no name for and Graph keeps as it is; so do the next three."""
DEFAULTS: Json = {
    "categories": [],
    "importance": "normal",
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
}
READ_ONLY = {
    "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "iCalUId", "organizer",
    "isOrganizer", "isCancelled", "isDraft", "hasAttachments", "bodyPreview", "onlineMeeting",
    "onlineMeetingUrl", "originalStart", "originalStartTimeZone", "originalEndTimeZone",
    "responseStatus", "seriesMasterId", "type", "webLink", "cancelledOccurrences", "extensions",
}  # fmt: skip
"""What a client may send and nobody heeds (item 15)."""
ANSWERS: dict[Answer, str] = {
    "none": "none",
    "accepted": "accepted",
    "tentative": "tentativelyAccepted",
    "declined": "declined",
}
SHOWN: dict[Status, str] = {
    "busy": "busy",
    "tentative": "tentative",
    "free": "free",
    "ooo": "oof",
    "elsewhere": "workingElsewhere",
}
STATUSES: dict[str, Status] = {text: status for status, text in SHOWN.items()}
_SENSITIVITY = {"private": "private", "confidential": "confidential"}


def shown(call: Call, item: Item) -> Json:
    """Render an item of the mailbox in the URL as its owner sees it."""
    world, owner = call.world, call.mailbox.email
    main = item.organizer == owner
    withdrawn = item.cancelled and not main
    body: Json = {
        "@odata.etag": etag(item),
        "id": event_id(item, immutable=call.immutable),
        "createdDateTime": stamp(item.created),
        "lastModifiedDateTime": stamp(item.updated),
        "changeKey": change_key(item),
        "transactionId": item.extra.get("transactionId") if main else None,
        "originalStartTimeZone": item.extra.get("startZone", windows_name(item.zone)),
        "originalEndTimeZone": item.extra.get("endZoneName", windows_name(item.zone)),
        "iCalUId": item.uid,
        "hasAttachments": False,
        "subject": f"Canceled: {item.title}" if withdrawn else item.title,
        "sensitivity": _SENSITIVITY.get(item.extra.get("visibility", ""), "normal"),
        "isAllDay": item.all_day,
        "isCancelled": item.cancelled,
        "isOrganizer": main,
        "isDraft": False,
        "showAs": "free" if withdrawn else show_as(item),
        "seriesMasterId": None,
        "type": "seriesMaster" if item.recurrence else "singleInstance",
        "webLink": f"https://outlook.office365.com/owa/?itemid={item.id}",
        "recurrence": None,
        "start": written_item(item.start, call.zone),
        "end": written_item(item.end, call.zone),
        "organizer": _person(world.mailbox(item.organizer), item.organizer),
        "attendees": [_attendee(call, one) for one in item.attendees],
        "responseStatus": _own_answer(item, owner, main=main),
        **_places(item),
        **_text(call, item),
        **_online(item),
        **{name: item.extra.get(name, default) for name, default in DEFAULTS.items()},
    }
    if item.series:
        master = world.items.get((item.calendar, item.series))
        body["seriesMasterId"] = event_id(master, immutable=call.immutable) if master else None
        body["type"] = "occurrence"
    return body


def show_as(item: Item) -> str:
    """Tell the status: what was scripted as `showAs` (be it unheard of), else the item's."""
    return str(item.extra.get("showAs", SHOWN[item.status]))


def _person(box: Mailbox | None, email: str) -> Json:
    return {"emailAddress": {"name": (box.name if box else "") or email, "address": email}}


def _own_answer(item: Item, owner: str, *, main: bool) -> Json:
    if main:
        return {"response": "organizer", "time": UNSET}
    own = item.attendee(owner)
    if own is None:
        return {"response": "none", "time": UNSET}
    return _answer(own) if own.answer != "none" else {"response": "notResponded", "time": UNSET}


def _answer(one: Attendee) -> Json:
    return {
        "response": ANSWERS[one.answer],
        "time": stamp(one.answered) if one.answered else UNSET,
    }


def _attendee(call: Call, one: Attendee) -> Json:
    kind = "resource" if one.room else ("optional" if one.optional else "required")
    body: Json = {
        "type": kind,
        "status": _answer(one),
        "emailAddress": {"name": one.name or one.email, "address": one.email},
    }
    if one.proposed:
        start, end = one.proposed
        body["proposedNewTime"] = {
            "start": written(start, call.zone),
            "end": written(end, call.zone),
        }
    return body


def _places(item: Item) -> Json:
    """Show `location` and `locations`, which mirror each other."""
    kept = item.extra.get("locations")
    if kept is None:
        text = item.extra.get("location", "")
        kept = [{"displayName": text, "locationType": "default"}] if text else []
    first = kept[0] if kept else {"displayName": "", "locationType": "default"}
    return {"location": deepcopy(first), "locations": deepcopy(kept)}


def _text(call: Call, item: Item) -> Json:
    """Show the body: as it was written, or as text if that is preferred."""
    kept = item.extra.get("body") or {
        "contentType": "html",
        "content": f"<p>{escape(item.extra.get('description', ''))}</p>",
    }
    plain = plain_text(kept)
    if call.prefer.get("outlook.body-content-type", "").lower() == "text":
        kept = {"contentType": "text", "content": plain}
    return {"body": dict(kept), "bodyPreview": plain[:255]}


def plain_text(body: Json) -> str:
    content = body.get("content") or ""
    if (body.get("contentType") or "").lower() == "html":
        content = unescape(re.sub(r"<[^>]+>", "", content))
    return str(content).strip()


def _online(item: Item) -> Json:
    """Show the Teams meeting; until its link is there, only the flag (item 18)."""
    teams = item.extra.get("teams")
    ready = bool(teams) and not item.extra.get("teamsReads")
    return {
        "isOnlineMeeting": bool(teams),
        "onlineMeetingProvider": "teamsForBusiness" if teams else "unknown",
        "onlineMeetingUrl": None,
        "onlineMeeting": {"joinUrl": teams["joinUrl"]} if teams and ready else None,
    }


# From a body into an item


def read_times(draft: Item, body: Json) -> None:
    """Set start, end and whether they are days; refuse what makes no span (item 17)."""
    points = {}
    for name, when in (("start", draft.start), ("end", draft.end)):
        sent = body.get(name)
        if sent is None:
            if name in body:
                raise invalid_property()
            points[name] = (_instant(draft, when), draft.zone)
            continue
        zone_name = sent.get("timeZone") or "UTC"
        found = read_time(str(sent.get("dateTime") or ""), zone_name)
        if found is None:
            raise invalid_property()
        points[name] = (found, zone_name)
        draft.extra["startZone" if name == "start" else "endZoneName"] = zone_name
        if name == "start":
            draft.zone = zone(zone_name).key
    (start, first), (end, last) = points["start"], points["end"]
    if end < start:
        raise invalid_property()
    asked = body.get("isAllDay")
    if not (draft.all_day if asked is None else asked):
        draft.start, draft.end = start, end
        return
    days = is_midnight(start, first), is_midnight(end, last)
    if days[0] is None or days[1] is None or days[0] >= days[1] or first != last:
        raise invalid_property()
    draft.start, draft.end = days[0], days[1]


def _instant(item: Item, when: object) -> datetime:
    span = item.span(item.zone)
    return span[0] if when is item.start else span[1]


def read_details(draft: Item, body: Json) -> None:
    """Set what else a client may say; `location` wipes earlier `locations`."""
    if "subject" in body:
        draft.title = body["subject"] or ""
    if body.get("showAs") is not None:
        draft.extra["showAs"] = body["showAs"]
        draft.status = STATUSES.get(body["showAs"], "busy")
    if body.get("sensitivity") is not None:
        hidden = _SENSITIVITY.get(body["sensitivity"])
        draft.extra["visibility"] = hidden or "default"
    for name in OWN:
        if body.get(name) is not None:
            draft.extra[name] = deepcopy(body[name])
    if body.get("body") is not None:
        draft.extra["body"] = {"contentType": "text", "content": "", **body["body"]}
        draft.extra["description"] = plain_text(draft.extra["body"])
    _read_places(draft, body)
    for one in body.get("singleValueExtendedProperties") or []:
        if not re.fullmatch(PROPERTY, one.get("id") or ""):
            raise invalid_property()
        draft.private[one["id"]] = one.get("value") or ""


def _read_places(draft: Item, body: Json) -> None:
    places = body.get("locations")
    if body.get("location") is not None:
        places = [body["location"]]
    if places is not None:
        kept = [{"locationType": "default", "displayName": "", **one} for one in places]
        draft.extra["locations"] = kept
        draft.extra["location"] = "; ".join(one["displayName"] or "" for one in kept)


def read_attendees(draft: Item, sent: list[Json]) -> None:
    """Replace the attendees; those that were there keep their answers, whatever was sent."""
    if len(sent) > 500:
        raise invalid_property()
    kept: dict[str, Attendee] = {}
    for one in sent:
        address = (one.get("emailAddress") or {}).get("address") or ""
        if "@" not in address:
            raise invalid_property()
        known = draft.attendee(address)
        made = deepcopy(known) if known else Attendee(address)
        made.name = one["emailAddress"].get("name") or made.name
        made.optional = one.get("type") == "optional"
        made.room = one.get("type") == "resource"
        kept.setdefault(address.lower(), made)
    draft.attendees = [one for email, one in kept.items() if email != draft.organizer]
