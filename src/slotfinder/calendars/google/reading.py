"""When people on Google Calendar are taken, read through one mailbox."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from slotfinder.calendars.asking import batched, parts_of, side_by_side
from slotfinder.calendars.google import wire
from slotfinder.calendars.google.auth import Identity, Scope
from slotfinder.calendars.google.client import CALENDAR_TIMES, GoogleClient, JsonObject, failure_in
from slotfinder.calendars.google.failures import Side, trouble_of
from slotfinder.calendars.retry import TryFailedError
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import (
    Block,
    FreeBusy,
    Kind,
    OwnTime,
    Provider,
    Reading,
    told_apart,
    unattributed,
)
from slotfinder.domain.interval import Interval, merge
from slotfinder.ports import CalendarRef

_PAGE: Final = 2500

_Answers = Mapping[Interval, JsonObject | Trouble]


class GoogleReader:
    """Reads free/busy as ``reader``, the one mailbox everybody's calendar is seen through."""

    def __init__(self, client: GoogleClient, reader: str) -> None:
        self._client = client
        self._reader = reader

    def read(self, calendars: Sequence[CalendarRef], window: Interval) -> list[Reading]:
        """Return one reading a calendar, in order, with as few queries as Google allows."""
        parts = parts_of(window, wire.LONGEST_WINDOW)
        batches = list(batched([ref.owner.lower() for ref in calendars], wire.MOST_CALENDARS))
        questions = [(batch, part) for batch in batches for part in parts]
        answers = side_by_side(lambda each: self._query(*each), questions)
        found: list[Reading] = []
        for number, batch in enumerate(batches):
            first = number * len(parts)
            of_batch = dict(zip(parts, answers[first : first + len(parts)], strict=True))
            found += [_reading(owner, window, of_batch) for owner in batch]
        return found

    def tell_apart(
        self, readings: Sequence[tuple[CalendarRef, FreeBusy, Sequence[OwnTime]]]
    ) -> list[FreeBusy]:
        return side_by_side(lambda each: self._told_apart(*each), readings)

    def time_of(self, calendar: CalendarRef, calendar_uid: str) -> Interval | None:
        """Return when a calendar shows the event of this iCalUID, None where nothing tells."""
        found = self._entries(calendar, iCalUID=calendar_uid)
        return next((interval for _, interval in found), None)

    def _query(self, calendars: Sequence[str], part: Interval) -> JsonObject | Trouble:
        identity = Identity(self._reader, Scope.FREE_BUSY)
        body = wire.query(calendars, part)
        try:
            return self._client.call(
                identity,
                "freebusy",
                lambda service, user: service.freebusy().query(body=body, quotaUser=user),
                wire.answer,
            )
        except TryFailedError as error:
            return trouble_of(failure_in(error), Side.READER)

    def _told_apart(self, ref: CalendarRef, reading: FreeBusy, ours: Sequence[OwnTime]) -> FreeBusy:
        entries = [
            each
            for block in unattributed(reading, ours)
            for each in self._entries(
                ref, timeMin=wire.rfc3339(block.start), timeMax=wire.rfc3339(block.end)
            )
        ]
        return told_apart(reading, ours, entries)

    def _entries(self, ref: CalendarRef, **which: str) -> list[tuple[str, Interval]]:
        """Return whose such entries are and when, as far as Google tells; nothing is guessed."""
        found: list[tuple[str, Interval]] = []
        page: str | None = ""
        try:
            while page is not None:
                entries, page = self._page(ref, which, page)
                found += filter(None, entries)
        except TryFailedError:  # the scope is optional
            return []
        return found

    def _page(
        self, ref: CalendarRef, which: Mapping[str, str], page: str
    ) -> tuple[list[tuple[str, Interval] | None], str | None]:
        options = {**which, "pageToken": page} if page else which
        return self._client.call(
            Identity(self._reader, Scope.EVENT_TIMES),
            "events",
            lambda service, user: service.events().list(
                calendarId=ref.owner,
                singleEvents=True,
                maxResults=_PAGE,
                fields=wire.ITEM_FIELDS,
                quotaUser=user,
                **options,
            ),
            lambda answer: wire.page(answer, partial(wire.entry, zone=ref.zone)),
            api=CALENDAR_TIMES,
        )


def _reading(owner: str, window: Interval, answers: _Answers) -> Reading:
    """Put the parts of a window together; one that is unknown leaves all unknown."""
    busy: list[Interval] = []
    for part, answer in answers.items():
        found = answer if isinstance(answer, Trouble) else wire.busy_of(answer, owner, part)
        if isinstance(found, Trouble):
            return found.of(owner, Provider.GOOGLE)
        busy += found
    return FreeBusy(
        person=owner,
        provider=Provider.GOOGLE,
        window=window,
        blocks=tuple(Block(interval=each, kind=Kind.BUSY) for each in merge(busy)),
    )
