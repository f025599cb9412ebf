"""A programme played through once for each rule, so that coordinators can see what to choose."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import StaticPool, create_engine

from slotfinder.agent.programme import Agent
from slotfinder.agent.run import run_pass
from slotfinder.bootstrap import Configured
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.programme import Baseline, Programme, Rule, Site
from slotfinder.errors import UsageError
from slotfinder.mail.outbox_folder import OutboxFolder
from slotfinder.planning.facts import periods_of
from slotfinder.planning.plan import ActionKind
from slotfinder.ports import Progress, Store
from slotfinder.rehearsal.figures import Figures, figures_of
from slotfinder.rehearsal.life import Life
from slotfinder.rehearsal.shapes import Shape, shaped_wishes
from slotfinder.store import tables
from slotfinder.store.sql import SqlStore

T = TypeVar("T")

_PROVIDER = Provider.GOOGLE
"""Everybody's in a simulation: clouds invite their guests themselves, so no mail is composed."""

_MORNING = time(6)
_WEEK = timedelta(weeks=1)
_NEVER = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cast:
    """Who takes part, and the Mondays on which the agent runs; the last one only looks back."""

    programme: Programme
    people: Mapping[str, Person]
    pairs: tuple[Pair, ...]
    mondays: tuple[datetime, ...]

    @property
    def rooms(self) -> list[str]:
        return [room.email for site in self.programme.sites.values() for room in site.rooms]


def simulate(
    configured: Configured,
    *,
    rules: Sequence[Rule | Baseline],
    weeks: int,
    seed: int,
    shape: Shape | None = None,
    progress: Progress,
) -> tuple[Figures, ...]:
    """Play the first ``weeks`` of a programme through under each rule; all meet the same life.

    Nothing of the programme is read but its files, and nothing of it is written. Active, agreed
    pairs take part, and meet until the end. ``shape`` replaces everybody's wishes.

    Raises:
        UsageError: no pair of the programme is active and agreed.
    """
    cast = _cast(configured, weeks, shape)
    days = [monday.astimezone(cast.programme.zone).date() for monday in cast.mondays[:-1]]
    life = Life(cast.people, cast.rooms, days, seed)
    with ExitStack() as stack:
        courses = [
            _Course(cast, rule, life, stack.enter_context(_store_in_memory())) for rule in rules
        ]
        steps = [(course, monday) for course in courses for monday in cast.mondays]
        for course, monday in progress.track(steps, total=len(steps), doing="Simulating"):
            course.week(monday)
        return tuple(course.figures() for course in courses)


@contextmanager
def _store_in_memory() -> Iterator[Store]:
    """Yield an empty store that lives as long as its one connection."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        tables.metadata.create_all(engine)
        yield SqlStore(engine)
    finally:
        engine.dispose()


class _Course:
    """A programme under one rule: its calendars and store, and what has happened so far."""

    def __init__(self, cast: _Cast, rule: Rule | Baseline, life: Life, store: Store) -> None:
        self._cast = cast
        self._rule = rule
        self._life = life
        self._store = store
        self._server = life.calendars(_PROVIDER, cast.mondays[0])
        self._moves = 0
        self._agent = Agent(
            programme=_under(rule, cast.programme),
            people=cast.people,
            pairs=cast.pairs,
            sources={_PROVIDER: self._server},
            calendars={_PROVIDER: self._server},
            mailer=OutboxFolder(Path()),
            sender="",
            organizer_provider=_PROVIDER,
            progress=_Unseen(),
        )

    def week(self, monday: datetime) -> None:
        """Let the agent run on a Monday, and the week after it go by."""
        report = run_pass(self._agent, self._store, self._agent.pairs, monday, force=True)
        # Rooms are never lost here, so that every move is one to another time.
        self._moves += sum(each.kind is ActionKind.MOVE for each in report.plan.actions)
        meetings = self._store.load().meetings
        self._life.go_by(self._server, meetings, Interval(monday, monday + _WEEK))

    def figures(self) -> Figures:
        """Return how it went, as seen on the last Monday."""
        end = self._cast.mondays[-1]
        return figures_of(
            self._rule,
            [each for each in self._store.load().meetings if each.took_place(end)],
            periods=sum(len(periods_of(pair)) for pair in self._cast.pairs),
            moves=self._moves,
        )


def _under(rule: Rule | Baseline, programme: Programme) -> Programme:
    """Return the programme with another rule; what other products do knows no floor or turns."""
    rules = replace(programme.compromise, rule=rule)
    if isinstance(rule, Baseline):
        rules = replace(rules, floor=0, yields=_NEVER)
    # Nobody is told of a simulation.
    return replace(programme, compromise=rules, coordinators=())


def _cast(configured: Configured, weeks: int, shape: Shape | None) -> _Cast:
    """Return the programme on a server of its own, from the Monday of its first week on."""
    programme, roster = configured.settings.programme, configured.roster
    first = programme.starts - timedelta(days=programme.starts.weekday())
    last = first + weeks * _WEEK - timedelta(days=1)
    booked = (pair for pair in roster.pairs if pair.is_booked)
    pairs = tuple(replace(pair, ends=last, calendar=_PROVIDER) for pair in booked)
    if not pairs:
        raise UsageError("No pair is active and agreed, so there is nothing to simulate.")
    names = dict.fromkeys(email for pair in pairs for email in pair.people)
    people = {name: replace(roster.people[name], provider=_PROVIDER, feed=None) for name in names}
    if shape:
        programme = replace(
            programme,
            defaults={(role, form): shaped_wishes(shape, role) for role in Role for form in Format},
        )
        people = {
            name: replace(each, wishes=None, wishes_in_person=None) for name, each in people.items()
        }
    mondays = (
        datetime.combine(first + week * _WEEK, _MORNING, programme.zone).astimezone(UTC)
        for week in range(weeks + 1)
    )
    return _Cast(
        programme=replace(programme, sites=_sites(programme)),
        people=people,
        pairs=pairs,
        mondays=tuple(mondays),
    )


def _sites(programme: Programme) -> dict[str, Site]:
    """Return the sites with their rooms on the simulated server."""
    return {
        name: replace(site, rooms=tuple(replace(room, provider=_PROVIDER) for room in site.rooms))
        for name, site in programme.sites.items()
    }


class _Unseen:
    """The Progress port of the single passes: only the whole simulation shows its progress."""

    def track(self, work: Iterable[T], *, total: int, doing: str) -> Iterable[T]:  # noqa: ARG002 - the port's names
        return work
