"""Finds one's way in the tables: what kind of value a path of keys leads to."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, TypeGuard, get_args, get_origin

from slotfinder.settings.tables import File, RolePreferences, Table

Path = tuple[str | int, ...]
"""Where a value stands: ("sites", 0, "travel")."""


def step(kind: object, here: object, segment: str) -> tuple[str | int, object] | None:
    """Return the key a segment of a variable's name means and the kind of its value.

    ``kind`` is that of the table the key stands in, ``here`` the table's present value. None means
    there is no such key.
    """
    if get_origin(kind) is list:
        inside = isinstance(here, list) and segment.isdecimal() and int(segment) < len(here)
        return (int(segment), get_args(kind)[0]) if inside else None
    for key, value_kind in known_keys(kind).items():
        if _plain(key) == _plain(segment):
            return key, value_kind
    if kind is RolePreferences or get_origin(kind) is dict:
        written = here if isinstance(here, dict) else {}
        same = next((key for key in written if _plain(key) == _plain(segment)), segment.lower())
        return same, Decimal if kind is RolePreferences else get_args(kind)[1]
    return None


def known_keys(kind: object) -> dict[str, object]:
    """Return the keys of a kind of table, with the kinds of their values."""
    if not is_table(kind):
        return {}
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def table_at(path: Path) -> type[Table]:
    """Return the kind of the table that holds the value at ``path``."""
    table: type[Table] = File
    kind: object = File
    for key in path[:-1]:
        kind = get_args(kind)[0] if isinstance(key, int) else known_keys(kind).get(str(key))
        table = kind if is_table(kind) else table
    return table


def is_text(kind: object) -> bool:
    """Tell whether a value is written as plain text in a variable, not as TOML or JSON."""
    if get_origin(kind) is Annotated:
        return is_text(get_args(kind)[0])
    numbers = {int, bool, float, Decimal} & {kind, *get_args(kind)}
    return not (numbers or is_table(kind) or get_origin(kind) in {list, dict})


def variables(kind: type[Table] = File, prefix: str = "SLOTFINDER") -> Iterator[str]:
    """Yield the names of the environment variables there are for single settings."""
    separator = "_" if kind is File else "__"
    for key, value_kind in known_keys(kind).items():
        name = f"{prefix}{separator}{_plain(key).upper()}"
        if is_table(value_kind):
            yield from variables(value_kind, name)
        else:
            yield name


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", key.lower())


def is_table(kind: object) -> TypeGuard[type[Table]]:
    """Tell whether a kind of value is a table with known keys."""
    return isinstance(kind, type) and issubclass(kind, Table)
