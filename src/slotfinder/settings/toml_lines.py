"""Tells in which line of a TOML file each key stands, which tomllib does not."""

import tomllib
from collections import Counter

from slotfinder.settings.schema import Path


def key_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of each table and key of a sound TOML text.

    Keys inside an inline table or a list stand where the statement begins.
    """
    rows = text.replace("\r\n", "\n").split("\n")
    lines: dict[Path, int] = {}
    seen: Counter[str] = Counter()
    table: Path = ()
    prefix: Path
    at = 0
    while at < len(rows):
        end, parsed = _statement(rows, at)
        keys = _keys(parsed)
        if rows[at].lstrip().startswith("[["):
            table = (*keys, seen[str(keys)])
            seen[str(keys)] += 1
            keys, prefix = table, ()
        elif rows[at].lstrip().startswith("["):
            table, prefix = keys, ()
        else:
            prefix = table
        for depth in range(1, len(keys) + 1):
            lines.setdefault(prefix + keys[:depth], at + 1)
        at = end
    return lines


def _statement(rows: list[str], at: int) -> tuple[int, dict[str, object]]:
    """Return where the statement that begins in row ``at`` ends, and what it says by itself.

    Only a list or a text that is not closed yet runs on, and that is no sound TOML: the first
    sound run of rows is the statement.
    """
    for end in range(at + 1, len(rows) + 1):
        try:
            return end, tomllib.loads("\n".join(rows[at:end]))
        except tomllib.TOMLDecodeError:
            continue
    return len(rows), {}


def _keys(parsed: object) -> Path:
    keys: list[str] = []
    while isinstance(parsed, dict) and len(parsed) == 1:
        key, parsed = next(iter(parsed.items()))
        keys.append(key)
    return tuple(keys)
