"""The entries of a folder of .ics files: what test_plans.py writes there, and what a run does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from tests.checker.folder import first_minute, minute

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Entry:
    """Taken time, in minutes since 1970."""

    start: int
    end: int
    kind: str
    uid: str

    def overlaps(self, start: int, end: int) -> bool:
        return max(self.start, start) < min(self.end, end)


def read_entries(folder: Path, zone: ZoneInfo, last: date) -> list[Entry] | None:
    """Return all entries until a date, None when the calendar cannot be read completely."""
    if not folder.is_dir():
        return None
    events = []
    for file in sorted(folder.glob("*.ics")):
        text = file.read_text("utf-8")
        if not text.rstrip().endswith("END:VCALENDAR"):
            return None
        events += list(Calendar.from_ical(text).walk("VEVENT"))
    return [entry for event in events for entry in _entries(event, events, folder.name, zone, last)]


def _entries(
    event: Any, events: list[Any], owner: str, zone: ZoneInfo, last: date
) -> Iterator[Entry]:
    kind = _kind(event, owner)
    if kind is None:
        return
    uid = str(event["UID"])
    start, end = (_placed(event[name].dt, zone) for name in ("DTSTART", "DTEND"))
    if not isinstance(start, datetime):
        length = (end - start).days
        for day in _starts(event, events, start, last):
            after = day + timedelta(days=length)
            yield Entry(first_minute(day, zone), first_minute(after, zone), kind, uid)
        return
    elapsed = minute(end.astimezone(UTC)) - minute(start.astimezone(UTC))
    for day in _starts(event, events, start, last):
        at = minute(day.astimezone(UTC))
        yield Entry(at, at + elapsed, kind, uid)


def _starts(event: Any, events: list[Any], start: Any, last: date) -> Iterator[Any]:
    """Yield the starts of a single entry, or of a weekly one without what was taken out of it."""
    rule = event.get("RRULE")
    if rule is None:
        yield start
        return
    zone = start.tzinfo if isinstance(start, datetime) else None
    gone = {_placed(each.dt, zone) for each in _listed(event.get("EXDATE"))}
    gone |= {
        _placed(other["RECURRENCE-ID"].dt, zone)
        for other in events
        if other["UID"] == event["UID"] and "RECURRENCE-ID" in other
    }
    days = {_WEEKDAYS.index(str(day)) for day in rule["BYDAY"]}
    every, left = int(rule.get("INTERVAL", [1])[0]), int(rule.get("COUNT", [10_000])[0])
    monday = start - timedelta(days=start.weekday())
    at = start
    while left and _date(at) <= last:
        if at.weekday() in days and (at - monday).days // 7 % every == 0:
            left -= 1
            if at not in gone:
                yield at
        at += timedelta(days=1)


def _placed(at: Any, zone: tzinfo | None) -> Any:
    """Return a time with no zone of its own as one on the owner's wall."""
    floats = isinstance(at, datetime) and at.tzinfo is None
    return at.replace(tzinfo=zone) if floats else at


def _listed(found: Any) -> list[Any]:
    several = found if isinstance(found, list) else [found]
    return [at for each in several if each is not None for at in each.dts]


def _date(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at


def _kind(event: Any, owner: str) -> str | None:
    """Return how an entry takes time, by the eight rules of calendars.md in their order."""
    status, shown = (str(event.get(k, "")) for k in ("STATUS", "X-MICROSOFT-CDO-BUSYSTATUS"))
    answer = answers(event).get(owner)
    if status == "CANCELLED" or answer == "DECLINED":
        return None
    if shown == "WORKINGELSEWHERE":
        return "elsewhere"
    if shown == "FREE" or (str(event.get("TRANSP", "")) == "TRANSPARENT" and not shown):
        return None
    if shown == "OOF":
        return "out-of-office"
    if "TENTATIVE" in {shown, status} or answer in {"TENTATIVE", "NEEDS-ACTION"}:
        return "tentative"
    return "busy"


def answers(event: Any) -> dict[str, str]:
    """Return what everybody in an event says."""
    found = event.get("ATTENDEE", [])
    several = found if isinstance(found, list) else [found]
    return {
        str(each).removeprefix("mailto:"): str(each.params.get("PARTSTAT", "NEEDS-ACTION"))
        for each in several
    }
