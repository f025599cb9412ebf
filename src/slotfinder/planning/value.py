"""What a pair's choice counts among all pairs (compromise.md §5)."""

from math import log

from slotfinder.domain.programme import Rule
from slotfinder.planning.joint import Solution
from slotfinder.planning.pair import PairPlan


def worth(solution: Solution, plan: PairPlan, periods: int) -> float:
    """Return what a choice counts among all pairs: penalties that keep §4's order, then merit.

    ``periods`` is how many open occurrences a pair has at most. The penalties are 1000 for a
    missing meeting, 100 for a side below the floor and 10 for a break; beyond nine periods each
    outweighs as many of the next as a pair can have. Each missing meeting of a pair that lost its
    last one counts twice: never two lost meetings in a row.
    """
    missing = (len(plan.occurrences) - solution.placed) * (2 if plan.lost_its_last else 1)
    base = max(10, periods + 1)
    penalty = 10 * (solution.breaks + base * (solution.below + base * missing))
    return term_of(solution, plan) - penalty


def steps_of(solution: Solution) -> tuple[int, int, int]:
    """Return steps 1 to 3 of the rule: greater is better."""
    return solution.value[:3]


def term_of(solution: Solution, plan: PairPlan) -> float:
    """Return step 4 on a scale that pairs can be summed on: logarithms for ``fair``, else 0…1."""
    rule, merit = plan.rule, solution.merit
    most = 100 * max(1, len(plan.occurrences) + len(plan.series))
    if rule is Rule.FAIR:
        return log(merit[0])
    if rule is Rule.TOTAL:
        return merit[0] / (2 * most + 100)
    return sum(max(0, number) for number in merit[::2]) / most


def most_of_turns(solution: Solution, plan: PairPlan) -> float:
    """Return what ``term_of`` is at most under ``turns`` with as many meetings."""
    return solution.placed / max(1, len(plan.occurrences) + len(plan.series))
