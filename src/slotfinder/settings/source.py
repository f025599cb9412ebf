"""Brings slotfinder.toml and the environment together, and knows where each value comes from."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Literal

from slotfinder.errors import Finding
from slotfinder.settings import schema
from slotfinder.settings.schema import Path
from slotfinder.settings.tables import File
from slotfinder.settings.toml_lines import key_lines
from slotfinder.settings.values import BadValueError, quoted, suggestion

PREFIX = "SLOTFINDER_"
_NOT_SETTINGS = frozenset({"SLOTFINDER_CONFIG", "SLOTFINDER_HEARTBEAT", "SLOTFINDER_METRICS"})
"""What stands for options of the command line."""
_SECRETS = frozenset({"password", "client_secret", "certificate_password"})
_SENTENCES = {
    r"Cannot overwrite a value": "this setting is written twice.",
    r"Cannot declare .* twice": "this table is written twice.",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong (or doubtful) with the value at a path."""

    path: Path
    error: BadValueError
    level: Literal["error", "warning"] = "error"


@dataclass(frozen=True, kw_only=True)
class Source:
    """What was written: the tree of values, and where each comes from.

    ``variables`` names the variable that set a path; ``is_sound`` is False where the file could
    not be read as TOML at all.
    """

    name: str
    tree: dict[str, object] = field(repr=False)
    text: str = field(repr=False, default="")
    variables: Mapping[Path, str] = field(default_factory=dict)
    is_sound: bool = True
    findings: tuple[Finding, ...] = ()

    @cached_property
    def _lines(self) -> dict[Path, int]:
        return key_lines(self.text)

    def finding(self, problem: Problem) -> Finding:
        """Say where in the file or the environment the problem is."""
        file, where = self._place(problem.path)
        return Finding(
            file=file,
            where=where,
            key=_shown(problem.path),
            message=problem.error.message,
            remedy=problem.error.remedy,
            level=problem.level,
        )

    def line(self, path: Path) -> int:
        """Return the line of the innermost known table or key around ``path``; 0 for none."""
        return next(
            (self._lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._lines), 0
        )

    def values(self) -> Iterator[tuple[Path, object]]:
        """Yield every value of the tables with its path; a list is one value."""
        pending: list[tuple[Path, object]] = list(_inside((), self.tree))
        while pending:
            path, value = pending.pop()
            if isinstance(value, dict):
                pending += _inside(path, value)
            else:
                yield path, value

    def is_from_environment(self, path: Path) -> bool:
        return any(path[:n] in self.variables for n in range(1, len(path) + 1))

    def _place(self, path: Path) -> tuple[str, str]:
        for length in range(len(path), 0, -1):
            if path[:length] in self.variables:
                return "environment", self.variables[path[:length]]
        line = self.line(path)
        return self.name, f"line {line}" if line else ""


def read_source(path: FilePath, environment: Mapping[str, str]) -> Source:
    """Read the file and lay the environment over it; what cannot be read becomes findings."""
    text, finding = _read_text(path)
    tree: dict[str, object] = {}
    if finding is None:
        tree, finding = _read_toml(text, path.name)
    variables, findings = _overlay(tree, environment)
    return Source(
        name=path.name,
        tree=tree,
        text=text if finding is None else "",
        variables=variables,
        is_sound=finding is None,
        findings=(finding, *findings) if finding else tuple(findings),
    )


def secret_warnings(source: Source) -> Iterator[Problem]:
    """Yield a warning for each secret that stands in the file itself."""
    remedy = "Move it to a file named by the same key with '_file', or to the environment."
    for path, _ in source.values():
        if path[-1] in _SECRETS and not source.is_from_environment(path):
            error = BadValueError("a secret stands in this file.", remedy)
            yield Problem(path=path, error=error, level="warning")


