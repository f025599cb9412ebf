"""Three shapes of wishes to compare rules on: what the middle of the day is worth to both."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

from slotfinder.domain.people import Role
from slotfinder.domain.preference import Window, Wishes


class Shape(StrEnum):
    """How fast a slot loses its worth with its distance from somebody's favourite hour."""

    BAD_MIDDLE = "bad-middle"
    LINEAR = "linear"
    FINE_MIDDLE = "fine-middle"


_WORTH: dict[Shape, Callable[[float], float]] = {
    Shape.BAD_MIDDLE: lambda far: (1 - far) ** 2,
    Shape.LINEAR: lambda far: 1 - far,
    Shape.FINE_MIDDLE: lambda far: 1 - far**2,
}
_WORKDAYS = frozenset(range(5))
_FIRST, _LAST, _STEP = 8 * 60, 18 * 60, 30


def shaped_wishes(shape: Shape, role: Role) -> Wishes:
    """Return wishes from 08:00 to 18:00, best for the mentee at first and for the mentor at last.

    Nothing is worth less than a hundredth, so that every half-hour can be booked.
    """
    starts = range(_FIRST, _LAST, _STEP)
    windows = []
    for number, start in enumerate(starts):
        early = number / (len(starts) - 1)
        worth = _WORTH[shape](early if role is Role.MENTEE else 1 - early)
        weight = max(Decimal("0.01"), round(Decimal(worth), 2))
        windows.append(Window(_WORKDAYS, start, start + _STEP, weight))
    return tuple(windows)
