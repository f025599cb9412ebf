"""Google Meet: asked for, pending, there (item 25)."""

import hashlib
from copy import deepcopy

from tests.emulators.google.call import Call
from tests.emulators.google.errors import invalid
from tests.emulators.google.options import Options
from tests.emulators.wire import Json
from tests.emulators.world import Item, World


def apply(call: Call, old: Json, body: Json) -> bool:
    """Settle what a write does to an event's conference; tell whether a link is now pending.

    `old` is the conference the event has. With version 0 what the client sends is ignored.
    """
    sent = body.pop("conferenceData", None)
    if call.params.get("conferenceDataVersion", 0) != 1:
        if sent is not None and sent != old:
            call.entry.remarks.append("conferenceData without conferenceDataVersion=1")
        sent = old
    if not sent:
        return False
    wish = sent.get("createRequest")
    if not wish or wish.get("requestId") == _request_id(old):
        body["conferenceData"] = deepcopy(old if wish else sent)
        return False
    kind = (wish.get("conferenceSolutionKey") or {}).get("type", "hangoutsMeet")
    if kind != "hangoutsMeet" or not call.token.subject or not call.options.meet_allowed:
        raise invalid("Invalid conference type value.")
    if not wish.get("requestId"):
        raise invalid("Missing conference request id.")
    body["conferenceData"] = {
        "createRequest": {
            "requestId": wish["requestId"],
            "conferenceSolutionKey": {"type": kind},
            "status": {"statusCode": "pending"},
        }
    }
    return True


def _request_id(data: Json) -> str | None:
    request: Json = data.get("createRequest") or {}
    found: str | None = request.get("requestId")
    return found


def begin(options: Options, world: World, item: Item) -> None:
    item.extra["meetReads"] = options.meet_reads
    if options.meet_reads == 0:
        _finish(options, world, item)


def tick(options: Options, world: World, item: Item) -> None:
    """Count one reading of an event whose link is pending."""
    if not pending(item):
        return
    if item.extra.get("meetReads", 0) > 0:
        item.extra["meetReads"] -= 1
    else:
        _finish(options, world, item)


def settle(options: Options, world: World) -> None:
    """Let every pending link come into being now."""
    for item in list(world.items.values()):
        if pending(item):
            _finish(options, world, item)


def pending(item: Item) -> bool:
    request = item.extra.get("conferenceData", {}).get("createRequest", {})
    return bool(request.get("status", {}).get("statusCode") == "pending")


def _finish(options: Options, world: World, item: Item) -> None:
    request = item.extra["conferenceData"]["createRequest"]
    done = deepcopy(request) | {
        "status": {"statusCode": "failure" if options.meet_fails else "success"}
    }
    data: Json = {"createRequest": done}
    if not options.meet_fails:
        letters = hashlib.sha256(f"{item.uid} {request['requestId']}".encode()).hexdigest()
        code = f"{letters[:3]}-{letters[3:7]}-{letters[7:10]}"
        uri = f"https://meet.google.com/{code}"
        data |= {
            "entryPoints": [{"entryPointType": "video", "uri": uri, "label": uri[8:]}],
            "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
            "conferenceId": code,
        }
    for one in {id(one): one for one in [item, *world.by_uid(item.uid)]}.values():
        one.extra["conferenceData"] = deepcopy(data)
        if (one.calendar, one.id) in world.items:
            world.put(one)
