"""What every use case works on: the programme, its people, and the ways to the world outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair, Person
from slotfinder.domain.programme import Programme, Room
from slotfinder.errors import UsageError
from slotfinder.invitations.texts import SHIPPED, Texts
from slotfinder.ports import (
    CalendarRef,
    CloudInspector,
    FreeBusySource,
    Mailer,
    MeetingCalendar,
    MergingSource,
    Progress,
    RoomDirectory,
    Workplaces,
)

CLOUDS: Final = frozenset({Provider.GOOGLE, Provider.MICROSOFT})
"""Providers that name and invite for the events they keep, and make links for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A programme ready to be worked on. ``sender`` is the address invitations come from.

    ``organizer_provider`` is where a programme mailbox's calendar lives; a person who organizes
    has an own provider. ``merging`` are those sources that cannot tell whose a block is. ``keep``
    is how long what is over is remembered, None for ever.
    """

    programme: Programme
    people: Mapping[str, Person]
    pairs: tuple[Pair, ...]
    sources: Mapping[Provider, FreeBusySource]
    calendars: Mapping[Provider, MeetingCalendar]
    mailer: Mailer
    sender: str
    organizer_provider: Provider
    progress: Progress
    merging: Mapping[Provider, MergingSource] = field(default_factory=dict)
    inspectors: Mapping[Provider, CloudInspector] = field(default_factory=dict)
    directories: Mapping[Provider, RoomDirectory] = field(default_factory=dict)
    workplaces: Mapping[Provider, Workplaces] = field(default_factory=dict)
    texts: Texts = SHIPPED
    keep: timedelta | None = None

    def pairs_named(self, names: tuple[str, ...]) -> tuple[Pair, ...]:
        """Return the pairs of these ids in the file's order; all of them for no ids.

        Raises:
            UsageError: there is no pair of that id.
        """
        known = {pair.id for pair in self.pairs}
        for name in names:
            if name not in known:
                raise UsageError(f"There is no pair '{name}' in the pairs file.")
        return tuple(pair for pair in self.pairs if not names or pair.id in names)

    def person(self, email: str) -> Person:
        """Return who that is; of somebody no longer listed only the address is known."""
        listed = self.people.get(email)
        gone = Person(email=email, name=email, provider=Provider.FEED, zone=self.programme.zone)
        return listed or gone

    def provider_of(self, email: str) -> Provider:
        """Return where a calendar lives: a person's, a room's, or the programme mailbox's."""
        if person := self.people.get(email):
            return person.provider
        rooms = (room.provider for room in self.rooms() if room.email == email)
        return next(rooms, self.organizer_provider)

    def is_in_cloud(self, meeting: Meeting) -> bool:
        """Tell whether a provider names the meeting and invites to it."""
        return self.provider_of(meeting.organizer) in CLOUDS

    def has_own_link(self, meeting: Meeting) -> bool:
        """Tell whether the meeting's provider is asked to make a link for it."""
        is_online = meeting.format is Format.VIRTUAL
        return is_online and self.programme.conference.link == "auto" and self.is_in_cloud(meeting)

    def rooms(self) -> tuple[Room, ...]:
        return tuple(room for site in self.programme.sites.values() for room in site.rooms)

    def reference(self, email: str) -> CalendarRef:
        """Return whose calendar that is; a room lives in the programme's zone."""
        person = self.people.get(email)
        if person is None:
            return CalendarRef(owner=email, zone=self.programme.zone)
        return CalendarRef(owner=email, zone=person.zone, feed=person.feed)
