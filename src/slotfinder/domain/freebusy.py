"""What a calendar says about somebody's time, and nothing else about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from slotfinder.domain.interval import Interval, merge, without


class Provider(StrEnum):
    """Where a calendar lives; ``feed`` is a published .ics address, read only."""

    LOCAL = "local"
    FEED = "feed"
    GOOGLE = "google"
    MICROSOFT = "microsoft"
    CALDAV = "caldav"


class Kind(StrEnum):
    """How a span of time is taken. Free time has no kind: it is what is left."""

    BUSY = "busy"
    OUT_OF_OFFICE = "out-of-office"
    TENTATIVE = "tentative"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


class UnreadableCode(StrEnum):
    """Why a calendar could not be read."""

    NOT_FOUND = "not-found"
    NO_ACCESS = "no-access"
    NO_MAILBOX = "no-mailbox"
    PROVIDER_ERROR = "provider-error"
    PROVIDER_UNAVAILABLE = "provider-unavailable"
    MALFORMED_ANSWER = "malformed-answer"
    MISSING_ANSWER = "missing-answer"
    CREDENTIALS = "credentials"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One calendar entry reduced to its time and kind.

    ``uid`` is set only where the entry is one of slotfinder's own meetings.
    """

    interval: Interval
    kind: Kind
    uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBusy:
    """A calendar that was read completely for ``window``; whatever no block covers is free."""

    person: str
    provider: Provider
    window: Interval
    blocks: tuple[Block, ...]

    def intervals(self) -> list[tuple[Interval, Kind]]:
        """Return the blocks merged per kind, clipped to the window, by start, end and kind."""
        by_kind: dict[Kind, list[Interval]] = {}
        for block in self.blocks:
            if clipped := block.interval.clip(self.window):
                by_kind.setdefault(block.kind, []).append(clipped)
        return sorted(
            (interval, kind) for kind, spans in by_kind.items() for interval in merge(spans)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A calendar that could not be read completely: nothing about that person's time is known.

    ``reason`` says what was found, ``advice`` what a coordinator or administrator can do. Neither
    holds a title, a secret or the address of a private feed.
    """

    person: str
    provider: Provider
    code: UnreadableCode
    reason: str
    advice: str


Reading = FreeBusy | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTime:
    """When one of our meetings takes somebody's time, and the names it has here and there."""

    uid: str
    calendar_uid: str | None
    interval: Interval


def unattributed(reading: FreeBusy, ours: Sequence[OwnTime]) -> list[Interval]:
    """Return the merged blocks that hold time of ours and of somebody else's.

    Whether the other entry begins beside ours or lies over it, such a block does not tell.
    """
    return [
        block.interval
        for block in reading.blocks
        if (mine := _within(block, ours)) and without(block.interval, mine)
    ]


def told_apart(
    reading: FreeBusy, ours: Sequence[OwnTime], entries: Sequence[tuple[str, Interval]] = ()
) -> FreeBusy:
    """Return a reading of merged blocks with our own time tagged, and only the rest foreign.

    ``entries`` are what was found out about the ``unattributed`` blocks: whose each entry is (its
    iCalUID) and when. One that lies over ours counts if the block covers all of it (else it is one
    that takes no time, or was declined) and it goes beyond ours (else nobody could tell).
    """
    known = {each.calendar_uid for each in ours}
    foreign = [interval for uid, interval in entries if uid not in known]
    blocks: list[Block] = []
    for block in reading.blocks:
        mine = [each for each in ours if block.interval.covers(each.interval)]
        blocks += _divided(block, mine, foreign) if mine else [block]
    return replace(reading, blocks=tuple(sorted(blocks, key=lambda each: each.interval)))


def _divided(block: Block, mine: Sequence[OwnTime], foreign: Sequence[Interval]) -> Iterator[Block]:
    own = [each.interval for each in mine]
    for each in mine:
        yield replace(block, interval=each.interval, uid=each.uid)
    over = [
        each
        for each in foreign
        if block.interval.covers(each)
        and any(each.overlaps(at) for at in own)
        and without(each, own)
    ]
    for rest in merge([*without(block.interval, own), *over]):
        yield replace(block, interval=rest)


def _within(block: Block, ours: Sequence[OwnTime]) -> list[Interval]:
    return [each.interval for each in ours if block.interval.covers(each.interval)]