def _inside(path: Path, table: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    return (((*path, key), value) for key, value in table.items())


def _read_text(path: FilePath) -> tuple[str, Finding | None]:
    where = ""
    try:
        return path.read_bytes().decode("utf-8-sig"), None
    except FileNotFoundError:
        message = f"there is no file {path}."
        remedy = "Name it with --config, or write one with 'slotfinder init'."
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        where = f"line {line}"
        message = "this is not UTF-8 text."
        remedy = "Save the file as UTF-8 in your editor."
    except (OSError, ValueError) as problem:
        message = f"{path} cannot be read ({getattr(problem, 'strerror', None) or problem})."
        remedy = "Name a readable file with --config, or write one with 'slotfinder init'."
    return "", Finding(file=path.name, where=where, message=message, remedy=remedy)


def _read_toml(text: str, name: str) -> tuple[dict[str, object], Finding | None]:
    try:
        return tomllib.loads(text, parse_float=Decimal), None
    # Numbers nobody can hold and tables nested without end are no TOMLDecodeError.
    except (ValueError, ArithmeticError, RecursionError) as problem:
        detail, _, place = str(problem).partition(" (at ")
    line = re.match(r"line (\d+)", place)
    if place.startswith("end of document"):
        where = f"line {len(text.splitlines()) or 1}"
    else:
        where = f"line {line[1]}" if line else ""
    message = next(
        (said for pattern, said in _SENTENCES.items() if re.match(pattern, detail)),
        f"this cannot be read as TOML ({detail[:1].lower()}{detail[1:]}).",
    )
    remedy = (
        "Texts stand in quotes, dates are written 2027-01-31, each key stands once in its table."
    )
    return {}, Finding(file=name, where=where, message=message, remedy=remedy)


def _overlay(
    tree: dict[str, object], environment: Mapping[str, str]
) -> tuple[dict[Path, str], list[Finding]]:
    """Put the values of the environment into the tree; the outer tables first."""
    variables: dict[Path, str] = {}
    findings = []
    for name in sorted(environment, key=lambda name: (name.count("__"), name)):
        if not name.upper().startswith(PREFIX) or name.upper() in _NOT_SETTINGS:
            continue
        found = _resolve(tree, name[len(PREFIX) :].split("__"))
        if found is None:
            findings.append(_unknown_variable(name))
            continue
        path, kind = found
        text = environment[name]
        _put(tree, path, text if schema.is_text(kind) else _literal(text))
        variables[path] = name
    return variables, findings


def _resolve(tree: object, segments: list[str]) -> tuple[Path, object] | None:
    kind: object = File
    path: Path = ()
    for segment in segments:
        found = schema.step(kind, tree, segment)
        if found is None:
            return None
        key, kind = found
        path = (*path, key)
        tree = _child(tree, key)
    return path, kind


def _child(tree: object, key: str | int) -> object:
    if isinstance(tree, dict):
        return tree.get(key)
    return tree[key] if isinstance(tree, list) and isinstance(key, int) else None


def _put(tree: dict[str, object], path: Path, value: object) -> None:
    here: Any = tree
    for key in path[:-1]:
        if not isinstance(_child(here, key), dict | list):
            here[key] = {}
        here = here[key]
    here[path[-1]] = value


def _literal(text: str) -> object:
    """Read TOML, else JSON, else leave the text, which the setting's own check refuses."""
    text = text.strip()
    text = text.lower() if text.lower() in {"true", "false"} else text
    try:
        parsed = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        parsed = {}
    if parsed.keys() == {"value"}:
        return parsed["value"]
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return text


def _unknown_variable(name: str) -> Finding:
    hint = suggestion(name, schema.variables())
    return Finding(
        file="environment",
        where=quoted(name)[1:-1],
        message="there is no setting of this name.",
        remedy=f"{hint}Write {PREFIX} and the setting's path joined by two underscores.",
    )


def _shown(path: Path) -> str:
    """Return the key as a person writes it; which of several tables is told by the line."""
    keys = [key for key in path if isinstance(key, str)]
    return ".".join(
        key if re.fullmatch(r"[\w-]+", key, re.ASCII) else '"' + quoted(key)[1:-1] + '"'
        for key in keys
    )
