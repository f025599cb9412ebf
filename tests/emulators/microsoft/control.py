"""The emulator from outside, when it runs as a process: `/_emulator/…` (no part of Graph)."""

import json
from typing import TYPE_CHECKING

from tests.emulators.state import dump, load_item
from tests.emulators.wire import Reply, Request

if TYPE_CHECKING:
    from tests.emulators.microsoft.server import MicrosoftEmulator


def control(server: "MicrosoftEmulator", request: Request) -> Reply:
    """GET world | log; POST items | settle."""
    what = (request.method, "/".join(request.segments[1:]))
    with server.world.lock:
        if what == ("GET", "world"):
            return Reply.of(dump(server.world))
        if what == ("GET", "log"):
            entries = [one.json() for one in server.log]
            escaped, complaints = server.log.escaped, server.complaints
            return Reply.of({"log": entries, "escaped": escaped, "complaints": complaints})
        if what == ("POST", "items"):
            return Reply.of({"id": load_item(server.world, json.loads(request.body)).id})
        if what == ("POST", "settle"):
            server.settle()
            return Reply.of({})
    return Reply.of({"error": "no such thing"}, 404)
