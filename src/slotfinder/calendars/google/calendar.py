"""Meetings on Google Calendar: both calendar ports, each in the calendar of its organizer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from slotfinder.calendars.google import wire
from slotfinder.calendars.google.auth import Identity, Scope
from slotfinder.calendars.google.client import GoogleClient, JsonObject, failure_in
from slotfinder.calendars.google.failures import (
    DUPLICATE,
    GONE,
    NO_CONFERENCE,
    STALE,
    WRITE_LIMIT,
    Side,
    trouble_of,
    verdict_on,
)
from slotfinder.calendars.google.reading import GoogleReader
from slotfinder.calendars.google.wire import OwnEvent
from slotfinder.calendars.organizers import OrganizerCalendars
from slotfinder.calendars.retry import TryFailedError, Verdict, pause
from slotfinder.domain.freebusy import FreeBusy, OwnTime, Provider, Reading, Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, WriteError
from slotfinder.ports import CalendarRef

_PAGE: Final = 2500
_TIMES_REREAD: Final = 3


class GoogleCalendars(OrganizerCalendars[OwnEvent]):
    """Reads people's free/busy and keeps each meeting in its organizer's calendar.

    ``programme`` marks all its meetings; ``link_wait`` is how many seconds a run waits for
    pending links in all.
    """

    def __init__(
        self,
        client: GoogleClient,
        reader: str,
        *,
        programme: str,
        link_wait: float,
        sleep: Callable[[float], None] = pause,
    ) -> None:
        super().__init__(link_wait=link_wait, sleep=sleep)
        self._client = client
        self._reader = GoogleReader(client, reader)
        self._programme = programme
        self._limit_reached = False
        self._meet: dict[str, bool] = {}

    @property
    def provider(self) -> Provider:
        return Provider.GOOGLE

    @property
    def requests(self) -> Mapping[str, int]:
        return self._client.requests

    def read(
        self,
        calendars: Sequence[CalendarRef],
        window: Interval,
        own: frozenset[str],  # noqa: ARG002 - Google's answer cannot tell whose a block is
    ) -> list[Reading]:
        return self._reader.read(calendars, window)

    def tell_apart(
        self, readings: Sequence[tuple[CalendarRef, FreeBusy, Sequence[OwnTime]]]
    ) -> list[FreeBusy]:
        return self._reader.tell_apart(readings)

    def time_of(self, calendar: CalendarRef, calendar_uid: str) -> Interval | None:
        return self._reader.time_of(calendar, calendar_uid)

    def withdraw(self, event: Event) -> None:
        found = self._found(event)
        if found is None or found.is_gone:
            return
        self._check_writable()
        try:
            self._delete(event.organizer.email, found.id)
        except TryFailedError as error:
            if failure_in(error).reason not in GONE:
                raise self._refusal(error, may_be_done=True) from None

    # Looking

    def _find(self, event: Event) -> OwnEvent | None:
        """Return a meeting's event, deleted or not: by its id, else by its mark."""
        organizer = event.organizer.email
        found = self._get(organizer, wire.event_id(event.uid))
        if found is not None:
            return found
        return _by_mark(self._marked(organizer, wire.KEY, event.uid)).get(event.uid)

    def _get(self, organizer: str, event_id: str) -> OwnEvent | None:
        try:
            return self._client.call(
                _organizer(organizer),
                "events",
                lambda service, user: service.events().get(
                    calendarId=organizer, eventId=event_id, fields=wire.OWN_FIELDS, quotaUser=user
                ),
                wire.own_event,
            )
        except TryFailedError as error:
            if failure_in(error).reason in GONE:
                return None
            raise

    def _listed_since(self, organizer: str, since: datetime) -> Mapping[str, OwnEvent]:
        start = wire.rfc3339(since)
        return _by_mark(self._marked(organizer, wire.PROGRAMME, self._programme, timeMin=start))

    def _marked(self, organizer: str, name: str, value: str, **more: str) -> list[OwnEvent]:
        found: list[OwnEvent] = []
        page: str | None = ""
        while page is not None:
            events, page = self._page(organizer, f"{name}={value}", page, more)
            found += events
        return found

    def _page(
        self, organizer: str, mark: str, page: str, more: Mapping[str, str]
    ) -> tuple[list[OwnEvent], str | None]:
        options = {**more, "pageToken": page} if page else more
        return self._client.call(
            _organizer(organizer),
            "events",
            lambda service, user: service.events().list(
                calendarId=organizer,
                privateExtendedProperty=mark,
                showDeleted=True,
                maxResults=_PAGE,
                fields=f"items({wire.OWN_FIELDS}),nextPageToken",
                quotaUser=user,
                **options,
            ),
            lambda answer: wire.page(answer, wire.own_event),
        )

    def _seen(self, meeting: Meeting, listed: Mapping[str, OwnEvent]) -> Seen:
        found = listed.get(meeting.uid)
        if found is None:
            # Moved far back, or deleted with nothing left of it but its id.
            found = self._get(meeting.organizer, wire.event_id(meeting.uid))
        return wire.gone(meeting) if found is None else wire.seen(meeting, found)

    def _probe(self, organizer: str) -> None:
        self._marked(organizer, wire.PROGRAMME, self._programme)

    def _stray(self, found: OwnEvent, interval: Interval) -> Stray:
        return wire.stray(found, interval)

    def _needs_nothing(self, found: OwnEvent, event: Event) -> bool:
        return found.is_gone or found.revision >= event.sequence

    def _trouble(self, organizer: str, error: TryFailedError) -> Unreadable:
        return trouble_of(failure_in(error), Side.ORGANIZER).of(organizer, Provider.GOOGLE)

    # Writing: each returns the version that was asked for in the end, and what Google has now

    def _written(self, event: Event, found: OwnEvent | None) -> Receipt:
        version = self._possible(event, found)
        change = self._create if found is None else partial(self._change, found=found)
        version, written = change(version)
        return self._receipt(event, self._checked(version, written))

    def _possible(self, event: Event, found: OwnEvent | None) -> Event:
        """Return the version with another link where Meet is known not to be had."""
        if event.conference is None:
            return event
        organizer = event.organizer.email
        has_meet = self._allows_meet(organizer) if found is None else found.has_conference
        return event if has_meet else event.without_conference()

    def _create(self, event: Event) -> tuple[Event, OwnEvent]:
        organizer = event.organizer.email
        try:
            return event, self._insert(event)
        except TryFailedError as error:
            reason = failure_in(error).reason
            if reason == NO_CONFERENCE and event.conference is not None:
                self._meet[organizer] = False
                return self._create(event.without_conference())
            if reason != DUPLICATE:
                raise
        # An earlier try arrived although nobody answered, or the id is used up for ever.
        found = self._get(organizer, wire.event_id(event.uid))
        if found is None or (found.key and found.key != event.uid):
            raise WriteError(
                "provider-refused",
                "The event's id is taken in the organizer's calendar by something that is not "
                "ours. Look at this calendar's bin, or book this period by hand.",
            )
        return event, found

    def _insert(self, event: Event) -> OwnEvent:
        organizer, body = event.organizer.email, wire.new_event(event, self._programme)
        return self._client.call(
            _organizer(organizer),
            "events",
            lambda service, user: service.events().insert(
                calendarId=organizer,
                body=body,
                sendUpdates="all",
                conferenceDataVersion=1,
                fields=wire.OWN_FIELDS,
                quotaUser=user,
            ),
            wire.own_event,
        )

    def _change(self, event: Event, found: OwnEvent) -> tuple[Event, OwnEvent]:
        """Bring an event to this version, unless people changed more than their answers."""
        before = found.interval, found.rooms
        for _ in range(_TIMES_REREAD):
            updates = "all" if wire.is_news(event, found) else "none"
            try:
                body = wire.changed_event(event, found)
                changed = self._patch(event, found, body, updates)
            except TryFailedError as error:
                if failure_in(error).reason not in {STALE, *GONE}:
                    raise
            else:
                return event, self._asked_anew(event, found, changed)
            again = self._get(event.organizer.email, found.id)
            if again is not None and again.revision >= event.sequence:
                return event, again  # an earlier try arrived although nobody answered
            if again is None or (again.interval, again.rooms) != before:
                break
            found = again
        raise ChangedMeanwhileError

    def _asked_anew(self, event: Event, was: OwnEvent, now: OwnEvent) -> OwnEvent:
        """Forget who had declined the older time where Google itself has asked them again."""
        if not was.declined or now.declined or was.interval == now.interval:
            return now
        return self._patch(event, now, wire.asked_anew(), "none")

    def _patch(self, event: Event, found: OwnEvent, body: JsonObject, updates: str) -> OwnEvent:
        return self._client.call(
            _organizer(event.organizer.email),
            "events",
            lambda service, user: service.events().patch(
                calendarId=event.organizer.email,
                eventId=found.id,
                body=body,
                sendUpdates=updates,
                conferenceDataVersion=1,
                fields=wire.OWN_FIELDS,
                quotaUser=user,
            ),
            wire.own_event,
            etag=found.etag,
        )

    def _delete(self, organizer: str, event_id: str) -> None:
        self._client.call(
            _organizer(organizer),
            "events",
            lambda service, user: service.events().delete(
                calendarId=organizer, eventId=event_id, sendUpdates="all", quotaUser=user
            ),
            lambda _answer: None,
        )

    # What became of a write

    def _checked(self, event: Event, written: OwnEvent) -> OwnEvent:
        """Read an event back; wait for its link, and name another where there is none.

        Raises:
            WriteError: Google keeps it otherwise than it was written.
        """
        found = self._get(event.organizer.email, written.id) or written
        if found.is_gone:
            return found
        missing = {each.email for each in event.attendees} - found.invited
        if missing or found.organizer not in {"", event.organizer.email}:
            raise WriteError(
                "provider-refused",
                "Google did not keep the meeting as it was written: a guest or the organizer "
                "differs. Name everybody by their primary address, never an alias or group.",
            )
        found = self._with_link(event.organizer.email, found)
        if event.conference is None or found.has_conference:
            return found
        # Asked for and silently left out: what the text says of a link has to be put right.
        self._meet[event.organizer.email] = False
        return self._patch(event, found, wire.text_of(event.without_conference()), "none")

    def _receipt(self, event: Event, found: OwnEvent) -> Receipt:
        link, remark = found.link, ""
        if event.conference is None:
            link = event.join_url
        elif not found.has_conference and not found.is_gone:
            link = event.conference.join_url
            remark = _NO_MEET if link is None else ""
        return Receipt(
            calendar_uid=found.calendar_uid,
            join_url=link,
            link_pending=event.conference is not None and found.link_pending,
            room=found.answer_of(event.room.email) if event.room else None,
            remark=remark,
        )

    def _allows_meet(self, organizer: str) -> bool:
        """Tell whether Meet may be asked for; where that cannot be seen, a refusal will tell."""
        if organizer not in self._meet:
            identity = Identity(organizer, Scope.CALENDARS)
            try:
                self._meet[organizer] = self._client.call(
                    identity,
                    "calendars",
                    lambda service, user: service.calendars().get(
                        calendarId=organizer, fields="conferenceProperties", quotaUser=user
                    ),
                    wire.allows_meet,
                )
            except TryFailedError:
                self._meet[organizer] = True
        return self._meet[organizer]

    def _check_writable(self) -> None:
        if self._limit_reached:
            raise WriteError("write-limit", _LIMIT, skipped=True)

    def _refusal(self, error: TryFailedError, *, may_be_done: bool) -> WriteError:
        refusal = _write_error(error, may_be_done=may_be_done)
        self._limit_reached |= refusal.code == "write-limit"
        return refusal


