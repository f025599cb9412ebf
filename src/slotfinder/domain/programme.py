"""The rules of a programme: what slotfinder.toml says, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import quote
from zoneinfo import ZoneInfo

from slotfinder.domain.freebusy import Kind, Provider
from slotfinder.domain.meeting import Format
from slotfinder.domain.people import Days, Person, Role
from slotfinder.domain.preference import Wishes


class Rule(StrEnum):
    """Which compromise counts as the best (compromise.md §4)."""

    FAIR = "fair"
    EQUAL = "equal"
    TURNS = "turns"
    TOTAL = "total"


class Baseline(StrEnum):
    """How other products choose: to compare with in a simulation, never to be configured."""

    EARLIEST = "earliest"
    ORGANIZER = "organizer"


class TentativePolicy(StrEnum):
    """What an entry somebody has not firmly accepted means for a slot."""

    AVOID = "avoid"
    BLOCK = "block"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRules:
    """``[meetings]``; ``grid``, ``buffer`` and ``short`` are minutes, ``title`` may name people."""

    grid: int
    notice: timedelta
    horizon: timedelta
    freeze: timedelta
    buffer: int
    title: str
    private: bool
    automatic_moves: int
    short: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromiseRules:
    """``[compromise]``: ``floor`` in percent, ``memory`` in meetings, ``day_limit`` in minutes."""

    rule: Rule | Baseline
    floor: int
    memory: int
    tentative: TentativePolicy
    day_limit: int
    yields: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A bookable room. ``email`` (lower case) names its calendar.

    ``features`` are in lower case; ``capacity`` is how many people it seats, None where nobody
    says.
    """

    email: str
    provider: Provider
    floor: str = ""
    features: tuple[str, ...] = ()
    capacity: int | None = None

    @property
    def is_described(self) -> bool:
        """Tell whether nothing is left to be asked about it."""
        return bool(self.floor and self.features and self.capacity)

    def completed_by(self, other: "Room") -> "Room":
        """Return the room with what the other one says wherever this one says nothing."""
        return replace(
            self,
            floor=self.floor or other.floor,
            features=self.features or other.features,
            capacity=self.capacity or other.capacity,
        )

    def suits(self, people: Sequence[Person]) -> bool:
        """Tell whether it is large enough for these people and has what each of them needs."""
        is_large = self.capacity is None or self.capacity >= len(people)
        return is_large and all(need in self.features for each in people for need in each.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where people meet face to face; ``travel`` minutes are kept free on both sides.

    ``directions`` say how to get there, in as many lines as it takes.
    """

    name: str
    address: str
    travel: int
    rooms: tuple[Room, ...]
    directions: str = ""

    def rooms_for(self, people: Sequence[Person], provider: Provider) -> tuple[Room, ...]:
        """Return the rooms of a provider in which these people can meet, in the file's order."""
        mine = (room for room in self.rooms if room.provider is provider)
        return tuple(room for room in mine if room.suits(people))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """``[virtual]``: the join link of a virtual meeting.

    ``link`` is "auto" (the provider's own), "none", or an address in which {pair} may stand;
    ``fallback`` is what "auto" falls back to where the provider has none.
    """

    link: str
    fallback: str = ""

    def join_url(self, pair: str) -> str | None:
        """Return the pair's own link, or None where the programme states none."""
        address = self.fallback if self.link == "auto" else self.link
        if address in {"", "none"}:
            return None
        return address.replace("{pair}", quote(pair, safe=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Everything the pure core needs to know of the configuration."""

    name: str
    zone: ZoneInfo
    starts: date
    ends: date
    blackouts: tuple[Days, ...]
    coordinators: tuple[str, ...]
    meetings: MeetingRules
    gap: timedelta
    compromise: CompromiseRules
    defaults: Mapping[tuple[Role, Format], Wishes]
    sites: Mapping[str, Site]
    conference: Conference

    def wishes(self, person: Person, role: Role, form: Format) -> Wishes:
        """Return what a person wants in this role and format; silence means the role's default."""
        own = person.wishes
        if form is Format.IN_PERSON and person.wishes_in_person is not None:
            own = person.wishes_in_person
        return own if own is not None else self.defaults[role, form]

    def blocking_kinds(self, form: Format) -> frozenset[Kind]:
        """Return the kinds of entries that nobody is asked to meet over (calendars.md)."""
        kinds = {Kind.BUSY, Kind.OUT_OF_OFFICE, Kind.UNKNOWN}
        if self.compromise.tentative is TentativePolicy.BLOCK:
            kinds.add(Kind.TENTATIVE)
        if form is Format.IN_PERSON:
            kinds.add(Kind.ELSEWHERE)
        return frozenset(kinds)

    def margin(self, form: Format, site: str) -> timedelta:
        """Return the time kept free on both sides of a meeting."""
        minutes = self.sites[site].travel if form is Format.IN_PERSON else self.meetings.buffer
        return timedelta(minutes=minutes)
