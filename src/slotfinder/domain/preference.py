"""Wishes: weighted wall-clock windows of a week.

A minute's weight is that of its local weekday and wall-clock time in the person's zone on that
date, so a wish for 08:00 stays at 08:00 across every change of clocks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

_WINDOW = re.compile(r"(?P<days>[A-Za-z ,\-]+?)\s+(?P<start>\d\d?:\d\d)\s*-\s*(?P<end>\d\d?:\d\d)")
_WEIGHT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Window:
    """The same hours on some weekdays (0 = Monday), in minutes of the day, with a weight 0…1."""

    days: frozenset[int]
    start: int
    end: int
    weight: Decimal


Wishes = tuple[Window, ...]


def parse_days(text: str) -> frozenset[int]:
    """Read ``Mo-Fr``, ``Tu,We`` or ``Sa-Mo`` (ranges may wrap).

    Raises:
        ValueError: with a sentence naming the part that is not a day.
    """
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = (piece.strip().capitalize() for piece in part.partition("-"))
        for name in (first, last) if dash else (first,):
            if name not in WEEKDAYS:
                raise ValueError(f"'{name}' is not a day; days are {', '.join(WEEKDAYS)}.")
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - start) % 7 + 1 if dash else 1
        days.update((start + offset) % 7 for offset in range(length))
    return frozenset(days)


def parse_weight(text: str) -> Decimal:
    """Read an exact decimal weight from 0 to 1 with at most six places."""
    try:
        weight = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"the weight '{text.strip()}' is not a number from 0 to 1.") from None
    if not (weight.is_finite() and 0 <= weight <= 1):
        raise ValueError(f"the weight {text.strip()} is not between 0 and 1.")
    if weight != round(weight, _WEIGHT_DIGITS):
        raise ValueError(f"the weight {text.strip()} has more than {_WEIGHT_DIGITS} places.")
    return weight


def parse_window(text: str, weight: Decimal = Decimal(1)) -> Window:
    """Read ``Mo-Fr 07:30-09:00``; ``24:00`` ends a day.

    Raises:
        ValueError: with a sentence saying what is wrong.
    """
    # Word processors and spreadsheets turn hyphens into dashes.
    match = _WINDOW.fullmatch(text.strip().replace("\N{EN DASH}", "-"))
    if match is None:
        raise ValueError(f"'{text.strip()}' is not a window such as 'Mo-Fr 07:30-09:00'.")
    start, end = _minute(match["start"]), _minute(match["end"])
    if end <= start:
        raise ValueError(
            f"the window '{text.strip()}' ends before it starts; write one that crosses midnight "
            "as two, up to 24:00 and from 00:00 of the next day."
        )
    return Window(parse_days(match["days"]), start, end, weight)


def parse_wishes(text: str) -> Wishes:
    """Read a CSV cell: ``Mo-Fr 07:30-09:00 = 1; Mo-Fr 09:00-12:00 = 0.5`` (no weight = 1)."""
    wishes = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        window, equals, weight = part.partition("=")
        wishes.append(parse_window(window, parse_weight(weight) if equals else Decimal(1)))
    return tuple(wishes)


def _minute(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    total = hour * 60 + minute
    if minute >= 60 or total > MINUTES_A_DAY:
        raise ValueError(f"{text} is not a time of day from 00:00 to 24:00.")
    return total


def weekly_weights(wishes: Sequence[Window]) -> tuple[list[int], int]:
    """Return the weight of each local minute of a week (Monday 00:00 = 0) and their common scale.

    A minute's weight is ``weights[minute] / scale`` exactly; where windows overlap the highest
    weight counts, where none is it is 0.
    """
    places = next(k for k in range(_WEIGHT_DIGITS + 1) if all(_whole(w.weight, k) for w in wishes))
    scale = 10**places
    weights = [0] * MINUTES_A_WEEK
    for window in wishes:
        value = int(window.weight * scale)
        for day in window.days:
            base = day * MINUTES_A_DAY
            for minute in range(base + window.start, base + window.end):
                weights[minute] = max(weights[minute], value)
    return weights, scale


def _whole(weight: Decimal, places: int) -> bool:
    return weight.scaleb(places) % 1 == 0
