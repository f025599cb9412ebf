"""Who slotfinder is to Google: tokens of a service account with domain-wide delegation.

A token is bound to one mailbox and one scope, so that what only reads can never write, and a scope
that was not delegated costs nothing but itself. Only mailboxes on the allow-list are impersonated:
a delegated key alone could act as anybody in the domain.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Lock, local
from typing import Any, Final

import google.auth
import httplib2
from google.auth import impersonated_credentials
from google.auth.exceptions import RefreshError, TransportError
from google.oauth2 import service_account
from google_auth_httplib2 import Request

from slotfinder.calendars.clock import ClockWatch

_SCOPES: Final = "https://www.googleapis.com/auth/"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class Scope(StrEnum):
    """What a token may do, each the least there is for it."""

    FREE_BUSY = "calendar.freebusy"
    OWN_EVENTS = "calendar.events.owned"
    EVENT_TIMES = "calendar.events.freebusy"
    CALENDARS = "calendar.calendars.readonly"
    WORKPLACES = "calendar.events.readonly"
    ROOMS = "admin.directory.resource.calendar.readonly"
    EVERYTHING = "calendar"
    """Never used; only asked for to see whether more was delegated than is needed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a call is made, and with what right."""

    subject: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The service account: the content of its ``key`` file, or its address for keyless signing.

    Without a key Google's IAM signs; the machine's application default credentials ask it to.
    """

    key: Mapping[str, str] | None = field(default=None, repr=False)
    impersonate: str = ""


class NoSuchSubjectError(LookupError):
    """A mailbox that is no reader and no organizer of the programme was to be impersonated."""


class Access:
    """Gives each thread what it needs to make calls as one of the allowed mailboxes.

    ``subjects`` are those mailboxes; ``timeout`` is in seconds; ``ca_file`` holds roots trusted
    besides the usual ones, whatever the environment says. ``count`` is told of every try by name.

    Raises:
        ValueError: the key cannot be used.
    """

    def __init__(
        self,
        account: Account,
        subjects: Collection[str],
        *,
        timeout: float,
        ca_file: Path | None,
        count: Callable[[str], None],
    ) -> None:
        self._account = account
        self._subjects = frozenset(subjects)
        self._timeout = timeout
        self._ca_file = ca_file
        self._count = count
        self._tokens: dict[Identity, _Token] = {}
        self._lock = Lock()
        self._thread = local()
        self._opened: list[httplib2.Http] = []
        self.clock = ClockWatch()
        self._base: Any = None
        if account.key is not None:
            self._base = service_account.Credentials.from_service_account_info(dict(account.key))  # type: ignore[no-untyped-call]

    def session(self, identity: Identity, operation: str) -> "Session":
        """Return what makes the calls of one thread, counted as ``operation``.

        Raises:
            NoSuchSubjectError: the mailbox is not on the allow-list.
        """
        if identity.subject not in self._subjects:
            raise NoSuchSubjectError
        return Session(self._http(), self._token(identity), operation, self._count)

    def close(self) -> None:
        """Close the connections of all threads."""
        for http in self._opened:
            http.close()

    def _http(self) -> httplib2.Http:
        # httplib2 is not safe for threads: each has its own connections.
        if not hasattr(self._thread, "http"):
            self._thread.http = _http(self._timeout, self._ca_file, self.clock)
            self._opened.append(self._thread.http)
        found: httplib2.Http = self._thread.http
        return found

    def _token(self, identity: Identity) -> "_Token":
        with self._lock:
            if identity not in self._tokens:
                self._tokens[identity] = _Token(lambda: self._credentials(identity))
            return self._tokens[identity]

    def _credentials(self, identity: Identity) -> Any:  # noqa: ANN401 - Google's types are bare
        scopes = [_SCOPES + identity.scope]
        if self._base is not None:
            return self._base.with_scopes(scopes).with_subject(identity.subject)
        request = Request(self._http())
        source, _ = google.auth.default(scopes=[_SCOPES + "cloud-platform"], request=request)
        return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
            source_credentials=source,
            target_principal=self._account.impersonate,
            target_scopes=scopes,
            subject=identity.subject,
        )


