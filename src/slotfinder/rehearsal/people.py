"""What people do to their own calendars, done to the files of a local calendar."""

from collections.abc import Callable
from pathlib import Path

from icalendar import Calendar, Component

from slotfinder.domain.interval import Interval


def decline(calendar: Path, email: str, uid: str) -> None:
    """Answer no to a meeting, in the person's own copy."""

    def answer(event: Component) -> None:
        attendees = event["ATTENDEE"]
        for attendee in attendees if isinstance(attendees, list) else [attendees]:
            if str(attendee).lower() == f"mailto:{email}":
                attendee.params["PARTSTAT"] = "DECLINED"

    _edit(calendar / f"{uid}.ics", answer)


def drag(calendar: Path, uid: str, to: Interval) -> None:
    """Move a meeting to another time, in the person's own copy."""

    def move(event: Component) -> None:
        for name, at in (("DTSTART", to.start), ("DTEND", to.end)):
            del event[name]
            event.add(name, at)

    _edit(calendar / f"{uid}.ics", move)


def spoil(calendar: Path) -> None:
    """Leave a calendar as an export that broke off in the middle."""
    file = calendar / "work.ics"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _edit(path: Path, change: Callable[[Component], None]) -> None:
    calendar = Calendar.from_ical(path.read_bytes())
    for event in calendar.walk("VEVENT"):
        change(event)
    path.write_bytes(calendar.to_ical())
