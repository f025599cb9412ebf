"""Valid input, broken in a few places: an answer of ours each time, and never less busy time.

What is broken is chosen by its structure, so that most of it stays sound and is read to the end. A
short run belongs to the ordinary suite; ``-m exhaustive`` looks much longer.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slotfinder.calendars.google import wire as google
from slotfinder.calendars.icalendar import UnreadableCalendarError
from slotfinder.calendars.microsoft import wire as microsoft
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import Block
from slotfinder.domain.interval import Interval, merge
from slotfinder.errors import ConfigurationError
from slotfinder.roster import load_programme
from slotfinder.settings import load_settings
from slotfinder.template import write_template
from tests.calendars.ics import LONDON, SPRING, calendar, event, read
from tests.contract.builders import meeting_of
from tests.invitations.examples import PRIYA, TOM, between
from tests.invitations.examples import event as meeting_event

REFUSED: Final = (ValueError, TypeError, AttributeError, KeyError)
"""What the clients take for a malformed answer, and try again."""

often = pytest.mark.parametrize(
    "examples", [150, pytest.param(3_000, marks=pytest.mark.exhaustive)], ids=["short", "long"]
)


def fuzz(examples: int, check: Callable[..., None], *strategies: st.SearchStrategy[Any]) -> None:
    """Run a check on so many examples, the same ones each time."""
    bounded = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    bounded(given(*strategies)(check))()


# Answers of the clouds

NASTY: Final[list[Any]] = [
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    float("nan"),
    "",
    "\x00",
    "\ud800",
    "9" * 5000,
    "x" * 10_000,
    "2027-01-05T09:00:00",
    "2027-01-05T24:00:00Z",
    "2027-02-30T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.9999999",
    "0001-01-01",
    "9999-12-31",
    "2027-W01-1",
    "UTC",
    "../../etc/passwd",
    "Customized Time Zone",
    "Pacific/Kiritimati",
    "free",
    "cancelled",
    "transparent",
    "declined",
    "https://evil.example/x",
    "javascript:alert(1)",
    [],
    {},
    [[]],
    [None],
    {"": None},
]

nasty = st.sampled_from(NASTY).map(deepcopy)

Place = tuple[Any, ...]


def places(found: object, here: Place = ()) -> Iterable[Place]:
    """Yield the place of every part of a document, the whole first."""
    yield here
    listed = enumerate(found) if isinstance(found, list) else ()
    inner = found.items() if isinstance(found, dict) else listed
    for key, part in inner:
        yield from places(part, (*here, key))


def part_of(found: Any, place: Place) -> Any:
    for key in place:
        found = found[key]
    return found


@st.composite
def broken(draw: st.DrawFn, whole: Any, within: Place = (), most: int = 3) -> Any:
    """Return a document broken in up to ``most`` places, all of them inside ``within``."""
    found = deepcopy(whole)
    for _ in range(draw(st.integers(1, most))):
        try:
            inside = [(*within, *each) for each in places(part_of(found, within))]
        except (KeyError, IndexError, TypeError):  # it broke off before
            return found
        place = draw(st.sampled_from(inside))
        if not place:
            return draw(nasty)
        outer, key = part_of(found, place[:-1]), place[-1]
        if place == within and isinstance(outer, list):
            # What stands at this place afterwards would be another part.
            return _without(found, place) if draw(st.booleans()) else found
        match draw(st.sampled_from(["replace", "replace", "drop", "repeat", "add"])):
            case "drop":
                del outer[key]
            case "repeat" if isinstance(outer, list):
                outer.insert(key, deepcopy(outer[key]))
            case "add" if isinstance(outer[key], dict):
                outer[key][draw(st.sampled_from(KEYS))] = draw(nasty)
            case _:
                outer[key] = draw(nasty)
    return found


def _without(found: Any, place: Place) -> Any:
    del part_of(found, place[:-1])[place[-1]]
    return found


KEYS: Final = ["error", "errors", "status", "date", "dateTime", "timeZone", "transparency", "x"]

PART: Final = between("2027-01-04T00:00", "2027-02-01T00:00")
WHO: Final = TOM.email
MEETING: Final = meeting_of(meeting_event())
TIMES: Final = [
    between(f"2027-01-{day:02}T09:00", f"2027-01-{day:02}T10:30") for day in range(5, 10)
]


def rfc3339(at: Interval) -> dict[str, str]:
    return {"start": google.rfc3339(at.start), "end": google.rfc3339(at.end)}


GOOGLE_BUSY: Final[dict[str, Any]] = {
    "kind": "calendar#freeBusy",
    "timeMin": google.rfc3339(PART.start),
    "timeMax": google.rfc3339(PART.end),
    "calendars": {
        WHO: {"busy": [rfc3339(each) for each in TIMES]},
        PRIYA.email: {"busy": [rfc3339(TIMES[0])]},
    },
}
GOOGLE_EVENT: Final[dict[str, Any]] = {
    "id": google.event_id(MEETING.uid),
    "iCalUID": "abc@google.com",
    "etag": '"1"',
    "status": "confirmed",
    "organizer": {"email": "mentoring@acme.example"},
    "start": {"dateTime": "2027-01-07T11:15:00Z", "timeZone": "UTC"},
    "end": {"dateTime": "2027-01-07T12:00:00Z", "timeZone": "UTC"},
    "attendees": [
        {"email": TOM.email, "responseStatus": "declined"},
        {"email": PRIYA.email, "responseStatus": "accepted"},
        {"email": "room-a@acme.example", "resource": True, "responseStatus": "declined"},
    ],
    "extendedProperties": {
        "private": {google.KEY: MEETING.uid, google.REVISION: "3", google.DECLINED: "a b"}
    },
    "conferenceData": {
        "createRequest": {"status": {"statusCode": "success"}},
        "entryPoints": [{"entryPointType": "video", "uri": "https://meet.google.com/x"}],
    },
}
ROOM: Final = {
    "resourceEmail": "room-a@acme.example",
    "capacity": 4,
    "floorName": "3",
    "featureInstances": [{"feature": {"name": "Quiet"}}],
}


def covered(blocks: Iterable[Interval], by: Iterable[Interval]) -> bool:
    """Tell whether some intervals, together, take all of others."""
    spans = merge(by)
    return all(any(span.covers(each) for span in spans) for each in blocks)


@often
def test_an_answer_of_googles_free_busy_is_read_or_makes_unreadable(examples: int) -> None:
    def check(found: Any) -> None:
        if isinstance(found, dict):  # the client has seen to that
            assert isinstance(google.busy_of(found, WHO, PART), tuple | Trouble)

    fuzz(examples, check, broken(GOOGLE_BUSY))


@often
def test_a_broken_block_of_googles_hides_no_other(examples: int) -> None:
    blocks = ("calendars", WHO, "busy")

    def check(found: Any) -> None:
        busy = google.busy_of(found, WHO, PART)
        others = [TIMES[0], *TIMES[2:]]
        assert isinstance(busy, Trouble) or covered(others, busy)

    for within in ((*blocks, 1), ("calendars", PRIYA.email)):
        fuzz(examples, check, broken(GOOGLE_BUSY, within))


@often
def test_an_event_of_googles_is_read_or_refused(examples: int) -> None:
    def check(found: Any) -> None:
        try:
            own = google.own_event(found)
        except REFUSED:
            return
        google.seen(MEETING, own)
        if own.interval is not None:
            google.stray(own, own.interval)
        google.changed_event(meeting_event(), own)
        assert own.link is None or own.link.startswith("https://")

    fuzz(examples, check, broken(GOOGLE_EVENT))


@often
def test_any_other_answer_of_googles_is_read_or_refused(examples: int) -> None:
    entry = {**GOOGLE_EVENT, "transparency": "opaque", "eventType": "default"}
    readers: list[tuple[Any, Callable[[Any], object]]] = [
        ({"items": [GOOGLE_EVENT]}, lambda found: google.page(found, google.own_event)),
        (
            {"items": [entry], "nextPageToken": "2"},
            lambda found: google.page(found, lambda each: google.entry(each, LONDON)),
        ),
        ({"items": [ROOM], "nextPageToken": "2"}, lambda found: google.page(found, google.room)),
        (
            {"conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}},
            google.allows_meet,
        ),
    ]
    for whole, reader in readers:
        fuzz(examples // len(readers), _refusing(reader), broken(whole))


def _refusing(reader: Callable[[Any], object]) -> Callable[[Any], None]:
    def check(found: Any) -> None:
        with suppress(*REFUSED):
            reader(found)

    return check


def point(text: str) -> dict[str, str]:
    return {"dateTime": text, "timeZone": "UTC"}


def graph_times(at: Interval) -> dict[str, Any]:
    return {"start": microsoft.point(at.start), "end": microsoft.point(at.end)}


GRAPH_BUSY: Final[dict[str, Any]] = {
    "value": [
        {
            "scheduleId": WHO,
            "availabilityView": "0",
            "scheduleItems": [{"status": "busy", **graph_times(each)} for each in TIMES],
            "workingHours": {"timeZone": {"name": "GMT Standard Time"}},
        },
        {"scheduleId": PRIYA.email, "scheduleItems": []},
    ]
}
GRAPH_EVENT: Final[dict[str, Any]] = {
    "@odata.etag": 'W/"1"',
    "id": "AAMk",
    "iCalUId": "0400",
    "isCancelled": False,
    "isOnlineMeeting": True,
    "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/x"},
    "organizer": {"emailAddress": {"address": "mentoring@acme.example"}},
    **graph_times(MEETING.interval),
    "attendees": [
        {
            "type": "required",
            "emailAddress": {"address": each, "name": "N"},
            "status": {"response": "declined", "time": "2027-01-04T06:00:00Z"},
            "proposedNewTime": graph_times(MEETING.interval),
        }
        for each in (TOM.email, PRIYA.email)
    ],
    "singleValueExtendedProperties": [
        {"id": microsoft.KEY, "value": MEETING.uid},
        {"id": microsoft.REVISION, "value": "3"},
    ],
    "body": {"contentType": "html", "content": '<body><div class="slotfinder">x</div></body>'},
}


@often
def test_an_answer_of_graphs_free_busy_is_read_or_makes_unreadable(examples: int) -> None:
    def check(found: Any) -> None:
        if isinstance(found, dict):
            for zone in (LONDON, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
                assert isinstance(microsoft.blocks_of(found, WHO, zone), list | Trouble)

    fuzz(examples, check, broken(GRAPH_BUSY))


@often
def test_a_broken_block_of_graphs_hides_no_other(examples: int) -> None:
    def check(found: Any) -> None:
        blocks = microsoft.blocks_of(found, WHO, LONDON)
        others = [TIMES[0], *TIMES[2:]]
        assert isinstance(blocks, Trouble) or covered(others, (each.interval for each in blocks))

    for within in (("value", 0, "scheduleItems", 1), ("value", 1), ("value", 0, "workingHours")):
        fuzz(examples, check, broken(GRAPH_BUSY, within))


@often
def test_an_event_of_graphs_is_read_or_refused(examples: int) -> None:
    def check(found: Any) -> None:
        try:
            own = microsoft.own_event(found)
        except REFUSED:
            return
        microsoft.seen(MEETING, own)
        microsoft.stray(own)
        microsoft.changed_event(meeting_event(sent_again=True), own)
        assert own.link is None or own.link.startswith("https://")

    fuzz(examples, check, broken(GRAPH_EVENT))


@often
def test_any_other_answer_of_graphs_is_read_or_refused(examples: int) -> None:
    readers: list[tuple[Any, Callable[[Any], object]]] = [
        ({"value": [GRAPH_EVENT]}, microsoft.own_events),
        (GRAPH_EVENT, microsoft.standing_event),
        (GRAPH_EVENT, microsoft.event_id),
        (GRAPH_BUSY, microsoft.zones_of),
        ({"@odata.nextLink": "https://graph.microsoft.com/v1.0/x?$skip=1"}, microsoft.next_page),
        ({"allowedOnlineMeetingProviders": ["teamsForBusiness"]}, microsoft.allows_teams),
    ]
    for whole, reader in readers:
        fuzz(examples // len(readers), _refusing(reader), broken(whole))


# Calendar files

OTHERS: Final = [
    event(f"DTSTART:202703{day}T090000Z", f"DTEND:202703{day}T100000Z", uid=f"other-{day}")
    for day in (22, 23, 24)
]
RICH: Final = (
    "DTSTART;TZID=Europe/London:20270322T090000",
    "DURATION:PT45M",
    "RRULE:FREQ=WEEKLY;COUNT=9;BYDAY=MO,WE",
    "EXDATE;TZID=Europe/London:20270324T090000",
    "RDATE;VALUE=PERIOD:20270401T090000Z/PT1H",
    "STATUS:CONFIRMED",
    "TRANSP:OPAQUE",
    "SEQUENCE:2",
    "DTSTAMP:20270101T000000Z",
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Tom:mailto:tom@acme.example",
    "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    "BEGIN:VALARM",
    "TRIGGER:-PT15M",
    "END:VALARM",
)
WORDS: Final = [
    "",
    ":",
    "\x00",
    "99991231T235959Z",
    "00010101T000000Z",
    "20270328T013000",
    "99991231",
    "00010101",
    "-P1000000W",
    "P99999999D",
    "FREQ=HOURLY",
    "FREQ=SECONDLY",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYSETPOS=-1;COUNT=999999999",
    "20270322T090000Z/20270322T080000Z",
    "CANCELLED",
    "TRANSPARENT",
    "é" * 40,
    "9" * 5000,
]
LINES: Final = [
    "",
    " folded",
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VALARM",
    "BEGIN:VTIMEZONE",
    "END:VCALENDAR",
    "BEGIN:VCALENDAR",
    "STATUS:CANCELLED",
    "TRANSP:TRANSPARENT",
    "RECURRENCE-ID:20270323T090000Z",
    "DTSTART;TZID=../../etc/passwd:20270322T090000",
    "DTSTART;VALUE=DATE:20270322",
    "EXRULE:FREQ=DAILY",
    "METHOD:CANCEL",
    "nonsense",
    'X;Y="open:z',
]


@st.composite
def broken_lines(draw: st.DrawFn, whole: Sequence[str]) -> list[str]:
    """Return content lines broken in a few places."""
    lines = list(whole)
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "twice", "value", "name", "cut", "line"])):
            case "drop":
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "value":
                lines[at] = f"{lines[at].partition(':')[0]}:{draw(st.sampled_from(WORDS))}"
            case "name":
                lines[at] = f"{draw(st.sampled_from(lines)).partition(':')[0]}:{lines[at]}"
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case _:
                lines.insert(at, draw(st.sampled_from(LINES)))
    return lines


@often
def test_a_broken_entry_of_a_file_hides_no_other(examples: int) -> None:
    sound = read(calendar(*(line for each in OTHERS for line in each)))

    def check(lines: list[str]) -> None:
        entries = [*OTHERS[0], *event(*lines), *OTHERS[1], *OTHERS[2]]
        try:
            blocks: tuple[Block, ...] = read(calendar(*entries))
        except UnreadableCalendarError:
            return
        assert covered((each.interval for each in sound), (each.interval for each in blocks))
        assert all(each.interval.overlaps(SPRING) for each in blocks)

    fuzz(examples, check, broken_lines(RICH))


# Files people write

SOUND: Final = """email,name,calendar,timezone,site_days,country,language,preference,away
ann@acme.example,Ann,local,Europe/London,,GB,en,Mo-Fr 09:00-17:00 = 1,2027-02-10..2027-02-14
bob@acme.example,Bob,https://feeds.example/bob.ics,Asia/Kolkata,"Tu,We",,de,,
cat@acme.example,"Cat, the third",local,America/New_York,,,,,
"""
BITS: Final = [
    '"',
    ",",
    ";",
    "\n",
    "\r",
    "\x00",
    "\ufeff",
    "\u202e",
    "=",
    "9" * 400,
    "é",
    "..",
    "'",
]


@st.composite
def broken_text(draw: st.DrawFn, whole: str) -> str:
    """Return a text with bits put in, taken out and repeated."""
    text = whole
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        far = at + draw(st.integers(0, 12))
        match draw(st.sampled_from(["in", "out", "twice"])):
            case "in":
                text = text[:at] + draw(st.sampled_from(BITS)) + text[at:]
            case "out":
                text = text[:at] + text[far:]
            case _:
                text = text[:far] + text[at:]
    return text


@often
def test_a_broken_row_is_a_finding_or_leaves_the_others_as_they_are(
    tmp_path: Path, examples: int
) -> None:
    write_template(tmp_path, *_half_a_year())
    pairs = "pair,mentor,mentee,status\np1,ann@acme.example,cat@acme.example,active\n"
    (tmp_path / "pairs.csv").write_text(pairs, "utf-8")
    head, ann, bob, cat = SOUND.splitlines(keepends=True)

    def people(text: str) -> dict[str, Any] | None:
        (tmp_path / "people.csv").write_bytes(text.encode(errors="replace"))
        try:
            return dict(load_programme(tmp_path / "slotfinder.toml", {})[1].people)
        except ConfigurationError as error:
            assert all(each.message and each.remedy for each in error.findings)  # noqa: PT017 - sound is fine too
            return None

    sound = people(SOUND)
    assert sound is not None

    def check(row: str) -> None:
        found = people(head + ann + row + cat)
        for email in ("ann@acme.example", "cat@acme.example"):
            assert found is None or found[email] == sound[email]

    fuzz(examples, check, broken_text(bob))


@often
def test_broken_settings_are_findings_or_settings(tmp_path: Path, examples: int) -> None:
    write_template(tmp_path, *_half_a_year())
    file = tmp_path / "slotfinder.toml"
    whole = file.read_text("utf-8").replace("\n# ", "\n")

    def check(text: str) -> None:
        file.write_bytes(text.encode(errors="replace"))
        try:
            load_settings(file, {})
        except ConfigurationError as error:
            assert all(each.message and each.remedy for each in error.findings)  # noqa: PT017 - sound is fine too

    fuzz(examples, check, broken_text(whole))


def _half_a_year() -> tuple[Any, Any]:
    first = between("2027-01-04T00:00", "2027-01-05T00:00").start.date()
    return first, first + timedelta(days=180)
