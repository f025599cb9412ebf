"""What Microsoft shows of the rights it gives and of calendars' properties, for ``doctor``."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from slotfinder.calendars.asking import batched, side_by_side
from slotfinder.calendars.microsoft import wire
from slotfinder.calendars.microsoft.client import GraphClient, Request
from slotfinder.calendars.microsoft.directory import PERMISSION
from slotfinder.calendars.retry import TryFailedError
from slotfinder.domain.inspection import Inspection, RightKind, RightRemark
from slotfinder.domain.interval import Interval

_NEEDED: Final = frozenset({"Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"})


class MicrosoftInspector:
    """Looks, through the mailboxes a programme works with, at what may be seen; writes nothing."""

    def __init__(self, client: GraphClient, reader: str) -> None:
        self._client = client
        self._reader = reader

    def inspect(
        self, organizers: Sequence[str], people: Sequence[str], window: Interval
    ) -> Inspection:
        return Inspection(
            remarks=self._remarks(),
            links=self._links(organizers),
            zones=self._zones(people, window) if self._reader else {},
        )

    def clock_ahead(self) -> timedelta | None:
        return self._client.clock_ahead

    def _remarks(self) -> tuple[RightRemark, ...]:
        """Judge the permissions a token names; those given by roles in Exchange it does not."""
        try:
            roles = self._client.token_roles()
        except TryFailedError:
            return ()
        found = []
        if needless := sorted(roles - _NEEDED - {PERMISSION}):
            reason = f"The app has permissions slotfinder does not need: {', '.join(needless)}."
            found.append(RightRemark(kind=RightKind.NEEDLESS, reason=reason, advice=_TAKE_AWAY))
        if wide := sorted(roles & _NEEDED):
            reason = f"These hold for every mailbox of the tenant: {', '.join(wide)}."
            found.append(RightRemark(kind=RightKind.NEEDLESS, reason=reason, advice=_LIMIT))
        return tuple(found)

    def _links(self, organizers: Sequence[str]) -> dict[str, bool]:
        query = {"$select": "allowedOnlineMeetingProviders"}
        request = Request(operation="calendar", path="calendar", query=query)
        found: dict[str, bool] = {}
        for each in organizers:
            try:
                found[each] = self._client.call(each, request, wire.allows_teams)
            except TryFailedError:
                continue
        return found

    def _zones(self, people: Sequence[str], window: Interval) -> dict[str, ZoneInfo]:
        """Return the zones of people's working hours, which stand beside their free/busy."""
        found: dict[str, ZoneInfo] = {}
        batches = list(batched(people, wire.MOST_CALENDARS))
        for zones in side_by_side(lambda each: self._zones_of(each, window), batches):
            found |= zones
        return found

    def _zones_of(self, people: Sequence[str], window: Interval) -> dict[str, ZoneInfo]:
        request = Request(
            operation="getSchedule",
            method="POST",
            path="calendar/getSchedule",
            body=wire.query(people, window),
        )
        try:
            return self._client.call(self._reader, request, wire.zones_of)
        except TryFailedError:
            return {}


_TAKE_AWAY: Final = (
    "In the Entra admin center open the app, API permissions, and remove what "
    "docs/microsoft-365.md does not name."
)
_LIMIT: Final = (
    "Give the app its roles in Exchange for the programme's mailboxes alone, as "
    "docs/microsoft-365.md shows, and remove these under API permissions in the Entra admin center."
)
