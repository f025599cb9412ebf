"""Partial responses: `fields=items(id,start),nextPageToken`, checked against the schema."""

import re
from typing import Any

from tests.emulators.google.errors import invalid_parameter
from tests.emulators.google.schema import document
from tests.emulators.wire import Json

Tree = dict[str, "Tree"]
"""Names to keep and what to keep of each; an empty tree keeps everything."""
_TOKEN = re.compile(r"[A-Za-z0-9_.$#@-]+|\*|[(),/]")


def parse(text: str) -> Tree:
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text) or not tokens:
        raise _refused(text)
    tree, rest = _list(tokens, text)
    if rest:
        raise _refused(text)
    return tree


def _list(tokens: list[str], text: str) -> tuple[Tree, list[str]]:
    tree: Tree = {}
    while True:
        tokens = _path(tokens, tree, text)
        if not tokens or tokens[0] != ",":
            return tree, tokens
        tokens = tokens[1:]


def _path(tokens: list[str], tree: Tree, text: str) -> list[str]:
    if not tokens or tokens[0] in "(),/":
        raise _refused(text)
    inner = tree.setdefault(tokens[0], {})
    tokens = tokens[1:]
    if tokens and tokens[0] == "/":
        return _path(tokens[1:], inner, text)
    if tokens and tokens[0] == "(":
        found, tokens = _list(tokens[1:], text)
        if not tokens or tokens[0] != ")":
            raise _refused(text)
        inner.update(found)
        return tokens[1:]
    return tokens


def _refused(text: str) -> Exception:
    return invalid_parameter("fields", f"Invalid field selection {text}")


def check(tree: Tree, api: str, schema: str | None) -> None:
    """Refuse names the schema does not have."""
    if schema is not None:
        _check(tree, api, {"$ref": schema})


def _check(tree: Tree, api: str, about: Json) -> None:
    if "$ref" in about:
        about = document(api)["schemas"][about["$ref"]]
    if about.get("type") == "array":
        _check(tree, api, about["items"])
        return
    for name, inner in tree.items():
        if name == "*":
            continue
        known = about.get("properties", {}).get(name, about.get("additionalProperties"))
        if known is None:
            raise invalid_parameter("fields", f"Invalid field selection {name}")
        _check(inner, api, known)


def select(tree: Tree, value: Any) -> Any:
    """Keep what was asked for."""
    if not tree:
        return value
    if isinstance(value, list):
        return [select(tree, one) for one in value]
    if not isinstance(value, dict):
        return value
    if "*" in tree:
        return {key: select(tree.get(key, tree["*"]), one) for key, one in value.items()}
    return {key: select(tree[key], one) for key, one in value.items() if key in tree}


def names(tree: Tree) -> set[str]:
    """List every name in a selection, for assertions such as `no titles asked`."""
    return set(tree).union(*(names(one) for one in tree.values()))
