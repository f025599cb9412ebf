"""What people do in a rehearsal: answer, move, delete, withdraw. They use no provider's API."""

from datetime import datetime

from tests.emulators import delivery
from tests.emulators.world import Answer, Item, When, World


def answer(world: World, email: str, uid: str, how: Answer) -> None:
    """Let an attendee answer an invitation on the own copy (item 20)."""
    with world.lock:
        delivery.record_answer(world, email.lower(), uid, how)


def propose(world: World, email: str, uid: str, start: datetime, end: datetime) -> None:
    """Let an attendee answer "maybe" and propose another time."""
    with world.lock:
        delivery.record_answer(world, email.lower(), uid, "tentative")
        for item in list(world.by_uid(uid)):
            attendee = item.attendee(email)
            if attendee is not None:
                attendee.proposed = (start, end)
                world.put(item)


def move(world: World, uid: str, start: When, end: When) -> Item:
    """Let the organizer, in the calendar's own window, move an event and tell everybody."""
    with world.lock:
        main = _main(world, uid)
        main.start, main.end, main.sequence = start, end, main.sequence + 1
        guests = {one.email.lower() for one in main.attendees} - {main.organizer}
        world.put(main)
        delivery.deliver(world, main, guests, moved=True)
        delivery.notify(world, main, guests, "update", "moved by a person")
        return main


def move_copy(world: World, email: str, uid: str, start: When, end: When) -> Item:
    """Let a guest drag the own copy only: the organizer's event stays where it is."""
    with world.lock:
        copy = world.copy_of(uid, email)
        if copy is None:
            raise LookupError(f"{email} has no copy of {uid}")
        copy.start, copy.end = start, end
        return world.put(copy)


def delete(world: World, uid: str) -> None:
    """Let the organizer delete an event in the calendar's own window and tell everybody."""
    with world.lock:
        main = _main(world, uid)
        main.cancelled = True
        guests = {one.email.lower() for one in main.attendees} - {main.organizer}
        world.put(main)
        delivery.withdraw(world, main, guests)
        delivery.notify(world, main, guests, "cancellation", "deleted by a person")


def remove_copy(world: World, email: str, uid: str, how: Answer | None = "declined") -> None:
    """Let a guest delete the own copy, with an answer or (None) without any."""
    with world.lock:
        copy = world.copy_of(uid, email)
        if copy is None:
            raise LookupError(f"{email} has no copy of {uid}")
        if how is not None:
            delivery.record_answer(world, email.lower(), uid, how)
        copy.cancelled = True
        world.put(copy)


def set_room(world: World, uid: str, email: str, how: Answer) -> None:
    """Let a room's answer change by hand (a delegate, an administrator)."""
    with world.lock:
        world.pending = [one for one in world.pending if (one.uid, one.email) != (uid, email)]
        delivery.record_answer(world, email.lower(), uid, how)


def empty_bin(world: World, calendar: str) -> int:
    """Expire the tombstones of a calendar (item 23); say how many."""
    with world.lock:
        gone = [one for one in world.items_of(calendar) if one.cancelled]
        for item in gone:
            item.purged = True
        return len(gone)


def _main(world: World, uid: str) -> Item:
    main = world.main_of(uid)
    if main is None:
        raise LookupError(f"no event has the uid {uid}")
    return main
