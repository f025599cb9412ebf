"""All pairs together (compromise.md §5): no person in two meetings, one meeting in a room.

Couple only what is coupled. Every pair first gets its best choice for itself; where nothing
clashes, that is the best of all. Pairs whose meetings clash become one group, and a search finds
the group's best: of each clash it tries both ways out (this meeting stays and the others give
way, or it gives way itself) and goes on where the sum of the group is greatest. A group whose
best clashes with others grows by them. Where a group needs too many steps, the meeting whose pair
loses least gives way, and then the pairs choose again in turn, and in exchange for each other,
while their sum grows. Steps are counted, never timed: same facts, same plan.

The best that each group could have by itself bounds what any plan can reach: the certificate.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

import numpy as np

from slotfinder.domain.programme import Rule
from slotfinder.planning.board import Board, Taken
from slotfinder.planning.grid import Bools
from slotfinder.planning.joint import Solution
from slotfinder.planning.pair import PairPlan
from slotfinder.planning.plan import Certificate
from slotfinder.planning.value import most_of_turns, steps_of, term_of, worth
from slotfinder.planning.world import World

_EFFORT = 20_000
"""How many candidates may be looked at again to find the best of a group."""

_EFFORT_IN_ALL = 1_000_000
"""How many for all groups of a plan."""

_MEMBERS = 8
"""Groups of more pairs are not searched: there are too many ways out of their clashes."""

_NOTHING = 1e-9
"""Sums of logarithms are no more exact than this."""

_ROUNDS = 4
"""How often pairs choose again beside the others."""

Masks = tuple[Bools, ...]


def choose(plans: Sequence[PairPlan], world: World, *, members: int = _MEMBERS) -> Certificate:
    """Choose the slots of all open occurrences, settle them, and prove how good they are.

    ``members`` is how many pairs a group may have for its best to be searched for.
    """
    concerned = [plan for plan in plans if plan.occurrences]
    choosing = _Choosing(concerned, world, members)
    choosing.part_all()
    choosing.improve()
    choosing.settle()
    certificate = choosing.certificate()
    for plan in concerned:
        plan.go_online_where_lost()
    return certificate


@dataclass(slots=True)
class _Group:
    """Pairs whose choices depend on each other; ``contested`` once its best is out of reach."""

    members: tuple[int, ...]
    contested: bool = False


@dataclass(frozen=True, slots=True)
class _Node:
    """A choice for every pair of a group, under what was ruled out so far to resolve clashes."""

    masks: dict[int, Masks]
    solutions: dict[int, Solution]


class _Choosing:
    def __init__(self, plans: Sequence[PairPlan], world: World, most_members: int) -> None:
        self._plans = plans
        self._most_members = most_members
        self._periods = max((len(plan.occurrences) for plan in plans), default=0)
        self._world = world
        self._board = Board([plan.occurrences for plan in plans], world)
        self._masks = [tuple(world.free(each) for each in plan.occurrences) for plan in plans]
        self._left = list(self._masks)
        self._known: dict[tuple[int, bytes], Solution] = {}
        self._own = [self._best(number, masks) for number, masks in enumerate(self._masks)]
        self._chosen = list(self._own)
        self._groups = [_Group((number,)) for number in range(len(plans))]
        self._effort = 0
        self._unseated = 0
        for number in range(len(plans)):
            self._board.put(self._taken(number))

    def part_all(self) -> None:
        """Resolve all clashes."""
        waiting = deque(sorted(self._taken_by(range(len(self._plans)))))
        while waiting:
            taken = waiting.popleft()
            if taken in self._taken(taken.plan) and (clash := self._board.clash(taken)):
                waiting.extend(self._part(clash))
                waiting.appendleft(taken)

    def improve(self) -> None:
        """Let contested pairs exchange while their sum grows, then all choose again in turn.

        A pair may have given way to a meeting that then moved itself.
        """
        contested = [number for number, group in enumerate(self._groups) if group.contested]
        self._repeat(contested, self._choose_again, self._exchange, self._ask)
        self._repeat(range(len(self._plans)), self._choose_again)

    def _repeat(self, numbers: Iterable[int], *ways: Callable[[int], None]) -> None:
        """Try these ways with each pair that has not its own best, until nothing changes."""
        numbers = list(numbers)
        for _ in range(_ROUNDS):
            before = list(self._chosen)
            lost = [each for each in numbers if self._chosen[each] != self._own[each]]
            for number in sorted(lost, key=self._loss, reverse=True):
                for way in ways:
                    way(number)
            if self._chosen == before:
                break

    def settle(self) -> None:
        """Make the choices those of the plans, with rooms.

        Should one find no room after all, because seating takes too many steps, it is not taken.
        """
        rooms = self._board.rooms()
        for number, plan in enumerate(self._plans):
            for each in sorted(self._taken(number), key=lambda taken: taken.position):
                room = rooms.get((number, each.position))
                if room is None and self._board.needs_room(each):
                    self._unseated += 1
                else:
                    plan.settle(each.position, each.choice, room)

    def certificate(self) -> Certificate:
        """Return what was reached, and what no plan can exceed."""
        reached = [steps_of(each) for each in self._chosen]
        most = [steps_of(each) for each in self._own]
        terms = [term_of(*item) for item in zip(self._chosen, self._plans, strict=True)]
        bounds = [self._bound(number) for number in range(len(self._plans))]
        return Certificate(
            pairs=len(self._plans),
            rule=self._world.programme.compromise.rule,
            placed=sum(each[0] for each in reached) - self._unseated,
            most=sum(each[0] for each in most),
            below=-sum(each[1] for each in reached),
            breaks=-sum(each[2] for each in reached),
            value=sum(terms),
            bound=max(sum(terms), sum(bounds)),
        )

    def _bound(self, number: int) -> float:
        """Return what step 4 of a pair can be at most, with its steps 1 to 3 as reached."""
        plan, chosen, own = self._plans[number], self._chosen[number], self._own[number]
        if plan.rule is Rule.TURNS:
            # Who is first by turns need not have the greatest sum: only the shares' own end bounds.
            return most_of_turns(chosen, plan)
        if not self._groups[number].contested or chosen == own:
            return term_of(chosen, plan)
        if steps_of(chosen) == steps_of(own):
            return term_of(own, plan)
        return term_of(plan.greatest(self._masks[number]), plan)

    def _best(self, number: int, masks: Masks) -> Solution:
        key = number, b"".join(mask.tobytes() for mask in masks)
        if key not in self._known:
            self._known[key] = self._plans[number].best(masks)
        return self._known[key]

    def _worth(self, number: int, solution: Solution) -> float:
        return worth(solution, self._plans[number], self._periods)

    def _loss(self, number: int) -> float:
        """Return how far a pair's choice is from its best for itself."""
        own, chosen = (self._worth(number, each[number]) for each in (self._own, self._chosen))
        return own - chosen

    def _taken(self, number: int) -> list[Taken]:
        return self._taken_with(number, self._chosen[number])

    def _taken_by(self, numbers: Iterable[int]) -> Iterator[Taken]:
        for number in numbers:
            yield from self._taken(number)

    def _taken_with(self, number: int, solution: Solution) -> list[Taken]:
        found = []
        for position, choice in enumerate(solution.choices):
            if choice is not None:
                candidates = self._plans[number].occurrences[position].candidates
                start = int(candidates.starts[choice])
                found.append(Taken(start, start + candidates.duration, number, position, choice))
        return found

    def _take(self, number: int, solution: Solution) -> None:
        """Give a pair another choice."""
        self._board.lift(self._taken(number))
        self._chosen[number] = solution
        self._board.put(self._taken(number))

    def _part(self, clash: Sequence[Taken]) -> list[Taken]:
        """Resolve a clash; return the meetings of the pairs whose choices changed.

        A pair that can give way at no loss does: then its group still has the best it can.
        """
        giving, offer = self._cheapest(clash)
        if self._lost_with(giving.plan, offer) > 0:
            group = self._merged({each.plan for each in clash})
            before = {number: self._chosen[number] for number in group.members}
            found = None if group.contested else self._search(group)
            if found is not None:
                for number, solution in found.solutions.items():
                    self._take(number, solution)
                changed = [each for each in group.members if self._chosen[each] is not before[each]]
                if changed:
                    return sorted(self._taken_by(changed))
            group.contested = True
        self._left[giving.plan] = self._without(giving)
        self._take(giving.plan, offer)
        return sorted(self._taken(giving.plan))

    def _merged(self, numbers: Iterable[int]) -> _Group:
        """Return the groups of these pairs as one."""
        groups = {id(self._groups[number]): self._groups[number] for number in numbers}
        members = sorted(number for group in groups.values() for number in group.members)
        contested = len(members) > self._most_members or any(
            each.contested for each in groups.values()
        )
        merged = _Group(tuple(members), contested)
        for number in members:
            self._groups[number] = merged
        return merged

    def _search(self, group: _Group) -> _Node | None:
        """Return the group's best choice without clashes; None if that takes too many steps."""
        order, effort = count(), 0
        root = _Node(
            {number: self._masks[number] for number in group.members},
            {number: self._own[number] for number in group.members},
        )
        waiting = [(-self._sum(root), next(order), root)]
        while waiting and effort < _EFFORT and self._effort < _EFFORT_IN_ALL:
            _, _, node = heappop(waiting)
            clash = self._clash_in(node)
            if clash is None:
                return node
            for child in self._ways_out(node, clash):
                heappush(waiting, (-self._sum(child), next(order), child))
            steps = sum(self._plans[each.plan].size for each in clash)
            effort += steps
            self._effort += steps
        return None

    def _sum(self, node: _Node) -> float:
        return sum(self._worth(number, each) for number, each in node.solutions.items())

    def _clash_in(self, node: _Node) -> list[Taken] | None:
        board = self._board.cleared()
        taken = sorted(
            each
            for number, solution in node.solutions.items()
            for each in self._taken_with(number, solution)
        )
        board.put(taken)
        return next((clash for each in taken if (clash := board.clash(each))), None)

    def _ways_out(self, node: _Node, clash: Sequence[Taken]) -> Iterator[_Node]:
        """Yield a node for each meeting of the clash that gives way, the ones before it staying."""
        masks = {number: list(each) for number, each in node.masks.items()}
        for number, giving in enumerate(clash):
            without = masks[giving.plan][giving.position].copy()
            without[giving.choice] = False
            if len(clash) == 2 and number:
                without &= ~self._board.too_close(self._board.occurrence(giving), clash[0])
            mine = list(masks[giving.plan])
            mine[giving.position] = without
            narrowed = {each: tuple(listed) for each, listed in masks.items()}
            narrowed[giving.plan] = tuple(mine)
            solution = self._best(giving.plan, narrowed[giving.plan])
            yield _Node(narrowed, {**node.solutions, giving.plan: solution})
            only = np.zeros_like(without)
            only[giving.choice] = True
            masks[giving.plan][giving.position] = only

    def _cheapest(self, clash: Sequence[Taken]) -> tuple[Taken, Solution]:
        """Return the meeting of a clash whose pair loses least by giving up its time.

        With it comes the best that pair can have beside all others. What a pair gave way from it
        does not choose again until all clashes are resolved.
        """
        found: list[tuple[float, Taken, Solution]] = []
        for each in clash:
            offer = self._beside_others(each.plan, self._without(each))
            found.append((self._lost_with(each.plan, offer), each, offer))
            if found[-1][0] <= 0:
                break
        _, giving, offer = min(found, key=lambda item: item[:2])
        return giving, offer

    def _lost_with(self, number: int, offer: Solution) -> float:
        return self._worth(number, self._chosen[number]) - self._worth(number, offer)

    def _without(self, giving: Taken) -> Masks:
        masks = [each.copy() for each in self._left[giving.plan]]
        masks[giving.position][giving.choice] = False
        return tuple(masks)

    def _beside_others(self, number: int, masks: Masks) -> Solution:
        """Return the best choice of a pair beside what all others have chosen."""
        return self._best(number, tuple(self._left_by_others(number, masks)))

    def _left_by_others(self, number: int, masks: Masks) -> list[Bools]:
        return [
            self._board.left(number, position, allowed) for position, allowed in enumerate(masks)
        ]

    def _choose_again(self, number: int) -> None:
        """Let a pair choose beside the others; what it has is among what it can choose from."""
        before, offer = self._chosen[number], self._beside_others(number, self._masks[number])
        if offer.choices != before.choices:
            self._take(number, offer)
            if any(self._board.clash(each) for each in self._taken(number)):
                self._take(number, before)

    def _exchange(self, number: int) -> None:
        """Give a pair what it would have without the others, all of it or in one period.

        It stays so where those it displaces lose less than it gains.
        """
        self._try(number, self._own[number])
        for position in range(len(self._masks[number])):
            if self._chosen[number].choices[position] != self._own[number].choices[position]:
                masks = self._left_by_others(number, self._masks[number])
                masks[position] = self._masks[number][position]
                self._try(number, self._best(number, tuple(masks)))

    def _try(self, number: int, offer: Solution) -> None:
        """Let a pair choose so and those it displaces choose again, if their sum grows by it."""
        if self._lost_with(number, offer) >= 0:
            return
        before = {number: self._chosen[number]}
        self._take(number, offer)
        for taken in self._taken(number):
            while clash := self._board.clash(taken):
                others = {each.plan for each in clash} - before.keys()
                if not others:
                    break
                offers = {each: self._beside_others(each, self._masks[each]) for each in others}
                other = min(sorted(others), key=lambda each: self._lost_with(each, offers[each]))
                before[other] = self._chosen[other]
                self._take(other, offers[other])
        self._keep_if_better(before)

    def _ask(self, number: int) -> None:
        """Ask each pair that shares a person with one left without a meeting to give one up."""
        for position, choice in enumerate(self._chosen[number].choices):
            if choice is None:
                for theirs in self._board.of_the_same_people(number, position):
                    before = {each: self._chosen[each] for each in (number, theirs.plan)}
                    masks = [each.copy() for each in self._masks[theirs.plan]]
                    masks[theirs.position][:] = False
                    self._take(theirs.plan, self._beside_others(theirs.plan, tuple(masks)))
                    self._take(number, self._beside_others(number, self._masks[number]))
                    self._choose_again(theirs.plan)
                    if self._keep_if_better(before):
                        break

    def _keep_if_better(self, before: dict[int, Solution]) -> bool:
        """Go back to these choices unless the present ones are worth more."""
        # What was before, seen from now, is what is lost with it.
        gain = sum(self._lost_with(*item) for item in before.items())
        clashes = any(self._board.clash(each) for each in self._taken_by(before))
        if clashes or gain <= _NOTHING:
            for each, solution in before.items():
                self._take(each, solution)
            return False
        # Whoever was displaced may have had the best of its group.
        self._merged(before).contested = True
        return True
