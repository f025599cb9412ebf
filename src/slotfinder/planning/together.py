"""All pairs together (compromise.md §5): no person in two meetings, one meeting in a room.

Pairs that share neither a person nor a contested room do not concern each other and get exactly
their own best. Within a group that does, every pair first gets its best choice for itself; where
two of those clash, the search tries both ways out (this meeting stays and the others give way, or
it gives way itself) and goes on where the sum of all pairs is greatest. The first choice without
a clash is the best of all. Where that takes too many steps, the pairs are taken one after the
other and then improved in turn. Steps are counted, never timed: same facts, same plan.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
from math import log

import numpy as np

from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format
from slotfinder.domain.programme import Rule
from slotfinder.planning.grid import Bools, Spans, minutes_of
from slotfinder.planning.joint import Solution
from slotfinder.planning.pair import PairPlan
from slotfinder.planning.world import Occurrence, World

_EFFORT = 60_000
"""How many candidates may be looked at again to resolve a group's clashes for the best of all."""

_ROUNDS = 4
"""How often each pair may choose again beside the others."""

_FAR = timedelta(hours=8)
"""Further apart than any travel or buffer."""


def choose(plans: Sequence[PairPlan], world: World) -> None:
    """Choose the slots of all open occurrences, and settle them in the plans."""
    for group in _groups([plan for plan in plans if plan.occurrences]):
        _Group(group, world).settle()
        for plan in group:
            plan.go_online_where_lost()


