"""A programme folder as the checker reads it: plain files, and nothing of the product's code."""

import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
WHOLE = 10**6
"""The weight 1, in millionths."""
_ONE_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What contract.md §1 shows is what holds where a key is left out.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "meetings": {"duration": 45, "grid": 15, "notice": "24h", "horizon": "42d", "buffer": 0},
    "cadence": {"every": "2 weeks", "in_person": "every 3", "gap": "6d"},
    "compromise": {
        "rule": "fair",
        "floor": 20,
        "memory": 6,
        "tentative": "avoid",
        "day_limit": 300,
        "yields": 2,
    },
    "virtual": {"conference": "auto"},
}


@dataclass(frozen=True)
class Window:
    """Some hours of some weekdays (0 = Monday), in minutes of the day; weights in millionths."""

    days: frozenset[int]
    start: int
    end: int
    weight: int


Wishes = tuple[Window, ...]
Dates = tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Someone:
    """A row of people.csv."""

    email: str
    zone: ZoneInfo
    site: str
    site_days: frozenset[int] | None
    needs: frozenset[str]
    country: str
    wishes: Wishes
    wishes_in_person: Wishes
    away: Dates


@dataclass(frozen=True)
class Couple:
    """A row of pairs.csv, with what the programme says where the row says nothing."""

    name: str
    mentor: str
    mentee: str
    status: str
    agreed: bool
    every: str
    in_person: str
    duration: int
    starts: date
    ends: date
    organizer: str

    @property
    def people(self) -> tuple[str, str]:
        return self.mentor, self.mentee

    @property
    def is_booked(self) -> bool:
        return self.status == "active" and self.agreed


class Folder:
    """The settings, people and pairs of a programme."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tables = tomllib.loads((path / "slotfinder.toml").read_text("utf-8"), parse_float=str)
        programme = self._tables["programme"]
        self.zone = ZoneInfo(programme["timezone"])
        self.starts: date = programme["starts"]
        self.ends: date = programme["ends"]
        self.blackouts = tuple(map(_dates, programme.get("blackouts", [])))
        self.people = {row["email"]: _someone(row) for row in _rows(path / "people.csv")}
        self.couples = [self._couple(row) for row in _rows(path / "pairs.csv")]

    def setting(self, table: str, key: str) -> Any:
        return self._tables.get(table, {}).get(key, _DEFAULTS[table][key])

    def number(self, table: str, key: str) -> int:
        return int(self.setting(table, key))

    def minutes(self, table: str, key: str) -> int:
        """Return a duration such as ``6d``."""
        number, unit = re.fullmatch(r"(\d+)([wdhm])", self.setting(table, key)).groups()  # type: ignore[union-attr]
        return int(number) * {"w": 10080, "d": 1440, "h": 60, "m": 1}[unit]

    def rooms(self, site: str) -> list[str]:
        return list(self._site(site).get("rooms", []))

    def rooms_for(self, couple: Couple) -> list[str]:
        """Return the rooms of the couple's site that seat two and have what each of them needs."""
        details = {room["email"]: room for room in self._tables.get("rooms", [])}
        needs = frozenset[str]().union(*(self.people[email].needs for email in couple.people))
        return [
            room
            for room in self.rooms(self.shared_site(couple))
            if details.get(room, {}).get("capacity", 2) >= 2
            and needs <= {*details.get(room, {}).get("features", [])}
        ]

    def margin(self, form: str, site: str) -> int:
        if form == "virtual":
            return self.number("meetings", "buffer")
        return int(self._site(site).get("travel", 15))

    def shared_site(self, couple: Couple) -> str:
        mentor, mentee = (self.people[email].site for email in couple.people)
        return mentor if mentor == mentee else ""

    def wishes(self, person: Someone, role: str, form: str) -> Wishes:
        """Return own wishes in this format, own ones, the role's in this format, the role's."""
        table = self._tables["preferences"][role]
        of_role = {key: value for key, value in table.items() if key != "in-person"}
        choices = [person.wishes, _table(table.get("in-person", {})), _table(of_role)]
        if form == "virtual":
            del choices[1]
        else:
            choices.insert(0, person.wishes_in_person)
        return next(wishes for wishes in choices if wishes)

    def _site(self, name: str) -> dict[str, Any]:
        sites = self._tables.get("sites", [])
        return next((site for site in sites if site["name"] == name), {})

    def _couple(self, row: dict[str, str]) -> Couple:
        organizer = row.get("organizer") or self._tables["programme"]["organizer"]
        starts, ends = (row.get(key) for key in ("starts", "ends"))
        return Couple(
            name=row["pair"],
            mentor=row["mentor"],
            mentee=row["mentee"],
            status=row["status"],
            agreed=row.get("agreed") != "no",
            every=row.get("every") or self.setting("cadence", "every"),
            in_person=row.get("in_person") or self.setting("cadence", "in_person"),
            duration=int(row.get("duration") or self.setting("meetings", "duration")),
            starts=max(self.starts, date.fromisoformat(starts)) if starts else self.starts,
            ends=min(self.ends, date.fromisoformat(ends)) if ends else self.ends,
            organizer=row.get(organizer, organizer),
        )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _someone(row: dict[str, str]) -> Someone:
    return Someone(
        email=row["email"],
        zone=ZoneInfo(row["timezone"]),
        site=row["site"],
        site_days=weekdays(row["site_days"]) if row["site_days"] else None,
        needs=frozenset(each.strip() for each in row.get("needs", "").split(";") if each.strip()),
        country=row["country"],
        wishes=_cell(row["preference"]),
        wishes_in_person=_cell(row["preference_in_person"]),
        away=tuple(_dates(part) for part in row["away"].split(";") if part.strip()),
    )


