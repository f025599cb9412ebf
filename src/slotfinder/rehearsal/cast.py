"""A believable programme: twelve pairs in three time zones, with calendars that look lived in."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vRecur

LONDON, NEW_YORK, KOLKATA = "Europe/London", "America/New_York", "Asia/Kolkata"

SETTINGS = """\
# The programme of the demo: everything that is not here has its default.
[programme]
name = "Reverse mentoring (demo)"
timezone = "Europe/London"
starts = {starts}
ends = {ends}
organizer = "mentoring@demo.example"
organizer_calendar = "local"
coordinators = ["coordination@demo.example"]

[cadence]
every = "2 weeks"
in_person = "every 3"
gap = "6d"

[[sites]]
name = "London"
address = "1 Example Street"
travel = 15
rooms = ["room-a@demo.example", "room-b@demo.example"]

[[sites]]
name = "New York"
address = "2 Example Avenue"
travel = 15
rooms = ["room-c@demo.example"]

[virtual]
conference = "https://meet.demo.example/{{pair}}"
"""

ROOMS = ("room-a@demo.example", "room-b@demo.example", "room-c@demo.example")
LENGTH = timedelta(weeks=26)

WEEKLY_PAIR = "p04"
"""Meets every week, so that after a week it has a period that is still open."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """A recurring entry: weekdays as in RFC 5545 (MO,WE), local start, minutes."""

    days: str
    start: time
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Somebody of the demo, with what fills the calendar. ``leave`` counts days from the start."""

    name: str
    zone: str
    site: str = ""
    site_days: str = ""
    weekly: tuple[Weekly, ...] = ()
    free_days: str = ""
    leave: tuple[tuple[int, int], ...] = ()
    away: tuple[tuple[int, int], ...] = ()
    preference: str = ""

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@demo.example"


def _standup(hour: int, minute: int = 0) -> Weekly:
    return Weekly("MO,TU,WE,TH,FR", time(hour, minute), 30)


SENIORS = (
    Character(
        name="Margaret Hale",
        zone=LONDON,
        site="London",
        weekly=(Weekly("MO", time(9), 120), Weekly("WE", time(8), 60), _standup(12)),
    ),
    Character(
        name="Edmund Price",
        zone=LONDON,
        site="London",
        weekly=(Weekly("TU,TH", time(9), 90),),
        leave=((14, 18),),
    ),
    Character(
        name="Ingrid Solberg",
        zone=LONDON,
        site="London",
        free_days="FR",
        weekly=(Weekly("MO,WE", time(10), 60),),
    ),
    Character(
        name="Victor Adeyemi",
        zone=LONDON,
        site="London",
        site_days="Tu,We,Th",
        weekly=(Weekly("MO,TU,WE,TH,FR", time(8, 30), 30),),
    ),
    Character(
        name="Caroline Whitmore",
        zone=NEW_YORK,
        site="New York",
        weekly=(Weekly("TU", time(8), 90), Weekly("TH", time(9), 180)),
    ),
    Character(
        name="Robert Kessler",
        zone=NEW_YORK,
        site="New York",
        weekly=(_standup(9),),
        away=((21, 25),),
    ),
    Character(
        name="Lakshmi Raman",
        zone=KOLKATA,
        weekly=(Weekly("MO,WE,FR", time(11), 60),),
        preference="Mo-Fr 08:00-10:00 = 1; Mo-Fr 10:00-13:00 = 0.6; Mo-Fr 13:00-18:30 = 0.4",
    ),
    Character(
        name="Henrik Dahl",
        zone=LONDON,
        weekly=(Weekly("MO", time(7, 30), 60), Weekly("FR", time(13), 120)),
    ),
)

JUNIORS = (
    Character(name="Aisha Khan", zone=LONDON, site="London", weekly=(_standup(9, 30),)),
    Character(
        name="Ben Carter",
        zone=LONDON,
        site="London",
        weekly=(_standup(10), Weekly("WE", time(14), 120)),
    ),
    Character(name="Chloe Martin", zone=LONDON, site="London", weekly=(_standup(9, 45),)),
    Character(
        name="Daniel Osei",
        zone=LONDON,
        site="London",
        site_days="Tu,Th",
        weekly=(Weekly("TU,TH", time(15), 60),),
    ),
    Character(
        name="Elena Rossi",
        zone=LONDON,
        site="London",
        free_days="MO",
        weekly=(_standup(11),),
    ),
    Character(name="Farid Haddad", zone=NEW_YORK, site="New York", weekly=(_standup(10),)),
    Character(
        name="Grace Lin",
        zone=NEW_YORK,
        site="New York",
        weekly=(Weekly("MO,WE", time(15), 90),),
        leave=((9, 11),),
    ),
    Character(name="Hugo Alvarez", zone=NEW_YORK, weekly=(_standup(9, 15),)),
    Character(name="Isha Patel", zone=KOLKATA, weekly=(_standup(11),)),
    Character(
        name="Jai Menon", zone=KOLKATA, weekly=(_standup(12, 30), Weekly("FR", time(16), 60))
    ),
    Character(name="Kavya Nair", zone=KOLKATA, weekly=(Weekly("TU,TH", time(14), 90),)),
    Character(name="Leo Brandt", zone=LONDON, weekly=(_standup(14),)),
)

