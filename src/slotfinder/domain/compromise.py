"""What a slot is worth to two people, and which one is the compromise (compromise.md §2, §4).

Everything is whole numbers: rationals are rounded once, half up, so that an independent program
gets the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slotfinder.domain.meeting import Both
from slotfinder.domain.people import Role

START_BALANCE = 50
"""What each person's balance begins at, so that a first meeting does not decide everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one meeting, past or planned, is worth to both."""

    start: datetime
    satisfaction: Both
    share: Both


def round_half_up(numerator: int, denominator: int) -> int:
    """Return the nearest whole number of a non-negative rational, halves upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def share_of(satisfaction: int, best: int) -> int:
    """Return a satisfaction in percent of the person's own best; 100 where there is no best."""
    return min(100, round_half_up(100 * satisfaction, best)) if best else 100


def yields(share: Both) -> Role | None:
    """Return who gives way in a meeting: whose share doubled is still below the other's."""
    if 2 * share.mentor < share.mentee:
        return Role.MENTOR
    if 2 * share.mentee < share.mentor:
        return Role.MENTEE
    return None


def dry_spell_breaks(who: Sequence[Role | None], limit: int) -> int:
    """Count the meetings (given in order) at which one yields more than ``limit`` in a row."""
    breaks, row, last = 0, 0, None
    for role in who:
        row = row + 1 if role is not None and role is last else int(role is not None)
        last = role
        breaks += row > limit
    return breaks


def remembered(meetings: Sequence[Worth], memory: int) -> tuple[Worth, ...]:
    """Return the last ``memory`` meetings by start: those the rule still counts."""
    return tuple(sorted(meetings, key=lambda worth: worth.start)[-memory:]) if memory else ()


def balance(meetings: Sequence[Worth]) -> Both:
    """Return both people's balance after these meetings: ``A`` and ``B`` of the rule."""
    return Both(
        START_BALANCE + sum(worth.satisfaction.mentor for worth in meetings),
        START_BALANCE + sum(worth.satisfaction.mentee for worth in meetings),
    )


def favoured_next(share: Both) -> Role | None:
    """Return whom a meeting speaks for next time: who got less of the own best; None for equal."""
    if share.mentor == share.mentee:
        return None
    return Role.MENTOR if share.mentor < share.mentee else Role.MENTEE


def whose_turn(meetings: Sequence[Worth]) -> Role:
    """Return who chooses next under ``turns``: who had less last time, else the other than then."""
    turn = Role.MENTOR
    for worth in meetings:
        if worth.share.mentor != worth.share.mentee:
            turn = Role.MENTOR if worth.share.mentor < worth.share.mentee else Role.MENTEE
        else:
            turn = turn.other
    return turn
