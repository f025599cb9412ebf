"""Switches of an emulator, read from JSON by their names."""

from dataclasses import fields
from datetime import timedelta
from typing import Any, TypeVar

from tests.emulators.wire import Json

Switches = TypeVar("Switches", bound=Any)


def read_options(options: Switches, content: Json) -> Switches:
    """Set the switches of `options`; durations are seconds, sets are lists."""
    known = {one.name: getattr(options, one.name) for one in fields(options)}
    for name, value in content.get("options", {}).items():
        if name not in known:
            raise SystemExit(f"no such option: {name}")
        kind = type(known[name])
        if kind is timedelta:
            setattr(options, name, timedelta(seconds=value))
        else:
            setattr(options, name, kind(value) if kind in (set, tuple) else value)
    return options
