"""One pair's open occurrences chosen together, exactly (compromise.md §4).

Candidates that are worth the same differ only in when they are. So the value (steps 1 to 4) is
found first, on groups of such candidates: labels go through the occurrences in order, each the
best known way to one state. A label that another beats whatever comes later is dropped, and so is
one that cannot reach the value of a good choice found beforehand. Then habit and earliness (steps
5 and 6) choose the times along the ways that reach the best value.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, islice, pairwise
from math import exp, isqrt, log

import numpy as np

from slotfinder.domain.compromise import Worth, balance, whose_turn, yields
from slotfinder.domain.people import Role
from slotfinder.domain.programme import Baseline, CompromiseRules, Rule
from slotfinder.planning.candidates import Candidates
from slotfinder.planning.grid import Bools, Clock, minute_of, minute_of_week

Merit = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a pair's open occurrences are chosen from.

    ``allowed`` says which candidates of each occurrence may be taken; ``series`` are the meetings
    the rule remembers, ``gap`` the least minutes between two starts, ``clock`` the wall clock of
    the programme's zone, in which habits are kept.
    """

    candidates: tuple[Candidates, ...]
    allowed: tuple[Bools, ...]
    series: tuple[Worth, ...]
    rules: CompromiseRules
    gap: int
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The best choice: an index into each occurrence's candidates, None where none is taken.

    ``merit`` is step 4 of the rule; more of it is better, its first number counting most.
    """

    choices: tuple[int | None, ...]
    placed: int
    below: int
    breaks: int
    merit: Merit

    @property
    def value(self) -> tuple[int, int, int, Merit]:
        """Return steps 1 to 4 as a tuple of which the greatest is the best."""
        return self.placed, -self.below, -self.breaks, self.merit


@dataclass(frozen=True, slots=True)
class _Group:
    """Candidates of one occurrence that only differ in when they are.

    ``x`` and ``y`` are what they add to the two sums the rule looks at; ``after`` is how many of
    the remembered meetings lie before them. ``starts`` ascend.
    """

    x: int
    y: int
    role: Role | None
    below: bool
    after: int
    shares: tuple[int, int]
    starts: list[int]
    indices: list[int]


@dataclass(slots=True, eq=False)
class _Label:
    """The best known way through the first occurrences to one state.

    The state is who yielded in the last ``run`` meetings, how many remembered meetings are behind,
    and under ``turns`` whose turn is next. ``last`` is the earliest possible start of the last
    meeting planned. ``ways`` lead here: the label before, and the group taken, if any.
    """

    placed: int
    below: int
    breaks: int
    x: int
    y: int
    turns: Merit
    role: Role | None
    run: int
    after: int
    turn: Role | None
    last: int
    ways: list[tuple["_Label", _Group | None]] = field(default_factory=list)

    @property
    def state(self) -> tuple[Role | None, int, int, Role | None]:
        return self.role, self.run, self.after, self.turn

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.placed, -self.below, -self.breaks

    def beats(self, other: "_Label") -> bool:
        """Tell whether the other, in the same state, cannot lead to a value as good as ours."""
        if self.last > other.last:
            return False
        if self.counts != other.counts:
            return self.counts > other.counts
        if self.turns != other.turns:
            return self.turns > other.turns
        at_least = self.x >= other.x and self.y >= other.y
        return at_least and (self.x, self.y) != (other.x, other.y)


_BEFORE = -(10**12)
"""A start long before everything: there was no planned meeting yet."""


def solve(problem: Problem) -> Solution:
    """Return the best choice for all open occurrences of a pair together."""
    return _Search(problem).solve()


class _Search:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._rules = problem.rules
        self._fixed = sorted(problem.series, key=lambda worth: worth.start)
        self._roles = [yields(worth.share) for worth in self._fixed]
        self._weeks = [minute_of_week(worth.start, problem.clock.zone) for worth in self._fixed]
        self._groups = [
            _groups(candidates, allowed, self._starts_of_fixed, problem.rules)
            for candidates, allowed in zip(problem.candidates, problem.allowed, strict=True)
        ]

    @cached_property
    def _starts_of_fixed(self) -> list[int]:
        return [minute_of(worth.start) for worth in self._fixed]

    def solve(self) -> Solution:
        goal = self._goal()
        labels = [self._root()]
        for depth, groups in enumerate(goal.worth_trying(self._root()), start=1):
            labels = [
                label for label in self._next_layer(labels, groups) if goal.in_reach(label, depth)
            ]
        final = [(self._value(label), label) for label in labels]
        best = max(value for value, _ in final)
        ends = [label for value, label in final if value == best]
        choices = _Times(self._problem, self._weeks, ends, len(self._groups)).choices()
        placed, below, breaks, merit = best
        return Solution(choices=choices, placed=placed, below=-below, breaks=-breaks, merit=merit)

    def _goal(self) -> "_Goal":
        """Return a good choice's value, found by following only the most promising labels."""
        root = self._root()
        weights = _weights(self._rules.rule, root, self._groups)

        def promise(group: _Group) -> tuple[bool, int]:
            return group.below, -weights[0] * group.x - weights[1] * group.y

        labels = [root]
        for groups in self._groups:
            found = self._next_layer(labels, sorted(groups, key=promise), _PROMISING)
            promising = sorted(found, key=lambda each: (each.counts, self._merit(each)))
            labels = promising[-_PROMISING:]
        best = max(labels, key=self._value)
        return _Goal(self._value(best), weights, self._rules.rule, self._groups)

    def _root(self) -> _Label:
        base = balance(self._fixed)
        x, y = base.mentor, base.mentee
        if self._rules.rule is Rule.EQUAL:
            x = sum(worth.share.mentor for worth in self._fixed)
            y = sum(worth.share.mentee for worth in self._fixed)
        turn = whose_turn(()) if self._rules.rule is Rule.TURNS else None
        return _Label(0, 0, 0, x, y, (), None, 0, 0, turn, _BEFORE)

    def _next_layer(
        self, labels: Sequence[_Label], groups: Sequence[_Group], most: int | None = None
    ) -> list[_Label]:
        """Return the labels after one more occurrence, without those another beats.

        Of each label only the first ``most`` groups are followed that keep the gap and break
        nothing, or all of them.
        """
        found: dict[object, _Label] = {}
        for label in labels:
            for step in (*self._steps(label, groups, most), self._leave_out(label)):
                key = step.state, step.counts, step.x, step.y, step.turns
                known = found.setdefault(key, step)
                if known is not step:
                    known.ways += step.ways
                    known.last = min(known.last, step.last)
        return _unbeaten(found.values())

    def _steps(self, label: _Label, groups: Iterable[_Group], most: int | None) -> Iterator[_Label]:
        """Yield the labels after taking a group, as many as ``_next_layer`` says."""
        found = (step for group in groups if (step := self._take(label, group)))
        if most is None:
            return found
        return islice((step for step in found if step.breaks == label.breaks), most)

    def _leave_out(self, label: _Label) -> _Label:
        turns = (*label.turns, -1, -1) if label.turn else ()
        return _Label(
            label.placed,
            label.below,
            label.breaks,
            label.x,
            label.y,
            turns,
            *label.state,
            label.last,
            [(label, None)],
        )

    def _take(self, label: _Label, group: _Group) -> _Label | None:
        """Return the label after taking the group's earliest start the gap allows, if any."""
        position = bisect_left(group.starts, label.last + self._problem.gap)
        if position == len(group.starts):
            return None
        role, run, breaks, turn = self._after_fixed(label, group.after)
        role, run, more = _next_run(role, run, group.role, self._rules.yields)
        turns = label.turns
        if turn is not None:
            mine, theirs = group.shares if turn is Role.MENTOR else group.shares[::-1]
            turns = (*turns, mine, theirs)
            turn = _next_turn(turn, *group.shares)
        return _Label(
            label.placed + 1,
            label.below + group.below,
            breaks + more,
            label.x + group.x,
            label.y + group.y,
            turns,
            role,
            run,
            group.after,
            turn,
            group.starts[position],
            [(label, group)],
        )

    def _after_fixed(self, label: _Label, until: int) -> tuple[Role | None, int, int, Role | None]:
        """Return who yields how often in a row, breaks and turn after more remembered meetings."""
        role, run, breaks, turn = label.role, label.run, label.breaks, label.turn
        for position in range(label.after, until):
            role, run, more = _next_run(role, run, self._roles[position], self._rules.yields)
            breaks += more
            if turn is not None:
                share = self._fixed[position].share
                turn = _next_turn(turn, share.mentor, share.mentee)
        return role, run, breaks, turn

    def _value(self, label: _Label) -> tuple[int, int, int, Merit]:
        _, _, breaks, _ = self._after_fixed(label, len(self._fixed))
        return label.placed, -label.below, -breaks, self._merit(label)

    def _merit(self, label: _Label) -> Merit:
        match self._rules.rule:
            case Rule.FAIR:
                return (label.x * label.y,)
            case Rule.EQUAL:
                return min(label.x, label.y), max(label.x, label.y)
            case Rule.TURNS:
                return label.turns
            case _:
                return (label.x + label.y,)


