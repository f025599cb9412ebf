"""The OpenAPI subset of Graph as judge of every request and of every answer.

`graph-calendar.openapi.json` derives from microsoftgraph/msgraph-metadata (MIT licence,
copyright 2018 Microsoft Graph); what was added by hand is marked in it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

from tests.emulators.microsoft.errors import (
    INVALID_WINDOW,
    GraphError,
    bad_request,
    invalid_interval,
    invalid_parameter,
    invalid_query,
    unreadable,
)
from tests.emulators.wire import Json, Reply, Request

_FILE = Path(__file__).with_name("graph-calendar.openapi.json")
_VERBS = ("get", "post", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation of the subset; `parameters` are those of the query."""

    id: str
    verb: str
    path: tuple[str, ...]
    parameters: tuple[str, ...]
    required: frozenset[str]
    about: Any

    def match(self, verb: str, segments: tuple[str, ...]) -> dict[str, str] | None:
        if verb != self.verb or len(segments) != len(self.path):
            return None
        found = {}
        for pattern, actual in zip(self.path, segments, strict=True):
            if pattern.startswith("{"):
                found[pattern.strip("{}")] = actual
            elif pattern.lower() != actual.lower().removesuffix("()"):
                return None
        return found


@cache
def document() -> Json:
    read: Json = json.loads(_FILE.read_text(encoding="utf-8"))
    return read


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for path, item in document()["paths"].items():
        for verb in _VERBS:
            if verb not in item:
                continue
            about = item[verb]
            named = [_resolved(one) for one in about.get("parameters", [])]
            asked = [one for one in named if one["in"] == "query"]
            yield Operation(
                about["operationId"],
                verb.upper(),
                tuple(path.strip("/").split("/")),
                tuple(one["name"] for one in asked),
                frozenset(one["name"] for one in asked if one.get("required")),
                _Hidden(about),
            )


class _Hidden(dict[str, Any]):
    """A part of the document that need not be hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def find(verb: str, segments: tuple[str, ...]) -> tuple[Operation, dict[str, str]] | None:
    """Find the operation for a request; a literal path beats one with a variable."""
    found = [
        (one, values) for one in operations() if (values := one.match(verb, segments)) is not None
    ]
    return min(found, key=lambda pair: len(pair[1]), default=None)


def parameters(operation: Operation, request: Request) -> Json:
    """Check the query: unknown options are refused, not ignored (item 23)."""
    values: Json = {}
    for name, texts in request.query.items():
        known = {one.lower(): one for one in operation.parameters}
        if name.lower() not in known or len(texts) > 1:
            raise invalid_query(f"The query parameter '{name}' is not supported here.")
        values[known[name.lower()]] = texts[0]
    for name in ("$top", "$skip"):
        if name in values:
            values[name] = _number(name, values[name])
    if operation.required - values.keys():
        raise invalid_parameter(INVALID_WINDOW)
    return values


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or (name == "$top" and not 0 < int(text) <= 1000):
        raise invalid_query(f"Invalid value '{text}' for {name}.")
    return int(text)


def body(operation: Operation, request: Request) -> Json:
    """Parse a body; check its names, enums and types (items 6, 7)."""
    wanted = operation.about.get("requestBody")
    if wanted is None or (not request.body and not wanted.get("required")):
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise unreadable()
    try:
        read = json.loads(request.body)
    except ValueError:
        raise unreadable() from None
    if not isinstance(read, dict):
        raise unreadable()
    schema = wanted["content"]["application/json"]["schema"]
    if operation.id.endswith(("getSchedule", "cancel")):
        read = _action(schema, read)
    known: Json = _known(schema, read, operation.id)
    errors = list(_validator(_key(schema)).iter_errors(known))
    if errors:
        raise _wrong(errors[0].json_path, errors[0].message)
    return known


def _action(schema: Json, read: Json) -> Json:
    """Take parameters of an action in any case (item 7); the sample's "15" is a number."""
    names = {one.lower(): one for one in _resolved(schema)["properties"]}
    found = {names.get(key.lower(), key): one for key, one in read.items()}
    interval = found.get("availabilityViewInterval")
    if isinstance(interval, str) and interval.isdecimal():
        found["availabilityViewInterval"] = int(interval)
    return found


def _wrong(where: str, message: str) -> GraphError:
    if where == "$.schedules":
        return bad_request("A null collection parameter value is not supported: schedules.")
    if where == "$.availabilityViewInterval" and "type" not in message:
        return invalid_interval()
    if where == "$.requests" and "too long" in message:
        text = "Number of batch request steps exceeds the maximum value of 20."
        return GraphError(400, "MaximumValueExceeded", text)
    return bad_request(f"Invalid value at {where}: {message}", "RequestBodyRead")


def _resolved(schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def properties(schema: Json) -> Json:
    """List the properties of a type, inherited ones included."""
    schema = _resolved(schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= properties(part)
    return found


def _known(schema: Json, value: Any, name: str) -> Any:
    """Refuse unknown properties; write enum values as the document does (item 7)."""
    schema = _resolved(schema)
    if value is None:
        return None
    if "anyOf" in schema:
        return _known(schema["anyOf"][0], value, name)
    if isinstance(value, str) and "enum" in schema:
        values = {one.lower(): one for one in schema["enum"] if one is not None}
        return values.get(value.lower(), value)
    if isinstance(value, list) and schema.get("type") == "array":
        return [_known(schema["items"], one, name) for one in value]
    names = properties(schema)
    if not isinstance(value, dict) or not names:
        return value
    for key in value:
        if key not in names and not key.startswith("@") and "@" not in key:
            kind = "microsoft.graph.event" if "events" in name else name
            raise bad_request(
                f"The property '{key}' does not exist on type '{kind}'. Make sure to only use "
                "property names that are defined by the type or mark the type as open type.",
                "RequestBodyRead",
            )
    return {
        key: _known(names[key], one, key) if key in names else one for key, one in value.items()
    }


def _key(schema: Json) -> str:
    return json.dumps(schema, sort_keys=True)


@cache
def _validator(key: str) -> Any:
    return OAS30Validator({**json.loads(key), "components": document()["components"]})


def complaints(operation: Operation, reply: Reply) -> list[str]:
    """Say where an answer of ours departs from the document."""
    responses = operation.about["responses"]
    about = responses.get(str(reply.status)) or responses.get(f"{reply.status // 100}XX")
    if about is None:
        return [f"{operation.id} has no answer {reply.status}"]
    content = _resolved(about).get("content", {}).get("application/json")
    if content is None:
        return ["a body where none belongs"] if reply.body else []
    errors = _validator(_key(content["schema"])).iter_errors(reply.json)
    return [f"{one.json_path}: {one.message}" for one in errors]
