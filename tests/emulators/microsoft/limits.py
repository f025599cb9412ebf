"""Limits per app and mailbox: requests at once, requests in ten minutes (item 27)."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime

from tests.emulators.clock import Clock
from tests.emulators.microsoft.errors import GraphError
from tests.emulators.microsoft.options import Options

Key = tuple[str, str]
"""App and mailbox."""


class Limits:
    """Counts by a clock of its own; refused requests count as well.

    `peak` tells how many requests a mailbox ever had at once.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options, self._clock = options, clock
        self._lock = threading.Lock()
        self._running: Counter[Key] = Counter()
        self._seen: dict[Key, deque[datetime]] = defaultdict(deque)
        self._closed_until: dict[Key, datetime] = {}
        self.peak: Counter[str] = Counter()

    @contextmanager
    def slot(self, key: Key) -> Iterator[None]:
        """Hold one of a mailbox's slots, or be refused."""
        with self._lock:
            self._running[key] += 1
            now = self._running[key]
            self.peak[key[1]] = max(now, self.peak[key[1]])
        try:
            if now > self._options.concurrent:
                message = "Application is over its MailboxConcurrency limit."
                headers = self.headers(1)
                raise GraphError(429, "ApplicationThrottled", message, headers=headers)
            self._charge(key)
            yield
        finally:
            with self._lock:
                self._running[key] -= 1

    @contextmanager
    def busy(self, keys: Iterable[Key]) -> Iterator[None]:
        """Let other requests be under way meanwhile: parts of the same batch."""
        others = list(keys)
        with self._lock:
            self._running.update(others)
        try:
            yield
        finally:
            with self._lock:
                self._running.subtract(others)

    def _charge(self, key: Key) -> None:
        options, now = self._options, self._clock.now()
        with self._lock:
            seen = self._seen[key]
            seen.append(now)
            while seen[0] <= now - options.window:
                seen.popleft()
            closed = self._closed_until.get(key)
            if len(seen) <= options.per_mailbox and (closed is None or closed <= now):
                return
            self._closed_until[key] = now + timedelta(seconds=options.penalty)
        raise throttled(self.headers(options.penalty))

    def headers(self, seconds: float) -> dict[str, str]:
        """Say when to come again, in the form that was chosen."""
        form = self._options.retry_after
        if form == "none":
            return {}
        if form == "date":
            # A date has whole seconds: the next one after the wait is over.
            at = self._clock.now() + timedelta(seconds=int(seconds) + 1)
            return {"Retry-After": format_datetime(at.replace(microsecond=0), usegmt=True)}
        if form == "seconds" or seconds == int(seconds):
            return {"Retry-After": str(-int(-seconds // 1))}
        return {"Retry-After": f"{seconds:.3f}"}


def throttled(headers: dict[str, str]) -> GraphError:
    inner = {"code": "429", "message": "Please retry after", "status": "429"}
    message = "Please retry again later."
    return GraphError(429, "TooManyRequests", message, inner=inner, headers=headers)
