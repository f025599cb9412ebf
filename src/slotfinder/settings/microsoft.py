"""What ``[calendars.microsoft]`` says, with secrets and key files read and checked by eye."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Final

from pydantic import SecretStr

from slotfinder.settings.files import read_ca_file, read_secret
from slotfinder.settings.schema import Path
from slotfinder.settings.source import Problem, Source
from slotfinder.settings.tables import MicrosoftTable
from slotfinder.settings.values import BadValueError, quoted

_TABLE: Final[Path] = ("calendars", "microsoft")


@dataclass(frozen=True, kw_only=True)
class MicrosoftSettings:
    """How Microsoft 365 is reached, and as which app of which tenant.

    At most one of ``secret``, ``certificate`` (PEM text of key and certificate, with the key's
    ``certificate_password``), ``federated_token_file`` and ``managed_identity`` ("system" or a
    client id) is given. ``reader`` is the mailbox everybody's free/busy is read through, None for
    the organizer's.
    """

    tenant: str
    client_id: str
    secret: SecretStr | None
    certificate: SecretStr | None
    certificate_password: SecretStr | None
    federated_token_file: FilePath | None
    managed_identity: str
    authority: str
    graph: str
    reader: str | None
    ca_file: FilePath | None
    has_account: bool = field(default=False)


def read_microsoft(
    table: MicrosoftTable, folder: FilePath, source: Source
) -> tuple[MicrosoftSettings, list[Problem]]:
    """Return the settings with all that is wrong with them."""
    secret, problems = read_secret(
        source,
        folder,
        (*_TABLE, "client_secret"),
        table.client_secret,
        table.client_secret_file,
    )
    password, more = read_secret(
        source,
        folder,
        (*_TABLE, "certificate_password"),
        table.certificate_password,
        table.certificate_password_file,
    )
    problems += more
    certificate = None
    if table.certificate_file:
        try:
            certificate = _read_certificate(folder / table.certificate_file, password)
        except BadValueError as error:
            problems.append(_problem("certificate_file", error))
    token_file = folder / table.federated_token_file if table.federated_token_file else None
    if token_file and not _says_something(token_file):
        problems.append(_problem("federated_token_file", _no_token(token_file)))
    ca_file, more = read_ca_file(folder, table.ca_file, (*_TABLE, "ca_file"))
    problems += more
    problems += _identity_problems(table)
    settings = MicrosoftSettings(
        tenant=table.tenant or "",
        client_id=table.client_id or "",
        secret=secret,
        certificate=certificate,
        certificate_password=password if certificate and _is_locked(certificate) else None,
        federated_token_file=token_file,
        managed_identity=table.managed_identity or "",
        authority=table.authority,
        graph=table.graph,
        reader=table.reader,
        ca_file=ca_file,
        # Named and wrong is not missing: one finding is enough.
        has_account=bool(_ways_to_sign_in(table)),
    )
    return settings, problems


def _ways_to_sign_in(table: MicrosoftTable) -> dict[str, str]:
    """Return the settings that each say how to sign in, and what they are."""
    ways = {
        "a client secret": "client_secret" if table.client_secret else "",
        "a file with a client secret": "client_secret_file" if table.client_secret_file else "",
        "a certificate": "certificate_file" if table.certificate_file else "",
        "a federated token": "federated_token_file" if table.federated_token_file else "",
        "a managed identity": "managed_identity" if table.managed_identity else "",
    }
    return {key: what for what, key in ways.items() if key}


def _identity_problems(table: MicrosoftTable) -> Iterator[Problem]:
    ways = _ways_to_sign_in(table)
    if "client_secret" in ways:
        ways.pop("client_secret_file", None)
    if len(ways) > 1:
        *others, last = ways
        what = " and ".join(ways[key] for key in (*others, last))
        keys = ", ".join(f"'{key}'" for key in ways)
        error = BadValueError(
            f"{what} exclude each other.", f"Keep one of {keys} and leave the others out."
        )
        yield _problem(last, error)


_PEM_REMEDY: Final = (
    "Put the private key and the certificate that was uploaded to the app into one PEM file, one "
    "below the other, and let only this user read it."
)


def _read_certificate(path: FilePath, password: SecretStr | None) -> SecretStr:
    """Return the content of a PEM file in which a key and its certificate stand."""
    name = quoted(str(path))
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadValueError(f"there is no file {name}.", _PEM_REMEDY) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "no PEM text"
        raise BadValueError(f"{name} cannot be read ({reason}).", _PEM_REMEDY) from None
    _check_pair(name, content.encode(), password)
    return SecretStr(content)


def _check_pair(name: str, content: bytes, password: SecretStr | None) -> None:
    from cryptography import x509  # noqa: PLC0415 - slow to load, and few have a certificate
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    given = password.get_secret_value().encode() if password else None
    # A password for a key that has none would be refused; whoever wrote one meant no harm.
    if not _is_locked(SecretStr(content.decode())):
        given = None
    try:
        key = load_pem_private_key(content, given)
    except TypeError:
        message = f"the key in {name} is locked by a password."
        remedy = "Write the password into a file and name it in 'certificate_password_file'."
        raise BadValueError(message, remedy) from None
    except (ValueError, UnsupportedAlgorithm):
        message = f"{name} has no private key that can be read"
        message += " with that password." if given else "."
        raise BadValueError(message, _PEM_REMEDY) from None
    try:
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError:
        raise BadValueError(f"{name} has no certificate.", _PEM_REMEDY) from None
    if certificate.public_key() != key.public_key():
        message = f"the key and the certificate in {name} do not belong together."
        raise BadValueError(message, _PEM_REMEDY)


def _is_locked(content: SecretStr) -> bool:
    return "ENCRYPTED" in content.get_secret_value()


def _says_something(path: FilePath) -> bool:
    try:
        return bool(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return False


def _no_token(path: FilePath) -> BadValueError:
    return BadValueError(
        f"no token can be read from the file {quoted(str(path))}.",
        "Name the file your platform writes the workload's token into, and let this user read it.",
    )


def _problem(key: str, error: BadValueError) -> Problem:
    return Problem(path=(*_TABLE, key), error=error)
