"""Who slotfinder is to Microsoft: an app of a tenant, its tokens through msal.

One scope, that of the Graph named in the settings. What the identity platform refuses for good is
asked once a run; a token that still holds is used when a fresher one cannot be had.
"""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

import httpx
import msal

from slotfinder.calendars.microsoft.failures import (
    MALFORMED,
    NO_ANSWER,
    NO_CREDENTIALS,
    NO_TENANT,
    Failure,
    GraphError,
    failure_of,
    token_failure,
    word,
)
from slotfinder.calendars.retry import Verdict

_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The app and how it proves to be it: by exactly one of its last four.

    ``certificate`` is PEM text of key and certificate, ``password`` that of its key; a ``token``
    file is read anew for each proof, since platforms change it; ``managed_identity`` is "system"
    or a client id.
    """

    tenant: str = ""
    client_id: str = ""
    authority: str = ""
    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    token: Path | None = None
    managed_identity: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    until: float
    """On the machine's monotonic clock, in seconds."""


class Tokens:
    """The access token of an account for one Graph, shared by all threads.

    ``count`` is told of every request by name.
    """

    def __init__(
        self, account: Account, graph: str, http: httpx.Client, count: Callable[[str], None]
    ) -> None:
        self._account = account
        self._graph = graph
        self._wire = _Wire(http, count)
        self._app: Any = None
        self._kept: _Token | None = None
        self._refused: Failure | None = None
        self._lock = Lock()

    def value(self, stale: str | None = None) -> str:
        """Return a token that is valid and is not the ``stale`` one Graph refused.

        Raises:
            GraphError: none could be had.
        """
        with self._lock:
            if self._refused is not None:
                raise GraphError(self._refused)
            if self._kept is not None and self._kept.value == stale:
                # msal would offer the same one again.
                self._app = self._kept = None
            try:
                self._kept = self._acquired()
            except GraphError as error:
                if self._kept is not None and self._kept.until > time.monotonic():
                    return self._kept.value
                if error.verdict is Verdict.NEVER:
                    self._refused = error.failure
                raise
            return self._kept.value

    def _acquired(self) -> _Token:
        try:
            if self._app is None:
                self._app = self._made()
            answer = self._asked()
        except GraphError:
            raise
        except OSError:  # a token file that is gone
            raise GraphError(Failure(reason=NO_CREDENTIALS)) from None
        except Exception:  # noqa: BLE001 - msal raises whatever a broken answer led it to
            raise GraphError(Failure(reason=MALFORMED)) from None
        token, lifetime = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise GraphError(token_failure(answer))
        life = float(lifetime) if isinstance(lifetime, int | float | str) else 0.0
        return _Token(token, time.monotonic() + life)

    def _asked(self) -> Mapping[str, Any]:
        if self._account.managed_identity:
            found = self._app.acquire_token_for_client(resource=self._graph)
        else:
            found = self._app.acquire_token_for_client([f"{self._graph}/.default"])
        return found if isinstance(found, dict) else {}

    def _made(self) -> Any:  # noqa: ANN401 - msal's types are bare
        """Make msal's client, which already asks where tokens are given."""
        account = self._account
        if account.managed_identity:
            identity = (
                msal.SystemAssignedManagedIdentity()
                if account.managed_identity == "system"
                else msal.UserAssignedManagedIdentity(client_id=account.managed_identity)
            )
            return msal.ManagedIdentityClient(identity, http_client=self._wire)
        try:
            return msal.ConfidentialClientApplication(
                account.client_id,
                client_credential=_proof(account),
                authority=f"{account.authority}/{account.tenant}",
                http_client=self._wire,
                # Which authority to trust is said in the settings; nobody else is asked about it.
                instance_discovery=False,
            )
        except ValueError:
            raise GraphError(Failure(reason=self._wire.refused or MALFORMED)) from None


def roles_in(token: str) -> frozenset[str]:
    """Return the permissions a token names; none where it cannot be read, which it need not be."""
    _, _, rest = token.partition(".")
    claims = rest.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        roles = found["roles"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()
    listed = roles if isinstance(roles, list) else ()
    return frozenset(each for each in listed if isinstance(each, str) and word(each, ""))


def _proof(account: Account) -> Any:  # noqa: ANN401 - what msal takes
    if account.secret:
        return account.secret
    if account.token is not None:
        path = account.token
        return {"client_assertion": lambda: path.read_text(encoding="utf-8").strip()}
    proof = {"private_key": account.certificate, "public_certificate": account.certificate}
    return {**proof, "passphrase": account.password} if account.password else proof


class _Wire:
    """Our own http in the shape msal asks for, so that time limits, roots and retries are ours.

    An answer that may be another one a little later is raised: msal would repeat it from memory
    for seconds or minutes, and hide it behind errors of its own.
    """

    def __init__(self, http: httpx.Client, count: Callable[[str], None]) -> None:
        self._http = http
        self._count = count
        self.refused = ""
        """Why the identity platform did not even say where tokens are given."""

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> httpx.Response:
        is_discovery = ".well-known" in url
        answer = self._send("discovery" if is_discovery else "token", "GET", url, params, headers)
        self.refused = NO_TENANT if is_discovery and answer.status_code >= 400 else ""
        return answer

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        **_: object,
    ) -> httpx.Response:
        # msal signs to bytes, which httpx would write as a text of bytes.
        form = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in (data or {}).items()
        }
        return self._send("token", "POST", url, params, headers, form)

    def close(self) -> None:
        """Leave the connections open: they are not msal's."""

    def _send(
        self,
        operation: str,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        form: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        self._count(operation)
        try:
            answer = self._http.request(method, url, params=params, headers=headers, data=form)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise GraphError(Failure(reason=NO_ANSWER)) from None
        status = answer.status_code
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise GraphError(failure_of(status, answer.content, answer.headers))
        return answer
