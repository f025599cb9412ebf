"""When people on Microsoft 365 are taken, read through one mailbox."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from slotfinder.calendars.asking import batched, parts_of, side_by_side
from slotfinder.calendars.microsoft import wire
from slotfinder.calendars.microsoft.client import GraphClient, JsonObject, Request
from slotfinder.calendars.microsoft.failures import Side, failure_in, trouble_of
from slotfinder.calendars.retry import TryFailedError
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import Block, FreeBusy, OwnTime, Provider, Reading
from slotfinder.domain.interval import Interval
from slotfinder.ports import CalendarRef

_Answers = Sequence[JsonObject | Trouble]
_HERE: Final = Provider.MICROSOFT


class GraphReader:
    """Reads free/busy through ``reader``, the one mailbox everybody's calendar is seen from."""

    def __init__(self, client: GraphClient, reader: str) -> None:
        self._client = client
        self._reader = reader

    def read(self, calendars: Sequence[CalendarRef], window: Interval) -> list[Reading]:
        """Return one reading a calendar, in order, with as few queries as Graph allows."""
        parts = parts_of(window, wire.LONGEST_WINDOW)
        batches = list(batched(calendars, wire.MOST_CALENDARS))
        questions = [(batch, part) for batch in batches for part in parts]
        answers = side_by_side(lambda each: self._query(*each), questions)
        found: list[Reading] = []
        for batch, of_batch in zip(batches, batched(answers, len(parts)), strict=True):
            found += [_reading(ref.owner.lower(), ref.zone, window, of_batch) for ref in batch]
        return found

    def _query(self, calendars: Sequence[CalendarRef], part: Interval) -> JsonObject | Trouble:
        request = Request(
            operation="getSchedule",
            method="POST",
            path="calendar/getSchedule",
            body=wire.query((ref.owner.lower() for ref in calendars), part),
        )
        try:
            return self._client.call(self._reader, request, wire.answer)
        except TryFailedError as error:
            return trouble_of(failure_in(error), Side.READER)


def tell_apart(reading: FreeBusy, ours: Sequence[OwnTime]) -> FreeBusy:
    """Return a reading with our own meetings' entries tagged: Graph tells entries one by one."""
    blocks = reading.blocks
    for each in ours:
        blocks = tuple(wire.tagged(blocks, each.uid, each.interval))
    return replace(reading, blocks=blocks)


def _reading(owner: str, zone: ZoneInfo, window: Interval, answers: _Answers) -> Reading:
    """Put the parts of a window together; one that is unknown leaves all unknown."""
    known: Counter[Block] = Counter()
    for answer in answers:
        found = answer if isinstance(answer, Trouble) else wire.blocks_of(answer, owner, zone)
        if isinstance(found, Trouble):
            return found.of(owner, _HERE)
        # An entry that reaches from one part into the next is told twice and is there once.
        known |= Counter(found)
    blocks = (each for each in known.elements() if each.interval.overlaps(window))
    ordered = sorted(blocks, key=lambda each: (each.interval, each.kind))
    return FreeBusy(person=owner, provider=_HERE, window=window, blocks=tuple(ordered))
