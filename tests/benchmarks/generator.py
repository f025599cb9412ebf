"""Realistic programmes of any size, for benchmarks: same number and seed, same programme.

Juniors have one pair each; one senior in ten has several. Calendars hold weekly and fortnightly
meetings, single ones, leave and all-day entries, rooms are fewer than a company would like.

Everybody's entries are drawn as arrays first. Entries of the same time and kind become one shared
object, so that 10,000 pairs' calendars take tens of megabytes rather than most of a gigabyte, and
what a planner takes for itself can be seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from slotfinder.domain.cadence import parse_cadence, parse_in_person
from slotfinder.domain.freebusy import Block, FreeBusy, Kind, Provider, Reading
from slotfinder.domain.interval import Interval, first_instant
from slotfinder.domain.meeting import Format
from slotfinder.domain.people import Country, Days, Pair, PairStatus, Person, Role
from slotfinder.domain.preference import Wishes, parse_wishes
from slotfinder.domain.programme import (
    CompromiseRules,
    Conference,
    MeetingRules,
    Programme,
    Room,
    Rule,
    Site,
    TentativePolicy,
)
from slotfinder.planning.facts import Facts, reading_window

Ints = npt.NDArray[np.int64]

NOW = datetime(2027, 1, 1, 6, tzinfo=UTC)
FIRST, LAST = date(2027, 1, 4), date(2027, 3, 28)
"""Twelve weeks: six periods of two. New York's clocks change in between."""

ORGANIZER = "mentoring@acme.example"
PAIRS_A_ROOM = 32
"""How many pairs of a site share one room of it."""


class _Office(NamedTuple):
    """A site, the share of the seniors there, and where else its people have partners."""

    name: str
    zone: str
    country: str
    region: str | None
    share: float
    near: tuple[str, ...]
    far: tuple[str, ...]


_OFFICES = (
    _Office("London", "Europe/London", "GB", "ENG", 0.28, ("Manchester",), ("Berlin", "New York")),
    _Office("Manchester", "Europe/London", "GB", "ENG", 0.10, ("London",), ("Berlin", "New York")),
    _Office("Berlin", "Europe/Berlin", "DE", "BE", 0.20, ("Munich",), ("London", "Bangalore")),
    _Office("Munich", "Europe/Berlin", "DE", "BY", 0.10, ("Berlin",), ("London", "Bangalore")),
    _Office("New York", "America/New_York", "US", "NY", 0.16, (), ("London", "Berlin")),
    _Office("Bangalore", "Asia/Kolkata", "IN", "KA", 0.10, (), ("Berlin", "Singapore")),
    _Office("Singapore", "Asia/Singapore", "SG", None, 0.06, (), ("Bangalore",)),
)
_NUMBERS = {office.name: number for number, office in enumerate(_OFFICES)}
_ZONES = tuple(dict.fromkeys(office.zone for office in _OFFICES))

# Windows of the role defaults, in minutes of the day, with their weights.
_DEFAULTS = {
    Role.MENTEE: ((450, 540, "1"), (420, 450, "0.7"), (540, 720, "0.5"), (720, 1020, "0.2")),
    Role.MENTOR: ((900, 1050, "1"), (720, 900, "0.6"), (570, 720, "0.4"), (480, 570, "0.2")),
}
_SHIFTS = (-60, -30, 0, 30, 60)
_DAYS = ("Mo-Fr", "Mo-Th", "Tu-Fr", "Mo,We-Fr")
_AT_THE_SITE = (
    "Mo-Fr 09:30-16:30",
    "Tu-Th 10:00-16:00 = 1; Mo,Fr 10:00-15:00 = 0.4",
    "Mo-Fr 11:30-14:00 = 1; Mo-Fr 09:00-17:00 = 0.5",
)
_SITE_DAYS = (frozenset({1, 2, 3}), frozenset({0, 1, 2, 3}), frozenset({1, 3}))

_IN_PERSON = ("every 3", "monthly", "never")
_DURATIONS = (30, 45, 60)