# Mentor and mentee by number: the first four seniors have two juniors each.
PAIRS = (
    (0, 0),
    (1, 0),
    (2, 1),
    (3, 3),
    (4, 2),
    (5, 4),
    (6, 5),
    (7, 4),
    (8, 1),
    (9, 6),
    (10, 3),
    (11, 7),
)


def write_programme(folder: Path, starts: date) -> None:
    """Write the files and calendars of the demo into ``folder``."""
    ends = starts + LENGTH - timedelta(days=3)
    folder.mkdir(parents=True, exist_ok=True)
    settings = SETTINGS.format(starts=starts, ends=ends)
    (folder / "slotfinder.toml").write_text(settings, "utf-8")
    people = [*SENIORS, *JUNIORS]
    _write_csv(folder / "people.csv", _PEOPLE, (_person(each, starts) for each in people))
    _write_csv(folder / "pairs.csv", ("pair", "mentor", "mentee", "status", "every"), _pairs())
    for each in people:
        calendar = _calendar(each, starts)
        path = folder / "calendars" / each.email / "work.ics"
        path.parent.mkdir(parents=True)
        path.write_bytes(calendar.to_ical())
    for room in ROOMS:
        (folder / "calendars" / room).mkdir(parents=True)


_PEOPLE = (
    "email",
    "name",
    "calendar",
    "timezone",
    "site",
    "site_days",
    "preference",
    "away",
)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _person(each: Character, starts: date) -> tuple[str, ...]:
    away = "; ".join(
        f"{starts + timedelta(days=first)}..{starts + timedelta(days=last)}"
        for first, last in each.away
    )
    return (
        each.email,
        each.name,
        "local",
        each.zone,
        each.site,
        each.site_days,
        each.preference,
        away,
    )


def _pairs() -> Iterable[tuple[str, ...]]:
    for number, (junior, senior) in enumerate(PAIRS, start=1):
        mentor, mentee = JUNIORS[junior], SENIORS[senior]
        name = f"p{number:02}"
        every = "1 week" if name == WEEKLY_PAIR else ""
        yield name, mentor.email, mentee.email, "active", every


def _calendar(each: Character, starts: date) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//slotfinder//demo//EN")
    calendar.add("x-wr-timezone", each.zone)
    monday = starts - timedelta(weeks=4)
    zone = ZoneInfo(each.zone)
    for number, weekly in enumerate(each.weekly):
        start = datetime.combine(_first(weekly.days, monday), weekly.start, zone)
        entry = _entry(each, f"weekly-{number}", start, start + timedelta(minutes=weekly.minutes))
        entry.add("rrule", vRecur({"FREQ": "WEEKLY", "BYDAY": weekly.days.split(",")}))
        calendar.add_component(entry)
    if each.free_days:
        day = _first(each.free_days, monday)
        entry = _entry(each, "part-time", day, day + timedelta(days=1))
        entry.add("rrule", vRecur({"FREQ": "WEEKLY", "BYDAY": each.free_days.split(",")}))
        calendar.add_component(entry)
    for number, (first, last) in enumerate(each.leave):
        day = starts + timedelta(days=first)
        entry = _entry(each, f"leave-{number}", day, starts + timedelta(days=last + 1))
        entry.add("x-microsoft-cdo-busystatus", "OOF")
        calendar.add_component(entry)
    return calendar


def _first(days: str, monday: date) -> date:
    """Return the first date from ``monday`` on that is one of the days."""
    names = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    return monday + timedelta(days=min(names.index(day) for day in days.split(",")))


def _entry(each: Character, name: str, start: date, end: date) -> Event:
    entry = Event()
    entry.add("uid", f"{name}-{each.email}")
    entry.add("dtstamp", datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))
    entry.add("dtstart", start)
    entry.add("dtend", end)
    return entry
