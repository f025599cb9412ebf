"""The world of one rehearsal, whoever provides it: mailboxes, calendars, items, notices.

Provider-neutral on purpose: several servers may serve one world, so that an invitation sent by
one provider arrives in the calendar of another. What people do in it is in `people.py`, how
invitations travel in `delivery.py`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tests.emulators.clock import Clock

Provider = Literal["google", "microsoft", "other"]
State = Literal["active", "suspended", "unlicensed", "no-calendar"]
Status = Literal["busy", "tentative", "free", "ooo", "elsewhere"]
Answer = Literal["none", "accepted", "tentative", "declined"]
Role = Literal["none", "freeBusyReader", "reader", "writer", "owner"]
NoticeKind = Literal["invitation", "update", "cancellation", "answer"]
Moment = Literal["free-busy", "insert", "update", "delete", "read", "list"]
ROLES: tuple[Role, ...] = ("none", "freeBusyReader", "reader", "writer", "owner")
When = datetime | date
Span = tuple[datetime, datetime]


def instant(when: When, zone: str) -> datetime:
    """Tell the instant a time stands for; a date is its local midnight (item 12)."""
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return datetime.combine(when, time(), ZoneInfo(zone)).astimezone(UTC)


@dataclass
class Attendee:
    email: str
    answer: Answer = "none"
    optional: bool = False
    room: bool = False
    name: str = ""
    comment: str = ""
    proposed: Span | None = None
    answered: datetime | None = None


@dataclass
class Mailbox:
    """A person or a room. `hours` are (weekday 0-6, from minute, to minute).

    A room takes no booking further than `days_ahead` and none longer than `longest` minutes.
    """

    email: str
    provider: Provider = "google"
    zone: str = "Europe/London"
    state: State = "active"
    name: str = ""
    room: bool = False
    capacity: int = 4
    building: str = ""
    floor: str = ""
    features: tuple[str, ...] = ()
    bookable_by: frozenset[str] | None = None
    days_ahead: int | None = None
    longest: int | None = None
    hours: tuple[tuple[int, int, int], ...] = ()
    hours_enabled: bool = True
    declines_conflicts: bool = False
    declines_outside_hours: bool = False
    accepts: Literal["everyone", "known"] = "everyone"
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    @property
    def has_calendar(self) -> bool:
        return self.state == "active"


@dataclass
class Calendar:
    """`acl` beats `everyone`, which holds for mailboxes of the owner's domain."""

    id: str
    owner: str
    zone: str
    title: str = ""
    primary: bool = True
    everyone: Role = "freeBusyReader"
    acl: dict[str, Role] = field(default_factory=dict)


@dataclass
class Item:
    """One entry of one calendar: an event, or an attendee's copy of it (same `uid`)."""

    calendar: str
    id: str
    uid: str
    start: When
    end: When
    zone: str
    title: str = ""
    status: Status = "busy"
    organizer: str = ""
    creator: str = ""
    attendees: list[Attendee] = field(default_factory=list)
    recurrence: list[str] = field(default_factory=list)
    series: str | None = None
    original: When | None = None
    cancelled: bool = False
    purged: bool = False
    sequence: int = 0
    revision: int = 0
    created: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    updated: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    private: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def is_main(self) -> bool:
        return self.organizer == self.calendar

    def span(self, zone: str) -> Span:
        return instant(self.start, zone), instant(self.end, zone)

    def attendee(self, email: str) -> Attendee | None:
        wanted = email.lower()
        return next((one for one in self.attendees if one.email.lower() == wanted), None)


@dataclass(frozen=True)
class Notice:
    """A mail the provider would have sent. `why` is the call that caused it."""

    to: str
    kind: NoticeKind
    uid: str
    sequence: int
    start: datetime
    organizer: str
    why: str
    at: datetime
    comment: str = ""


@dataclass
class Pending:
    """An answer that arrives by itself after so many readings of the organizer's event."""

    uid: str
    email: str
    reads: int


Action = Callable[["World"], object]


@dataclass
class _Hook:
    moment: tuple[str, Moment]
    action: Action
    times: int