_KINDS = (Kind.BUSY, Kind.TENTATIVE, Kind.OUT_OF_OFFICE, Kind.ELSEWHERE)
_BUSY, _TENTATIVE, _OUT_OF_OFFICE, _ELSEWHERE = range(4)
_LENGTHS = np.array([25, 30, 45, 50, 60, 90, 120])
_LENGTH_SHARES = np.array([0.10, 0.34, 0.10, 0.10, 0.27, 0.06, 0.03])
# Half-hours from 08:00 to 17:30 local time, and how popular they are.
_STARTS = 8 * 60 + 30 * np.arange(20)
_POPULARITY = np.array([1, 2, 5, 6, 7, 6, 6, 5, 3, 2, 3, 5, 6, 6, 5, 5, 4, 3, 2, 1])
_MONDAY = date(2026, 12, 28)
_WEEKS = 13
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def generate(pairs: int, seed: int) -> tuple[Facts, datetime]:
    """Return the facts of a programme with this many pairs, none booked yet, and the moment."""
    rng = np.random.default_rng(seed)
    people, together = _cast(rng, pairs)
    programme = _programme(_rooms(people, together))
    window = reading_window(together, (), programme, NOW)
    calendars = _calendars(people, programme)
    facts = Facts(
        programme=programme,
        people={person.email: person for person in people},
        pairs=tuple(together),
        readings=_readings(rng, calendars, window),
        window=window,
        meetings=(),
        own=frozenset(),
        seen={},
        unsettled=frozenset(),
        refusals=(),
        known_since={pair.id: NOW for pair in together},
        generations={},
    )
    return facts, NOW


def _cast(rng: np.random.Generator, pairs: int) -> tuple[list[Person], list[Pair]]:
    """Return the people and who meets whom, pairs in no particular order."""
    wishes = {role: _variants(role) for role in Role}
    shares = [office.share for office in _OFFICES]
    people: list[Person] = []
    partners: list[tuple[str, str]] = []
    seniors = 0
    while len(partners) < pairs:
        seniors += 1
        several = rng.random() < 0.1
        juniors = int(rng.choice((2, 3, 4), p=(0.6, 0.3, 0.1))) if several else 1
        home = int(rng.choice(len(_OFFICES), p=shares))
        senior = _person(rng, f"senior{seniors:05}", home, wishes[Role.MENTEE])
        people.append(senior)
        for _ in range(min(juniors, pairs - len(partners))):
            where = _partner_office(rng, _OFFICES[home])
            junior = _person(rng, f"junior{len(partners) + 1:05}", where, wishes[Role.MENTOR])
            people.append(junior)
            partners.append((junior.email, senior.email))
    order = rng.permutation(len(partners))
    return people, [_pair(rng, f"p{n:05}", *partners[i]) for n, i in enumerate(order, start=1)]


def _partner_office(rng: np.random.Generator, home: _Office) -> int:
    """Return where a senior's junior works: mostly next door, seldom in another zone."""
    luck = rng.random()
    near = home.near if luck < 0.92 else home.far
    if luck < 0.82 or not near:
        return _NUMBERS[home.name]
    return _NUMBERS[near[int(rng.integers(len(near)))]]


def _person(rng: np.random.Generator, name: str, where: int, wishes: Sequence[Wishes]) -> Person:
    office = _OFFICES[where]
    luck = rng.random(5)
    chosen = int(rng.integers(len(wishes)))
    remote = luck[0] < 0.05
    first = FIRST + timedelta(days=int(rng.integers(84)))
    return Person(
        email=f"{name}@acme.example",
        name=name.capitalize(),
        provider=Provider.LOCAL,
        zone=ZoneInfo(office.zone),
        site="" if remote else office.name,
        site_days=_SITE_DAYS[chosen % len(_SITE_DAYS)] if luck[1] < 0.25 else None,
        country=Country(office.country, office.region),
        wishes=wishes[chosen] if luck[2] < 0.5 else None,
        wishes_in_person=(
            parse_wishes(_AT_THE_SITE[chosen % len(_AT_THE_SITE)]) if luck[3] < 0.08 else None
        ),
        away=(Days(first, first + timedelta(days=chosen % 7)),) if luck[4] < 0.1 else (),
    )


def _pair(rng: np.random.Generator, name: str, mentor: str, mentee: str) -> Pair:
    return Pair(
        id=name,
        mentor=mentor,
        mentee=mentee,
        status=PairStatus.ACTIVE,
        agreed=True,
        cadence=parse_cadence("2 weeks"),
        in_person=parse_in_person(str(rng.choice(_IN_PERSON, p=(0.6, 0.25, 0.15)))),
        duration=int(rng.choice(_DURATIONS, p=(0.2, 0.6, 0.2))),
        starts=FIRST,
        ends=LAST,
        organizer=ORGANIZER,
        calendar=Provider.LOCAL,
    )


