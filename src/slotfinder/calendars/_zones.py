"""Which zone a TZID means: one the world knows, or the one the file itself describes."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz

from slotfinder.calendars._contentlines import Component, Property, UnreadableCalendarError
from slotfinder.calendars._recurrence import Budget, Rule, expand, read_rule

_OBSERVANCE_LIMIT: Final = 500
_ONSET_LIMIT: Final = 5_000
_NO_TIME: Final = timedelta(0)
_OFFSET: Final = re.compile(r"([+-])([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])?")
# The machine's own zone is nobody's, Factory is none, right/ counts leap seconds.
_NO_ZONES: Final = ("localtime", "factory", "posixrules", "right/")


def named_zone(name: str) -> ZoneInfo | None:
    """Return the zone with this IANA or Windows name, whatever its case."""
    lower = name.lower()
    if lower.startswith(_NO_ZONES):
        return None
    return _load(_windows_names().get(lower, name)) or _load(_iana_names().get(lower, ""))


def _load(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such file; no file name; a folder
        return None


@cache
def _iana_names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@cache
def _windows_names() -> dict[str, str]:
    return {windows.lower(): iana for windows, iana in win_tz.items()}


class Zones:
    """What the TZIDs of one file mean."""

    def __init__(self, calendars: Iterable[Component], budget: Budget) -> None:
        self._described = [zone for each in calendars for zone in each.walk("VTIMEZONE")]
        self._budget = budget
        self._found: dict[str, tzinfo | None] = {}

    def find(self, tzid: str) -> tzinfo | None:
        """Return the zone, None where nothing tells what the name means."""
        if tzid not in self._found:
            self._found[tzid] = named_zone(tzid) or self._describe(tzid) or _suffixed(tzid)
        return self._found[tzid]

    def _describe(self, tzid: str) -> tzinfo | None:
        for vtimezone in self._described:
            if [each.value for each in vtimezone.all("TZID")] == [tzid]:
                try:
                    return DescribedZone(_observances(vtimezone), self._budget)
                except (UnreadableCalendarError, ValueError, OverflowError):
                    return None
        return None


def _suffixed(tzid: str) -> ZoneInfo | None:
    """Read names such as "/freeassociation.sourceforge.net/Europe/London" (§3.8.3.1)."""
    if not tzid.startswith("/"):
        return None
    parts = tzid.strip("/").split("/")[-3:]  # no zone's name has more
    names = ("/".join(parts[at:]) for at in range(len(parts)))
    return next((zone for name in names if (zone := named_zone(name))), None)


@dataclass(frozen=True, slots=True)
class _Observance:
    """A STANDARD or DAYLIGHT part (RFC 5545 §3.6.5): from when on clocks show what."""

    before: timedelta
    after: timedelta
    onsets: tuple[datetime, ...]
    rule: Rule | None

    def near(self, year: int, budget: Budget) -> Iterable[datetime]:
        """Return all onsets that can be the latest one at some time of ``year``; wall times."""
        if self.rule is None:
            return self.onsets
        last = datetime(year + 1, 12, 31)  # noqa: DTZ001 - wall time
        if self.rule.until is not None:
            last = min(last, self.rule.until.in_zone(timezone(self.before)))
        first = max(self.onsets[0], last - timedelta(days=3 * 366))
        return [*self.onsets, *expand(self.rule, self.onsets[0], first, last, budget)]


class DescribedZone(tzinfo):
    """The zone a VTIMEZONE describes.

    dateutil's tzical refuses the X- properties most files have and takes UNTIL for a wall time. A
    local time that is missing or comes twice is read as RFC 5545 §3.3.5 has it, like fold 0.
    """

    def __init__(self, observances: list[_Observance], budget: Budget) -> None:
        self._observances = observances
        self._budget = budget
        self._years: dict[int, list[tuple[datetime, datetime, timedelta]]] = {}
        self._first = min(observances, key=lambda each: each.onsets[0]).before

    def utcoffset(self, wall: datetime | None) -> timedelta | None:
        if wall is None:
            return None
        changes = self._changes(wall.year)
        at = bisect_right(changes, wall.replace(tzinfo=None), key=lambda change: change[1])
        return changes[at - 1][2] if at else self._first

    def fromutc(self, instant: datetime) -> datetime:
        changes = self._changes(instant.year)
        at = bisect_right(changes, instant.replace(tzinfo=None), key=lambda change: change[0])
        return instant + (changes[at - 1][2] if at else self._first)

    def dst(self, _wall: datetime | None) -> None:
        """Nobody here asks for it."""

    def tzname(self, _wall: datetime | None) -> None:
        """Nor for a name."""

    def _changes(self, year: int) -> list[tuple[datetime, datetime, timedelta]]:
        """Return the changes of clocks: the instant (in UTC), the first wall time, the offset."""
        if year not in self._years:
            self._years[year] = sorted(
                (onset - each.before, onset + max(each.after - each.before, _NO_TIME), each.after)
                for each in self._observances
                for onset in each.near(year, self._budget)
            )
        return self._years[year]


def _observances(vtimezone: Component) -> list[_Observance]:
    parts = [part for part in vtimezone.children if part.name in {"STANDARD", "DAYLIGHT"}]
    found = [_observance(part) for part in parts]
    onsets = sum(len(each.onsets) for each in found)
    if not found or len(found) > _OBSERVANCE_LIMIT or onsets > _ONSET_LIMIT:
        raise UnreadableCalendarError("a VTIMEZONE is empty or too long")
    return found


def _observance(part: Component) -> _Observance:
    texts = [each.value for each in (*part.all("DTSTART"), *part.all("RDATE"))]
    if len(part.all("DTSTART")) != 1:
        raise UnreadableCalendarError("a VTIMEZONE does not say when it begins")
    stamps = [stamp.strip() for text in texts for stamp in text.split(",")]
    rule = part.only("RRULE")
    return _Observance(
        before=_offset(part.only("TZOFFSETFROM")),
        after=_offset(part.only("TZOFFSETTO")),
        onsets=tuple(map(_onset, stamps)),
        rule=_yearly(rule.value) if rule else None,
    )


def _onset(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time


def _offset(found: Property | None) -> timedelta:
    parts = _OFFSET.fullmatch(found.value) if found else None
    if parts is None:
        raise UnreadableCalendarError("a VTIMEZONE does not say what clocks show")
    size = timedelta(hours=int(parts[2]), minutes=int(parts[3]), seconds=int(parts[4] or 0))
    return -size if parts[1] == "-" else size


def _yearly(text: str) -> Rule:
    """Return the rule if it is one that clocks follow; others would cost more than they tell."""
    rule = read_rule(text)
    if (rule.frequency, rule.interval, rule.count) != ("YEARLY", 1, None):
        raise UnreadableCalendarError("a VTIMEZONE does not change yearly")
    return rule
