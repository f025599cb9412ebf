"""RFC 3339 as Google reads and writes it."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<offset>[Zz]|[+-]\d\d:?\d\d)?"
)


def instant(text: str) -> datetime | None:
    """Read a time with an offset; anything else is None."""
    match = _RFC3339.fullmatch(text)
    if match is None or not match["offset"]:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except ValueError:
        return None


def naive(text: str) -> datetime | None:
    """Read a time without an offset; anything else is None."""
    match = _RFC3339.fullmatch(text)
    if match is None or match["offset"]:
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def zone(name: str) -> ZoneInfo | None:
    """Find an IANA zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def written(when: datetime, name: str = "UTC") -> str:
    """Write a time with the offset of a zone, `Z` for UTC."""
    return when.astimezone(ZoneInfo(name)).isoformat(timespec="seconds").replace("+00:00", "Z")


def millis(when: datetime) -> str:
    """Write a time as Google writes its own stamps and bounds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
