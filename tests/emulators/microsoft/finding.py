"""Which event a request means, and which the mailbox lists (items 5, 21-24)."""

from collections.abc import Iterator
from datetime import timedelta

from tests.emulators import delivery
from tests.emulators.microsoft import teams
from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.errors import bad_request, no_item
from tests.emulators.microsoft.ids import event_id, inner_id, is_immutable
from tests.emulators.recurrence import instances
from tests.emulators.world import Item

_FAR = timedelta(days=2 * 366)


def in_calendar(call: Call, item: Item) -> bool:
    """Whether an item stands in the calendar, not in Deleted Items.

    A guest's copy stays, marked as cancelled, when its organizer cancels.
    """
    if not item.cancelled:
        return True
    main = call.world.main_of(item.uid)
    withdrawn = not item.is_main and main is not None and main.cancelled
    return withdrawn and not item.extra.get("graphDeleted")


def event_of(call: Call) -> Item:
    """Find the event of a request: case counts, a moved one keeps only its immutable id."""
    name = call.path["event-id"]
    _check_format(call, name)
    inner = inner_id(name)
    item = call.world.items.get((call.calendar.id, inner)) or _instance(call, inner)
    if item is None or item.purged:
        raise no_item()
    if name not in (event_id(item, immutable=one) for one in (True, False)):
        raise no_item()
    if not in_calendar(call, item):
        gone = item.extra.get("graphDeleted") and not call.options.deleted_is_found
        if gone or not is_immutable(name):
            raise no_item()
    return item


def _check_format(call: Call, name: str) -> None:
    """Refuse ids of one format in requests that prefer the other (item 22, strict)."""
    if is_immutable(name) != call.immutable and inner_id(name):
        call.entry.remarks.append("formats of ids mixed")
        if not call.options.mixed_ids:
            message = "Id formats are mixed: send Prefer: IdType on every request or on none."
            raise bad_request(message, "ErrorInvalidIdMalformed")


def _instance(call: Call, inner: str) -> Item | None:
    series = call.world.items.get((call.calendar.id, inner.rpartition("_")[0]))
    if series is None or not series.recurrence or series.purged:
        return None
    until = call.world.clock.now() + _FAR
    return next((one for one in instances(call.world, series, until) if one.id == inner), None)


def listed(call: Call) -> Iterator[Item]:
    """Go through the calendar's items; series are one item."""
    for item in call.world.items_of(call.calendar.id):
        if in_calendar(call, item):
            yield item


def count_reading(call: Call, item: Item) -> None:
    """Let answers and links that were due arrive before this reading (items 18, 19)."""
    teams.tick(item)
    if item.is_main:
        delivery.tick(call.world, item.uid)
