"""The candidates of one occurrence beside the rest of its pair's plan, best first: runners-up."""

from collections.abc import Sequence

import numpy as np

from slotfinder.domain.compromise import (
    Worth,
    balance,
    dry_spell_breaks,
    whose_turn,
    yields,
)
from slotfinder.domain.people import Role
from slotfinder.domain.programme import Baseline, CompromiseRules, Rule
from slotfinder.planning.candidates import Candidates
from slotfinder.planning.grid import Bools, Clock, Ints, minute_of, minute_of_week


def ranked(
    candidates: Candidates,
    possible: Bools,
    series: Sequence[Worth],
    rules: CompromiseRules,
    clock: Clock,
) -> list[int]:
    """Return the possible candidates, the best by compromise.md §4 first.

    ``series`` are the meetings the rule remembers and those already planned; ``clock`` is that of
    the programme's zone, in which habits are kept.
    """
    chosen = np.flatnonzero(possible)
    ordered = sorted(series, key=lambda worth: worth.start)
    shares = candidates.share[0][chosen], candidates.share[1][chosen]
    starts = candidates.starts[chosen]
    positions = np.searchsorted([minute_of(worth.start) for worth in ordered], starts)
    columns = [
        (shares[0] < rules.floor) | (shares[1] < rules.floor),
        _breaks(ordered, positions, shares, rules.yields),
        *(-column for column in _merit(candidates, chosen, ordered, positions, rules.rule)),
        -_habit(ordered, positions, starts, clock),
        starts,
    ]
    return [int(index) for index in chosen[np.lexsort(columns[::-1])]]


def _breaks(
    series: Sequence[Worth], positions: Ints, shares: tuple[Ints, Ints], limit: int
) -> Ints:
    """Return how often the whole series breaks the dry-spell rule with each candidate in it."""
    mentor, mentee = shares
    roles = np.where(2 * mentor < mentee, 1, 0) - np.where(2 * mentee < mentor, 1, 0)
    who = {1: Role.MENTOR, -1: Role.MENTEE, 0: None}
    before = [yields(worth.share) for worth in series]
    found: dict[tuple[int, int], int] = {}
    for key in set(zip(positions.tolist(), roles.tolist(), strict=True)):
        position, role = key
        found[key] = dry_spell_breaks([*before[:position], who[role], *before[position:]], limit)
    keys = zip(positions.tolist(), roles.tolist(), strict=True)
    return np.array([found[key] for key in keys], dtype=np.int64)


def _merit(
    candidates: Candidates,
    chosen: Ints,
    series: Sequence[Worth],
    positions: Ints,
    rule: Rule | Baseline,
) -> list[Ints]:
    """Return step 4 of each rule, greater is better, most important column first."""
    mentor, mentee = (side[chosen] for side in candidates.satisfaction)
    shares = [side[chosen] for side in candidates.share]
    match rule:
        case Rule.FAIR:
            base = balance(series)
            return [(base.mentor + mentor) * (base.mentee + mentee)]
        case Rule.TOTAL:
            return [mentor + mentee]
        case Rule.EQUAL:
            totals = [
                sum(worth.share.mentor for worth in series) + shares[0],
                sum(worth.share.mentee for worth in series) + shares[1],
            ]
            return [np.minimum(*totals), np.maximum(*totals)]
        case Rule.TURNS:
            turns = [whose_turn(series[:position]) for position in range(len(series) + 1)]
            mentors = np.array([turn is Role.MENTOR for turn in turns])[positions]
            return [np.where(mentors, *shares), np.where(mentors, *reversed(shares))]
        case Baseline.EARLIEST:
            return [-candidates.starts[chosen]]
        case Baseline.ORGANIZER:
            return [mentee, -candidates.starts[chosen]]


def _habit(series: Sequence[Worth], positions: Ints, starts: Ints, clock: Clock) -> Ints:
    """Return how many meetings keep the weekday and local start of the one directly before."""
    mine = clock.minute_of_week(starts)
    # A week that no minute has stands for "nothing before" and "nothing after".
    known = np.array([-1, *(minute_of_week(worth.start, clock.zone) for worth in series), -2])
    before, after = known[positions], known[positions + 1]
    kept = np.count_nonzero(known[1:] == known[:-1])
    result: Ints = kept - (before == after) + (before == mine) + (after == mine)
    return result