def _groups(
    candidates: Candidates, allowed: Bools, fixed: Sequence[int], rules: CompromiseRules
) -> list[_Group]:
    """Return the allowed candidates of an occurrence, grouped by what they are worth."""
    indices = np.flatnonzero(allowed)
    if not indices.size:
        return []
    starts = candidates.starts[indices]
    columns = [
        *(side[indices] for side in candidates.satisfaction),
        *(side[indices] for side in candidates.share),
        np.searchsorted(fixed, starts),
    ]
    if isinstance(rules.rule, Baseline):  # to these, every start is worth something else
        columns.append(np.arange(len(starts)))
    key = columns[0]
    for column in columns[1:]:
        key = key * (int(column.max()) + 1) + column
    order = key.argsort(kind="stable")  # within a group, starts still ascend
    edges = np.flatnonzero(np.diff(key[order], prepend=-1)).tolist()
    firsts = order[edges]
    worths = zip(*(column[firsts].tolist() for column in columns[:5]), strict=True)
    listed, ordered = starts[order].tolist(), indices[order].tolist()
    return [
        _group(worth, listed[first:end], ordered[first:end], rules)
        for worth, (first, end) in zip(worths, pairwise([*edges, len(listed)]), strict=True)
    ]


def _group(
    worth: tuple[int, ...], starts: list[int], indices: list[int], rules: CompromiseRules
) -> _Group:
    mentor, mentee, mentor_share, mentee_share, after = worth
    match rules.rule:
        case Rule.FAIR:
            x, y = mentor, mentee
        case Rule.EQUAL:
            x, y = mentor_share, mentee_share
        case Rule.TURNS:
            x, y = 0, 0
        case Rule.TOTAL:
            x, y = mentor + mentee, 0
        case Baseline.EARLIEST:
            x, y = -starts[0], 0
        case Baseline.ORGANIZER:
            x, y = mentee * _FIRST - starts[0], 0
    role = None
    if 2 * mentor_share < mentee_share:
        role = Role.MENTOR
    elif 2 * mentee_share < mentor_share:
        role = Role.MENTEE
    below = min(mentor_share, mentee_share) < rules.floor
    return _Group(x, y, role, below, after, (mentor_share, mentee_share), starts, indices)


