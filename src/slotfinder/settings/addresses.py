"""Reads the addresses of the store and of the mail server; they may hold passwords."""

from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import SecretStr

from slotfinder.settings.values import BadValueError, quoted

_SQLITE = "sqlite:///"


def read_store_url(text: str, folder: Path) -> str:
    """Return the address of the store, a file of SQLite with its absolute path.

    Raises:
        BadValueError: when this release cannot use it.
    """
    remedy = "Write for example 'sqlite:///slotfinder.db'."
    name = text.removeprefix(_SQLITE)
    if text.startswith("postgres"):
        raise BadValueError("PostgreSQL comes in a later release.", f"{remedy[:-1]} until then.")
    if name == text:
        scheme = quoted(text.partition(":")[0])
        raise BadValueError(f"{scheme} is no store that is known.", remedy)
    if not name or name.startswith(":") or "?" in name:
        raise BadValueError(f"{quoted(text)} names no file.", remedy)
    return f"{_SQLITE}{(folder / name).as_posix()}"


def read_mail_url(text: str) -> tuple[str, SecretStr | None]:
    """Return the address of the mail server without the password it may hold, and that password.

    Raises:
        BadValueError: which does not quote what may hold a password.
    """
    if not text:
        return "", None
    remedy = "Write 'smtp://user@host:587', 'smtps://user@host', or '' to write files instead."
    shown = quoted(text) if "@" not in text else "this"
    try:
        parts = urlsplit(text)
        sound = (
            parts.scheme in {"smtp", "smtps"}
            and bool((parts.hostname or "").encode("idna"))
            and parts.port != 0
            and parts.path in {"", "/"}
            and not (parts.query or parts.fragment)
        )
    except ValueError:
        sound = False
    if not sound or not text.isprintable() or " " in text:
        raise BadValueError(f"{shown} is not the address of a mail server.", remedy)
    user, at, host = parts.netloc.rpartition("@")
    stripped = urlunsplit((parts.scheme, user.partition(":")[0] + at + host, "", "", ""))
    return stripped, SecretStr(unquote(parts.password)) if parts.password else None
