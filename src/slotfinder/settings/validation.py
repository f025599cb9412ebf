"""Turns pydantic's findings into plain sentences, and what is sound into tables all the same."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from slotfinder.settings import schema
from slotfinder.settings.schema import Path
from slotfinder.settings.source import Problem
from slotfinder.settings.tables import File
from slotfinder.settings.values import BadValueError, quoted, suggestion

# What stands in for required settings that are wrong, so that the other files can be checked too.
_STAND_INS: Mapping[str, object] = MappingProxyType(
    {
        "name": "?",
        "timezone": "UTC",
        "starts": date(2000, 1, 1),
        "ends": date(2000, 1, 1),
        "organizer": "mentor",
    }
)


def validated(tree: dict[str, object]) -> tuple[File, list[Problem]]:
    """Return the tables, and all that is wrong with single values.

    A wrong value's place is taken by its default or a stand-in.
    """
    problems: list[Problem] = []
    try:
        return File.model_validate(tree), problems
    except ValidationError as error:
        problems += [
            _problem(detail) for detail in error.errors(include_url=False, include_context=True)
        ]
    return File.model_validate(_without(tree, [problem.path for problem in problems])), problems


def _without(tree: dict[str, object], paths: list[Path]) -> dict[str, object]:
    sound: dict[str, Any] = deepcopy(tree)
    for path in paths:
        table = sound.get(str(path[0]))
        inner = table.get(path[1]) if isinstance(table, dict) and len(path) > 2 else None
        if isinstance(inner, dict):
            inner.pop(path[2], None)
        elif len(path) > 1 and isinstance(table, dict):
            table.pop(path[1], None)
        else:
            sound.pop(str(path[0]), None)
    sound["programme"] = {**_STAND_INS, **sound.get("programme", {})}
    return sound


def _problem(detail: ErrorDetails) -> Problem:
    # A wrong key of a table with free keys is marked by a last "[key]" of pydantic's own.
    path = tuple(key for key in detail["loc"] if key != "[key]")
    return Problem(path=path, error=_sentence(detail, path))


def _sentence(detail: ErrorDetails, path: Path) -> BadValueError:
    match detail["type"]:
        case "value_error":
            error = detail["ctx"]["error"]
            assert isinstance(error, BadValueError)
            return error
        case "missing":
            return _missing(path)
        case "extra_forbidden":
            return _unknown(path)
        case _:
            return _wrong_type(detail["type"], quoted(detail["input"]), path)


def _wrong_type(kind: str, value: str, path: Path) -> BadValueError:
    match kind:
        case "bool_type":
            return BadValueError(f"{value} is neither true nor false.", "Write true or false.")
        case "list_type" if path in {("sites",), ("rooms",)}:
            return BadValueError(
                f"{value} is not a list of tables.", f"Write [[{path[0]}]] above each of them."
            )
        case "list_type":
            return BadValueError(
                f"{value} is not a list.", 'Write it in brackets, each in quotes: ["...", "..."].'
            )
        case _:
            name = ".".join(str(key) for key in path if isinstance(key, str))
            return BadValueError(
                "a table of settings is needed here, not a single value.",
                f"Write [{name}] on a line of its own and its settings below it.",
            )


def _missing(path: Path) -> BadValueError:
    field = schema.table_at(path).model_fields[str(path[-1])]
    (example,) = field.examples or [""]
    if len(path) == 1:
        return BadValueError(f"the table {example} is missing.", f"Add {example} and its settings.")
    return BadValueError("this setting is missing.", f"Add it, for example: {path[-1]} = {example}")


def _unknown(path: Path) -> BadValueError:
    known = list(schema.known_keys(schema.table_at(path)))
    name = str(path[-1])
    what = "setting or table" if len(path) == 1 else "setting"
    return BadValueError(
        f"there is no {what} {quoted(name)} here.",
        f"{suggestion(name, known)}Possible are: {', '.join(known)}.",
    )
