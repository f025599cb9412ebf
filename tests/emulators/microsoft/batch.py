"""$batch: up to twenty requests in one, each counted and answered on its own (item 28)."""

import json
import random
from collections.abc import Callable

from tests.emulators.microsoft.errors import GraphError, bad_request
from tests.emulators.microsoft.options import Options
from tests.emulators.wire import Json, Reply, Request


def answer(
    outer: Request, body: Json, options: Options, handle: Callable[[Request, list[Request]], Reply]
) -> Reply:
    """Answer each; what depends on a failed one fails as well.

    `handle` is told which other parts are under way: none where parts depend on each other.
    """
    steps: list[Json] = body["requests"]
    _check(steps)
    done: dict[str, Json] = {}
    serial = any(one.get("dependsOn") for one in steps)
    running: list[Request] = []
    for number, step in enumerate(steps):
        if serial or number % options.batch_at_once == 0:
            running = []
        name = step["id"].lower()
        needed = [one.lower() for one in step.get("dependsOn") or []]
        if any(one not in done for one in needed):
            raise bad_request("A request depends on one that does not come before it.")
        if any(done[one]["status"] >= 400 for one in needed):
            message = "Failed dependency: a request this one depends on has failed."
            error = {"error": {"code": "FailedDependency", "message": message}}
            done[name] = {"id": step["id"], "status": 424, "body": error}
        else:
            request = _request(outer, step)
            done[name] = _part(step["id"], handle(request, running))
            running.append(request)
    found = list(done.values())
    if options.shuffled_batch and not serial:
        random.Random(len(found)).shuffle(found)
    return Reply.of({"responses": found})


def _check(steps: list[Json]) -> None:
    if len(steps) > 20:
        message = "Number of batch request steps exceeds the maximum value of 20."
        raise GraphError(400, "MaximumValueExceeded", message)
    names = [one["id"].lower() for one in steps]
    if len(set(names)) < len(names):
        raise bad_request("Request ids of a batch must be unique.")
    for one in steps:
        headers = {key.lower() for key in one.get("headers") or {}}
        if one.get("body") is not None and "content-type" not in headers:
            raise bad_request(f"Request {one['id']} has a body and no Content-Type header.")
        if "://" in one["url"]:
            raise bad_request("The url of a request in a batch must be relative.")


def _request(outer: Request, step: Json) -> Request:
    headers = {key.lower(): value for key, value in (step.get("headers") or {}).items()}
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    content = step.get("body")
    body = b"" if content is None else json.dumps(content).encode()
    return Request(step["method"], f"/v1.0/{step['url'].lstrip('/')}", headers, body)


def _part(name: str, reply: Reply) -> Json:
    part: Json = {"id": name, "status": reply.status, "headers": dict(reply.headers)}
    if reply.body:
        part["body"] = reply.json
    return part