def _unbeaten(labels: Iterable[_Label]) -> list[_Label]:
    """Return the labels that no other label of the same state beats."""
    by_state: dict[object, list[_Label]] = {}
    ordered = sorted(labels, key=lambda label: (label.counts, label.turns, label.x), reverse=True)
    for label in ordered:
        kept = by_state.setdefault(label.state, [])
        if not any(other.beats(label) for other in kept):
            kept.append(label)
    return [label for kept in by_state.values() for label in kept]


def _next_run(
    role: Role | None, run: int, then: Role | None, limit: int
) -> tuple[Role | None, int, int]:
    """Return who yields how often in a row after one more meeting, and whether that is a break."""
    if then is None:
        return None, 0, 0
    # Beyond the limit every further one is a break, however long the row is already.
    run = min(run + 1, limit + 1) if then is role else 1
    return then, run, int(run > limit)


def _next_turn(turn: Role, mentor: int, mentee: int) -> Role:
    if mentor == mentee:
        return turn.other
    return Role.MENTOR if mentor < mentee else Role.MENTEE


def _weights(
    rule: Rule | Baseline, root: _Label, groups: Sequence[Sequence[_Group]]
) -> tuple[int, int]:
    """Return weights p, q of the two sums with which p·X + q·Y bounds step 4 best.

    For any weights, each occurrence's own best adds up to the most p·X + q·Y can be, and then
    ``fair``: X·Y ≤ (p·X + q·Y)² / 4pq (the inequality of the means), ``equal``: min(X, Y) ≤
    (p·X + q·Y) / (p + q). Both bounds are convex in log(p/q), so halving finds where they are
    least; any weights would do, so that floats are good enough.
    """
    if rule not in {Rule.FAIR, Rule.EQUAL}:
        return 1, 1
    some = [each for each in groups if each]
    x, y = (
        np.array([getattr(group, side) for each in some for group in each], dtype=np.float64)
        for side in ("x", "y")
    )
    firsts = [*accumulate((len(each) for each in some), initial=0)][:-1]

    def bound(slope: float) -> float:
        weight = exp(slope)
        gains = np.maximum.reduceat(weight * x + y, firsts).sum() if firsts else 0.0
        most = weight * root.x + root.y + float(gains)
        return 2 * log(most) - slope if rule is Rule.FAIR else most / (1 + weight)

    low, high = -_STEEPEST, _STEEPEST
    for _ in range(_HALVINGS):
        third = (high - low) / 3
        if bound(low + third) <= bound(high - third):
            high -= third
        else:
            low += third
    return max(1, round(exp((low + high) / 2) * _SCALE)), _SCALE


