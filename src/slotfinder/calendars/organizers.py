"""Meetings on clouds: each in its organizer's calendar, which is looked through once a run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar

from slotfinder.calendars.asking import side_by_side
from slotfinder.calendars.retry import TryFailedError
from slotfinder.domain.freebusy import Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, TimeTakenError, WriteError
from slotfinder.ports import Glance

_LINK_PAUSES: Final = (0.25, 0.5, 1.0)
"""Seconds between looks at whether a link was made; the last one again and again."""


class OwnEvent(Protocol):
    """An event of ours as a cloud shows it."""

    @property
    def id(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def interval(self) -> Interval | None: ...

    @property
    def link_pending(self) -> bool: ...


E = TypeVar("E", bound=OwnEvent)


class OrganizerCalendars(ABC, Generic[E]):
    """What the clouds share of the port ``MeetingCalendar``.

    ``link_wait`` is how many seconds a run waits for pending links in all.
    """

    def __init__(self, *, link_wait: float, sleep: Callable[[float], None]) -> None:
        self._link_wait = link_wait
        self._sleep = sleep
        self._troubles: dict[str, Unreadable | None] = {}
        self._shown: dict[str, tuple[datetime, Mapping[str, E]]] = {}

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
        """Return what stands of these; the same list serves what is looked up next."""
        shown = side_by_side(lambda each: self._shown_since(each, since), [*wanted])
        return [
            self._stray(event, event.interval)
            for uids, events in zip(wanted.values(), shown, strict=True)
            for event in events.values()
            if event.key in uids and event.interval and event.interval.end > since
        ]

    def troubles(self, organizers: Sequence[str]) -> dict[str, Unreadable]:
        unknown = [each for each in organizers if each not in self._troubles]
        self._troubles |= zip(unknown, side_by_side(self._probed, unknown), strict=True)
        found = ((each, self._troubles[each]) for each in organizers)
        return {organizer: trouble for organizer, trouble in found if trouble is not None}

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        found = self._found(event)
        if found is not None and self._needs_nothing(found, event):
            return self._receipt(event, found)
        was = found.interval if found else None
        self._check_writable()
        if was != event.interval and is_taken(event, was):
            # Free/busy does not tell whose it is: another run may have written this very event.
            again = self._found(event)
            if again is not None and self._needs_nothing(again, event):
                return self._receipt(event, again)
            raise ChangedMeanwhileError if found else TimeTakenError
        try:
            return self._written(event, found)
        except TryFailedError as error:
            raise self._refusal(error, may_be_done=True) from None

    def _found(self, event: Event) -> E | None:
        """Return a meeting's event before anything is done about it.

        Raises:
            WriteError: it cannot be looked for.
        """
        try:
            return self._find(event)
        except TryFailedError as error:
            raise self._refusal(error, may_be_done=False) from None

    def _with_link(self, organizer: str, found: E) -> E:
        """Wait for a pending link, as long as the run's patience with all links lasts."""
        tries = 0
        while found.link_pending and self._link_wait > 0:
            seconds = min(_LINK_PAUSES[min(tries, len(_LINK_PAUSES) - 1)], self._link_wait)
            self._sleep(seconds)
            self._link_wait -= seconds
            tries += 1
            found = self._get(organizer, found.id) or found
        return found

    def _looked_up(self, organizer: str, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        since = min(each.interval.start for each in meetings)
        began, listed = self._shown.pop(organizer, (None, {}))
        try:
            if began is None or began > since:
                listed = self._listed_since(organizer, since)
            found = {each.uid: self._seen(each, listed) for each in meetings}
        except TryFailedError as error:
            self._troubles[organizer] = self._trouble(organizer, error)
            return {}
        self._troubles[organizer] = None
        return found

    def _shown_since(self, organizer: str, since: datetime) -> Mapping[str, E]:
        """Return the programme's events of a calendar, and keep them to be looked up."""
        try:
            listed = self._listed_since(organizer, since)
        except TryFailedError as error:
            self._troubles[organizer] = self._trouble(organizer, error)
            return {}
        self._troubles[organizer] = None
        self._shown[organizer] = since, listed
        return listed

    def _probed(self, organizer: str) -> Unreadable | None:
        try:
            self._probe(organizer)
        except TryFailedError as error:
            return self._trouble(organizer, error)
        return None

    # What each cloud does its own way; all may raise TryFailedError

    @abstractmethod
    def _listed_since(self, organizer: str, since: datetime) -> Mapping[str, E]:
        """Return the programme's events of a calendar that end after ``since``, by mark."""

    @abstractmethod
    def _probe(self, organizer: str) -> None:
        """Find out whether an organizer's calendar is open to us, by a list that may be empty."""

    @abstractmethod
    def _find(self, event: Event) -> E | None:
        """Return a meeting's event, however it was made."""

    @abstractmethod
    def _get(self, organizer: str, event_id: str) -> E | None:
        """Return the event of this id, None where there is none."""

    @abstractmethod
    def _seen(self, meeting: Meeting, listed: Mapping[str, E]) -> Seen:
        """Return what became of a meeting; what the list lacks is asked for."""

    @abstractmethod
    def _written(self, event: Event, found: E | None) -> Receipt:
        """Create the event, or bring what was found to this version, and read it back."""

    @abstractmethod
    def _receipt(self, event: Event, found: E) -> Receipt:
        """Return what the cloud made of an event."""

    @abstractmethod
    def _needs_nothing(self, found: E, event: Event) -> bool:
        """Tell whether an event is written already, or was deleted or moved by a person.

        That stays, and is judged when it is looked up.
        """

    @abstractmethod
    def _stray(self, found: E, interval: Interval) -> Stray:
        """Return an event the store does not know."""

    @abstractmethod
    def _trouble(self, organizer: str, error: TryFailedError) -> Unreadable:
        """Return why an organizer's calendar cannot be used."""

    @abstractmethod
    def _refusal(self, error: TryFailedError, *, may_be_done: bool) -> WriteError:
        """Return what is told of a write that failed."""

    def _check_writable(self) -> None:
        """Stop where it is known that nothing can be written.

        Raises:
            WriteError: it is.
        """
