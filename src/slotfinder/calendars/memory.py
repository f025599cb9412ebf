"""A calendar server in memory: for simulations and tests."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from slotfinder.domain.freebusy import (
    Block,
    FreeBusy,
    Kind,
    Provider,
    Reading,
    Unreadable,
    UnreadableCode,
)
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, TimeTakenError
from slotfinder.ports import CalendarRef, Glance


@dataclass(slots=True, kw_only=True)
class _Kept:
    """One of our meetings as the server has it: its time, who moved it there, who said what."""

    event: Event
    interval: Interval
    mover: str | None = None
    answers: dict[str, Answer] = field(default_factory=dict)

    def is_in(self, calendar: str) -> bool:
        """Tell whether somebody's calendar shows it; who declined is not kept from anything."""
        event = self.event
        invited = (event.organizer, *event.attendees, *([event.room] if event.room else []))
        declined = self.answers.get(calendar) is Answer.DECLINED
        return not declined and any(each.email == calendar for each in invited)


class MemoryCalendars:
    """Both calendar ports, and what people do with their calendars.

    As in a cloud there is one event a meeting, which everybody invited sees at the same time. Who
    has no calendar here is invited all the same, and unreadable.
    """

    def __init__(self, owners: Iterable[str] = (), *, provider: Provider = Provider.LOCAL) -> None:
        self._provider = provider
        self._entries: dict[str, list[Block]] = {owner: [] for owner in owners}
        self._events: dict[str, _Kept] = {}

    @property
    def provider(self) -> Provider:
        return self._provider

    @property
    def requests(self) -> Mapping[str, int]:
        return {}

    def read(
        self, calendars: Sequence[CalendarRef], window: Interval, own: frozenset[str]
    ) -> list[Reading]:
        return [self._read(each.owner, window, own) for each in calendars]

    def look_up(self, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        return {meeting.uid: self._seen(meeting) for meeting in meetings}

    def strays(self, wanted: Mapping[str, Collection[str]], since: datetime) -> list[Stray]:
        return [
            Stray(
                uid=uid,
                calendar_uid=uid,
                interval=kept.interval,
                room=kept.event.room.email if kept.event.room else None,
                revision=kept.event.sequence,
                join_url=kept.event.join_url,
            )
            for organizer, uids in wanted.items()
            for uid, kept in self._events.items()
            if uid in uids and kept.event.organizer.email == organizer and kept.interval.end > since
        ]

    def troubles(self, organizers: Sequence[str]) -> dict[str, Unreadable]:  # noqa: ARG002 - all are open
        return {}

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        kept = self._events.get(event.uid)
        if kept is None or kept.event.sequence != event.sequence:
            was = kept.interval if kept else None
            if was != event.interval and is_taken(event, was):
                raise ChangedMeanwhileError if kept else TimeTakenError
            self._events[event.uid] = _Kept(event=event, interval=event.interval)
        return Receipt(
            calendar_uid=event.uid,
            join_url=event.join_url,
            room=Answer.ACCEPTED if event.room else None,
        )

    def withdraw(self, event: Event) -> None:
        self._events.pop(event.uid, None)

    def open(self, owner: str) -> None:
        """Give somebody an empty calendar."""
        self._entries[owner] = []

    def add(self, owner: str, interval: Interval, kind: Kind = Kind.BUSY) -> None:
        """Enter something of somebody's own."""
        self._entries[owner].append(Block(interval=interval, kind=kind))

    def answer(self, owner: str, uid: str, answer: Answer) -> None:
        """Answer the invitation to a meeting."""
        self._events[uid].answers[owner] = answer

    def move(self, owner: str, uid: str, to: Interval) -> None:
        """Drag a meeting to another time; what was answered to the old one counts no more."""
        kept = self._events[uid]
        self._events[uid] = replace(kept, interval=to, mover=owner, answers={})

    def delete(self, uid: str) -> None:
        """Delete a meeting, as its organizer may."""
        del self._events[uid]

    def _read(self, owner: str, window: Interval, own: frozenset[str]) -> Reading:
        if owner not in self._entries:
            return Unreadable(
                person=owner,
                provider=self.provider,
                code=UnreadableCode.NOT_FOUND,
                reason="There is no calendar of this address.",
                advice="Open one.",
            )
        ours = [
            Block(interval=kept.interval, kind=Kind.BUSY, uid=uid if uid in own else None)
            for uid, kept in self._events.items()
            if kept.is_in(owner)
        ]
        blocks = [
            block for block in (*self._entries[owner], *ours) if block.interval.overlaps(window)
        ]
        return FreeBusy(
            person=owner,
            provider=self.provider,
            window=window,
            blocks=tuple(sorted(blocks, key=lambda block: block.interval)),
        )

    def _seen(self, meeting: Meeting) -> Seen:
        kept = self._events.get(meeting.uid)
        if kept is None:
            return Seen(present=False, interval=meeting.interval, mover=None, answers={})
        room = kept.answers.get(meeting.room, Answer.ACCEPTED) if meeting.room else None
        return Seen(
            present=True,
            interval=kept.interval,
            mover=kept.mover if kept.mover in meeting.people else None,
            answers={email: kept.answers.get(email, Answer.NONE) for email in meeting.people},
            room=room,
            revision=kept.event.sequence,
        )
