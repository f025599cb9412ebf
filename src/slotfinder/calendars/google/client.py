"""Calls to Google: each tried with patience, counted, and checked for being an answer."""

import http.client
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple, TypeVar

import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from slotfinder.calendars.google.auth import (
    Access,
    Account,
    Identity,
    NoSuchSubjectError,
    refusal,
)
from slotfinder.calendars.google.failures import (
    DOWN,
    MALFORMED,
    NO_ANSWER,
    SUBJECT_REFUSED,
    Failure,
    GoogleError,
    failure_of,
)
from slotfinder.calendars.retry import Patience, TryFailedError

JsonObject = dict[str, Any]
T = TypeVar("T")

_PATIENCE_WITH_HINTS: Final = 3.0
"""Seconds for what a run can do without."""


class Api(NamedTuple):
    """One of Google's services, where it is below the root URL, and how much is asked of it.

    It may only give hints, or be optional: then it never counts as a sign that Google is down.
    """

    name: str
    version: str
    path: str
    is_hint: bool = False
    is_optional: bool = False


CALENDAR: Final = Api("calendar", "v3", "calendar/v3/")
CALENDAR_TIMES: Final = CALENDAR._replace(is_optional=True)
CALENDAR_HINTS: Final = CALENDAR._replace(is_hint=True)
DIRECTORY: Final = Api("admin", "directory_v1", "", is_hint=True)

_NO_ANSWER: Final = (OSError, httplib2.HttpLib2Error, http.client.HTTPException, TransportError)


class GoogleClient:
    """Makes calls as the allowed mailboxes; safe to be used by many threads.

    ``endpoint`` is Google's root URL or that of a gateway in its place; ``timeout`` is in seconds
    a request. ``subjects`` are the mailboxes that may be impersonated.

    Raises:
        ValueError: the account's key cannot be used.
    """

    def __init__(
        self,
        account: Account,
        subjects: frozenset[str],
        *,
        endpoint: str,
        timeout: float,
        ca_file: Path | None,
        patience: Patience,
    ) -> None:
        self._tries: Counter[str] = Counter()
        self._lock = Lock()
        self._patience = patience
        self._patience_with_options = patience.apart()
        self._patience_with_hints = Patience(_PATIENCE_WITH_HINTS)
        self._access = Access(
            account, subjects, timeout=timeout, ca_file=ca_file, count=self._count
        )
        self._endpoint = endpoint.rstrip("/")
        self._timeout = timeout
        self._services: dict[str, Any] = {}

    @property
    def requests(self) -> Mapping[str, int]:
        """Return how many requests were tried, by ``google.operation``."""
        with self._lock:
            return {f"google.{name}": tries for name, tries in sorted(self._tries.items())}

    @property
    def clock_ahead(self) -> timedelta | None:
        """Return how far this machine's clock is ahead of Google's, None where nothing told."""
        return self._access.clock.ahead

    def close(self) -> None:
        """Close all connections."""
        self._access.close()

    def call(
        self,
        identity: Identity,
        operation: str,
        make: Callable[[Any, str], Any],
        read: Callable[[JsonObject], T],
        *,
        etag: str | None = None,
        api: Api = CALENDAR,
    ) -> T:
        """Return what ``read`` makes of the answer to a request.

        ``make`` builds the request of the service and the quota user, ``operation`` is counted.
        With ``etag`` Google refuses where the event is another by now. What ``read`` finds
        malformed is tried again like any broken answer.

        Raises:
            TryFailedError: a GoogleError with what Google said last, or one that ``is_down``.
        """

        def attempt() -> T:
            request = make(self._service(api), _quota_user(identity.subject))
            if etag:
                request.headers["If-Match"] = etag
            answer = self._answer(identity, operation, request)
            try:
                # A truncated or foreign body comes out of the library as plain text; nothing at
                # all is an answer where none is promised.
                return read(answer if answer != "" else {})
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
                raise GoogleError(Failure(reason=MALFORMED)) from None

        patience = self._patience_with_options if api.is_optional else self._patience
        return (self._patience_with_hints if api.is_hint else patience).call(attempt)

    def _service(self, api: Api) -> Any:  # noqa: ANN401 - as the library has them
        with self._lock:
            if api.name not in self._services:
                # With its static discovery document nothing is asked of the network here, and no
                # call may ever fall back to credentials of the machine.
                self._services[api.name] = build(
                    api.name,
                    api.version,
                    http=httplib2.Http(timeout=self._timeout),
                    static_discovery=True,
                    client_options={"api_endpoint": f"{self._endpoint}/{api.path}"},
                )
            return self._services[api.name]

    def _answer(self, identity: Identity, operation: str, request: Any) -> Any:  # noqa: ANN401 - as the library has them
        try:
            return request.execute(http=self._access.session(identity, operation))
        except HttpError as error:
            headers = {str(name).lower(): str(value) for name, value in error.resp.items()}
            raise GoogleError(failure_of(error.resp.status, error.content, headers)) from None
        except NoSuchSubjectError:
            raise GoogleError(Failure(reason=SUBJECT_REFUSED)) from None
        except RefreshError as error:
            raise GoogleError(_token_failure(error)) from None
        except _NO_ANSWER:
            raise GoogleError(Failure(reason=NO_ANSWER)) from None
        except GoogleAuthError:
            raise GoogleError(Failure(reason="no-credentials")) from None
        # The body of a token or an answer is broken; lists without end are a RecursionError.
        except (ValueError, TypeError, KeyError, RecursionError):
            raise GoogleError(Failure(reason=MALFORMED)) from None

    def _count(self, operation: str) -> None:
        with self._lock:
            self._tries[operation] += 1


def failure_in(error: TryFailedError) -> Failure:
    """Return why a call failed; one that was not even tried failed because Google is down."""
    return error.failure if isinstance(error, GoogleError) else Failure(reason=DOWN)


def _token_failure(error: RefreshError) -> Failure:
    """Return why no token was had: by OAuth's own word for it, or for lack of any answer."""
    said = refusal(error)
    if said is None:
        return Failure(reason=NO_ANSWER)
    return failure_of(400, json.dumps({"error": said}).encode())


def _quota_user(subject: str) -> str:
    """Return whom Google's limits are counted for: with delegation else all mailboxes are one."""
    return sha256(subject.encode()).hexdigest()[:32]