def _dates(text: str) -> tuple[date, date]:
    first, _, last = text.strip().partition("..")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def weekdays(text: str) -> frozenset[int]:
    """Read ``Mo-Fr``, ``Tu,We`` or ``Sa-Mo``."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        day = DAYS.index(first)
        found.add(day)
        while last and DAYS[day] != last:
            day = (day + 1) % 7
            found.add(day)
    return frozenset(found)


def _cell(text: str) -> Wishes:
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    return tuple(_window(window, weight or "1") for window, _, weight in parts)


def _table(table: dict[str, Any]) -> Wishes:
    return tuple(_window(window, str(weight)) for window, weight in table.items())


def _window(text: str, weight: str) -> Window:
    days, hours = text.split()
    start, end = (int(each[:2]) * 60 + int(each[3:]) for each in hours.split("-"))
    exact = Fraction(weight.strip()) * WHOLE
    assert exact.denominator == 1, f"{weight} has more than six places"
    return Window(weekdays(days), start, end, exact.numerator)


# --- time: minutes since 1970 in UTC, and wall clocks ---------------------------------------------


def minute(at: datetime) -> int:
    """Return an instant as a whole minute; the checker's worlds have no others."""
    number, rest = divmod(at - _EPOCH, _ONE_MINUTE)
    assert not rest, f"{at} is not a whole minute"
    return number


def instant(number: int) -> datetime:
    return _EPOCH + number * _ONE_MINUTE


def read_instant(text: str) -> int:
    return minute(datetime.fromisoformat(text))


def written(number: int) -> str:
    return f"{instant(number):%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(maxsize=2**18)
def wall(number: int, zone: ZoneInfo) -> datetime:
    """Return what the clock on somebody's wall shows in that minute."""
    return instant(number).astimezone(zone)


@lru_cache(maxsize=2**18)
def week_minute(number: int, zone: ZoneInfo) -> int:
    """Return the minute of the week on somebody's wall, Monday 00:00 being 0."""
    at = wall(number, zone)
    return at.weekday() * 1440 + at.hour * 60 + at.minute


@cache
def first_minute(day: date, zone: ZoneInfo) -> int:
    """Return the first minute of a local date, found by looking at the clock."""
    number = minute(datetime(day.year, day.month, day.day, tzinfo=UTC)) - 15 * 60
    while wall(number, zone).date() < day:
        number += 1
    return number
