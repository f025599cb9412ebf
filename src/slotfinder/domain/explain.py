"""Plain sentences for what was decided. They never tell one person what the other wishes."""

from slotfinder.domain.meeting import Both

_WELL = 80
"""From this share (percent of one's own best) on a time is said to suit somebody well."""

OWED = "A meeting in person was due but could not be had; the next possible one will be in person."
DRY_SPELL = "The same person has given way more often in a row than the programme wants."

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
