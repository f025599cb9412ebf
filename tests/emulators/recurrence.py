"""Series, expanded: foreign ones may recur, and so may what a client books."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from tests.emulators.world import Calendar, Item, When, World


def occurrences(world: World, calendar: Calendar, low: datetime, high: datetime) -> list[Item]:
    """List the live entries that overlap a span, series replaced by their instances."""
    single = [one for item in world.live(calendar.id) for one in instances(world, item, high)]
    spans = [(one, one.span(calendar.zone)) for one in single]
    return [one for one, (start, end) in spans if start < high and end > low]


def instances(world: World, item: Item, until: datetime) -> Iterator[Item]:
    """Expand a series up to an instant; its changed instances are items of their own."""
    if not item.recurrence:
        yield item
        return
    changed = {one.original for one in world.items_of(item.calendar) if one.series == item.id}
    length = _length(item)
    for start in _starts(item, until):
        when: When = start.date() if item.all_day else start.astimezone(UTC)
        if when not in changed:
            yield replace(
                item,
                id=instance_id(item, when),
                start=when,
                end=when + length if item.all_day else _wall_end(start, length),
                recurrence=[],
                series=item.id,
                original=when,
            )


def _length(item: Item) -> timedelta:
    """Measure an entry on the wall clock of its zone."""
    zone = ZoneInfo(item.zone)
    first, last = (_local(when, zone).replace(tzinfo=None) for when in (item.start, item.end))
    return last - first


def _wall_end(start: datetime, length: timedelta) -> datetime:
    return (start + length).astimezone(UTC)


def _starts(item: Item, until: datetime) -> Iterator[datetime]:
    """Follow the rules; those of an all-day series have no zone."""
    first = _local(item.start, ZoneInfo(item.zone))
    if item.all_day:
        first = first.replace(tzinfo=None)
    rules = rrulestr("\n".join(item.recurrence), dtstart=first, forceset=True)
    for start in rules:
        if start.replace(tzinfo=start.tzinfo or UTC) >= until + timedelta(days=1):
            return
        yield start


def _local(when: When, zone: ZoneInfo) -> datetime:
    if isinstance(when, datetime):
        return when.astimezone(zone)
    return datetime.combine(when, time(), zone)


def instance_id(item: Item, when: date) -> str:
    """Name an instance as Google does: the series and the original start."""
    form = "%Y%m%d" if item.all_day else "%Y%m%dT%H%M%SZ"
    return f"{item.id}_{when.strftime(form)}"
