"""What Google shows of the rights it gives and of calendars' properties, for ``doctor``."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from slotfinder.calendars._zones import named_zone
from slotfinder.calendars.asking import side_by_side
from slotfinder.calendars.google import wire
from slotfinder.calendars.google.auth import Identity, Scope
from slotfinder.calendars.google.client import GoogleClient, JsonObject, failure_in
from slotfinder.calendars.google.failures import DELEGATION, is_scope_refused
from slotfinder.calendars.retry import TryFailedError
from slotfinder.domain.inspection import Inspection, RightKind, RightRemark
from slotfinder.domain.interval import Interval

T = TypeVar("T")


class GoogleInspector:
    """Looks, as the mailboxes a programme works with, at what may be seen; writes nothing."""

    def __init__(self, client: GoogleClient, reader: str) -> None:
        self._client = client
        self._reader = reader

    def inspect(
        self, organizers: Sequence[str], people: Sequence[str], window: Interval
    ) -> Inspection:
        lacking = self._lacking(organizers, window)
        links = {} if Scope.CALENDARS in lacking else self._links(organizers)
        zones = {} if Scope.CALENDARS in lacking or not self._reader else self._zones(people)
        remarks = [
            RightRemark(kind=RightKind.MISSING, reason=_LOSSES[scope], advice=DELEGATION)
            for scope in lacking
        ]
        if self._may_everything():
            remarks.append(_NEEDLESS)
        return Inspection(remarks=tuple(remarks), links=links, zones=zones)

    def clock_ahead(self) -> timedelta | None:
        return self._client.clock_ahead

    def _lacking(self, organizers: Sequence[str], window: Interval) -> list[Scope]:
        """Return the optional scopes that were not delegated."""
        looks = []
        if self._reader:
            looks.append((Scope.EVENT_TIMES, partial(self._entries, window)))
        if subject := self._reader or next(iter(organizers), ""):
            identity = Identity(subject, Scope.CALENDARS)
            looks.append((Scope.CALENDARS, partial(self._calendar, identity, subject)))
        return [scope for scope, look in looks if _is_refused(look)]

    def _may_everything(self) -> bool:
        """Tell whether the widest calendar scope was delegated, by asking for a token with it."""
        if not self._reader:
            return False
        identity = Identity(self._reader, Scope.EVERYTHING)
        try:
            self._calendar(identity, self._reader)
        except TryFailedError:
            return False
        return True

    def _links(self, organizers: Sequence[str]) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for each in organizers:
            try:
                calendar = self._calendar(Identity(each, Scope.CALENDARS), each)
            except TryFailedError:
                continue
            found[each] = wire.allows_meet(calendar)
        return found

    def _zones(self, people: Sequence[str]) -> dict[str, ZoneInfo]:
        zones = side_by_side(self._zone, people)
        return {each: zone for each, zone in zip(people, zones, strict=True) if zone is not None}

    def _zone(self, person: str) -> ZoneInfo | None:
        try:
            calendar = self._calendar(Identity(self._reader, Scope.CALENDARS), person)
        except TryFailedError:
            return None
        return named_zone(str(calendar.get("timeZone", "")))

    def _calendar(self, identity: Identity, owner: str) -> JsonObject:
        """Return the properties of a calendar that are of use here: never its name."""
        return self._client.call(
            identity,
            "calendars",
            lambda service, user: service.calendars().get(
                calendarId=owner, fields="timeZone,conferenceProperties", quotaUser=user
            ),
            wire.answer,
        )

    def _entries(self, window: Interval) -> JsonObject:
        """Return the times of what stands in the reader's own calendar."""
        return self._client.call(
            Identity(self._reader, Scope.EVENT_TIMES),
            "events",
            lambda service, user: service.events().list(
                calendarId=self._reader,
                timeMin=wire.rfc3339(window.start),
                timeMax=wire.rfc3339(window.end),
                maxResults=1,
                fields=wire.ITEM_FIELDS,
                quotaUser=user,
            ),
            wire.answer,
        )


def _is_refused(look: partial[JsonObject]) -> bool:
    try:
        look()
    except TryFailedError as error:
        return is_scope_refused(failure_in(error))
    return False


_LOSSES: Final = {
    Scope.EVENT_TIMES: "The optional scope calendar.events.freebusy is not delegated: an entry "
    "that somebody puts over a meeting of theirs is not noticed, because Google's busy times run "
    "together.",
    Scope.CALENDARS: "The optional scope calendar.calendars.readonly is not delegated: whether "
    "Google Meet is allowed shows only when a meeting is written, and time zones cannot be "
    "compared with people.csv.",
}
_NEEDLESS: Final = RightRemark(
    kind=RightKind.NEEDLESS,
    reason="The scope calendar is delegated, which opens everybody's calendars with all titles "
    "and guests; slotfinder needs no such thing and asks for no title.",
    advice="In the Admin console under Security, API controls, Domain-wide delegation, leave only "
    "the scopes named in docs/google-workspace.md.",
)
