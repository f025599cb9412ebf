"""A meeting of a pair, as the store keeps it and as calendars show it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from slotfinder.domain.interval import Interval


class Format(StrEnum):
    """How the two meet."""

    VIRTUAL = "virtual"
    IN_PERSON = "in-person"


class Answer(StrEnum):
    """What an attendee said to an invitation (PARTSTAT, RFC 5545 §3.2.12)."""

    NONE = "none"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Lifted(StrEnum):
    """The rules a coordinator may lift for one meeting (``--allow``)."""

    FREEZE = "freeze"
    NOTICE = "notice"
    BUDGET = "budget"
    GAP = "gap"
    CLOSED = "closed"
    BUSY = "busy"


class MeetingState(StrEnum):
    """Where a meeting is in its life: it stands in the calendars, or was taken out of them."""

    BOOKED = "booked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Both:
    """One whole percent (or sum of percents) for each of the two people."""

    mentor: int
    mentee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A slot that was possible and not chosen, and what it would have been worth to both."""

    interval: Interval
    share: Both


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One meeting of a pair.

    ``period`` is the first day of the period it was planned for, which with ``pair`` and
    ``generation`` names it for ever; ``uid`` derives from the three. ``planned`` is the start the
    agent chose: it tells which period the meeting belongs to, wherever a person moves it.
    ``sequence`` counts how often its time has changed, ``revision`` how often anything people are
    told of has (the SEQUENCE of RFC 5545 §3.8.7.4: some mail programs overlook an update that does
    not raise it), ``moves`` how often the agent itself gave this occurrence another time.
    ``answers`` are those to the present time, ``room_answer`` the room's own, None where none is
    known. ``calendar_uid`` is the iCalUID the calendar gave it, None before it is known; while
    ``link_pending`` the provider is still making its ``join_url``. ``sent_again`` says that its
    invitation was sent a second time, because it had not arrived everywhere. ``held`` is what a
    coordinator says of a past meeting, None where nobody said anything; ``lifted`` are the rules
    its present time need not keep.
    """

    uid: str
    pair: str
    period: date
    occurrence: int
    generation: int
    state: MeetingState
    format: Format
    interval: Interval
    planned: datetime
    sequence: int
    revision: int
    moves: int
    organizer: str
    mentor: str
    mentee: str
    room: str | None
    join_url: str | None
    satisfaction: Both
    share: Both
    best: Both
    balance: Both
    reason_code: str
    reason: str
    options: tuple[Option, ...]
    answers: Mapping[str, Answer]
    calendar_uid: str | None = None
    link_pending: bool = False
    room_answer: Answer | None = None
    sent_again: bool = False
    held: bool | None = None
    lifted: tuple[Lifted, ...] = ()

    @property
    def people(self) -> tuple[str, str]:
        return self.mentor, self.mentee

    @property
    def declined_by(self) -> tuple[str, ...]:
        return tuple(who for who, said in self.answers.items() if said is Answer.DECLINED)

    @property
    def awaits_room(self) -> bool:
        """Tell whether it is not confirmed yet, because its room has not said yes."""
        return self.room is not None and self.room_answer is not Answer.ACCEPTED

    def took_place(self, now: datetime) -> bool:
        """Tell whether it counts as held: it stood and is over, and nobody had declined it.

        What a coordinator says of it counts more than the answers.
        """
        is_over = self.state is MeetingState.BOOKED and self.interval.end <= now
        return is_over and (not self.declined_by if self.held is None else self.held)

    def is_ahead(self, now: datetime) -> bool:
        """Tell whether it stands in the calendars and is not over."""
        return self.state is MeetingState.BOOKED and self.interval.end > now


def meeting_uid(programme: str, pair: str, period: date, generation: int) -> str:
    """Return the UID of a meeting: the same for ever, and telling nobody anything."""
    return str(uuid5(_NAMESPACE, json.dumps([programme, pair, str(period), generation])))


def programme_mark(programme: str) -> str:
    """Return what marks all meetings of a programme, telling nobody its name."""
    return str(uuid5(_NAMESPACE, programme))


_NAMESPACE = UUID("8b1d6a0e-5f0c-4c53-9d0a-51f0f1a6c3de")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A slot of an occurrence that must not be offered to the pair again, and why.

    Where a ``room`` is named, it is only this room that is not to be had then, by no pair.
    """

    pair: str
    period: date
    interval: Interval
    cause: str
    room: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of a meeting: what the calendars show of it now.

    ``present`` is False when the organizer's copy is gone: a person deleted the meeting.
    ``interval`` is its time now, with ``mover`` the person whose copy shows another time than the
    store's (None for nobody, the organizer mailbox counts as nobody in particular). ``room`` is
    the room's answer, None where there is no room or it cannot be looked into. ``revision`` is the
    highest SEQUENCE of any copy: a person's calendar program may raise it too.
    ``answers`` holds the attendees' answers to the present time; who has no calendar that can be
    looked into is left out. ``declined_before`` are those whose only answer is a no to an earlier
    time: their calendars may leave the meeting out. ``proposed`` are the starts attendees propose
    instead. ``join_url`` is the provider's own link, None
    while it has none; ``link_pending`` says that one is being made.
    """

    present: bool
    interval: Interval
    mover: str | None
    answers: Mapping[str, Answer]
    room: Answer | None = None
    revision: int = 0
    join_url: str | None = None
    link_pending: bool = False
    declined_before: tuple[str, ...] = ()
    proposed: tuple[datetime, ...] = ()

    @property
    def declined_by(self) -> tuple[str, ...]:
        return tuple(who for who, said in self.answers.items() if said is Answer.DECLINED)


def room_says(answer: Answer | None, invited: Collection[str]) -> Answer:
    """Return what a meeting's room says, given its ``answer`` and the rooms that are invited now.

    Where people took it out of the event that is a no, unless they put another one in its place.
    """
    if answer is not None:
        return answer
    return Answer.NONE if invited else Answer.DECLINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A meeting of ours that stands in a calendar, of which only the calendar knows.

    ``uid`` is the mark it carries; ``join_url`` the provider's own link, if it has one.
    """

    uid: str
    calendar_uid: str
    interval: Interval
    room: str | None
    revision: int
    join_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody in an invitation, as its copies show them."""

    email: str
    name: str
    answer: Answer = Answer.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What an event says of where to meet if its provider makes no link of its own."""

    text: str
    location: str
    join_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A meeting as it is written into calendars and invitations: ready to send, nothing to decide.

    ``text`` is what both people read; ``location`` the room and address, or the join link.
    ``stamp`` is the time this version was made (DTSTAMP). The room is an e-mail address.
    ``conference`` asks the provider to make its own kind of link, and says what to write instead.
    ``sent_again`` has people told of a version though its time and room are as before;
    ``may_overlap`` says that a coordinator wants it whoever is taken then.
    """

    uid: str
    sequence: int
    stamp: datetime
    interval: Interval
    title: str
    text: str
    location: str
    join_url: str | None
    private: bool
    organizer: Attendee
    attendees: tuple[Attendee, ...]
    room: Attendee | None
    conference: Fallback | None = None
    sent_again: bool = False
    may_overlap: bool = False

    def without_conference(self) -> "Event":
        """Return it as it is where the provider makes no link of its own."""
        if self.conference is None:
            return self
        instead = self.conference
        return replace(
            self,
            text=instead.text,
            location=instead.location,
            join_url=instead.join_url,
            conference=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a calendar made of an event that was written.

    ``calendar_uid`` is the iCalUID it gave it; ``join_url`` where to meet, None where nothing says
    so (yet: ``link_pending``); ``room`` the room's answer so far. ``remark`` is a sentence for the
    coordinator, empty where all went as asked.
    """

    calendar_uid: str
    join_url: str | None
    link_pending: bool = False
    room: Answer | None = None
    remark: str = ""