def _variants(role: Role) -> tuple[Wishes, ...]:
    """Return the role's default hours, earlier and later, on some days of the week."""
    return tuple(_wishes(role, days, shift) for shift in _SHIFTS for days in (*_DAYS, "Mo-Fr"))


def _wishes(role: Role, days: str = "Mo-Fr", shift: int = 0) -> Wishes:
    """Return the role's default hours on these days, ``shift`` minutes later."""
    parts = [
        f"{days} {_time(start + shift)}-{_time(end + shift)} = {weight}"
        for start, end, weight in _DEFAULTS[role]
    ]
    return parse_wishes("; ".join(parts))


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _rooms(people: Sequence[Person], pairs: Sequence[Pair]) -> dict[str, int]:
    """Return how many rooms each site has."""
    sites = {person.email: person.site for person in people}
    shared = [sites[pair.mentor] for pair in pairs if sites[pair.mentor] == sites[pair.mentee]]
    return {
        office.name: max(1, round(shared.count(office.name) / PAIRS_A_ROOM)) for office in _OFFICES
    }


def _programme(rooms: dict[str, int]) -> Programme:
    hours = {role: _wishes(role) for role in Role}
    return Programme(
        name="Generated",
        zone=ZoneInfo("Europe/London"),
        starts=FIRST,
        ends=LAST,
        blackouts=(Days(date(2027, 2, 16), date(2027, 2, 17)),),
        coordinators=(),
        meetings=MeetingRules(
            grid=15,
            notice=timedelta(hours=24),
            horizon=timedelta(days=84),
            freeze=timedelta(hours=20),
            buffer=5,
            title="{mentor} & {mentee}",
            private=True,
            automatic_moves=2,
            short=None,
        ),
        gap=timedelta(days=6),
        compromise=CompromiseRules(
            rule=Rule.FAIR,
            floor=20,
            memory=6,
            tentative=TentativePolicy.AVOID,
            day_limit=300,
            yields=2,
        ),
        defaults={(role, form): hours[role] for role in Role for form in Format},
        sites={name: _site(name, number) for name, number in rooms.items()},
        conference=Conference(link="none"),
    )


def _site(name: str, rooms: int) -> Site:
    key = name.lower().replace(" ", "-")
    emails = [f"{key}-{number:03}@rooms.acme.example" for number in range(1, rooms + 1)]
    found = tuple(Room(email=email, provider=Provider.LOCAL) for email in emails)
    return Site(name=name, address="", travel=15, rooms=found)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Whose a calendar is, in which zone, and how full: mean meetings of each sort.

    ``weekly`` and ``fortnightly`` count series, ``single`` meetings a week.
    """

    email: str
    zone: int
    weekly: float
    fortnightly: float
    single: float
    personal: bool = True


def _calendars(people: Sequence[Person], programme: Programme) -> list[_Calendar]:
    zones = {zone: number for number, zone in enumerate(_ZONES)}
    found = []
    for person in people:
        senior = person.email.startswith("senior")
        weekly, single = (7.5, 7.0) if senior else (5.5, 5.2)
        found.append(_Calendar(person.email, zones[person.zone.key], weekly, 2, single))
    for office in _OFFICES:
        found += [
            _Calendar(room.email, zones[office.zone], 20, 5, 14, personal=False)
            for room in programme.sites[office.name].rooms
        ]
    return found


class _Entries(NamedTuple):
    """Calendar entries, one element each: whose (row), local day and minute, minutes, kind."""

    row: Ints
    day: Ints
    minute: Ints
    length: Ints
    kind: Ints


def _readings(
    rng: np.random.Generator, calendars: Sequence[_Calendar], window: Interval
) -> dict[str, Reading]:
    """Return everybody's calendars over the window."""
    zones = np.array([calendar.zone for calendar in calendars])
    timed = [
        _series(rng, [each.weekly for each in calendars], 1),
        _series(rng, [each.fortnightly for each in calendars], 2),
        _single(rng, [each.single for each in calendars]),
    ]
    days = _whole_days(rng, np.array([each.personal for each in calendars]))
    spans = [_timed_spans(each, zones) for each in timed] + [_day_spans(days, zones)]
    row, start, end, kind = (np.concatenate(column) for column in zip(*spans, strict=True))
    first, last = _minute(window.start), _minute(window.end)
    inside = (first < end) & (start < last)
    row, start, end, kind = (column[inside] for column in (row, start, end, kind))
    order = np.lexsort((kind, end, start, row))
    blocks = _blocks(np.maximum(start, first), np.minimum(end, last), kind)
    bounds = np.searchsorted(row[order], np.arange(len(calendars) + 1))
    ordered = [blocks[index] for index in order]
    return {
        calendar.email: FreeBusy(
            person=calendar.email,
            provider=Provider.LOCAL,
            window=window,
            blocks=tuple(ordered[bounds[number] : bounds[number + 1]]),
        )
        for number, calendar in enumerate(calendars)
    }


