"""How invitations travel: copies to attendees, answers back, mails recorded (items 20, 26-28)."""

from collections.abc import Collection
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.emulators.world import (
    Answer,
    Attendee,
    Item,
    Mailbox,
    Notice,
    NoticeKind,
    Pending,
    World,
    instant,
)

_OWN = ("reminders", "colorId")
"""Details that are not the organizer's to say."""


def notify(
    world: World,
    item: Item,
    to: Collection[str],
    kind: NoticeKind,
    why: str,
    comment: str = "",
) -> None:
    """Record one mail for each of these recipients; rooms read no mail."""
    home = world.calendars[item.organizer].zone if item.organizer in world.calendars else "UTC"
    for email in sorted(to):
        box = world.mailbox(email)
        if box and box.room:
            continue
        about = (item.uid, item.sequence, instant(item.start, home), item.organizer)
        world.notices.append(Notice(email.lower(), kind, *about, why, world.clock.now(), comment))


def deliver(world: World, main: Item, mailed: Collection[str], *, moved: bool = False) -> None:
    """Bring every attendee's copy up to date.

    Mailboxes of the organizer's provider see the event whether or not they are mailed; others
    see only what a mail told them. `moved`: rooms and automatic answers decide anew.
    """
    for attendee in main.attendees:
        box = world.mailbox(attendee.email)
        if box is None or box.email == main.calendar or not box.has_calendar:
            continue
        if _reaches(world, main, box, mailed):
            _copy(world, main, box, attendee, mailed)
        if moved or attendee.answer == "none":
            _expect_answer(world, main, attendee, box, moved=moved)
    guests = {one.email.lower() for one in main.attendees}
    _withdraw_where(world, main, mailed, keep=guests)


def withdraw(world: World, main: Item, mailed: Collection[str]) -> None:
    """Take the copies of a cancelled event away; who was not told keeps a ghost (item 26)."""
    world.pending = [one for one in world.pending if one.uid != main.uid]
    _withdraw_where(world, main, mailed, keep=set())


def record_answer(world: World, email: str, uid: str, answer: Answer, *, mail: bool = True) -> None:
    """Let an attendee's answer show on the own copy, the organizer's event and other copies."""
    for item in list(world.by_uid(uid)):
        attendee = item.attendee(email)
        if attendee is not None and attendee.answer != answer:
            attendee.answer = answer
            attendee.answered = None if answer == "none" else world.clock.now()
            attendee.proposed = None
            world.put(item)
    main = world.main_of(uid)
    box = world.mailbox(email)
    if main and mail and not (box and box.room):
        notify(world, main, [main.organizer], "answer", f"answer {answer} of {email}")


def tick(world: World, uid: str) -> None:
    """Count one reading of an organizer's event: answers that were due arrive (items 27, 28)."""
    for one in [one for one in world.pending if one.uid == uid]:
        one.reads -= 1
        if one.reads <= 0:
            _resolve(world, one)


def settle(world: World) -> None:
    """Let every pending answer arrive now, as between two runs."""
    for one in list(world.pending):
        _resolve(world, one)


def _reaches(world: World, main: Item, box: Mailbox, mailed: Collection[str]) -> bool:
    home = world.mailboxes[world.calendars[main.calendar].owner]
    if box.accepts == "known" and box.domain != home.domain:
        return False
    return box.provider == home.provider or box.email in mailed


def _copy(
    world: World, main: Item, box: Mailbox, attendee: Attendee, mailed: Collection[str]
) -> None:
    old = world.copy_of(main.uid, box.email)
    if old and old.cancelled and (box.email not in mailed or attendee.answer == "declined"):
        return
    home = world.mailboxes[world.calendars[main.calendar].owner]
    extra = {name: one for name, one in main.extra.items() if name not in _OWN}
    extra |= {name: one for name, one in old.extra.items() if name in _OWN} if old else {}
    own_id = main.id if world.copy_keeps_id and box.provider == home.provider else world.next_id()
    world.put(
        replace(
            deepcopy(main),
            calendar=box.email,
            id=old.id if old else own_id,
            private=old.private if old else {},
            created=old.created if old else main.created,
            extra=deepcopy(extra),
            status=old.status if old else main.status,
        )
    )


