"""Meetings on Microsoft 365: both calendar ports, each in the calendar of its organizer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from slotfinder.calendars.microsoft import wire
from slotfinder.calendars.microsoft.client import GraphClient, JsonObject, Request
from slotfinder.calendars.microsoft.failures import (
    GONE,
    STALE,
    USED,
    Side,
    failure_in,
    trouble_of,
    verdict_on,
)
from slotfinder.calendars.microsoft.reading import GraphReader, tell_apart
from slotfinder.calendars.microsoft.wire import OwnEvent
from slotfinder.calendars.organizers import OrganizerCalendars
from slotfinder.calendars.retry import TryFailedError, Verdict, pause
from slotfinder.domain.freebusy import FreeBusy, OwnTime, Provider, Reading, Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, WriteError
from slotfinder.ports import CalendarRef

_PAGE: Final = 100
_WHOLE: Final = f"{wire.OWN_FIELDS},body"
"""What is asked of one own event that may be changed: beside our text Teams and people write."""

_TIMES_REREAD: Final = 3


class MicrosoftCalendars(OrganizerCalendars[OwnEvent]):
    """Reads people's free/busy and keeps each meeting in its organizer's calendar.

    ``programme`` marks all its meetings; ``link_wait`` is how many seconds a run waits for
    pending links in all.
    """

    def __init__(
        self,
        client: GraphClient,
        reader: str,
        *,
        programme: str,
        link_wait: float,
        sleep: Callable[[float], None] = pause,
    ) -> None:
        super().__init__(link_wait=link_wait, sleep=sleep)
        self._client = client
        self._reader = GraphReader(client, reader)
        self._programme = programme
        self._teams: dict[str, bool] = {}

    @property
    def provider(self) -> Provider:
        return Provider.MICROSOFT

    @property
    def requests(self) -> Mapping[str, int]:
        return self._client.requests

    def read(
        self,
        calendars: Sequence[CalendarRef],
        window: Interval,
        own: frozenset[str],  # noqa: ARG002 - whose an entry is, times alone can tell
    ) -> list[Reading]:
        return self._reader.read(calendars, window)

    def tell_apart(
        self, readings: Sequence[tuple[CalendarRef, FreeBusy, Sequence[OwnTime]]]
    ) -> list[FreeBusy]:
        return [tell_apart(reading, ours) for _, reading, ours in readings]

    def time_of(
        self,
        calendar: CalendarRef,  # noqa: ARG002 - nobody's mailbox but the organizer's is opened
        calendar_uid: str,  # noqa: ARG002
    ) -> Interval | None:
        return None

    def withdraw(self, event: Event) -> None:
        found = self._found(event)
        if found is None:
            return
        try:
            self._cancel(event, found)
        except TryFailedError as error:
            raise self._refusal(error, may_be_done=True) from None

    # Looking

    def _listed_since(self, organizer: str, since: datetime) -> Mapping[str, OwnEvent]:
        marked = f"{wire.has(wire.PROGRAMME, self._programme)} and {wire.ends_after(since)}"
        return {each.key: each for each in self._listed(organizer, marked)}

    def _seen(self, meeting: Meeting, listed: Mapping[str, OwnEvent]) -> Seen:
        found = listed.get(meeting.uid)
        if found is None:
            # Moved far back, or deleted: never believed of one look alone.
            filters = [wire.has(wire.KEY, meeting.uid)]
            if meeting.calendar_uid:
                filters.append(wire.has_calendar_uid(meeting.calendar_uid))
            looks = (self._listed(meeting.organizer, each) for each in filters)
            found = next((each for look in looks for each in look), None)
        return wire.gone(meeting) if found is None else wire.seen(meeting, found)

    def _find(self, event: Event) -> OwnEvent | None:
        """Return a meeting's event by its mark, if it stands."""
        found = self._listed(event.organizer.email, wire.has(wire.KEY, event.uid), _WHOLE)
        return next(iter(found), None)

    def _listed(self, organizer: str, wanted: str, fields: str = wire.OWN_FIELDS) -> list[OwnEvent]:
        """Return our own events of a calendar that a filter names."""
        options: str | Mapping[str, str] = {
            "$filter": wanted,
            "$select": fields,
            "$expand": wire.OWN_PROPERTIES,
            "$top": str(_PAGE),
        }
        found: list[OwnEvent] = []
        while options:
            request = Request(operation="events", path="events", query=options)
            events, options = self._client.call(
                organizer, request, lambda page: (wire.own_events(page), wire.next_page(page))
            )
            found += events
        return found

    def _get(self, organizer: str, event_id: str) -> OwnEvent | None:
        query = {"$select": _WHOLE, "$expand": wire.OWN_PROPERTIES}
        request = Request(operation="events", path=_path(event_id), query=query)
        try:
            return self._client.call(organizer, request, wire.standing_event)
        except TryFailedError as error:
            if failure_in(error).reason == GONE:
                return None
            raise

    def _probe(self, organizer: str) -> None:
        query = {"$filter": wire.has(wire.KEY, "none"), "$select": "id", "$top": "1"}
        request = Request(operation="events", path="events", query=query)
        self._client.call(organizer, request, wire.answer)

    def _stray(self, found: OwnEvent, interval: Interval) -> Stray:  # noqa: ARG002 - it is its own
        return wire.stray(found)

    def _needs_nothing(self, found: OwnEvent, event: Event) -> bool:
        return found.revision >= event.sequence

    def _trouble(self, organizer: str, error: TryFailedError) -> Unreadable:
        return trouble_of(failure_in(error), Side.ORGANIZER).of(organizer, Provider.MICROSOFT)

    # Writing

    def _written(self, event: Event, found: OwnEvent | None) -> Receipt:
        version = self._possible(event, found)
        written = self._create(version) if found is None else self._change(version, found)
        if written is None:
            return _gone(event)
        return self._receipt(event, self._checked(version, written))

    def _possible(self, event: Event, found: OwnEvent | None) -> Event:
        """Return the version with another link where Teams is known not to be had."""
        if event.conference is None:
            return event
        has_teams = self._allows_teams(event.organizer.email) if found is None else found.is_online
        return event if has_teams else event.without_conference()

    def _create(self, event: Event) -> str | None:
        """Create the event and return its id; None where a person already deleted it again."""
        request = Request(
            operation="events",
            method="POST",
            path="events",
            body=wire.new_event(event, self._programme),
        )
        try:
            return self._client.call(event.organizer.email, request, wire.event_id)
        except TryFailedError as error:
            if failure_in(error).reason != USED:
                raise
        # An earlier run's try arrived although nobody answered.
        found = self._find(event)
        return None if found is None else found.id

    def _change(self, event: Event, found: OwnEvent) -> str:
        """Bring an event to this version, unless people changed more than their answers."""
        organizer, before = event.organizer.email, (found.interval, found.rooms)
        for _ in range(_TIMES_REREAD):
            try:
                return self._patch(organizer, found, wire.changed_event(event, found))
            except TryFailedError as error:
                if failure_in(error).reason not in {*STALE, GONE}:
                    raise
            again = self._get(organizer, found.id)
            if again is not None and again.revision >= event.sequence:
                return again.id  # an earlier try arrived although nobody answered
            if again is None or (again.interval, again.rooms) != before:
                break
            found = again
        raise ChangedMeanwhileError

    def _patch(self, organizer: str, found: OwnEvent, body: JsonObject) -> str:
        request = Request(
            operation="events",
            method="PATCH",
            path=_path(found.id),
            body=body,
            etag=found.etag,
        )
        return self._client.call(organizer, request, wire.event_id)

    def _cancel(self, event: Event, found: OwnEvent) -> None:
        request = Request(
            operation="events",
            method="POST",
            path=f"{_path(found.id)}/cancel",
            body={"Comment": event.text},
        )
        try:
            self._client.call(event.organizer.email, request, lambda _answer: None)
        except TryFailedError as error:
            # Cancelled by an earlier try, or by a person at the same moment, it stands no more.
            refused = failure_in(error)
            if verdict_on(refused) is Verdict.NEVER and self._find(event) is None:
                return
            raise

    # What became of a write

    def _checked(self, event: Event, event_id: str) -> OwnEvent:
        """Read an event back; wait for its link, and name another where there is none.

        Raises:
            WriteError: Exchange keeps it otherwise than it was written.
        """
        organizer = event.organizer.email
        found = self._get(organizer, event_id)
        if found is None:
            raise ChangedMeanwhileError
        guests = {each.email for each in event.attendees} - {organizer}
        if guests - found.invited or found.organizer not in {"", organizer}:
            raise WriteError(
                "provider-refused",
                "Exchange did not keep the meeting as it was written: a guest or the organizer "
                "differs. Name everybody by their primary address, never an alias or group.",
            )
        if event.conference is None:
            return found
        if not found.is_online:
            # Asked for and silently left out: what the text says of a link has to be put right.
            self._teams[organizer] = False
            self._patch(organizer, found, wire.with_text(event.without_conference(), found))
            return found
        return self._with_link(organizer, found)

    def _receipt(self, event: Event, found: OwnEvent) -> Receipt:
        link, remark = found.link, ""
        if event.conference is None:
            link = event.join_url
        elif not found.is_online:
            link = event.conference.join_url
            remark = _NO_TEAMS if link is None else ""
        return Receipt(
            calendar_uid=found.calendar_uid,
            join_url=link,
            link_pending=event.conference is not None and found.link_pending,
            room=found.answer_of(event.room.email) if event.room else None,
            remark=remark,
        )

    def _allows_teams(self, organizer: str) -> bool:
        """Tell whether Teams may be asked for; where that cannot be seen, reading back will."""
        if organizer not in self._teams:
            query = {"$select": "allowedOnlineMeetingProviders"}
            request = Request(operation="calendar", path="calendar", query=query)
            try:
                self._teams[organizer] = self._client.call(organizer, request, wire.allows_teams)
            except TryFailedError:
                self._teams[organizer] = True
        return self._teams[organizer]

    def _refusal(self, error: TryFailedError, *, may_be_done: bool) -> WriteError:
        failure = failure_in(error)
        trouble = trouble_of(failure, Side.ORGANIZER)
        sentence = f"{trouble.reason} {trouble.advice}"
        verdict = verdict_on(failure)
        if verdict is Verdict.AGAIN and may_be_done and not error.is_down:
            return WriteError("outcome-unknown", sentence)
        if error.is_down or verdict is not Verdict.NEVER:
            return WriteError("provider-unavailable", sentence)
        return WriteError("provider-refused", sentence)


_NO_TEAMS: Final = (
    "Teams is not allowed in the organizer's calendar and [virtual] fallback names no other link, "
    "so there is none."
)


def _path(event_id: str) -> str:
    return f"events/{quote(event_id, safe='')}"


def _gone(event: Event) -> Receipt:
    """Return that the event was made and deleted; nobody knows any more what it was called."""
    return Receipt(calendar_uid=event.uid, join_url=None)
