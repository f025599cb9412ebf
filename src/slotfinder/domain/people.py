"""The people of a programme and who meets whom."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from slotfinder.domain.cadence import Cadence, InPerson
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.preference import Wishes


class Role(StrEnum):
    """The junior colleague teaches (mentor), the senior one learns (mentee)."""

    MENTOR = "mentor"
    MENTEE = "mentee"

    @property
    def other(self) -> "Role":
        return Role.MENTEE if self is Role.MENTOR else Role.MENTOR


class PairStatus(StrEnum):
    """What a coordinator has decided about a pair; only ``active`` pairs are booked."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """A run of dates, both ends inclusive."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Country:
    """Whose public holidays a person keeps: ISO 3166 country, optional region."""

    code: str
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the programme. ``email`` (lower case) is the identity.

    ``needs`` are features (lower case) that a room must have for this person to meet there.
    ``feed`` is the address of a published calendar when ``provider`` is FEED. ``wishes`` are None
    where the person states none, so that the role's default holds.
    """

    email: str
    name: str
    provider: Provider
    zone: ZoneInfo
    feed: str | None = None
    site: str = ""
    site_days: frozenset[int] | None = None
    needs: tuple[str, ...] = ()
    country: Country | None = None
    language: str = "en"
    wishes: Wishes | None = None
    wishes_in_person: Wishes | None = None
    away: tuple[Days, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two people who meet, with everything the programme's defaults left to them filled in.

    ``organizer`` is an e-mail address: a mailbox of the programme, or one of the two people.
    ``calendar`` is the provider that keeps the organizer's: it can invite rooms of its own alone.
    ``duration`` is in minutes; ``starts`` and ``ends`` are inclusive dates.
    """

    id: str
    mentor: str
    mentee: str
    status: PairStatus
    agreed: bool
    cadence: Cadence
    in_person: InPerson
    duration: int
    starts: date
    ends: date
    organizer: str
    calendar: Provider

    @property
    def people(self) -> tuple[str, str]:
        return self.mentor, self.mentee

    @property
    def is_booked(self) -> bool:
        """Tell whether the agent books this pair at all."""
        return self.status is PairStatus.ACTIVE and self.agreed


def address_mark(email: str) -> str:
    """Return what stands for an address in the names of mails: always the same."""
    return sha256(email.encode()).hexdigest()[:16]


_ERASED = re.compile(r"erased-(\d+)@invalid")


def pseudonym(number: int) -> str:
    """Return what stands for the address of a person who was erased."""
    return f"erased-{number}@invalid"


def pseudonym_number(email: str) -> int:
    """Return the number of the erased person an address stands for; 0 for a real address."""
    found = _ERASED.fullmatch(email)
    return int(found[1]) if found else 0
