"""Who is where: the meetings chosen so far, and which of them cannot all stay."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from slotfinder.planning.grid import Bools, Spans, minutes_of
from slotfinder.planning.world import Occurrence, World

_STEPS = 300
"""How many rooms are tried in vain to seat meetings before they count as too many."""


@dataclass(frozen=True, slots=True, order=True)
class Taken:
    """One chosen meeting: when, whose (the number of a plan), and which occurrence.

    ``start`` and ``end`` are minutes since 1970 in UTC; meetings are ordered by them.
    """

    start: int
    end: int
    plan: int
    position: int
    choice: int

    def overlaps(self, other: "Taken", margin: int = 0) -> bool:
        """Tell whether less than ``margin`` minutes lie between the two."""
        return self.start < other.end + margin and other.start < self.end + margin


class _Known:
    """What boards for the same occurrences share: how long meetings are, and who fits where."""

    def __init__(self, occurrences: Iterable[Iterable[Occurrence]]) -> None:
        lengths = (each.pair.duration for listed in occurrences for each in listed)
        self.longest = max(lengths, default=0)
        self.free_rooms: dict[tuple[int, int, int], tuple[str, ...]] = {}
        # By their first meeting, meetings that overlap in a chain, with their rooms.
        self.seats: dict[Taken, tuple[list[Taken], list[str]]] = {}


class Board:
    """The chosen meetings of all pairs, to be asked what clashes with one of them."""

    def __init__(
        self,
        occurrences: Sequence[Sequence[Occurrence]],
        world: World,
        known: "_Known | None" = None,
    ) -> None:
        """``known`` is what another board for the same occurrences has found already."""
        self._occurrences = occurrences
        self._world = world
        self._by_person: dict[str, set[Taken]] = {}
        self._by_site: dict[str, list[Taken]] = {}
        self._known = known or _Known(occurrences)

    def cleared(self) -> "Board":
        """Return a board without meetings for the same occurrences."""
        return Board(self._occurrences, self._world, self._known)

    def put(self, meetings: Iterable[Taken]) -> None:
        for each in meetings:
            occurrence = self.occurrence(each)
            for email in occurrence.pair.people:
                self._by_person.setdefault(email, set()).add(each)
            if self._world.needs_room(occurrence):
                insort(self._by_site.setdefault(self._world.site_of(occurrence.pair), []), each)

    def lift(self, meetings: Iterable[Taken]) -> None:
        for each in meetings:
            occurrence = self.occurrence(each)
            for email in occurrence.pair.people:
                self._by_person[email].discard(each)
            if self._world.needs_room(occurrence):
                self._by_site[self._world.site_of(occurrence.pair)].remove(each)

    def needs_room(self, taken: Taken) -> bool:
        return self._world.needs_room(self.occurrence(taken))

    def occurrence(self, taken: Taken) -> Occurrence:
        return self._occurrences[taken.plan][taken.position]

    def clash(self, taken: Taken) -> list[Taken] | None:
        """Return meetings, this one or some near it, that cannot all stay; None where all can."""
        for email in self.occurrence(taken).pair.people:
            for other in sorted(self._by_person[email]):
                if other.plan != taken.plan and self._too_close(taken, other):
                    return sorted((taken, other))
        if not self._world.needs_room(self.occurrence(taken)):
            return None
        together = self._overlapping(taken)
        if crowd := self._crowd(together):
            return crowd
        return None if self._seats(together) is not None else self._fewest(together, taken)

    def of_the_same_people(self, plan: int, position: int) -> list[Taken]:
        """Return what other pairs have taken of somebody's time while an occurrence may be."""
        occurrence = self._occurrences[plan][position]
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        if not starts.size:
            return []
        first, last = int(starts[0]), int(starts[-1]) + duration
        found = {
            each
            for email in occurrence.pair.people
            for each in self._by_person.get(email, ())
            if each.plan != plan and each.start < last and each.end > first
        }
        return sorted(found)

    def left(self, plan: int, position: int, allowed: Bools) -> Bools:
        """Tell which of the allowed candidates of an occurrence fit beside all other pairs."""
        occurrence = self._occurrences[plan][position]
        left = allowed.copy()
        for email in occurrence.pair.people:
            for other in self._by_person.get(email, ()):
                if other.plan != plan:
                    left &= ~self.too_close(occurrence, other)
        if left.any() and self._world.needs_room(occurrence):
            left &= self._world.room_left(occurrence, self._seated(occurrence, plan))
        return left

    def too_close(self, occurrence: Occurrence, staying: Taken) -> Bools:
        """Tell which candidates would bring a shared person into two meetings."""
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        other = self.occurrence(staying)
        if not {*occurrence.pair.people} & {*other.pair.people}:
            return np.zeros(starts.shape, dtype=np.bool_)
        margin = self._margin(occurrence, other)
        low, high = staying.start - duration - margin, staying.end + margin
        near: Bools = (starts > low) & (starts < high)
        return near

    def rooms(self) -> dict[tuple[int, int], str]:
        """Return the room of each meeting that finds one, by plan and position."""
        return {
            (each.plan, each.position): room
            for chosen in self._by_site.values()
            for each, room in self._with_rooms(chosen)
            if room
        }

    def _seated(self, occurrence: Occurrence, plan: int) -> dict[str, Spans]:
        """Return when the rooms of a site are taken by other pairs while an occurrence may be."""
        chosen = self._by_site.get(self._world.site_of(occurrence.pair), [])
        starts, duration = occurrence.candidates.starts, occurrence.candidates.duration
        first, last = int(starts[0]), int(starts[-1]) + duration
        near = chosen[bisect_left(chosen, first - self._known.longest, key=_start) :]
        others = [
            each
            for each in takewhile(lambda each: each.start < last, near)
            if each.plan != plan and each.end > first
        ]
        taken: dict[str, list[tuple[int, int]]] = {}
        for each, room in self._with_rooms(others):
            taken.setdefault(room, []).append((each.start * 60, each.end * 60))
        return {room: Spans(np.array(rows, dtype=np.int64)) for room, rows in taken.items()}

    def _with_rooms(self, chosen: Iterable[Taken]) -> Iterator[tuple[Taken, str]]:
        """Yield meetings at a site, given by start, with their rooms: "" for who finds none."""
        for together in _chains(chosen):
            seated = self._known.seats.get(together[0])
            if seated is None or seated[0] != together:
                seated = together, self._seats(together) or self._first_come(together)
                self._known.seats[together[0]] = seated
            yield from zip(*seated, strict=True)

    def _too_close(self, one: Taken, other: Taken) -> bool:
        return one.overlaps(other, self._margin(self.occurrence(one), self.occurrence(other)))

    def _margin(self, first: Occurrence, second: Occurrence) -> int:
        margin = self._world.margin
        return minutes_of(max(margin(first.form, first.pair), margin(second.form, second.pair)))

    def _overlapping(self, taken: Taken) -> list[Taken]:
        """Return the chain of overlapping meetings at a site that one is in."""
        chosen = self._by_site[self._world.site_of(self.occurrence(taken).pair)]
        first = bisect_left(chosen, taken)
        begin = taken.start
        for number in range(first - 1, -1, -1):
            each = chosen[number]
            if each.start <= begin - self._known.longest:
                break
            if each.end > begin:
                first, begin = number, each.start
        return next(_chains(chosen[first:]))

    def _crowd(self, together: Sequence[Taken]) -> list[Taken] | None:
        """Return meetings at the same time, given by start, that are more than their rooms."""
        now: list[Taken] = []
        for each in together:
            now = [other for other in now if other.end > each.start]
            now.append(each)
            rooms = {room for other in now for room in self._rooms_of(other)}
            if len(now) > len(rooms):
                return now
        return None

    def _fewest(self, together: Sequence[Taken], taken: Taken) -> list[Taken]:
        """Return a part of these meetings that finds no rooms, though it would without any one."""

        def away(each: Taken) -> int:
            return abs(each.start - taken.start)

        needed = [each for each in together if each.overlaps(taken)]
        if self._seats(needed) is not None:
            needed = list(together)
        for each in sorted(needed, key=away, reverse=True):
            fewer = [other for other in needed if other is not each]
            if self._seats(fewer) is None:
                needed = fewer
        return needed

    def _seats(self, together: Sequence[Taken]) -> list[str] | None:
        """Return a room for each of the meetings, given by start; None where there is no way.

        Rooms are tried in the file's order, so that each gets the first it can. Where one finds
        none, the last of those that hold its rooms has to move, and nobody in between.
        """
        seats: list[str] = []
        untried: list[Iterator[str]] = []
        blamed: list[set[int]] = []
        for _ in range(len(together) + _STEPS):
            number = len(seats)
            if number == len(together):
                return seats
            rooms = self._rooms_of(together[number])
            holders = self._holders(together[number], together, seats)
            if len(untried) == number:
                untried.append(iter(rooms))
                blamed.append({holders[room] for room in rooms if room in holders})
            room = next((room for room in untried[-1] if room not in holders), None)
            if room is not None:
                seats.append(room)
                continue
            causes = blamed[-1]
            if not causes:
                return None
            last = max(causes)
            del seats[last:], untried[last + 1 :], blamed[last + 1 :]
            blamed[last] |= causes - {last}
        return None

    def _first_come(self, together: Sequence[Taken]) -> list[str]:
        """Return rooms as far as they go, "" for a meeting that finds none."""
        seats: list[str] = []
        for each in together:
            holders = self._holders(each, together, seats)
            seats.append(next((room for room in self._rooms_of(each) if room not in holders), ""))
        return seats

    def _holders(
        self, taken: Taken, together: Sequence[Taken], seats: Sequence[str]
    ) -> dict[str, int]:
        """Return which rooms are held by those that began before a meeting, and by which."""
        found = {}
        for number in range(len(seats) - 1, -1, -1):
            if together[number].start <= taken.start - self._known.longest:
                break
            if together[number].end > taken.start:
                found[seats[number]] = number
        return found

    def _rooms_of(self, taken: Taken) -> tuple[str, ...]:
        """Return the rooms free for a meeting beside all that stays."""
        key = taken.plan, taken.position, taken.choice
        if key not in self._known.free_rooms:
            occurrence = self.occurrence(taken)
            interval = occurrence.candidates.interval(taken.choice)
            self._known.free_rooms[key] = tuple(self._world.free_rooms(occurrence, interval))
        return self._known.free_rooms[key]


def _start(taken: Taken) -> int:
    return taken.start


def _chains(chosen: Iterable[Taken]) -> Iterator[list[Taken]]:
    """Yield the meetings, given by start, in chains of which each overlaps one before it."""
    chain: list[Taken] = []
    end = 0
    for each in chosen:
        if chain and each.start >= end:
            yield chain
            chain = []
        end = max(end, each.end)
        chain.append(each)
    if chain:
        yield chain
