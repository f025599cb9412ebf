"""What is remembered about one person: whether it may be taken out, and what that takes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from slotfinder.agent.programme import Agent
from slotfinder.domain.command import CommandKind
from slotfinder.domain.meeting import MeetingState
from slotfinder.domain.people import address_mark
from slotfinder.errors import UsageError
from slotfinder.ports import Erasure, Records

_Row = Mapping[str, Any]


def erasure(agent: Agent, records: Records, person: str, now: datetime) -> Erasure:
    """Return how somebody of whom there are these records is taken out of the store.

    Raises:
        UsageError: the person takes part still; the text says what has to be done first.
    """
    _stop_where_listed(agent, person)
    _stop_where_unfinished(records, person, now)
    listed = {pair.id for pair in agent.pairs}
    uids = {row["uid"] for row in records["meetings"]}
    return Erasure(
        person=person,
        meetings=tuple(row["uid"] for row in records["meetings"]),
        # Why a meeting was moved is told in a coordinator's own words.
        silenced=tuple(
            row["id"]
            for row in records["commands"]
            if row["kind"] == CommandKind.RESCHEDULE and row["uid"] in uids and row["text"]
        ),
        deleted={
            "crowded": tuple(row["person"] for row in records["crowded"]),
            # What waits is a mail to the person, or about a meeting that is over.
            "outbox": tuple(row["id"] for row in records["outbox"]),
            # What a pair that goes on with other people was refused may be theirs.
            "refusals": _of_gone_pairs(records["refusals"], listed),
            "holds": _of_gone_pairs(records["holds"], listed),
        },
    )


def _of_gone_pairs(rows: Iterable[_Row], listed: set[str]) -> tuple[int, ...]:
    return tuple(row["id"] for row in rows if row["pair"] not in listed)


def _stop_where_listed(agent: Agent, person: str) -> None:
    """Stop where the next run would write the address down again."""
    pairs = [pair.id for pair in agent.pairs if person in pair.people]
    if pairs:
        ends = " and ".join(f"'slotfinder end {pair}'" for pair in pairs)
        raise UsageError(
            f"{person} still stands in the pairs file (pair {', '.join(pairs)}). Say {ends}, then "
            "take these rows out of the pairs file, and the person out of the people file."
        )
    if person in agent.people:
        raise UsageError(
            f"{person} still stands in the people file. Take the row out of it first, then say "
            "erase again."
        )
    if person in _named_in_settings(agent):
        raise UsageError(
            f"{person} is still named in slotfinder.toml. Put another address there first, then "
            "say erase again."
        )


def _named_in_settings(agent: Agent) -> Iterator[str]:
    yield agent.sender
    yield from agent.programme.coordinators
    yield from (room.email for room in agent.rooms())
    yield from (pair.organizer for pair in agent.pairs)


def _stop_where_unfinished(records: Records, person: str, now: datetime) -> None:
    """Stop where a meeting is ahead, or who is to be told that there is none does not know yet."""
    ahead = {
        row["uid"]: row for row in records["meetings"] if datetime.fromisoformat(row["end"]) > now
    }
    for meeting in ahead.values():
        if meeting["state"] == MeetingState.BOOKED:
            pair = meeting["pair"]
            raise UsageError(
                f"{person} still has a meeting ahead, of pair {pair}. Put the rows of the pair and "
                f"its people back into their files, say 'slotfinder end {pair}', then take them "
                "out again."
            )
    to_them = address_mark(person)
    for row in records["outbox"]:
        if row["done"] is None and row["uid"] in ahead and to_them not in row["key"]:
            raise UsageError(
                f"That a meeting of pair {ahead[row['uid']]['pair']} is off is not told to every "
                "calendar and person yet. Let 'slotfinder run' finish that first."
            )