class World:
    """Everything that exists. `lock` is held by a server while it answers one request."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.mailboxes: dict[str, Mailbox] = {}
        self.calendars: dict[str, Calendar] = {}
        self.groups: dict[str, list[str]] = {}
        self.items: dict[tuple[str, str], Item] = {}
        self.notices: list[Notice] = []
        self.pending: list[Pending] = []
        self.answer_reads = 1
        self.copy_keeps_id = True
        self.revision = 0
        self._hooks: list[_Hook] = []
        self._ids = 0

    # Building

    def add_mailbox(self, email: str, **about: Any) -> Mailbox:
        """Add a person (or, with room=True, a room) and the primary calendar."""
        box = Mailbox(email.lower(), **about)
        self.mailboxes[box.email] = box
        title = box.name or box.email
        self.calendars[box.email] = Calendar(box.email, box.email, box.zone, title)
        return box

    def add_room(self, email: str, **about: Any) -> Mailbox:
        return self.add_mailbox(email, room=True, **about)

    def add_calendar(self, name: str, owner: str, *, zone: str = "", title: str = "") -> Calendar:
        """Add a secondary calendar of a person."""
        one = Calendar(
            name.lower(),
            owner.lower(),
            zone or self.mailboxes[owner.lower()].zone,
            title,
            primary=False,
            everyone="none",
        )
        self.calendars[one.id] = one
        return one

    def add_group(self, email: str, members: list[str]) -> None:
        self.groups[email.lower()] = [one.lower() for one in members]

    def add_item(
        self, calendar: str, start: When, end: When, status: Status = "busy", **about: Any
    ) -> Item:
        """Add a foreign entry that was always there or appears just now."""
        home = self.calendars[calendar.lower()]
        number = self.next_id()
        item = Item(
            home.id,
            number,
            about.pop("uid", f"{number}@foreign.example"),
            start,
            end,
            about.pop("zone", home.zone),
            status=status,
            organizer=about.pop("organizer", home.id),
            creator=about.pop("creator", home.owner),
            **about,
        )
        return self.put(item)

    def put(self, item: Item) -> Item:
        """Store an item that is new or changed: it gets a new revision."""
        self.revision += 1
        now = self.clock.now()
        item.revision, item.updated = self.revision, now
        if (item.calendar, item.id) not in self.items:
            item.created = now
        self.items[item.calendar, item.id] = item
        return item

    def next_id(self) -> str:
        """Make a server's id: 26 characters of base32hex, in every run the same."""
        self._ids += 1
        return f"e{self._ids:025d}"

    # Looking

    def mailbox(self, email: str) -> Mailbox | None:
        return self.mailboxes.get(email.lower())

    def calendar(self, name: str) -> Calendar | None:
        """Find a calendar that can be opened: its owner is active."""
        one = self.calendars.get(name.lower())
        return one if one and self.mailboxes[one.owner].has_calendar else None

    def items_of(self, calendar: str) -> list[Item]:
        wanted = calendar.lower()
        return [one for one in self.items.values() if one.calendar == wanted and not one.purged]

    def live(self, calendar: str) -> list[Item]:
        return [one for one in self.items_of(calendar) if not one.cancelled]

    def by_uid(self, uid: str) -> Iterator[Item]:
        return (one for one in self.items.values() if one.uid == uid and not one.purged)

    def copy_of(self, uid: str, calendar: str) -> Item | None:
        wanted = calendar.lower()
        return next((one for one in self.by_uid(uid) if one.calendar == wanted), None)

    def main_of(self, uid: str) -> Item | None:
        return next((one for one in self.by_uid(uid) if one.is_main), None)

    def role(self, calendar: Calendar, reader: str) -> Role:
        """Tell what a mailbox may do with a calendar (item 19)."""
        who = reader.lower()
        if who == calendar.owner:
            return "owner"
        if who in calendar.acl:
            return calendar.acl[who]
        same = who.rpartition("@")[2] == calendar.owner.rpartition("@")[2]
        return calendar.everyone if same else "none"

    def told(self, to: str | None = None, kind: NoticeKind | None = None) -> list[Notice]:
        """List the recorded notices, of one recipient and kind if named."""
        return [
            one
            for one in self.notices
            if (to is None or one.to == to.lower()) and kind in (None, one.kind)
        ]

    # Races

    def before(self, moment: Moment, action: Action, times: int = 1) -> None:
        """Let something happen when a request of that kind has arrived (item 17)."""
        self._hooks.append(_Hook(("before", moment), action, times))

    def after(self, moment: Moment, action: Action, times: int = 1) -> None:
        """Let something happen when the answer to such a request has been computed."""
        self._hooks.append(_Hook(("after", moment), action, times))

    def fire(self, side: Literal["before", "after"], moment: Moment) -> None:
        for hook in [one for one in self._hooks if one.moment == (side, moment)]:
            hook.times -= 1
            if hook.times <= 0:
                self._hooks.remove(hook)
            hook.action(self)
