"""Values of time in iCalendar (RFC 5545 §3.3) → instants."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import vDuration

from slotfinder.calendars._contentlines import Component, Property, UnreadableCalendarError
from slotfinder.calendars._zones import Zones, named_zone
from slotfinder.domain.interval import Interval

_STAMP: Final = re.compile(r"([0-9]{8})(?:T([0-9]{4})([0-9]{2})(Z?))?", re.ASCII | re.IGNORECASE)
_DAY: Final = timedelta(days=1)
# How far wall time read as UTC can be from the instant that was meant: zones go from -12 to +14 h.
_EARLIER: Final = timedelta(hours=14)
_LATER: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Moment:
    """A DATE or DATE-TIME: naive wall time in a zone. Of a date it is the midnight.

    ``known`` is False where nobody knows the zone; the wall time then stands for UTC.
    """

    wall: datetime
    zone: tzinfo
    is_date: bool = False
    known: bool = True

    @property
    def instant(self) -> datetime:
        """Return it in UTC; of a date its first instant (fold 0, as ``first_instant`` says)."""
        return self.wall.replace(tzinfo=self.zone).astimezone(UTC)

    def at(self, wall: datetime) -> "Moment":
        return Moment(wall, self.zone, self.is_date, self.known)


@dataclass(frozen=True, slots=True)
class Span:
    """How long something takes: whole days of a calendar, or elapsed time."""

    length: timedelta
    in_days: bool = False
    known: bool = True

    def after(self, start: Moment) -> Interval:
        """Return the time taken. An end before the start takes the time between the two."""
        begin = start.instant
        end = start.at(start.wall + self.length).instant if self.in_days else begin + self.length
        if begin == end or (start.known and self.known):
            return Interval(min(begin, end), max(begin, end))
        return Interval(min(begin, end) - _EARLIER, max(begin, end) + _LATER)


class Clock:
    """Reads the times of one VCALENDAR."""

    def __init__(self, calendar: Component, zones: Zones, owner: ZoneInfo) -> None:
        stated = calendar.all("X-WR-TIMEZONE")
        self._floating = (named_zone(stated[0].value) if stated else None) or owner
        self._zones = zones
        self._owner = owner

    def moments(self, found: Property) -> list[Moment]:
        return [self.moment(found, text) for text in found.value.split(",")]

    def moment(self, found: Property, text: str | None = None) -> Moment:
        """Return the time a property tells; ``text`` is one of its values if it has several."""
        stamp = _STAMP.fullmatch((found.value if text is None else text).strip())
        is_date = stamp is not None and stamp[2] is None
        if stamp is None or (not is_date and found.parameters.get("VALUE", "").upper() == "DATE"):
            raise UnreadableCalendarError("a time in it is malformed")
        # A leap second, 60, is no time to Python.
        time = stamp[2] + min(stamp[3], "59") if stamp[2] else "000000"
        try:
            wall = datetime.fromisoformat(f"{stamp[1]}T{time}")
        except ValueError:
            raise UnreadableCalendarError("a time in it is malformed") from None
        if is_date:
            return Moment(wall, self._owner, is_date=True)
        if stamp[4]:
            return Moment(wall, UTC)
        if (tzid := found.parameters.get("TZID")) is None:
            return Moment(wall, self._floating)
        zone = self._zones.find(tzid)
        return Moment(wall, zone or UTC, known=zone is not None)

    def periods(self, found: Property) -> list[tuple[Moment, Span]]:
        """Return the periods of a list (§3.3.9): from start to end, or start and duration."""
        return [self.period(found, text) for text in found.value.split(",")]

    def period(self, found: Property, text: str) -> tuple[Moment, Span]:
        begin, _, end = text.partition("/")
        start = self.moment(found, begin)
        if "P" in end.upper():
            return start, duration(end)
        return start, between(start, self.moment(found, end))


def duration(text: str) -> Span:
    """Return a DURATION (§3.3.6)."""
    if not any(character.isdigit() for character in text):  # vDuration takes "P" for no time
        raise UnreadableCalendarError("a duration in it is malformed")
    try:
        length: timedelta = vDuration.from_ical(text.strip().upper())  # type: ignore[no-untyped-call]  # icalendar's gap
    except ValueError:
        raise UnreadableCalendarError("a duration in it is malformed") from None
    return Span(length)


def between(start: Moment, end: Moment) -> Span:
    """Return the span from start to end; from date to date it is whole days."""
    if start.is_date and end.is_date:
        return Span((end.wall - start.wall) or _DAY, in_days=True)
    return Span(end.instant - start.instant, known=start.known and end.known)
