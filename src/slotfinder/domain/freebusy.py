"""What a calendar says about somebody's time, and nothing else about it."""

from dataclasses import dataclass
from enum import StrEnum

from slotfinder.domain.interval import Interval, merge


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
