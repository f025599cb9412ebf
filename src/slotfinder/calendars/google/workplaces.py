"""Where people on Google say they work, where the reader may see it: a hint, asked by itself."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final

from slotfinder.calendars.asking import side_by_side
from slotfinder.calendars.google import wire
from slotfinder.calendars.google.auth import Identity, Scope
from slotfinder.calendars.google.client import CALENDAR_HINTS, GoogleClient, JsonObject
from slotfinder.calendars.retry import TryFailedError
from slotfinder.domain.interval import Interval
from slotfinder.ports import CalendarRef

_PAGE: Final = 2500


class GoogleWorkplaces:
    """Looks as ``reader`` for entries that say where somebody works, and for no others."""

    def __init__(self, client: GoogleClient, reader: str) -> None:
        self._client = client
        self._reader = reader

    def elsewhere(
        self,
        calendars: Sequence[tuple[CalendarRef, str]],
        sites: Collection[str],
        window: Interval,
    ) -> dict[str, list[Interval]]:
        found = side_by_side(lambda each: self._away_from(*each, sites, window), calendars)
        return {ref.owner: away for (ref, _), away in zip(calendars, found, strict=True)}

    def _away_from(
        self, ref: CalendarRef, site: str, sites: Collection[str], window: Interval
    ) -> list[Interval]:
        read = partial(wire.away_from, site=site, sites=sites, zone=ref.zone)
        found: list[Interval] = []
        page: str | None = ""
        try:
            while page is not None:
                entries, page = self._page(ref, window, page, read)
                found += filter(None, entries)
        except TryFailedError:
            return []
        return found

    def _page(
        self,
        ref: CalendarRef,
        window: Interval,
        page: str,
        read: Callable[[JsonObject], Interval | None],
    ) -> tuple[list[Interval | None], str | None]:
        options = {"pageToken": page} if page else {}
        return self._client.call(
            Identity(self._reader, Scope.WORKPLACES),
            "workplaces",
            lambda service, user: service.events().list(
                calendarId=ref.owner,
                eventTypes=["workingLocation"],
                singleEvents=True,
                timeMin=wire.rfc3339(window.start),
                timeMax=wire.rfc3339(window.end),
                maxResults=_PAGE,
                fields=wire.WORKPLACE_FIELDS,
                quotaUser=user,
                **options,
            ),
            lambda answer: wire.page(answer, read),
            api=CALENDAR_HINTS,
        )