def _withdraw_where(
    world: World, main: Item, mailed: Collection[str], keep: Collection[str]
) -> None:
    home = world.mailboxes[world.calendars[main.calendar].owner]
    for item in list(world.by_uid(main.uid)):
        owner = world.mailboxes[world.calendars[item.calendar].owner]
        told = owner.provider == home.provider or owner.email in mailed
        if item.calendar != main.calendar and item.calendar not in keep and told:
            item.cancelled = True
            world.put(item)


def _expect_answer(
    world: World, main: Item, attendee: Attendee, box: Mailbox, *, moved: bool
) -> None:
    if not (box.room or box.declines_conflicts or box.declines_outside_hours):
        return
    waiting = [one for one in world.pending if (one.uid, one.email) == (main.uid, box.email)]
    if waiting:
        return
    if moved and box.room and attendee.answer != "none":
        record_answer(world, box.email, main.uid, "none")
    pending = Pending(main.uid, box.email, world.answer_reads)
    world.pending.append(pending)
    if pending.reads <= 0:
        _resolve(world, pending)


def _resolve(world: World, pending: Pending) -> None:
    world.pending.remove(pending)
    main, box = world.main_of(pending.uid), world.mailbox(pending.email)
    if main is None or box is None or main.cancelled or main.attendee(box.email) is None:
        return
    if box.room:
        free = _may_book(world, main, box) and not _room_taken(world, main, box)
        record_answer(world, box.email, main.uid, "accepted" if free else "declined")
    elif _declines_by_itself(world, main, box):
        record_answer(world, box.email, main.uid, "declined")


def _may_book(world: World, main: Item, room: Mailbox) -> bool:
    organizer = world.calendars[main.organizer].owner
    start, end = main.span(room.zone)
    ahead, length = start - world.clock.now(), end - start
    if room.days_ahead is not None and ahead > timedelta(days=room.days_ahead):
        return False
    if room.longest is not None and length > timedelta(minutes=room.longest):
        return False
    return room.bookable_by is None or organizer in room.bookable_by


def _room_taken(world: World, main: Item, room: Mailbox) -> bool:
    """Whether an accepted booking of the room overlaps (item 27)."""
    return any(
        holds_room(one, room) and overlap(world, one, main) for one in _others(world, main, room)
    )


def holds_room(item: Item, room: Mailbox) -> bool:
    own = item.attendee(room.email)
    return item.status != "free" and (own is None or own.answer in ("accepted", "tentative"))


def _others(world: World, main: Item, box: Mailbox) -> list[Item]:
    return [one for one in world.live(box.email) if one.uid != main.uid]


def overlap(world: World, one: Item, other: Item) -> bool:
    """Whether two single entries overlap, each in its own calendar's zone."""
    start, end = one.span(world.calendars[one.calendar].zone)
    first, last = other.span(world.calendars[other.calendar].zone)
    return start < last and first < end


def _declines_by_itself(world: World, main: Item, box: Mailbox) -> bool:
    away = [one for one in _others(world, main, box) if one.status == "ooo"]
    if box.declines_conflicts and any(overlap(world, one, main) for one in away):
        return True
    return box.declines_outside_hours and not _inside_hours(main, box)


def _inside_hours(main: Item, box: Mailbox) -> bool:
    start, end = (when.astimezone(ZoneInfo(box.zone)) for when in main.span(box.zone))
    first = start.hour * 60 + start.minute
    last = first + (end - start) // timedelta(minutes=1)
    return any(
        day == start.weekday() and begin <= first and last <= until
        for day, begin, until in box.hours
    )
