"""A meeting's life: what can happen to it, and whether it still stands (compromise.md §5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Meeting, MeetingState, Seen


class Step(StrEnum):
    """What happens to a meeting; each is logged with its time and cause."""

    BOOK = "book"
    MOVE = "move"
    ADOPT = "adopt"
    CANCEL = "cancel"


STEPS: Final[Mapping[tuple[MeetingState | None, Step], MeetingState]] = {
    (None, Step.BOOK): MeetingState.BOOKED,
    # Another format, or a deleted event: the meeting goes on as an event of another name.
    (None, Step.MOVE): MeetingState.BOOKED,
    # It was found in a calendar: it stands, or nobody wants it there.
    (None, Step.ADOPT): MeetingState.BOOKED,
    (None, Step.CANCEL): MeetingState.WITHDRAWN,
    (MeetingState.BOOKED, Step.MOVE): MeetingState.BOOKED,
    (MeetingState.BOOKED, Step.ADOPT): MeetingState.BOOKED,
    (MeetingState.BOOKED, Step.CANCEL): MeetingState.WITHDRAWN,
}
"""Every step a meeting can take, from the state it is in (None: the store does not know it)."""


class Cause(StrEnum):
    """Why a meeting cannot stay as it was booked."""

    DELETED = "deleted"
    DECLINED = "declined"
    MOVED = "moved-by-person"
    CONFLICT = "conflict"
    CLOSED = "closed"
    ROOM_LOST = "room-lost"
    REPLACED = "people-changed"
    RESCHEDULED = "reschedule"
    SKIPPED = "skipped"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Stays:
    """It is sound."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """It stands at a time the agent did not choose, at which both are free: that is its time now.

    A person moved it there, or it was ``found`` in the calendar and the store did not know it.
    """

    interval: Interval
    found: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """It needs another slot."""

    cause: Cause
    why: str

    @property
    def refused(self) -> bool:
        """Tell whether somebody said no to the time: it is not offered again."""
        return self.cause in {Cause.DELETED, Cause.DECLINED, Cause.RESCHEDULED}

    @property
    def is_unwanted(self) -> bool:
        """Tell whether the event goes even where no other slot is found."""
        return self.refused or self.cause is Cause.REPLACED

    @property
    def ends_event(self) -> bool:
        """Tell whether what comes instead is another event, for other people or anew."""
        return self.cause in {Cause.DELETED, Cause.REPLACED}


Fate = Stays | Adopted | Broken


def fate_of(  # noqa: PLR0911 - one return for each thing that can happen, in order
    meeting: Meeting,
    seen: Seen,
    *,
    conflict: bool,
    closed: bool,
    room_taken: bool,
    found: bool = False,
) -> Fate:
    """Judge a meeting from what the calendars show.

    ``conflict``: at the time it has now (a person may have changed it) another entry takes one of
    the two people. ``closed``: leave, a holiday or a blackout now lies on it. ``room_taken``:
    another entry now takes the room. ``found``: the store does not know the meeting yet.
    """
    moved = seen.interval != meeting.interval
    if not seen.present:
        return Broken(Cause.DELETED, why="It was deleted from the calendar.")
    if seen.declined_by:
        return Broken(Cause.DECLINED, why="The time was declined.")
    if moved and not conflict:
        return Adopted(seen.interval)
    if moved:
        why = "It was moved to a time at which one of the two is taken."
        return Broken(Cause.MOVED, why=why)
    if conflict:
        return Broken(Cause.CONFLICT, why="Another entry now takes that time.")
    if closed:
        return Broken(Cause.CLOSED, why="That day is now closed for one of the two.")
    if seen.room is Answer.DECLINED or room_taken:
        return Broken(Cause.ROOM_LOST, why="The room is no longer to be had.")
    return Adopted(seen.interval, found=True) if found else Stays()
