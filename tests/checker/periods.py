"""A pair's periods and which are due in person (compromise.md §1, §3), counted day by day."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from tests.checker.folder import Couple, Folder, first_minute

_ONE_DAY = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Turn:
    """A period: its number, its days, the last one excluded, and its minutes."""

    number: int
    first: date
    after: date
    start: int
    end: int

    def has(self, minute: int) -> bool:
        return self.start <= minute < self.end


def turns(couple: Couple, folder: Folder) -> list[Turn]:
    """Return all periods of a pair."""
    days = [couple.starts + k * _ONE_DAY for k in range((couple.ends - couple.starts).days + 1)]
    starts = [day for day in days if day == couple.starts or _begins(couple, day)]
    ends = [*starts[1:], couple.ends + _ONE_DAY]
    return [
        Turn(
            number,
            first,
            after,
            first_minute(first, folder.zone),
            first_minute(after, folder.zone),
        )
        for number, (first, after) in enumerate(zip(starts, ends, strict=True), start=1)
    ]


def _begins(couple: Couple, day: date) -> bool:
    """Tell whether a period begins on this day."""
    if match := re.fullmatch(r"(\d+) weeks?", couple.every):
        return (day - couple.starts).days % (7 * int(match[1])) == 0
    if match := re.fullmatch(r"(\d+) months?", couple.every):
        months = (day.year - couple.starts.year) * 12 + day.month - couple.starts.month
        clipped = min(couple.starts.day, monthrange(day.year, day.month)[1])
        return months % int(match[1]) == 0 and day.day == clipped
    rule = dict(part.split("=") for part in couple.every.split(";"))
    if rule["FREQ"] == "WEEKLY":
        return _WEEKDAYS[day.weekday()] in rule["BYDAY"].split(",")
    if "BYMONTHDAY" in rule:
        return day.day in map(int, rule["BYMONTHDAY"].split(","))
    return f"{(day.day - 1) // 7 + 1}{_WEEKDAYS[day.weekday()]}" == rule["BYDAY"]


def is_due(couple: Couple, turn: Turn, before: Turn | None) -> bool:
    """Tell whether the cadence alone asks for this meeting face to face."""
    match couple.in_person.split():
        case ["never"]:
            return False
        case ["always"]:
            return True
        case ["alternate"]:
            return turn.number % 2 == 0
        case ["every", number]:
            return turn.number % int(number) == 0
        case ["monthly"]:
            return before is None or before.first.strftime("%Y%m") != turn.first.strftime("%Y%m")
    return before is None or _quarter(before.first) != _quarter(turn.first)


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month + 2) // 3