_STEEPEST, _HALVINGS, _SCALE = 4.0, 16, 4096
"""Slopes looked at are e^±4, to some hundredths; weights are whole multiples of 1/4096."""


class _Goal:
    """A value that is known to be reached, and what the occurrences still to come can add."""

    def __init__(
        self,
        value: tuple[int, int, int, Merit],
        weights: tuple[int, int],
        rule: Rule | Baseline,
        groups: Sequence[Sequence[_Group]],
    ) -> None:
        self._counts, self._rule = value[:3], rule
        self._weights = weights
        merit, (p, q) = value[3][0] if value[3] else 0, weights
        # The least weighted sum with which the goal's step 4 can be reached.
        match rule:
            case Rule.FAIR:
                self._wanted = isqrt(4 * p * q * merit - 1) + 1
            case Rule.EQUAL:
                self._wanted = (p + q) * merit
            case _:
                self._wanted = merit
        self._groups = groups
        self._placed = _still([int(bool(each)) for each in groups])
        self._below = _still([min((group.below for group in each), default=0) for each in groups])
        self._gain = _still([max(map(self._worth, each), default=0) for each in groups])

    def worth_trying(self, root: _Label) -> list[list[_Group]]:
        """Return the groups of each occurrence with which the goal is in reach at all.

        Where the goal has as many meetings, and as few below the floor and breaks, as there can
        be, no choice beats it there: then only what keeps step 4 in reach is worth a try.
        """
        most = self._placed[0], -self._below[0], 0
        if self._counts != most or self._rule is Rule.TURNS:
            return [list(groups) for groups in self._groups]
        slack = self._sums(root) + self._gain[0] - self._wanted
        found = []
        for depth, groups in enumerate(self._groups):
            best = self._gain[depth] - self._gain[depth + 1]
            below = self._below[depth] - self._below[depth + 1]
            found.append(
                [
                    group
                    for group in groups
                    if best - self._worth(group) <= slack and group.below <= below
                ]
            )
        return found

    def _sums(self, label: _Label) -> int:
        return self._weights[0] * label.x + self._weights[1] * label.y

    def _worth(self, group: _Group) -> int:
        return self._weights[0] * group.x + self._weights[1] * group.y

    def in_reach(self, label: _Label, depth: int) -> bool:
        """Tell whether a label after ``depth`` occurrences may still lead to the goal or better."""
        counts = (
            label.placed + self._placed[depth],
            -label.below - self._below[depth],
            -label.breaks,
        )
        if counts != self._counts or self._rule is Rule.TURNS:
            return counts >= self._counts
        return self._sums(label) + self._gain[depth] >= self._wanted


def _still(amounts: Sequence[int]) -> list[int]:
    """Return, for each number of occurrences done, the sum of what those left can add."""
    return [*accumulate(reversed(amounts), initial=0)][::-1]


_PROMISING = 4
"""Labels and groups followed to find the goal: enough for a good one, few enough to cost little."""

_FIRST = 10**9
"""A weight that makes a satisfaction count before any difference between starts."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One way onwards: the occurrence left out (no start), or one candidate taken."""

    label: _Label
    start: int
    index: int | None
    kept: int


