"""Reads the files settings name: secrets, and certificates to trust."""

from pathlib import Path as FilePath

from pydantic import SecretStr

from slotfinder.settings.schema import Path
from slotfinder.settings.source import Problem, Source
from slotfinder.settings.values import BadValueError, quoted


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
