"""Published calendars: .ics files at an address, read only."""

import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

import httpx

from slotfinder.calendars.feed.addresses import Allowed
from slotfinder.calendars.feed.download import FeedError, download
from slotfinder.calendars.icalendar import UnreadableCalendarError, read_calendar
from slotfinder.domain.freebusy import FreeBusy, Provider, Reading, Unreadable, UnreadableCode
from slotfinder.domain.interval import Interval
from slotfinder.ports import CalendarRef

_THREADS: Final = 8


class PublishedFeeds:
    """Reads published calendars.

    ``allow`` lists hosts and networks that may be read although they are not public; ``timeout``
    is how many seconds one calendar may take in all; ``ca_file`` holds further roots to trust.
    """

    def __init__(self, allow: Sequence[str], timeout: float, ca_file: Path | None = None) -> None:
        self._allowed = Allowed.of(allow)
        self._timeout = timeout
        self._ca_file = ca_file
        self._tries = 0
        self._lock = Lock()

    @property
    def provider(self) -> Provider:
        return Provider.FEED

    @property
    def requests(self) -> Mapping[str, int]:
        return {"feed.get": self._tries} if self._tries else {}

    def read(
        self, calendars: Sequence[CalendarRef], window: Interval, own: frozenset[str]
    ) -> list[Reading]:
        if not calendars:
            return []
        trust = httpx.create_ssl_context(trust_env=False)
        if self._ca_file is not None:
            trust.load_verify_locations(self._ca_file)
        with ThreadPoolExecutor(min(_THREADS, len(calendars)), "feed") as pool:
            return list(pool.map(partial(self._read, window, own, trust), calendars))

    def _read(
        self, window: Interval, own: frozenset[str], trust: ssl.SSLContext, ref: CalendarRef
    ) -> Reading:
        try:
            content = download(ref.feed or "", self._allowed, trust, self._timeout, self._count)
            blocks = read_calendar([content], ref.owner, ref.zone, window, own)
        except UnreadableCalendarError as error:
            reason = f"What the address serves cannot be read: {error}."
            advice = "Publish the calendar again; the link may have expired."
            return _unreadable(ref, FeedError(UnreadableCode.MALFORMED_ANSWER, reason, advice))
        except FeedError as error:
            return _unreadable(ref, error)
        return FreeBusy(person=ref.owner, provider=self.provider, window=window, blocks=blocks)

    def _count(self) -> None:
        with self._lock:
            self._tries += 1


def _unreadable(ref: CalendarRef, error: FeedError) -> Unreadable:
    return Unreadable(
        person=ref.owner,
        provider=Provider.FEED,
        code=error.code,
        reason=str(error),
        advice=error.advice,
    )
