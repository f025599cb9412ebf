"""Builds small calendars and reads them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from slotfinder.calendars.icalendar import read_calendar
from slotfinder.domain.freebusy import Block
from slotfinder.domain.interval import Interval

LONDON: Final = ZoneInfo("Europe/London")
OWNER: Final = "tom@acme.example"
SPRING: Final = Interval(datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC))
NINE: Final = "DTSTART:20270323T090000Z"
TEN: Final = "DTEND:20270323T100000Z"

CUSTOM: Final = "Customized Time Zone"
NEW_YORK_RULES: Final = (
    "BEGIN:VTIMEZONE",
    f"TZID:{CUSTOM}",
    "X-LIC-LOCATION:America/New_York",
    "BEGIN:STANDARD",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:-0400",
    "TZOFFSETTO:-0500",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:-0500",
    "TZOFFSETTO:-0400",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)
BERLIN_RULES: Final = (
    "BEGIN:VTIMEZONE",
    f"TZID:{CUSTOM}",
    "BEGIN:STANDARD",
    "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)


def event(*lines: str, uid: str = "one") -> tuple[str, ...]:
    return ("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT")


def calendar(*lines: str) -> bytes:
    return text("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *lines, "END:VCALENDAR")


def text(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode()


def read(
    *files: bytes,
    zone: ZoneInfo = LONDON,
    window: Interval = SPRING,
    own: Sequence[str] = (),
) -> tuple[Block, ...]:
    return read_calendar(files, OWNER, zone, window, frozenset(own))


def taken(*files: bytes, zone: ZoneInfo = LONDON, window: Interval = SPRING) -> list[str]:
    """Return the blocks as "from/to" in UTC, sorted: "0323T0900/0323T1000"."""
    blocks = read(*files, zone=zone, window=window)
    return sorted(
        f"{block.interval.start:%m%dT%H%M}/{block.interval.end:%m%dT%H%M}" for block in blocks
    )


def entry_taken(*lines: str, zone: ZoneInfo = LONDON) -> list[str]:
    return taken(calendar(*event(*lines)), zone=zone)
