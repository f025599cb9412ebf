"""What ``[calendars.google]`` says, with the key file read and checked as far as eyes go."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

from slotfinder.settings.files import read_ca_file
from slotfinder.settings.source import Problem
from slotfinder.settings.tables import GoogleTable
from slotfinder.settings.values import BadValueError, parse_root, quoted

_KEY_FIELDS: Final = ("client_email", "private_key", "token_uri")


@dataclass(frozen=True, kw_only=True)
class GoogleSettings:
    """How Google is reached: with the content of a ``key`` file, or keyless by ``impersonate``.

    ``reader`` is the mailbox everybody's free/busy is read through, None for the organizer's.
    """

    key: Mapping[str, str] | None = field(repr=False)
    impersonate: str
    reader: str | None
    api_endpoint: str
    ca_file: FilePath | None

    @property
    def has_account(self) -> bool:
        """Tell whether it is said as whom slotfinder signs in."""
        return self.key is not None or bool(self.impersonate)


def read_google(table: GoogleTable, folder: FilePath) -> tuple[GoogleSettings, list[Problem]]:
    """Return the settings with all that is wrong with them."""
    problems: list[Problem] = []
    key: Mapping[str, str] | None = None
    if table.service_account_file:
        try:
            key = _read_key(folder / table.service_account_file)
        except BadValueError as error:
            problems.append(_problem("service_account_file", error))
            # Named and wrong is not missing: one finding is enough.
            key = {}
    if table.service_account_file and table.impersonate_service_account:
        problems.append(_problem("impersonate_service_account", _BOTH))
    ca_file, more = read_ca_file(folder, table.ca_file, ("calendars", "google", "ca_file"))
    problems += more
    settings = GoogleSettings(
        key=key,
        impersonate=table.impersonate_service_account or "",
        reader=table.reader,
        api_endpoint=table.api_endpoint,
        ca_file=ca_file,
    )
    return settings, problems


_BOTH: Final = BadValueError(
    "a key file and keyless signing exclude each other.",
    "Leave out 'service_account_file' to sign without a key, or leave this out.",
)


def _problem(key: str, error: BadValueError) -> Problem:
    return Problem(path=("calendars", "google", key), error=error)


def _read_key(path: FilePath) -> Mapping[str, str]:
    remedy = (
        "In the Google Cloud console open the service account, Keys, Add key, JSON, put the file "
        "there and let only this user read it."
    )
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadValueError(f"there is no file {quoted(str(path))}.", remedy) from None
    except OSError as problem:
        reason = problem.strerror or "unreadable"
        raise BadValueError(f"{quoted(str(path))} cannot be read ({reason}).", remedy) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("type") != "service_account":
        message = f"{quoted(str(path))} is not the JSON key of a service account."
        raise BadValueError(message, remedy)
    missing = [name for name in _KEY_FIELDS if not isinstance(found.get(name), str)]
    if missing or "-----BEGIN" not in found["private_key"]:
        names = ", ".join(missing) or "usable private_key"
        raise BadValueError(f"{quoted(str(path))} has no {names}.", remedy)
    try:
        parse_root(found["token_uri"])
    except BadValueError as error:
        raise BadValueError(f"its token_uri: {error.message}", remedy) from None
    return {name: value for name, value in found.items() if isinstance(value, str)}
