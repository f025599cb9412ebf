"""How often a pair meets: its periods, and which of them are due face to face."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count, pairwise

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr


class Unit(StrEnum):
    """The unit of a regular cadence."""

    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Every:
    """A regular cadence: one meeting in each run of ``number`` weeks or months."""

    number: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class ByRule:
    """A cadence by an RFC 5545 recurrence rule whose dates start the periods."""

    rule: str


Cadence = Every | ByRule


@dataclass(frozen=True, slots=True)
class Period:
    """One turn of the cadence: ``[first, end)`` in days of the programme's zone, from number 1."""

    number: int
    first: date
    end: date


class InPersonUnit(StrEnum):
    """What a share of meetings in person is counted by."""

    NEVER = "never"
    PERIODS = "periods"
    MONTH = "monthly"
    QUARTER = "quarterly"


@dataclass(frozen=True, slots=True)
class InPerson:
    """Which occurrences are due face to face: each ``number``-th, or the first of a month."""

    unit: InPersonUnit
    number: int = 1


_REGULAR = re.compile(r"(?:(\d{1,3})\s+)?(week|month)s?", re.IGNORECASE)
_RULE_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_LONGEST = {"week": 104, "month": 24}
# The parts of a rule that are numbers, and their highest: beyond it the rule never comes.
_RULE_NUMBERS = {
    "INTERVAL": 999,
    "COUNT": 9999,
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
    "BYSETPOS": 366,
}
_WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
_NTH_WEEKDAY = rf"([+-]?([1-9]|[1-4][0-9]|5[0-3]))?{_WEEKDAY}"
_RULE_WORDS = {
    "FREQ": re.compile("|".join(_RULE_FREQUENCIES)),
    "UNTIL": re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?"),
    "BYDAY": re.compile(f"{_NTH_WEEKDAY}(,{_NTH_WEEKDAY})*"),
    "WKST": re.compile(_WEEKDAY),
}
_COUNTED_FORWARD = frozenset({"INTERVAL", "COUNT", "BYMONTH"})


def parse_cadence(text: str) -> Cadence:
    """Read ``2 weeks``, ``1 month`` or an RRULE such as ``FREQ=MONTHLY;BYDAY=1MO``.

    Raises:
        ValueError: with a sentence saying what is wrong.
    """
    text = text.strip()
    if match := _REGULAR.fullmatch(text):
        number, unit = int(match[1] or 1), match[2].lower()
        if not 1 <= number <= _LONGEST[unit]:
            raise ValueError(f"'{text}' is not between 1 and {_LONGEST[unit]} {unit}s.")
        return Every(number, Unit(unit + "s"))
    rule = text.upper().removeprefix("RRULE:")
    if "FREQ=" not in rule:
        raise ValueError(f"'{text}' is neither 'N weeks', 'N months' nor an RRULE.")
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name == "FREQ" and value not in _RULE_FREQUENCIES:
            raise ValueError(
                f"'{text}' starts periods more often than daily, or at no known frequency."
            )
        if not _is_rule_part(name, value):
            raise ValueError(f"'{text}' is not a recurrence rule of dates ('{part}').")
    try:
        _starting_dates(rule, date(2001, 1, 1))
    except (ValueError, TypeError, KeyError) as problem:
        raise ValueError(f"'{text}' is not a recurrence rule ({problem}).") from None
    return ByRule(rule)


def _is_rule_part(name: str, value: str) -> bool:
    """Tell whether a part of a rule is one of dates, with numbers the calendar has."""
    if name in _RULE_WORDS:
        return _RULE_WORDS[name].fullmatch(value) is not None
    if name not in _RULE_NUMBERS:
        return False
    sign = "" if name in _COUNTED_FORWARD else "-?"
    if not re.fullmatch(rf"{sign}\d{{1,4}}(,{sign}\d{{1,4}})*", value, re.ASCII):
        return False
    return all(1 <= abs(int(number)) <= _RULE_NUMBERS[name] for number in value.split(","))


def parse_in_person(text: str) -> InPerson:
    """Read ``never``, ``always``, ``alternate``, ``every N``, ``monthly`` or ``quarterly``.

    Raises:
        ValueError: with a sentence listing what is possible.
    """
    text = " ".join(text.lower().split())
    if text in {InPersonUnit.NEVER, InPersonUnit.MONTH, InPersonUnit.QUARTER}:
        return InPerson(InPersonUnit(text))
    if text in {"always", "alternate"}:
        return InPerson(InPersonUnit.PERIODS, 1 if text == "always" else 2)
    match = re.fullmatch(r"every (\d{1,3})", text)
    if match and int(match[1]) >= 1:
        return InPerson(InPersonUnit.PERIODS, int(match[1]))
    raise ValueError(f"'{text}' is none of: never, always, alternate, every N, monthly, quarterly.")


def periods(cadence: Cadence, first: date, last: date) -> tuple[Period, ...]:
    """Return all periods from ``first`` to ``last`` (both inclusive); the last one may be short."""
    end = last + timedelta(days=1)
    bounds = [first]
    for start in _starts(cadence, first):
        if start >= end:
            break
        bounds.append(start)
    bounds.append(end)
    if first >= end:
        return ()
    return tuple(Period(k, *span) for k, span in enumerate(pairwise(bounds), start=1))


def shortest_regular(found: Sequence[Period], cadence: Cadence) -> Period | None:
    """Return the shortest period in days, leaving out a last one that ``ends`` cut short."""
    if not found:
        return None
    *regular, last = found
    following = next(iter(_starts(cadence, found[0].first, after=last.first)), None)
    if following is None or last.end >= following:
        regular.append(last)
    return min(regular, key=lambda period: period.end - period.first, default=None)


def is_due_in_person(rule: InPerson, period: Period, before: Period | None) -> bool:
    """Tell whether the cadence itself asks for this period's meeting face to face.

    ``before`` is the pair's period directly before it, None for its first.
    """
    match rule.unit:
        case InPersonUnit.NEVER:
            return False
        case InPersonUnit.PERIODS:
            return period.number % rule.number == 0
        case InPersonUnit.MONTH:
            return before is None or _month(before.first) != _month(period.first)
        case InPersonUnit.QUARTER:
            return before is None or _quarter(before.first) != _quarter(period.first)


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _starts(cadence: Cadence, first: date, after: date | None = None) -> Iterator[date]:
    """Yield the starts of the second and later periods (those later than ``after``, when given)."""
    floor = first if after is None else after
    if isinstance(cadence, ByRule):
        yield from (day for day in _starting_dates(cadence.rule, first) if day > floor)
        return
    for k in count(1):
        # Each start is counted from the first one, so that a 31st clipped to 30 comes back to 31.
        number = k * cadence.number
        weeks = cadence.unit is Unit.WEEKS
        start_day = first + (relativedelta(weeks=number) if weeks else relativedelta(months=number))
        if start_day > floor:
            yield start_day


def _starting_dates(rule: str, first: date) -> Iterator[date]:
    """Return the dates of a rule; the time of its UNTIL, which may be in UTC, is left out."""
    start = datetime(first.year, first.month, first.day)  # noqa: DTZ001 - dates only
    until = re.sub(r"(UNTIL=\d{8})T\d{6}Z?", r"\1", rule)
    return (each.date() for each in rrulestr(until, dtstart=start))
