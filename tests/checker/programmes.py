"""Small programmes full of corners, each around one change of clocks somewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
)
Draw = Callable[[st.SearchStrategy[Any]], Any]


def changes_of_clocks(first: int = 2026, last: int = 2028) -> list[date]:
    """Return the days on which clocks change in any of the zones."""
    day, found = date(first, 1, 1), []
    while day.year <= last:
        if any(_noon(day, zone) != _noon(day + timedelta(days=1), zone) for zone in ZONES):
            found.append(day + timedelta(days=1))
        day += timedelta(days=1)
    return found


def _noon(day: date, zone: str) -> timedelta | None:
    return datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset()


@dataclass(frozen=True)
class Programme:
    """The files of a programme folder, and moments at which it is run."""

    files: dict[str, str]
    folders: tuple[str, ...]
    now: str
    later: str

    def write(self, folder: Path) -> Path:
        for name in self.folders:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (folder / name).write_text(text, "utf-8", newline="")
        return folder / "slotfinder.toml"


# --- cadences: text, days a horizon needs, days a gap may have ------------------------------------

_CADENCES = (
    ("1 week", 8, 6),
    ("1 week", 8, 6),
    ("2 weeks", 15, 13),
    ("1 month", 32, 27),
    ("FREQ=WEEKLY;BYDAY=MO,TH", 8, 0),
    ("FREQ=MONTHLY;BYDAY=1TU", 36, 0),
    ("FREQ=MONTHLY;BYMONTHDAY=1,15", 32, 0),
)
_IN_PERSON = (
    "never",
    "always",
    "always",
    "alternate",
    "every 1",
    "every 3",
    "monthly",
    "quarterly",
)
_WEIGHTS = ("1", "1", "0.7", "0.35", "0.125", "0.001", "0.333333", "0")
_DAYS = ("Mo-Fr", "Mo-Fr", "Mo-Su", "Sa-Mo", "Tu,Th", "We", "Fr-Su,We")
_COUNTRIES = ("GB", "GB-SCT", "US-NY", "BR", "NP", "MA", "AU-NSW")


@st.composite
def programmes(draw: Draw, change: date, rules: tuple[str, ...] = ("fair",)) -> Programme:
    starts = change - timedelta(days=draw(st.integers(0, 12)))
    ends = starts + timedelta(days=draw(st.integers(8, 36)))
    rooms = [f"room-{k}@acme.example" for k in range(draw(st.integers(0, 2)))]
    names = [f"person-{k}@acme.example" for k in range(draw(st.integers(2, 5)))]
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(_differ),
            min_size=1,
            max_size=4,
            unique_by=frozenset,
        )
    )
    cadence = draw(st.sampled_from(_CADENCES))
    files = {
        "slotfinder.toml": draw(_settings(starts, ends, cadence, rooms, rules)),
        "people.csv": draw(_people(names, starts)),
        "pairs.csv": draw(_pairs(pairs, starts)),
    }
    folders = ["calendars"]
    for email in [*names, *rooms]:
        draw(_calendar(email, starts, files, folders, is_room=email in rooms))
    now = datetime.combine(starts, time(draw(st.integers(0, 23))), UTC)
    now += timedelta(days=draw(st.integers(-3, 5)))
    later = now + timedelta(days=draw(st.integers(1, 16)), hours=draw(st.integers(0, 23)))
    return Programme(files, tuple(folders), now.isoformat(), later.isoformat())


def _differ(pair: tuple[str, str]) -> bool:
    return pair[0] != pair[1]


@st.composite
def _settings(
    draw: Draw,
    starts: date,
    ends: date,
    cadence: tuple[str, int, int],
    rooms: list[str],
    rules: tuple[str, ...],
) -> str:
    every, horizon, gap = cadence
    blackout = starts + timedelta(days=draw(st.integers(0, 20)))
    blackouts = [f"{blackout}..{blackout + timedelta(days=2)}"] if draw(st.booleans()) else []
    pick: Callable[..., Any] = lambda *choices: draw(st.sampled_from(choices))  # noqa: E731
    return f"""
