"""OData as far as Graph documents it for events; anything else is refused (item 23)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.errors import invalid_query
from tests.emulators.microsoft.ids import PROPERTY
from tests.emulators.microsoft.zones import floating, read_bound
from tests.emulators.wire import Json
from tests.emulators.world import Item

Test = Callable[[Item], bool]
_ID = f"(?P<id>{PROPERTY})"
_ANY = re.compile(
    rf"singleValueExtendedProperties/[Aa]ny\(\s*(?P<v>\w+)\s*:\s*(?P=v)/id eq '{_ID}'"
    r" and (?P=v)/value (?:eq '(?P<value>(?:[^']|'')*)'|ne (?P<null>null))\s*\)"
)
_TIME = re.compile(r"(?P<field>start|end)/dateTime (?P<op>ge|gt|le|lt) '(?P<value>[^']+)'")
_UID = re.compile(r"iCalUId eq '(?P<value>[^']+)'")
_EXPAND = re.compile(
    rf"singleValueExtendedProperties\(\$filter=id eq '{_ID}'(?P<more> or id eq '.*')?\)"
)
_ORDER: dict[str, Callable[[Item], Any]] = {
    "start/dateTime": lambda item: floating(item.start),
    "end/dateTime": lambda item: floating(item.end),
    "subject": lambda item: item.title.lower(),
    "createdDateTime": lambda item: item.created,
    "lastModifiedDateTime": lambda item: item.updated,
}


def tests(call: Call) -> list[Test]:
    """Read `$filter`: conditions joined by `and`, each of a documented form."""
    text = call.params.get("$filter", "").strip()
    found = []
    while text:
        test, text = _condition(call, text)
        found.append(test)
        if text.startswith(" and "):
            text = text[5:]
        elif text:
            raise invalid_query("The query filter contains one or more unsupported operations.")
    if "$filter" in call.params and not found:
        raise invalid_query("The query filter is empty.")
    return found


def _condition(call: Call, text: str) -> tuple[Test, str]:
    if match := _ANY.match(text):
        if match["null"] and not call.options.filter_ne_null:
            raise invalid_query("The query filter contains one or more unsupported operations.")
        return _has(match["id"], match["value"]), text[match.end() :]
    if match := _TIME.match(text):
        bound = read_bound(match["value"])
        if bound is None:
            raise invalid_query(f"Invalid time: '{match['value']}'.")
        return _when(match["field"], match["op"], bound), text[match.end() :]
    if match := _UID.match(text):
        uid = match["value"]
        return (lambda item: item.uid == uid), text[match.end() :]
    raise invalid_query("The query filter contains one or more unsupported operations.")


def _has(name: str, value: str | None) -> Test:
    """Match a property: its name by case, its value not (facts, section 3)."""
    wanted = None if value is None else value.replace("''", "'").lower()

    def test(item: Item) -> bool:
        kept = stored(item, name)
        return kept is not None and wanted in (None, kept.lower())

    return test


def stored(item: Item, name: str) -> str | None:
    """Find a property of the addressed copy: the GUID in any case, the name by case."""
    wanted = _canonical(name)
    return next((one for key, one in item.private.items() if _canonical(key) == wanted), None)


def _canonical(name: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda match: match[0].lower(), name)


def _when(field: str, operator: str, bound: datetime) -> Test:
    def test(item: Item) -> bool:
        when = floating(item.start if field == "start" else item.end)
        return {
            "ge": when >= bound,
            "gt": when > bound,
            "le": when <= bound,
            "lt": when < bound,
        }[operator]

    return test


def order(call: Call, found: list[Item]) -> list[Item]:
    text = call.params.get("$orderby", "")
    for part in reversed([one.strip() for one in text.split(",") if one.strip()]):
        name, _, way = part.partition(" ")
        if name not in _ORDER or way.strip().lower() not in ("", "asc", "desc"):
            raise invalid_query(f"Unsupported sort property '{part}'.")
        found = sorted(found, key=_ORDER[name], reverse=way.strip().lower() == "desc")
    return found


def expanded(call: Call, item: Item) -> Json:
    """Show the properties that `$expand` names; nothing else shows them."""
    text = call.params.get("$expand")
    if text is None:
        return {}
    match = _EXPAND.fullmatch(text.strip())
    if match is None:
        raise invalid_query(f"Could not expand '{text}'.")
    names = re.findall(r"id eq '([^']+)'", text)
    found = [{"id": name, "value": value} for name in names if (value := stored(item, name))]
    return {"singleValueExtendedProperties": found} if found else {}


def selected(call: Call, known: set[str], body: Json) -> Json:
    """Keep what `$select` names; annotations and the id come unasked."""
    text = call.params.get("$select")
    if text is None:
        return body
    names = {one.strip() for one in text.split(",")}
    unknown = {one for one in names if one.partition("/")[0] not in known}
    if unknown:
        message = (
            f"Could not find a property named '{min(unknown)}' on type 'microsoft.graph.event'."
        )
        raise invalid_query(message)
    kept = {"id", *(one.partition("/")[0] for one in names)}
    return {key: one for key, one in body.items() if key in kept or key.startswith("@")}


def refuse_search(call: Call) -> None:
    if "$search" in call.params:
        raise invalid_query("The query parameter '$search' is not supported on events.")


def page(call: Call, found: list[Any], size: int) -> tuple[list[Any], Json]:
    """Cut out a page; the link to the next keeps every other parameter (item 24)."""
    skip = call.params.get("$skip", 0)
    size = call.params.get("$top", size)
    more: Json = {}
    if call.params.get("$count") == "true":
        more["@odata.count"] = len(found)
    if skip + size < len(found):
        more["@odata.nextLink"] = link(call, {**call.params, "$skip": skip + size})
    return found[skip : skip + size], more


def link(call: Call, params: Json) -> str:
    query = urlencode(params, quote_via=quote, safe="$")
    return f"{call.root}{call.request.path}?{query}"
