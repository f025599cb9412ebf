"""A guest's copy of a meeting that is not as the organizer's (clouds.md, Life after booking)."""

from dataclasses import dataclass
from enum import StrEnum

from slotfinder.domain.freebusy import FreeBusy
from slotfinder.domain.meeting import Answer, Meeting


class CopyDrift(StrEnum):
    """What is wrong with a guest's copy."""

    MISSING = "copy-missing"
    DIFFERS = "copy-differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """A guest whose calendar does not show a meeting as it stands."""

    uid: str
    person: str
    drift: CopyDrift


def shows_nothing(meeting: Meeting, person: str, reading: FreeBusy) -> bool:
    """Tell whether a guest who has not declined seems to have nothing at the meeting's time."""
    return (
        person != meeting.organizer
        and meeting.answers.get(person) is not Answer.DECLINED
        and reading.window.covers(meeting.interval)
        and not any(block.interval.overlaps(meeting.interval) for block in reading.blocks)
    )
