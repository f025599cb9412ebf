"""What ``doctor`` can find: each finding has a level, a stable code, and a remedy where needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from slotfinder.domain.freebusy import Provider


class Level(StrEnum):
    """How bad a finding is: an error keeps pairs from being booked, a warning costs something."""

    ERROR = "error"
    WARNING = "warning"
    OK = "ok"


class Code(StrEnum):
    """What was found. Scripts rely on these words; docs/doctor.md explains each."""

    SETTINGS_DOUBTFUL = "settings-doubtful"
    SETTINGS_READ = "settings-read"
    TEXTS_READY = "texts-ready"
    STORE_ABSENT = "store-absent"
    STORE_OLDER = "store-older"
    STORE_READY = "store-ready"
    STORE_UNUSABLE = "store-unusable"
    STORE_UNWRITABLE = "store-unwritable"
    ZONES_OLD = "zones-old"
    ZONES_PRESENT = "zones-present"
    CLOCK_AGREES = "clock-agrees"
    CLOCK_DIFFERS = "clock-differs"
    COORDINATORS_MISSING = "coordinators-missing"
    MAIL_CONFIGURED = "mail-configured"
    MAIL_FAILED = "mail-failed"
    MAIL_SENT = "mail-sent"
    OUTBOX_UNWRITABLE = "outbox-unwritable"
    OUTBOX_WRITABLE = "outbox-writable"
    CALENDAR_UNREADABLE = "calendar-unreadable"
    CALENDARS_READABLE = "calendars-readable"
    FOLDER_UNWRITABLE = "folder-unwritable"
    NOBODY_READABLE = "nobody-readable"
    ANSWERS_UNREAD = "answers-unread"
    ORGANIZER_READY = "organizer-ready"
    ORGANIZER_UNUSABLE = "organizer-unusable"
    NEEDS_UNMET = "needs-unmet"
    ROOM_UNLISTED = "room-unlisted"
    ROOMS_COMPARED = "rooms-compared"
    ROOMS_UNSEEN = "rooms-unseen"
    LINKS_ALLOWED = "links-allowed"
    LINKS_FALLBACK = "links-fallback"
    LINKS_REFUSED = "links-refused"
    RIGHT_MISSING = "right-missing"
    RIGHT_NEEDLESS = "right-needless"
    ZONE_DIFFERS = "zone-differs"
    ZONES_COMPARED = "zones-compared"
    ZONES_UNSEEN = "zones-unseen"


NAMES = {
    Provider.LOCAL: "the local folders",
    Provider.FEED: "published addresses",
    Provider.GOOGLE: "Google",
    Provider.MICROSOFT: "Microsoft 365",
}
"""What findings call where calendars live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One finding about ``subject``: a file, a provider, or somebody's address.

    Neither ``message`` nor ``remedy`` holds an address, a secret or anything of an entry.
    """

    level: Level
    code: Code
    subject: str
    message: str
    remedy: str = ""


def fine(code: Code, subject: str, message: str) -> Diagnosis:
    """Return a finding nobody has to do anything about."""
    return Diagnosis(level=Level.OK, code=code, subject=subject, message=message)


def in_order(findings: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Return the findings by level, errors first; within a level as they were found."""
    rank = list(Level)
    return sorted(findings, key=lambda each: rank.index(each.level))