[programme]
name = "Checked"
timezone = "{pick(*ZONES)}"
starts = {starts}
ends = {ends}
organizer = "{pick("mentoring@acme.example", "mentor", "mentee")}"
coordinators = ["coordination@acme.example"]
blackouts = {blackouts}
[meetings]
duration = {pick(30, 45, 60, 25)}
grid = {pick(15, 30, 30, 10)}
notice = "{pick("24h", "2h", "0h", "90m")}"
horizon = "{horizon + draw(st.integers(0, 14))}d"
buffer = {pick(0, 0, 10, 15)}
[cadence]
every = "{every}"
in_person = "{pick(*_IN_PERSON)}"
gap = "{draw(st.integers(0, gap))}d"
[compromise]
rule = "{pick(*rules)}"
floor = {pick(0, 20, 40, 60, 90)}
memory = {pick(0, 1, 2, 6)}
tentative = "{pick("avoid", "avoid", "block", "ignore")}"
day_limit = {pick(30, 60, 240, 300, 1440)}
yields = {pick(0, 1, 2)}
[preferences.mentor]
"Mo-Fr 09:00-17:00" = 0.6
"Mo-Fr 16:00-22:30" = 0.25
"Mo-Fr 10:00-11:30" = 1
[preferences.mentee]
"Mo-Sa 00:00-24:00" = 0.05
"Mo-Fr 07:30-09:00" = 1.0
"Mo-Fr 08:00-18:00" = 0.4
[preferences.mentee.in-person]
"Mo-Fr 08:30-19:00" = 0.8
[virtual]
conference = "https://meet.acme.example/{{pair}}"
[[sites]]
name = "Hub"
travel = {pick(0, 15, 30)}
rooms = {rooms}
{"".join(f"{draw(_details(room))}" for room in rooms)}"""


@st.composite
def _details(draw: Draw, room: str) -> str:
    """Return what the settings say of a room: nothing, or how many it seats and what it has."""
    if draw(st.booleans()):
        return ""
    lines = [
        "[[rooms]]",
        f'email = "{room}"',
        draw(st.sampled_from(("", "capacity = 1", "capacity = 2", "capacity = 8"))),
        draw(
            st.sampled_from(("", 'features = ["step-free"]', 'features = ["quiet", "step-free"]'))
        ),
    ]
    return "\n".join([*lines, ""])


# --- people and pairs -----------------------------------------------------------------------------


_COLUMNS = (
    *("email", "name", "calendar", "timezone", "site", "site_days", "needs", "country"),
    *("preference", "preference_in_person", "away"),
)


@st.composite
def _people(draw: Draw, names: list[str], starts: date) -> str:
    rows = [",".join(_COLUMNS)]
    near = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2))
    for email in names:
        zone = draw(st.sampled_from([*near, *near, *ZONES]))
        country = draw(st.sampled_from(_COUNTRIES)) if draw(_one_in(4)) else ""
        cells = (
            email,
            email.partition("@")[0],
            "local",
            zone,
            draw(st.sampled_from(("Hub", "Hub", "Hub", "Hub", ""))),
            draw(st.sampled_from(("", "", "", '"Tu,We"', "Mo-Th", "Sa-Mo"))),
            draw(st.sampled_from(("",) * 9 + ("quiet", "step-free", "step-free; quiet"))),
            country,
            draw(_wishes()) if draw(st.booleans()) else "",
            draw(_wishes()) if draw(_one_in(3)) else "",
            draw(_away(starts)) if draw(_one_in(3)) else "",
        )
        rows.append(",".join(cells))
    return "\r\n".join(rows) + "\r\n"


def _one_in(number: int) -> st.SearchStrategy[bool]:
    return st.integers(1, number).map(lambda found: found == number)


@st.composite
def _wishes(draw: Draw) -> str:
    windows = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, 88)) * 15
        end = min(1440, start + draw(st.integers(2, 48)) * 15)
        days, weight = draw(st.sampled_from(_DAYS)), draw(st.sampled_from(_WEIGHTS))
        hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
        windows.append(f"{days} {hours} = {weight}")
    if draw(st.booleans()):
        windows.append("Mo-Su 00:00-24:00 = 0.05")
    return f'"{"; ".join(windows)}"'


@st.composite
def _away(draw: Draw, starts: date) -> str:
    first = starts + timedelta(days=draw(st.integers(-2, 20)))
    last = first + timedelta(days=draw(st.integers(0, 9)))
    return draw(st.sampled_from((f"{first}", f"{first}..{last}", f"{first}..{first}; {last}")))  # type: ignore[no-any-return]


@st.composite
def _pairs(draw: Draw, pairs: list[tuple[str, str]], starts: date) -> str:
    rows = ["pair,mentor,mentee,status,agreed,in_person,duration,starts"]
    statuses = ("active",) * 12 + ("paused", "ended", "proposed")
    for number, (mentor, mentee) in enumerate(pairs, start=1):
        own = starts + timedelta(days=draw(st.integers(0, 4)))
        cells = (
            f"p{number}",
            mentor,
            mentee,
            draw(st.sampled_from(statuses)),
            draw(st.sampled_from(("",) * 6 + ("yes",) * 5 + ("no",))),
            draw(st.sampled_from(("", "", "always", "alternate"))),
            draw(st.sampled_from(("", "", "30", "90"))),
            draw(st.sampled_from(("", "", str(own)))),
        )
        rows.append(",".join(cells))
    return "\r\n".join(rows) + "\r\n"


# --- calendars ------------------------------------------------------------------------------------

_NATURES = (
    (),
    (),
    (),
    ("STATUS:TENTATIVE",),
    ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",),
    ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRANSP:TRANSPARENT"),
    ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",),
    ("TRANSP:TRANSPARENT",),
    ("STATUS:CANCELLED",),
    ("ATTENDEE;PARTSTAT=DECLINED:mailto:{owner}",),
    ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{owner}",),
)


@st.composite
def _calendar(
    draw: Draw,
    email: str,
    starts: date,
    files: dict[str, str],
    folders: list[str],
    *,
    is_room: bool,
) -> None:
    """Add a calendar: mostly a sound one, now and then one that cannot be read."""
    state = draw(st.integers(0, 24))
    if state == 24:
        return
    folders.append(f"calendars/{email}")
    zone = "" if is_room else draw(st.sampled_from(ZONES))
    events = [
        draw(_event(f"{number}-{email}", email, zone, starts))
        for number in range(draw(st.integers(0, 2 if is_room else 6)))
    ]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//checker//EN"]
    lines = [line for event in events for line in event]
    tail = ["END:VCALENDAR", ""] if state < 23 else ["BEGIN:VEVENT"]
    files[f"calendars/{email}/work.ics"] = "\r\n".join([*head, *lines, *tail])


@st.composite
def _event(draw: Draw, uid: str, owner: str, zone: str, starts: date) -> list[str]:
    nature = [line.format(owner=owner) for line in draw(st.sampled_from(_NATURES))]
    own = [f"UID:{uid}", "DTSTAMP:20260101T000000Z", *nature]
    strategy = draw(st.sampled_from((_weekly, _weekly, _once, _all_day)))
    found: list[str] = draw(strategy(own, zone, starts))
    return found


@st.composite
def _all_day(draw: Draw, own: list[str], zone: str, starts: date) -> list[str]:
    del zone
    first = starts + timedelta(days=draw(st.integers(-3, 25)))
    last = first + timedelta(days=draw(st.integers(1, 4)))
    dates = [f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{last:%Y%m%d}"]
    return ["BEGIN:VEVENT", *own, *dates, "END:VEVENT"]


@st.composite
def _once(draw: Draw, own: list[str], zone: str, starts: date) -> list[str]:
    start = datetime.combine(starts, time(), UTC) + timedelta(minutes=draw(st.integers(0, 40000)))
    end = start + timedelta(minutes=draw(st.sampled_from((0, 5, 30, 61, 240, 2000))))
    if draw(st.booleans()):
        times = [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}"]
    else:
        times = _local(zone, start.replace(tzinfo=None), end.replace(tzinfo=None))
    return ["BEGIN:VEVENT", *own, *times, "END:VEVENT"]


def _local(zone: str, start: datetime, end: datetime) -> list[str]:
    name = f";TZID={zone}" if zone else ""
    return [f"DTSTART{name}:{start:%Y%m%dT%H%M%S}", f"DTEND{name}:{end:%Y%m%dT%H%M%S}"]


@st.composite
def _weekly(draw: Draw, own: list[str], zone: str, starts: date) -> list[str]:
    days = sorted(draw(st.sets(st.integers(0, 4), min_size=1, max_size=5)))
    monday = starts - timedelta(days=starts.weekday() + 14)
    at = time(draw(st.integers(4, 21)), draw(st.sampled_from((0, 15, 30, 50))))
    start = datetime.combine(monday + timedelta(days=days[0]), at)
    end = start + timedelta(minutes=draw(st.sampled_from((15, 60, 90, 180))))
    names = ",".join(("MO", "TU", "WE", "TH", "FR")[day] for day in days)
    rule = f"RRULE:FREQ=WEEKLY;BYDAY={names}" + draw(
        st.sampled_from(("", "", ";INTERVAL=2", ";COUNT=9"))
    )
    name = f";TZID={zone}" if zone else ""
    some = start + timedelta(weeks=draw(st.sampled_from((2, 4))))
    lines = [*own, *_local(zone, start, end), rule]
    match draw(st.integers(0, 3)):
        case 0:
            lines.append(f"EXDATE{name}:{some:%Y%m%dT%H%M%S}")
        case 1:
            moved = some + timedelta(hours=draw(st.integers(-3, 3)))
            instance = f"RECURRENCE-ID{name}:{some:%Y%m%dT%H%M%S}"
            times = _local(zone, moved, moved + timedelta(minutes=60))
            return [
                "BEGIN:VEVENT",
                *lines,
                "END:VEVENT",
                "BEGIN:VEVENT",
                *own,
                instance,
                *times,
                "END:VEVENT",
            ]
    return ["BEGIN:VEVENT", *lines, "END:VEVENT"]
