"""One GET that cannot be turned against us: where to, how long and how much are all bounded."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any, Final, Self

import httpx

from slotfinder.calendars.feed.addresses import Allowed, RefusedError
from slotfinder.calendars.icalendar import BYTES_LIMIT
from slotfinder.domain.freebusy import UnreadableCode
from slotfinder.errors import SlotfinderError

_REDIRECTS: Final = 5
_REDIRECT_CODES: Final = frozenset({301, 302, 303, 307, 308})
_ONE_USE: Final = httpx.Limits(max_keepalive_connections=0)
_PUBLISH_AGAIN: Final = "Publish the calendar again and put its new address into people.csv."
_TRY_LATER: Final = (
    "Try again later; if it stays so, check the address and the server's certificate."
)


class FeedError(SlotfinderError):
    """A published calendar could not be fetched; the text never holds its address."""

    def __init__(self, code: UnreadableCode, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.code = code
        self.advice = advice


def download(
    address: str, allowed: Allowed, trust: ssl.SSLContext, timeout: float, count: Callable[[], None]
) -> bytes:
    """Return what the address serves; ``count`` is called for each request tried.

    Raises:
        FeedError: it serves nothing, too much, too slowly, or lies where we must not look.
    """
    deadline = time.monotonic() + timeout
    try:
        url = httpx.URL(address)
        for _ in range(_REDIRECTS + 1):
            count()
            with _get(url, allowed, trust, deadline) as response:
                if response.status_code not in _REDIRECT_CODES:
                    return _body(response)
                url = url.join(response.headers.get("Location", ""))
    except RefusedError:
        raise FeedError(
            UnreadableCode.NO_ACCESS,
            "The address leads to a host that is not public.",
            "If that is meant, list the host in [calendars.feeds] allow.",
        ) from None
    except (httpx.HTTPError, OSError):
        raise FeedError(
            UnreadableCode.PROVIDER_UNAVAILABLE,
            "The calendar's server could not be reached, or did not answer completely in time.",
            _TRY_LATER,
        ) from None
    except (httpx.InvalidURL, ValueError):
        raise FeedError(
            UnreadableCode.PROVIDER_ERROR, "The address is malformed.", _PUBLISH_AGAIN
        ) from None
    raise FeedError(
        UnreadableCode.PROVIDER_ERROR, "The address redirects too often.", _PUBLISH_AGAIN
    )


@contextmanager
def _get(
    url: httpx.URL, allowed: Allowed, trust: ssl.SSLContext, deadline: float
) -> Iterator[httpx.Response]:
    """Send a GET to an address of the host that was checked, so that no second look-up counts."""
    if url.scheme not in {"http", "https"} or not url.host:
        raise FeedError(
            UnreadableCode.PROVIDER_ERROR,
            "The address is not one of http or https.",
            _PUBLISH_AGAIN,
        )
    host = url.raw_host.decode("ascii").strip("[]")
    addresses = allowed.addresses(host, url.port or (443 if url.scheme == "https" else 80))
    with (
        _Watchdog(deadline) as watchdog,
        # A connection is never used twice: it is known by the address, its certificate by the host.
        httpx.Client(verify=trust, trust_env=False, limits=_ONE_USE) as client,
    ):
        response = _connect(client, url, host, addresses, watchdog)
        try:
            yield response
        finally:
            response.close()
        watchdog.check()


def _connect(
    client: httpx.Client, url: httpx.URL, host: str, addresses: list[str], watchdog: "_Watchdog"
) -> httpx.Response:
    """Return the answer of the first address that takes a connection."""
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Accept": "text/calendar",
        "Accept-Encoding": "identity",
    }
    for untried, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        request = client.build_request(
            "GET",
            url.copy_with(host=address),
            headers=headers,
            timeout=httpx.Timeout(watchdog.left, connect=watchdog.left / untried),
            extensions={"sni_hostname": host, "trace": watchdog.trace},
        )
        try:
            return client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if untried == 1:
                raise
    raise OSError("the host has no address")


def _body(response: httpx.Response) -> bytes:
    _refuse_failure(response.status_code)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FeedError(
            UnreadableCode.PROVIDER_ERROR,
            "The server compresses what it was asked not to compress.",
            _PUBLISH_AGAIN,
        )
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > BYTES_LIMIT:
            raise FeedError(
                UnreadableCode.MALFORMED_ANSWER,
                "The calendar is larger than 10 MB.",
                "Publish fewer entries, for example without past years.",
            )
    return bytes(body)


def _refuse_failure(status: int) -> None:
    if status == 200:
        return
    if status in {404, 410}:
        code, advice = UnreadableCode.NOT_FOUND, _PUBLISH_AGAIN
    elif status in {401, 403}:
        code, advice = UnreadableCode.NO_ACCESS, _PUBLISH_AGAIN
    elif status >= 500:
        code, advice = UnreadableCode.PROVIDER_UNAVAILABLE, _TRY_LATER
    else:
        code, advice = UnreadableCode.PROVIDER_ERROR, _PUBLISH_AGAIN
    raise FeedError(code, f"The calendar's server answered {status}.", advice)


class _Watchdog:
    """Cuts the connection at the deadline, for httpx's time-outs start anew with every byte."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._timer = Timer(self.left, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self._is_over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def left(self) -> float:
        """Return the seconds left, a little more than none, which httpx would take for no limit."""
        return max(self._deadline - time.monotonic(), 0.001)

    def check(self) -> None:
        """Refuse an answer that ended because it was cut: without a length it looks complete."""
        if self._is_over:
            raise TimeoutError

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn the socket to cut from httpcore, first the plain one, then the one with TLS."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._is_over:
                self._cut()

    def _cut(self) -> None:
        self._is_over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