_NO_MEET: Final = (
    "Google Meet is not allowed in the organizer's calendar and [virtual] fallback names no other "
    "link, so there is none."
)
_LIMIT: Final = (
    "Google takes no more invitations from this mailbox for some hours (calendar usage limits). "
    "What is left is written by later runs."
)


def _by_mark(events: Iterable[OwnEvent]) -> dict[str, OwnEvent]:
    """Return events by their meeting's mark; of two the one that stands."""
    return {each.key: each for each in sorted(events, key=lambda each: not each.is_gone)}


def _organizer(email: str) -> Identity:
    return Identity(email, Scope.OWN_EVENTS)


def _write_error(error: TryFailedError, *, may_be_done: bool) -> WriteError:
    failure = failure_in(error)
    if failure.reason == WRITE_LIMIT:
        return WriteError("write-limit", _LIMIT)
    trouble = trouble_of(failure, Side.ORGANIZER)
    sentence = f"{trouble.reason} {trouble.advice}"
    if error.is_down:
        return WriteError("provider-unavailable", sentence)
    if verdict_on(failure) is Verdict.AGAIN:
        code = "outcome-unknown" if may_be_done else "provider-unavailable"
        return WriteError(code, sentence)
    if verdict_on(failure) is Verdict.SLOWER:
        return WriteError("provider-unavailable", sentence)
    return WriteError("provider-refused", sentence)
