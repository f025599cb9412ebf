"""Meetings on Microsoft 365: both calendar ports, each in the calendar of its organizer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from slotfinder.calendars.asking import side_by_side
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
from slotfinder.calendars.retry import TryFailedError, Verdict, pause
from slotfinder.domain.freebusy import FreeBusy, OwnTime, Provider, Reading, Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, TimeTakenError, WriteError
from slotfinder.ports import CalendarRef, Glance

_PAGE: Final = 100
_WHOLE: Final = f"{wire.OWN_FIELDS},body"
"""What is asked of one own event that may be changed: beside our text Teams and people write."""

_TIMES_REREAD: Final = 3
_LINK_PAUSES: Final = (0.25, 0.5, 1.0)
"""Seconds between looks at whether a link was made; the last one again and again."""


class MicrosoftCalendars:
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
        self._client = client
        self._reader = GraphReader(client, reader)
        self._programme = programme
        self._link_wait = link_wait
        self._sleep = sleep
        self._troubles: dict[str, Unreadable | None] = {}
        self._teams: dict[str, bool] = {}
        self._shown: dict[str, Mapping[str, OwnEvent]] = {}

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

    def look_up(self, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        """Look through each organizer's calendar once; only what is not found there is asked for.

        A calendar that cannot be looked into leaves its meetings unknown.
        """
        by_organizer: dict[str, list[Meeting]] = {}
        for meeting in meetings:
            by_organizer.setdefault(meeting.organizer, []).append(meeting)
        found: dict[str, Seen] = {}
        for seen in side_by_side(lambda each: self._looked_up(*each), [*by_organizer.items()]):
            found |= seen
        return found

    def strays(self, wanted: Mapping[str, Collection[str]], since: datetime) -> list[Stray]:
        shown = side_by_side(lambda each: self._shown_since(each, since), [*wanted])
        return [
            wire.stray(event)
            for uids, events in zip(wanted.values(), shown, strict=True)
            for event in events.values()
            if event.key in uids and event.interval.end > since
        ]

    def troubles(self, organizers: Sequence[str]) -> dict[str, Unreadable]:
        unknown = [each for each in organizers if each not in self._troubles]
        self._troubles |= zip(unknown, side_by_side(self._probed, unknown), strict=True)
        found = ((each, self._troubles[each]) for each in organizers)
        return {organizer: trouble for organizer, trouble in found if trouble is not None}

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        try:
            found = self._find(event)
        except TryFailedError as error:
            raise _write_error(error, may_be_done=False) from None
        if found is not None and found.revision >= event.sequence:
            # Moved by a person: that stays, and is judged when it is looked up.
            return self._receipt(event, found)
        was = found.interval if found else None
        if was != event.interval and is_taken(event, was):
            raise ChangedMeanwhileError if found else TimeTakenError
        try:
            version = self._possible(event, found)
            written = self._create(version) if found is None else self._change(version, found)
            if written is None:
                return _gone(event)
            return self._receipt(event, self._checked(version, written))
        except TryFailedError as error:
            raise _write_error(error, may_be_done=True) from None

    def withdraw(self, event: Event) -> None:
        try:
            found = self._find(event)
        except TryFailedError as error:
            raise _write_error(error, may_be_done=False) from None
        if found is None:
            return
        try:
            self._cancel(event, found)
        except TryFailedError as error:
            raise _write_error(error, may_be_done=True) from None

    # Looking

    def _looked_up(self, organizer: str, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        try:
            listed = self._programmes(organizer, min(each.interval.start for each in meetings))
            found = {each.uid: self._seen(each, listed) for each in meetings}
        except TryFailedError as error:
            self._troubles[organizer] = _trouble(organizer, error)
            return {}
        self._troubles[organizer] = None
        return found

    def _programmes(self, organizer: str, since: datetime) -> Mapping[str, OwnEvent]:
        """Return the programme's events of a calendar that end after ``since``, by mark."""
        marked = f"{wire.has(wire.PROGRAMME, self._programme)} and {wire.ends_after(since)}"
        self._shown[organizer] = {each.key: each for each in self._listed(organizer, marked)}
        return self._shown[organizer]

    def _shown_since(self, organizer: str, since: datetime) -> Mapping[str, OwnEvent]:
        """Return the programme's events of a calendar, as just looked up where it was."""
        if organizer not in self._shown:
            try:
                self._programmes(organizer, since)
            except TryFailedError as error:
                self._troubles[organizer] = _trouble(organizer, error)
                return {}
            self._troubles[organizer] = None
        return self._shown.pop(organizer)

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

    def _probed(self, organizer: str) -> Unreadable | None:
        """Find out whether an organizer's calendar is open to us, by a list that may be empty."""
        query = {"$filter": wire.has(wire.KEY, "none"), "$select": "id", "$top": "1"}
        request = Request(operation="events", path="events", query=query)
        try:
            self._client.call(organizer, request, wire.answer)
        except TryFailedError as error:
            return _trouble(organizer, error)
        return None

    # Writing

    def _possible(self, event: Event, found: OwnEvent | None) -> Event:
        """Return the version with another link where Teams is known not to be had."""
        if event.conference is None:
            return event
        has_teams = self._allows_teams(event.organizer.email) if found is None else found.is_online
        return event if has_teams else _with_fallback(event)

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
            self._patch(organizer, found, wire.with_text(_with_fallback(event), found))
            return found
        return self._with_link(organizer, found)

    def _with_link(self, organizer: str, found: OwnEvent) -> OwnEvent:
        """Wait for a pending link, as long as the run's patience with all links lasts."""
        tries = 0
        while found.link_pending and self._link_wait > 0:
            seconds = min(_LINK_PAUSES[min(tries, len(_LINK_PAUSES) - 1)], self._link_wait)
            self._sleep(seconds)
            self._link_wait -= seconds
            tries += 1
            found = self._get(organizer, found.id) or found
        return found

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


_NO_TEAMS: Final = (
    "Teams is not allowed in the organizer's calendar and [virtual] fallback names no other link, "
    "so there is none."
)


def _path(event_id: str) -> str:
    return f"events/{quote(event_id, safe='')}"


def _gone(event: Event) -> Receipt:
    """Return that the event was made and deleted; nobody knows any more what it was called."""
    return Receipt(calendar_uid=event.uid, join_url=None)


def _with_fallback(event: Event) -> Event:
    """Return the event as it is where Exchange makes no link of its own."""
    if event.conference is None:
        return event
    fallback = event.conference
    return replace(
        event,
        text=fallback.text,
        location=fallback.location,
        join_url=fallback.join_url,
        conference=None,
    )


def _trouble(organizer: str, error: TryFailedError) -> Unreadable:
    return trouble_of(failure_in(error), Side.ORGANIZER).of(organizer, Provider.MICROSOFT)


def _write_error(error: TryFailedError, *, may_be_done: bool) -> WriteError:
    failure = failure_in(error)
    trouble = trouble_of(failure, Side.ORGANIZER)
    sentence = f"{trouble.reason} {trouble.advice}"
    verdict = verdict_on(failure)
    if verdict is Verdict.AGAIN and may_be_done and not error.is_down:
        return WriteError("outcome-unknown", sentence)
    if error.is_down or verdict is not Verdict.NEVER:
        return WriteError("provider-unavailable", sentence)
    return WriteError("provider-refused", sentence)