def _series(rng: np.random.Generator, means: Sequence[float], every: int) -> _Entries:
    """Draw meetings that come back every so many weeks; now and then one is cancelled."""
    row = np.repeat(np.arange(len(means)), rng.poisson(means))
    drawn = _draw(rng, row, rng.integers(0, 5, len(row)))
    weeks = np.arange(_WEEKS)
    first = rng.integers(0, every, len(row))
    takes_place = (weeks % every == first[:, None]) & (rng.random((len(row), _WEEKS)) < 0.93)
    series, week = np.nonzero(takes_place)
    found = _Entries(*(column[series] for column in drawn))
    return found._replace(day=found.day + 7 * week)


def _single(rng: np.random.Generator, means: Sequence[float]) -> _Entries:
    """Draw meetings that take place once."""
    row = np.repeat(np.arange(len(means)), rng.poisson(np.array(means) * _WEEKS))
    day = rng.integers(0, 5, len(row)) + 7 * rng.integers(0, _WEEKS, len(row))
    return _draw(rng, row, day)


def _draw(rng: np.random.Generator, row: Ints, day: Ints) -> _Entries:
    """Draw when on these days meetings are, how long, and whether they are tentative."""
    number = len(row)
    minute = rng.choice(_STARTS, number, p=_POPULARITY / _POPULARITY.sum())
    minute = minute + 15 * (rng.random(number) < 0.15)
    length = rng.choice(_LENGTHS, number, p=_LENGTH_SHARES)
    kind = np.where(rng.random(number) < 0.06, _TENTATIVE, _BUSY)
    return _Entries(row, day, minute, length, kind)


def _whole_days(rng: np.random.Generator, personal: npt.NDArray[np.bool_]) -> _Entries:
    """Draw people's leave and, rarely, other all-day entries; ``length`` is in days."""
    everybody = np.flatnonzero(personal)
    leave = everybody[rng.random(len(everybody)) < 0.25]
    other = everybody[rng.random(len(everybody)) < 0.08]
    row = np.concatenate((leave, other))
    length = np.concatenate((rng.integers(1, 6, len(leave)), np.ones(len(other), dtype=np.int64)))
    sorts = (_BUSY, _TENTATIVE, _ELSEWHERE)
    kinds = (np.full(len(leave), _OUT_OF_OFFICE), rng.choice(sorts, len(other)))
    day = rng.integers(0, 5, len(row)) + 7 * rng.integers(0, _WEEKS, len(row))
    return _Entries(row, day, np.zeros(len(row), dtype=np.int64), length, np.concatenate(kinds))


def _timed_spans(entries: _Entries, zones: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return rows, first and last UTC minutes, and kinds; clocks change at night only."""
    noons = np.array([[_noon(zone, day) for day in _days()] for zone in _ZONES])
    start = noons[zones[entries.row], entries.day] - 12 * 60 + entries.minute
    return entries.row, start, start + entries.length, entries.kind


def _day_spans(entries: _Entries, zones: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    begins = np.array(
        [[_minute(first_instant(day, ZoneInfo(zone))) for day in _days()] for zone in _ZONES]
    )
    zone = zones[entries.row]
    last = entries.day + entries.length
    return entries.row, begins[zone, entries.day], begins[zone, last], entries.kind


def _days() -> Iterator[date]:
    """Yield the dates entries may be on, and a week more."""
    return (_MONDAY + timedelta(days=number) for number in range(7 * (_WEEKS + 1)))


def _noon(zone: str, day: date) -> int:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
    return _minute(noon)


def _minute(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(minutes=1)


def _blocks(start: Ints, end: Ints, kind: Ints) -> list[Block]:
    """Return one block for each element, the same object for the same time and kind."""
    base = int(start.min()) if len(start) else 0
    codes = ((start - base) * 2**20 + (end - start)) * len(_KINDS) + kind
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    different = [
        Block(interval=Interval(_instant(s), _instant(e)), kind=_KINDS[k])
        for s, e, k in zip(start[first], end[first], kind[first], strict=True)
    ]
    return [different[index] for index in which]


def _instant(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=int(minute))
