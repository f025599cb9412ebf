"""Calls to Microsoft Graph: few at a time a mailbox, each tried with patience and counted."""

import json
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx

from slotfinder.calendars.clock import ClockWatch
from slotfinder.calendars.microsoft.auth import Account, Tokens, roles_in
from slotfinder.calendars.microsoft.failures import (
    MAILBOX_REFUSED,
    MALFORMED,
    NO_ANSWER,
    Failure,
    GraphError,
    failure_of,
)
from slotfinder.calendars.retry import Patience

JsonObject = dict[str, Any]
T = TypeVar("T")

_AT_A_TIME: Final = 3
"""Requests under way for one mailbox; Exchange refuses the fifth."""

_PATIENCE_WITH_HINTS: Final = 3.0
"""Seconds for what a run can do without."""

_UNAUTHORIZED: Final = 401
_DIRECTLY: Final = ("localhost", "127.0.0.1", "[::1]", "169.254.169.254")
"""Hosts no proxy is asked for: this machine, and what tells it its identity in Azure."""

_HEADERS: Final = {
    # Ids that stay when an entry moves to the bin, asked for with every request or with none.
    "Prefer": 'IdType="ImmutableId", outlook.timezone="UTC"',
    "Accept": "application/json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, counted as ``operation``; ``path`` continues that of its mailbox, if any.

    With ``etag`` Graph refuses where the event is another by now. A ``query`` that is a text is
    sent as it is: Graph's own, for the next page of a list.
    """

    operation: str
    method: str = "GET"
    path: str = ""
    query: str | Mapping[str, str] = ""
    body: JsonObject | None = None
    etag: str = ""


class GraphClient:
    """Makes calls through the allowed mailboxes; safe to be used by many threads.

    ``graph`` is the root URL of the cloud; ``timeout`` is in seconds a request; ``ca_file`` holds
    roots trusted besides the usual ones, whatever the environment says.
    """

    def __init__(
        self,
        account: Account,
        mailboxes: frozenset[str],
        *,
        graph: str,
        timeout: float,
        ca_file: Path | None,
        patience: Patience,
    ) -> None:
        self._root = f"{graph}/v1.0/"
        self._gates = {mailbox: BoundedSemaphore(_AT_A_TIME) for mailbox in mailboxes}
        self._patience = patience
        self._patience_with_hints = Patience(_PATIENCE_WITH_HINTS)
        self._tries: Counter[str] = Counter()
        self._lock = Lock()
        self._clock = ClockWatch()
        self._http = httpx.Client(
            event_hooks={"response": [self._note_date]},
            verify=_roots(ca_file),
            timeout=timeout,
            mounts=dict.fromkeys((f"all://{host}" for host in _DIRECTLY), None),
        )
        self._tokens = Tokens(account, graph, self._http, self._count)

    @property
    def requests(self) -> Mapping[str, int]:
        """Return how many requests were tried, by ``microsoft.operation``."""
        with self._lock:
            return {f"microsoft.{name}": tries for name, tries in sorted(self._tries.items())}

    @property
    def clock_ahead(self) -> timedelta | None:
        """Return how far this machine's clock is ahead of Microsoft's, None where nothing told."""
        return self._clock.ahead

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def call(self, mailbox: str | None, request: Request, read: Callable[[JsonObject], T]) -> T:
        """Return what ``read`` makes of the answer to a request about a mailbox.

        With None it is about the tenant, and a hint a run can do without.
        What ``read`` finds malformed is tried again like any broken answer; every try sends the
        same bytes.

        Raises:
            TryFailedError: a GraphError with what Microsoft said last, or one that ``is_down``.
        """
        if mailbox is not None and mailbox not in self._gates:
            raise GraphError(Failure(reason=MAILBOX_REFUSED))
        url = self._url(mailbox, request)
        body = None if request.body is None else json.dumps(request.body, sort_keys=True).encode()

        def attempt() -> T:
            answer = self._authorized(mailbox, request, url, body)
            if not answer.is_success:
                failure = failure_of(answer.status_code, answer.content, answer.headers)
                raise GraphError(failure)
            try:
                # Nothing at all is an answer where none is promised.
                found = json.loads(answer.content) if answer.content else {}
                return read(found)
            # Lists without end are a RecursionError.
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
                raise GraphError(Failure(reason=MALFORMED)) from None

        patience = self._patience_with_hints if mailbox is None else self._patience
        return patience.call(attempt)

    def token_roles(self) -> frozenset[str]:
        """Return the permissions that the app's token itself names, none where it names none.

        Raises:
            TryFailedError: no token could be had.
        """
        return roles_in(self._patience.call(self._tokens.value))

    def _url(self, mailbox: str | None, request: Request) -> str:
        given = request.query
        query = given if isinstance(given, str) else urlencode(given, quote_via=quote)
        whose = "" if mailbox is None else f"users/{quote(mailbox, safe='@')}/"
        url = f"{self._root}{whose}{request.path}"
        return f"{url}?{query}" if query else url

    def _authorized(
        self, mailbox: str | None, request: Request, url: str, body: bytes | None
    ) -> httpx.Response:
        """Send a request; a token that Graph refuses is fetched anew once."""
        token = self._tokens.value()
        answer = self._send(mailbox, request, url, body, token)
        if answer.status_code == _UNAUTHORIZED:
            token = self._tokens.value(stale=token)
            answer = self._send(mailbox, request, url, body, token)
        return answer

    def _send(
        self, mailbox: str | None, request: Request, url: str, body: bytes | None, token: str
    ) -> httpx.Response:
        headers = {
            **_HEADERS,
            "Authorization": f"Bearer {token}",
            "client-request-id": str(uuid4()),
            **({"Content-Type": "application/json"} if body is not None else {}),
            **({"If-Match": request.etag} if request.etag else {}),
        }
        with nullcontext() if mailbox is None else self._gates[mailbox]:
            self._count(request.operation)
            try:
                return self._http.request(request.method, url, content=body, headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # a name DNS cannot have
                raise GraphError(Failure(reason=NO_ANSWER)) from None

    def _note_date(self, answer: httpx.Response) -> None:
        self._clock.note(answer.headers.get("date", ""))

    def _count(self, operation: str) -> None:
        with self._lock:
            self._tries[operation] += 1


def _roots(ca_file: Path | None) -> ssl.SSLContext:
    """Return whom to trust: with ``ca_file`` nothing the environment says counts."""
    roots = httpx.create_ssl_context(trust_env=ca_file is None)
    if ca_file is not None:
        roots.load_verify_locations(ca_file)
    return roots