def _groups(plans: Sequence[PairPlan]) -> list[list[PairPlan]]:
    """Return the plans in groups that share people or contested rooms, directly or by others."""
    parent = list(range(len(plans)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    first: dict[str, int] = {}
    for number, plan in enumerate(plans):
        for shared in plan.resources():
            other = root(first.setdefault(shared, number))
            mine = root(number)
            parent[max(mine, other)] = min(mine, other)
    groups: dict[int, list[PairPlan]] = {}
    for number, plan in enumerate(plans):
        groups.setdefault(root(number), []).append(plan)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Taken:
    """One chosen meeting: whose, which occurrence, and when."""

    plan: int
    position: int
    choice: int
    occurrence: Occurrence
    interval: Interval


@dataclass(frozen=True, slots=True)
class _Node:
    """A choice for every pair, under what was ruled out so far to resolve clashes."""

    allowed: tuple[tuple[Bools, ...], ...]
    solutions: tuple[Solution, ...]


class _Group:
    """Pairs that concern each other."""

    def __init__(self, plans: Sequence[PairPlan], world: World) -> None:
        self._plans = plans
        self._world = world

    def settle(self) -> None:
        """Find a choice without clashes and settle it."""
        node = self._search()
        rooms = self._rooms(list(self._taken(node)))
        for taken in self._taken(node):
            self._plans[taken.plan].settle(
                taken.position, taken.choice, rooms.get((taken.plan, taken.position))
            )

    def _search(self) -> _Node:
        allowed = tuple(
            tuple(self._world.free(each) for each in plan.occurrences) for plan in self._plans
        )
        best = zip(self._plans, allowed, strict=True)
        root = _Node(allowed, tuple(plan.best(free) for plan, free in best))
        order = count()
        waiting = [(-self._worth(root), next(order), root)]
        effort = 0
        while waiting and effort < _EFFORT:
            _, _, node = heappop(waiting)
            clash = self._clash(list(self._taken(node)))
            if clash is None:
                return self._in_turn(root, node.solutions)
            for child in self._ways_out(node, clash):
                heappush(waiting, (-self._worth(child), next(order), child))
            effort += sum(self._plans[each.plan].size for each in clash)
        return self._in_turn(root, [None] * len(self._plans))

    def _worth(self, node: _Node) -> float:
        """Return the sum over all pairs of what their choices are worth (docs/compromise.md §5)."""
        pairs = zip(self._plans, node.solutions, strict=True)
        return sum(worth(solution, plan) for plan, solution in pairs)

    def _taken(self, node: _Node) -> Iterator[_Taken]:
        for number, solution in enumerate(node.solutions):
            yield from self._taken_by(number, solution)

    def _taken_by(self, number: int, solution: Solution) -> Iterator[_Taken]:
        for position, choice in enumerate(solution.choices):
            if choice is not None:
                occurrence = self._plans[number].occurrences[position]
                interval = occurrence.candidates.interval(choice)
                yield _Taken(number, position, choice, occurrence, interval)

    def _clash(self, taken: Sequence[_Taken]) -> list[_Taken] | None:
        """Return meetings that cannot all stay, None where all can: first of people, then rooms."""
        ordered = sorted(taken, key=lambda each: each.interval)
        for number, one in enumerate(ordered):
            for other in ordered[number + 1 :]:
                if other.interval.start - one.interval.end > _FAR:
                    break
                if one.plan != other.plan and self._share_a_person_too_close(one, other):
                    return [one, other]
        return self._without_room(ordered)

    def _share_a_person_too_close(self, one: _Taken, other: _Taken) -> bool:
        first, second = one.occurrence, other.occurrence
        if not set(first.pair.people) & set(second.pair.people):
            return False
        return one.interval.widen(self._margin(first, second)).overlaps(other.interval)

    def _margin(self, first: Occurrence, second: Occurrence) -> timedelta:
        margin = self._world.margin
        return max(margin(first.form, first.pair), margin(second.form, second.pair))

    def _without_room(self, ordered: Sequence[_Taken]) -> list[_Taken] | None:
        """Return a meeting that finds no room, with those at the same time that take them."""
        rooms = self._rooms(ordered)
        for each in ordered:
            if self._needs_room(each) and (each.plan, each.position) not in rooms:
                return [each, *self._beside(each, ordered)]
        return None

    def _beside(self, one: _Taken, ordered: Iterable[_Taken]) -> list[_Taken]:
        """Return the other meetings at the site that overlap."""
        site = self._world.site_of(one.occurrence.pair)
        return [
            each
            for each in ordered
            if each is not one
            and self._needs_room(each)
            and self._world.site_of(each.occurrence.pair) == site
            and each.interval.overlaps(one.interval)
        ]

    def _needs_room(self, taken: _Taken) -> bool:
        site = self._world.programme.sites.get(self._world.site_of(taken.occurrence.pair))
        return taken.occurrence.form is Format.IN_PERSON and bool(site and site.rooms)

    def _rooms(self, taken: Sequence[_Taken]) -> dict[tuple[int, int], str]:
        """Return a room for each meeting that needs one, by start; who finds none is left out."""
        given: dict[tuple[int, int], str] = {}
        planned: list[tuple[str, Interval]] = []
        for each in sorted(taken, key=lambda each: (each.interval, each.plan)):
            if self._needs_room(each):
                room = self._world.room_for(each.occurrence, each.interval, planned)
                if room:
                    given[each.plan, each.position] = room
                    planned.append((room, each.interval))
        return given

    def _ways_out(self, node: _Node, clash: Sequence[_Taken]) -> Iterator[_Node]:
        """Yield a node for each meeting of the clash that gives way, the ones before it staying."""
        for number, giving in enumerate(clash):
            allowed = [list(each) for each in node.allowed]
            for staying in clash[:number]:
                only = np.zeros_like(allowed[staying.plan][staying.position])
                only[staying.choice] = True
                allowed[staying.plan][staying.position] = only
            without = allowed[giving.plan][giving.position].copy()
            without[giving.choice] = False
            if len(clash) == 2 and number:
                without &= ~self._too_close(giving.occurrence, clash[0])
            allowed[giving.plan][giving.position] = without
            solutions = list(node.solutions)
            masks = tuple(tuple(each) for each in allowed)
            solutions[giving.plan] = self._plans[giving.plan].best(masks[giving.plan])
            yield _Node(masks, tuple(solutions))

    def _too_close(self, occurrence: Occurrence, staying: _Taken) -> Bools:
        """Tell which candidates would bring a shared person into two meetings."""
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        if not set(occurrence.pair.people) & set(staying.occurrence.pair.people):
            return np.zeros(starts.shape, dtype=np.bool_)
        margin = minutes_of(self._margin(occurrence, staying.occurrence))
        return Spans([staying.interval]).hit(starts, duration, margin)

    def _in_turn(self, root: _Node, found: Sequence[Solution | None]) -> _Node:
        """Let every pair in turn choose its best beside the others, until nobody moves.

        Where the search found no choice this makes one, pairs in the file's order. Where it did,
        no pair gains by it, but one that gave way to a meeting that then moved may do so again.
        """
        solutions = list(found)
        for _ in range(_ROUNDS):
            before = list(solutions)
            for number, plan in enumerate(self._plans):
                if solutions[number] != root.solutions[number]:  # else nothing can be better
                    solutions[number] = plan.best(self._beside_others(number, root, solutions))
            if solutions == before:
                break
        return _Node(root.allowed, tuple(each for each in solutions if each))

    def _beside_others(
        self, number: int, root: _Node, solutions: Sequence[Solution | None]
    ) -> tuple[Bools, ...]:
        """Return what the other pairs' choices leave one pair."""
        others = [
            taken
            for other, solution in enumerate(solutions)
            if solution and other != number
            for taken in self._taken_by(other, solution)
        ]
        given = self._rooms(others)
        planned = [
            (room, each.interval)
            for each in others
            if (room := given.get((each.plan, each.position)))
        ]
        masks = []
        for occurrence, free in zip(
            self._plans[number].occurrences, root.allowed[number], strict=True
        ):
            left = free & self._world.room_left(occurrence, planned)
            for other in others:
                left &= ~self._too_close(occurrence, other)
            masks.append(left)
        return tuple(masks)


def worth(solution: Solution, plan: PairPlan) -> float:
    """Return what a choice counts among all pairs: penalties that keep §4's order, then merit.

    The order is kept for up to nine open occurrences a pair (docs/compromise.md §5).
    """
    missing = len(plan.occurrences) - solution.placed
    penalty = 1000 * missing + 100 * solution.below + 10 * solution.breaks
    return _term(solution, plan) - penalty


def _term(solution: Solution, plan: PairPlan) -> float:
    """Return step 4 on a scale that pairs can be summed on: logarithms for ``fair``, else 0…1."""
    rule, merit = plan.rule, solution.merit
    most = 100 * max(1, len(plan.occurrences) + len(plan.series))
    if rule is Rule.FAIR:
        return log(merit[0])
    if rule is Rule.TOTAL:
        return merit[0] / (2 * most + 100)
    return sum(max(0, number) for number in merit[::2]) / most
