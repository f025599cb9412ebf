"""The emulator from outside, when it runs as a process: `/_emulator/…` (no part of Google)."""

import json
from typing import TYPE_CHECKING

from tests.emulators import delivery
from tests.emulators.google import conference
from tests.emulators.state import dump, load_item
from tests.emulators.wire import Reply, Request

if TYPE_CHECKING:
    from tests.emulators.google.server import GoogleEmulator


def control(server: "GoogleEmulator", request: Request) -> Reply:
    """GET world | log | key; POST items | settle."""
    what = (request.method, "/".join(request.segments[1:]))
    with server.world.lock:
        if what == ("GET", "world"):
            return Reply.of(dump(server.world))
        if what == ("GET", "log"):
            entries = [one.json() for one in server.log]
            return Reply.of({"log": entries, "escaped": server.log.escaped})
        if what == ("GET", "key"):
            return Reply.of(server.account.key_file(server.token_uri))
        if what == ("POST", "items"):
            return Reply.of({"id": load_item(server.world, json.loads(request.body)).id})
        if what == ("POST", "settle"):
            delivery.settle(server.world)
            conference.settle(server.options, server.world)
            return Reply.of({})
    return Reply.of({"error": "no such thing"}, 404)
