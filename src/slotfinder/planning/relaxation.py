"""What would give a held period a meeting: the smallest single relaxation (compromise.md §7).

Each is tried by planning the pair again with it, beside what the plan gives all other pairs. It
helps if the period then has a meeting, every other period of the pair that had one still has, and
none of those falls below the floor by it. The first code of RelaxationCode that helps is named,
with the smallest amount that does. Plannings are counted, never timed: same facts, same answer.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from slotfinder.domain.cadence import Every, InPerson, InPersonUnit, Period
from slotfinder.domain.explain import (
    longer_period,
    other_format,
    shorter,
    smaller_gap,
    wider_wishes,
    without_room,
)
from slotfinder.domain.freebusy import Block, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Both, Format
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import MINUTES_A_DAY, Window
from slotfinder.domain.programme import Programme, Site
from slotfinder.planning.facts import Facts, reading_window
from slotfinder.planning.pair import PairPlan, Step
from slotfinder.planning.plan import Action, ActionKind, HoldCode, Relaxation, RelaxationCode
from slotfinder.planning.together import choose
from slotfinder.planning.world import Occurrence, World

_PLANNINGS = 40
"""How often the pair of one held period is planned again at most."""

_SHORTEST = 15
_WIDEST = 180
_HOUR = timedelta(hours=1)

_FOR_A_PERSON = frozenset(
    {
        HoldCode.NOT_AGREED,
        HoldCode.PAUSED,
        HoldCode.PERIOD_OVER,
        HoldCode.CALENDAR_UNREADABLE,
        HoldCode.FROZEN,
        HoldCode.BUDGET_SPENT,
    }
)
"""Holds for which nothing is tried: a person has to do or decide something first."""

T = TypeVar("T")


def with_relaxations(actions: Sequence[Action], world: World) -> list[Action]:
    """Return the actions of a plan made in this world, its holds with what would help them."""
    retries: dict[str, _Retries] = {}
    found: list[Action] = []
    for action in actions:
        if action.kind is ActionKind.HOLD and action.reason_code not in _FOR_A_PERSON:
            if action.pair not in retries:
                retries[action.pair] = _Retries(action.pair, actions, world)
            found.append(replace(action, relaxation=_relaxation(action, retries[action.pair])))
        else:
            found.append(action)
    return found


def _relaxation(held: Action, retries: "_Retries") -> Relaxation | None:
    """Return the smallest single relaxation that would help a hold, None where none does."""
    if held.period is None:
        return None
    again = _Again(held.period, retries)
    for code in RelaxationCode:
        if text := _FINDERS[code](again):
            return Relaxation(code=code, text=text)
    return None


class _Retries:
    """Plans one pair again on other terms, while all others stay; each terms once."""

    def __init__(self, name: str, actions: Sequence[Action], world: World) -> None:
        self.pair = next(pair for pair in world.facts.pairs if pair.id == name)
        self.site = world.programme.sites.get(world.site_of(self.pair))
        self.facts = _around(self.pair, self.site, world.facts)
        mine = [action for action in actions if action.pair == name]
        self.before = _met(mine)
        self._now = world.now
        own = {(each.meeting.room, each.meeting.interval) for each in mine if each.meeting}
        rooms = [room.email for room in self.site.rooms] if self.site else []
        self._planned = partial(world.planned.beside, self.pair, rooms, own)
        self._known: dict[Hashable, dict[Period, Both]] = {}

    def met(self, terms: Pair | Person | Programme) -> dict[Period, Both]:
        """Return the periods that have a meeting on these terms."""
        key: Hashable = terms
        if isinstance(terms, Programme):  # holds mappings; these two are all that is changed of it
            key = terms.gap, tuple(terms.sites.values())
        if key not in self._known:
            self._known[key] = _met(self._planned_with(self._facts_with(terms)))
        return self._known[key]

    def _facts_with(self, terms: Pair | Person | Programme) -> Facts:
        match terms:
            case Pair():
                return _unread(replace(self.facts, pairs=(terms,)), terms, self._now)
            case Person():
                return replace(self.facts, people={**self.facts.people, terms.email: terms})
            case Programme():
                return replace(self.facts, programme=terms)

    def _planned_with(self, facts: Facts) -> list[Step]:
        world = World(facts, self._now, self._planned())
        plan = PairPlan(facts.pairs[0], world)
        plan.prepare()
        choose([plan], world)
        return plan.steps()


class _Again:
    """One held period, and what is tried to give it a meeting."""

    def __init__(self, period: Period, retries: _Retries) -> None:
        self.pair, self.site = retries.pair, retries.site
        self.programme = retries.facts.programme
        self._period = period
        self._retries = retries
        self._left = _PLANNINGS

    def person(self, role: Role) -> Person:
        """Return one of the two."""
        return self._retries.facts.people[getattr(self.pair, role)]

    def helps(self, terms: Pair | Person | Programme) -> bool:
        """Tell whether it helps if the pair, one of the two or the programme is like this."""
        if not self._left:
            return False
        self._left -= 1
        after = self._retries.met(terms)
        floor = self.programme.compromise.floor

        def is_as_good(period: Period, share: Both) -> bool:
            found = [after[each] for each in after if _begins_in(period, each)]
            return any(_lower(each) >= min(floor, _lower(share)) for each in found)

        return any(_begins_in(self._period, each) for each in after) and all(
            is_as_good(*item) for item in self._retries.before.items()
        )


def _around(pair: Pair, site: Site | None, facts: Facts) -> Facts:
    """Return the facts of one pair, with only the meetings of its people and in its rooms."""
    rooms = {room.email for room in site.rooms} if site else set()
    meetings = [
        meeting
        for meeting in facts.meetings
        if meeting.pair == pair.id or {*meeting.people} & {*pair.people} or meeting.room in rooms
    ]
    return replace(facts, meetings=tuple(meetings), pairs=(pair,))


def _unread(facts: Facts, pair: Pair, now: datetime) -> Facts:
    """Return the facts with the time that longer periods reach into, and nobody read, unknown."""
    end = reading_window([pair], (), facts.programme, now).end
    if end <= facts.window.end:
        return facts
    unknown = Block(interval=Interval(facts.window.end, end), kind=Kind.UNKNOWN)
    readings = {
        email: replace(reading, blocks=(*reading.blocks, unknown))
        for email in pair.people
        if (reading := facts.free_busy(email))
    }
    return replace(facts, readings={**facts.readings, **readings})


def _met(steps: Sequence[Step]) -> dict[Period, Both]:
    """Return the periods that have a meeting, with what it gives both of their best."""
    found: dict[Period, Both] = {}
    for step in steps:
        if isinstance(step, Occurrence):
            if step.choice is not None:
                found[step.period] = step.candidates.shares(step.choice)
        elif step.period and step.meeting and step.kind is not ActionKind.CANCEL:
            found[step.period] = step.meeting.share
    return found


def _begins_in(period: Period, other: Period) -> bool:
    """Tell whether a period begins in the other one: another cadence draws them anew."""
    return other.first <= period.first < other.end


def _lower(share: Both) -> int:
    return min(share.mentor, share.mentee)


def _mildest(amounts: Sequence[T], helps: Callable[[T], bool]) -> T | None:
    """Return the first of the amounts, mildest first, that helps, if the last one does."""
    if not amounts or not helps(amounts[-1]):
        return None
    low, high = 0, len(amounts) - 1
    while low < high:
        middle = (low + high) // 2
        if helps(amounts[middle]):
            high = middle
        else:
            low = middle + 1
    return amounts[high]


def _smaller_gap(again: _Again) -> str | None:
    programme = again.programme
    hours = range(-(-programme.gap // _HOUR) - 1, 0, -1)
    found = _mildest(hours, lambda each: again.helps(replace(programme, gap=each * _HOUR)))
    return smaller_gap(found) if found else None


def _without_room(again: _Again) -> str | None:
    site, programme = again.site, again.programme
    if site is None or not site.rooms:
        return None
    sites = {**programme.sites, site.name: replace(site, rooms=())}
    return without_room(site.name) if again.helps(replace(programme, sites=sites)) else None


def _other_format(again: _Again) -> str | None:
    """Try to meet in person; the other way round is what a plan does by itself (§3)."""
    always = InPerson(InPersonUnit.PERIODS)
    if again.site is None or again.pair.in_person == always:
        return None
    helps = again.helps(replace(again.pair, in_person=always))
    return other_format(again.site.name) if helps else None


def _shorter(again: _Again) -> str | None:
    grid, duration = again.programme.meetings.grid, again.pair.duration
    lengths = range((duration - 1) // grid * grid, _SHORTEST - 1, -grid)
    found = _mildest(lengths, lambda each: again.helps(replace(again.pair, duration=each)))
    return shorter(found, duration) if found else None


def _wider_wishes(again: _Again) -> str | None:
    """Find the fewest minutes a day that one of the two would have to add, the mentor first."""
    grid, text, most = again.programme.meetings.grid, None, _WIDEST
    for role in Role:
        widenings = list(_widenings(again, role))
        if not again.helps(_widened(again, role, [each.by(most) for each in widenings])):
            continue
        for widening in widenings:

            def helps(minutes: int, role: Role = role, widening: _Widening = widening) -> bool:
                return again.helps(_widened(again, role, [widening.by(minutes)]))

            found = _mildest(range(grid, min(most, widening.most) + 1, grid), helps)
            if found:
                text, most = wider_wishes(role, widening.by(found)), found - grid
    return text


@dataclass(frozen=True, slots=True)
class _Widening:
    """A window of somebody's wishes that could begin ``earlier``, or else end later."""

    window: Window
    earlier: bool

    @property
    def most(self) -> int:
        """Return the minutes that are left of the day on that side."""
        return self.window.start if self.earlier else MINUTES_A_DAY - self.window.end

    def by(self, minutes: int) -> Window:
        """Return what is added to the window: as much as the day has left."""
        minutes = min(minutes, self.most)
        if self.earlier:
            return replace(self.window, start=self.window.start - minutes, end=self.window.start)
        return replace(self.window, start=self.window.end, end=self.window.end + minutes)


def _widenings(again: _Again, role: Role) -> Iterator[_Widening]:
    for window in again.programme.wishes(again.person(role), role, Format.VIRTUAL):
        yield _Widening(window, earlier=True)
        yield _Widening(window, earlier=False)


def _widened(again: _Again, role: Role, added: Sequence[Window]) -> Person:
    person = again.person(role)
    wishes = again.programme.wishes(person, role, Format.VIRTUAL)
    return replace(person, wishes=(*wishes, *added))


def _longer_period(again: _Again) -> str | None:
    cadence = again.pair.cadence
    if not isinstance(cadence, Every):
        return None
    longer = Every(cadence.number + 1, cadence.unit)
    helps = again.helps(replace(again.pair, cadence=longer))
    return longer_period(longer) if helps else None


_FINDERS: Mapping[RelaxationCode, Callable[[_Again], str | None]] = {
    RelaxationCode.SMALLER_GAP: _smaller_gap,
    RelaxationCode.WITHOUT_ROOM: _without_room,
    RelaxationCode.OTHER_FORMAT: _other_format,
    RelaxationCode.SHORTER: _shorter,
    RelaxationCode.WIDER_WISHES: _wider_wishes,
    RelaxationCode.LONGER_PERIOD: _longer_period,
}
