"""Plain sentences for what was decided. They never tell one person what the other wishes."""

from slotfinder.domain.cadence import Every
from slotfinder.domain.meeting import Both
from slotfinder.domain.people import Role
from slotfinder.domain.preference import WEEKDAYS, Window

_WELL = 80
"""From this share (percent of one's own best) on a time is said to suit somebody well."""

OWED = "A meeting in person was due but could not be had; the next possible one will be in person."
SHORT = "It is shorter than usual, so that two meetings in a row are not lost."
ROOMLESS = "No room is free then: it stays in person without one."
DRY_SPELL = "The same person has given way more often in a row than the programme wants."

DELETED_AGAIN = "It was deleted again after it had been booked anew: somebody does not want it."

HOLDS = {
    "not-agreed": "Both people have to say yes to the pair first.",
    "paused": "The pair is paused.",
    "period-over": "No time that both would take is left in this period.",
    "calendar-unreadable": "A calendar of this pair could not be read, and unknown is never free.",
    "frozen": "The meeting is too close to be moved by itself.",
    "budget-spent": "The meeting has been moved as often as the programme allows.",
    "away": "One of the two is away on every day that is left of this period.",
    "closed": "Every day that is left of this period is a holiday or a blackout.",
    "no-common-wishes": "No time of this period lies within the wishes of both.",
    "no-common-free-time": "Wherever the wishes of both allow it, one of the two is taken.",
    "no-room": "No room is free at a time that both could take at their site.",
    "gap-too-small": "Every possible time is too close to another meeting of the pair.",
    "taken": "Every possible time went to other pairs of one of the two, or their room did.",
}
"""What each reason code of a hold means (compromise.md §7)."""


def slot_reason(share: Both, possible: int) -> str:
    """Say how good a slot is for the two, without saying for whom."""
    unhappy = (share.mentor < _WELL) + (share.mentee < _WELL)
    if unhappy == 0:
        return "This time suits both well."
    of = f"of {possible} possible times" if possible > 1 else "and the only possible time"
    whom = "one of the two" if unhappy == 1 else "both"
    return f"The best compromise {of}: not ideal for {whom}."


def not_in_person(why: str) -> str:
    """Say why a meeting that is due in person is not held so; ``why`` is that of a hold."""
    return f"In person: {why[0].lower()}{why[1:]}"


def smaller_gap(hours: int) -> str:
    """Say that meetings may be closer together."""
    days, rest = divmod(hours, 24)
    gap = f"{hours} hour{'s' * (hours > 1)}" if rest else f"{days} day{'s' * (days > 1)}"
    return f"It would help to let meetings of the pair be as close as {gap}."


def without_room(site: str) -> str:
    """Say that a room is all that is missing."""
    return f"It would help to meet at {site} without a room."


def other_format(site: str) -> str:
    """Say that meeting face to face is possible."""
    return f"It would help to meet in person at {site}."


def shorter(minutes: int, before: int) -> str:
    """Say that a shorter meeting fits."""
    return f"It would help to meet for {minutes} minutes instead of {before}."


def wider_wishes(role: Role, added: Window) -> str:
    """Say what one person's wishes would have to include too; for the coordinator alone."""
    return f"It would help if the {role} could also meet {window_text(added)} (their own time)."


def longer_period(cadence: Every) -> str:
    """Say that meeting less often leaves enough time."""
    unit = cadence.unit
    before = f"{cadence.number - 1} {unit}" if cadence.number > 2 else unit.removesuffix("s")
    return f"It would help to meet every {cadence.number} {unit} instead of every {before}."


def window_text(window: Window) -> str:
    """Return a window as people write it: ``Mo-Fr 09:00-09:30``."""
    runs: list[list[int]] = []
    for day in sorted(window.days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    days = ("-".join(WEEKDAYS[day] for day in sorted({run[0], run[-1]})) for run in runs)
    return f"{','.join(days)} {_clock(window.start)}-{_clock(window.end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