class _Times:
    """Chooses starts along the ways to the best value: most habits kept, then the earliest.

    A habit is kept where a meeting has the weekday and local start of the one directly before.
    """

    def __init__(
        self, problem: Problem, fixed_weeks: Sequence[int], ends: Sequence[_Label], length: int
    ) -> None:
        self._gap = problem.gap
        self._fixed = fixed_weeks
        self._length = length
        starts = np.concatenate([each.starts for each in problem.candidates])
        weeks = problem.clock.minute_of_week(starts)
        self._week = dict(zip(starts.tolist(), weeks.tolist(), strict=True))
        # The ways are known backwards; times are chosen walking forwards.
        self._onwards: dict[int, list[tuple[_Label, _Group | None]]] = {}
        self._known: dict[tuple[int, int], int] = {}
        self._tables: dict[tuple[int, int], _Table] = {}
        layer = list(ends)
        for _ in range(length):
            before: dict[int, _Label] = {}
            for label in layer:
                for parent, group in label.ways:
                    self._onwards.setdefault(id(parent), []).append((label, group))
                    before[id(parent)] = parent
            layer = list(before.values())
        [self._root] = layer

    def choices(self) -> tuple[int | None, ...]:
        """Return the choice of each occurrence: in each the earliest that can keep the most."""
        most = self._most(self._root, _BEFORE)
        here = {(id(self._root), _BEFORE): (self._root, _BEFORE, most)}
        chosen: list[int | None] = []
        for _ in range(self._length):
            steps = [
                (step, last, left)
                for label, last, left in here.values()
                for step in self._steps(label, last, left)
            ]
            start = min(step.start for step, _, _ in steps)
            here = {}
            for step, last, left in steps:
                if step.start == start:
                    index, then = step.index, last if step.index is None else start
                    here[id(step.label), then] = (step.label, then, left - step.kept)
            chosen.append(index)
        return tuple(chosen)

    def _steps(self, label: _Label, last: int, left: int) -> Iterator[_Step]:
        """Yield, for each way onwards, its earliest step from which ``left`` can still be kept."""
        for after, group in self._onwards[id(label)]:
            if group is None:
                if self._most(after, last) == left:
                    yield _Step(after, _NEVER, None, 0)
                continue
            certain, week = self._before(label, last, group)
            table = self._table(after, group)
            for position in range(bisect_left(group.starts, last + self._gap), len(group.starts)):
                kept = certain + (table.weeks[position] == week)
                if kept + table.most[position] == left:
                    yield _Step(after, group.starts[position], group.indices[position], kept)
                    break

    def _most(self, label: _Label, last: int) -> int:
        """Return how many habits can be kept after this label with the last meeting then."""
        key = id(label), last
        most = self._known.get(key)
        if most is None:
            if onwards := self._onwards.get(id(label)):
                most = max([self._most_by(label, last, *way) for way in onwards])
            else:
                most = self._certain(label.after, len(self._fixed), last)
            self._known[key] = most
        return most

    def _most_by(self, label: _Label, last: int, after: _Label, group: _Group | None) -> int:
        if group is None:
            return self._most(after, last)
        certain, week = self._before(label, last, group)
        position = bisect_left(group.starts, last + self._gap)
        return certain + self._table(after, group).most_from(position, week)

    def _before(self, label: _Label, last: int, group: _Group) -> tuple[int, int | None]:
        """Return the habits the remembered meetings in between keep, and the week minute to keep.

        The group's candidates follow directly on the last of those, or on the planned meeting.
        """
        if group.after == label.after:
            return 0, self._week.get(last)
        return self._certain(label.after, group.after, last), self._fixed[group.after - 1]

    def _certain(self, start: int, end: int, last: int) -> int:
        """Count the habits that remembered meetings keep, the first of them that of ``last``."""
        weeks = self._fixed[start:end]
        first = bool(weeks) and last != _BEFORE and weeks[0] == self._week[last]
        return first + sum(one == other for one, other in pairwise(weeks))

    def _table(self, label: _Label, group: _Group) -> "_Table":
        key = id(label), id(group)
        if key not in self._tables:
            weeks = [self._week[start] for start in group.starts]
            self._tables[key] = _Table(weeks, [self._most(label, at) for at in group.starts])
        return self._tables[key]


_NEVER = 10**12
"""Later than any start: a meeting not taken counts as later than any (step 6)."""


class _Table:
    """How many habits can be kept after each candidate of a group, searchable from a position."""

    def __init__(self, weeks: list[int], most: list[int]) -> None:
        self.weeks = weeks
        self.most = most
        self._from = list(accumulate(reversed(most), max))[::-1]
        self._by_week: dict[int, list[int]] = {}
        for position, week in enumerate(weeks):
            self._by_week.setdefault(week, []).append(position)

    def most_from(self, position: int, week: int | None) -> int:
        """Return the most that can be kept with a candidate from ``position`` on."""
        if position == len(self.most):
            return _BEFORE
        most = self._from[position]
        for each in self._by_week.get(-1 if week is None else week, ()):
            if each >= position and self.most[each] == most:  # one more than less is no gain
                return most + 1
        return most
