"""Reads the files settings name: secrets, and certificates to trust."""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Final

from pydantic import SecretStr

from slotfinder.settings.schema import Path
from slotfinder.settings.source import Problem, Source
from slotfinder.settings.values import BadValueError, printable, quoted

# Not the federated token: the platform that writes it says who may read it, and it is short-lived.
_SECRET_FILES: Final = frozenset(
    {
        "service_account_file",
        "client_secret_file",
        "certificate_file",
        "certificate_password_file",
        "password_file",
    }
)


def read_secret(
    source: Source, folder: FilePath, path: Path, value: SecretStr | None, file: str | None
) -> tuple[SecretStr | None, list[Problem]]:
    """Return the secret of the setting at ``path``: environment beats file beats TOML.

    ``value`` is what TOML or environment say, ``file`` what the same key with ``_file`` names.
    """
    if not file or source.is_from_environment(path):
        return value, []
    try:
        return SecretStr(_first_line(folder / file)), []
    except BadValueError as error:
        return value, [Problem(path=(*path[:-1], f"{path[-1]}_file"), error=error)]


def _first_line(path: FilePath) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, ValueError):
        secret = ""
    if not secret:
        raise BadValueError(
            f"no secret can be read from the file {quoted(str(path))}.",
            "Write the secret into that file and let this user read it.",
        )
    return secret


def lax_files(source: Source, folder: FilePath) -> Iterator[Problem]:
    """Yield a warning for each file with a secret that more may read than have to."""
    for path, file in source.values():
        if path[-1] in _SECRET_FILES and isinstance(file, str) and _is_lax(folder / file):
            lax = BadValueError(
                "others than slotfinder's user may read this file, and it holds a secret.",
                f"Let nobody else read it: chmod 600 {shlex.quote(printable(file))}",
            )
            yield Problem(path=path, error=lax, level="warning")


def _is_lax(path: FilePath) -> bool:
    if os.name != "posix":  # elsewhere the mode says nothing about who may read
        return False
    try:
        found = path.stat()
    except (OSError, ValueError):  # what cannot be read at all is told by who reads it
        return False
    # A file of somebody else's, as systemd and Kubernetes give one, is read by its group or not
    # at all.
    is_ours = found.st_uid == os.geteuid()
    return bool(found.st_mode & (stat.S_IROTH | (stat.S_IRGRP if is_ours else 0)))


def read_ca_file(
    folder: FilePath, file: str | None, path: Path
) -> tuple[FilePath | None, list[Problem]]:
    """Return the file of further roots the setting at ``path`` names."""
    if not file:
        return None, []
    ca_file = folder / file
    if _holds_certificates(ca_file):
        return ca_file, []
    absent = BadValueError(
        f"no certificates can be read from the file {quoted(str(ca_file))}.",
        "Name a file with PEM certificates that this user may read.",
    )
    return ca_file, [Problem(path=path, error=absent)]


def _holds_certificates(path: FilePath) -> bool:
    import ssl  # noqa: PLC0415 - only where further roots are named

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ValueError):  # of which an SSLError is one
        return False
    return True