class _Token:
    """One access token, shared by all threads and fetched by the first that needs it.

    ``make`` is called then: finding the machine's own credentials may already ask the network.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._credentials: Any = None
        self._refused: RefreshError | None = None
        self._lock = Lock()

    def value(self, request: Callable[..., Any], stale: str | None = None) -> str:
        """Return a token that is valid and is not the ``stale`` one Google refused."""
        with self._lock:
            # What Google refuses for good is not asked again with every call of the run.
            if self._refused is not None:
                raise self._refused
            if self._credentials is None:
                self._credentials = self._make()
            if not self._credentials.valid or self._credentials.token == stale:
                try:
                    self._credentials.refresh(request)
                except RefreshError as error:
                    if refusal(error) is not None:
                        self._refused = error
                    raise
            return str(self._credentials.token)


def refusal(error: RefreshError) -> str | None:
    """Return the word with which no token was given; None where nobody said a clear no."""
    if error.retryable:
        return None
    said = (part.get("error") for part in error.args if isinstance(part, dict))
    return next((word for word in said if isinstance(word, str)), None)


class Session:
    """One thread's way to Google with one token: what googleapiclient takes for an Http."""

    def __init__(
        self, http: httplib2.Http, token: _Token, operation: str, count: Callable[[str], None]
    ) -> None:
        self._http = http
        self._token = token
        self._operation = operation
        self._count = count
        self._tokens = Request(http)

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Make a request; a token that Google refuses is fetched anew once."""
        token = self._token.value(self._ask_for_token)
        response, content = self._send(uri, method, body, headers, token)
        if response.status == _UNAUTHORIZED:
            token = self._token.value(self._ask_for_token, stale=token)
            response, content = self._send(uri, method, body, headers, token)
        return response, content

    def _send(
        self,
        uri: str,
        method: str,
        body: bytes | str | None,
        headers: Mapping[str, str] | None,
        token: str,
    ) -> tuple[httplib2.Response, bytes]:
        self._count(self._operation)
        mine = {**(headers or {}), "authorization": f"Bearer {token}"}
        answer: tuple[httplib2.Response, bytes] = self._http.request(
            uri, method, body=body, headers=mine
        )
        return answer

    def _ask_for_token(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on
        self._count("token")
        response = self._tokens(*arguments, **options)
        if response.status >= _SERVER_ERROR or response.status == _TOO_MANY:
            # google-auth would try again by itself, on top of our own policy.
            raise TransportError("no token")  # type: ignore[no-untyped-call]
        return response


def _http(timeout: float, ca_file: Path | None, clock: ClockWatch) -> httplib2.Http:
    """Return connections that follow nobody elsewhere with a token in hand.

    With ``ca_file`` nothing the environment says of roots counts.
    """
    roots = None if ca_file is None else _usual_roots()
    http = _TrustingHttp(timeout=timeout, ca_certs=roots, proxy_info=_proxy)
    http.ca_file = ca_file
    http.clock = clock
    http.follow_redirects = False
    return http


class _TrustingHttp(httplib2.Http):  # type: ignore[misc]
    """Connections that trust the certificates of ``ca_file`` too, and tell ``clock`` of dates."""

    ca_file: Path | None = None
    clock: ClockWatch

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on
        if self.ca_file is not None and uri.startswith("https:"):
            options["connection_type"] = _connection_trusting(self.ca_file)
        response, content = super().request(uri, *arguments, **options)
        self.clock.note(response.get("date", ""))
        return response, content


def _connection_trusting(ca_file: Path) -> type[httplib2.HTTPSConnectionWithTimeout]:
    class Connection(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
            super().__init__(*arguments, **options)
            self._context.load_verify_locations(ca_file)

    return Connection


def _usual_roots() -> str:
    import certifi  # noqa: PLC0415 - only where further roots are named

    return certifi.where()


def _proxy(scheme: str) -> httplib2.ProxyInfo | None:
    """Return the environment's proxy, which is never asked for this machine itself."""
    info = httplib2.proxy_info_from_environment(scheme)
    if info is not None and info.bypass_hosts is not httplib2.AllHosts:
        info.bypass_hosts = (*info.bypass_hosts, *_LOOPBACK)
    return info
