"""What the benchmarks ask of the product: the only place that knows how it is put together."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from unittest.mock import patch

import numpy as np

from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair
from slotfinder.planning import programme
from slotfinder.planning.candidates import Candidates
from slotfinder.planning.facts import Facts
from slotfinder.planning.pair import PairPlan
from slotfinder.planning.plan import ActionKind, Certificate, Plan
from slotfinder.planning.together import choose
from slotfinder.planning.world import Occurrence, World

TOP = 10
"""How many slots of a pair are shown."""

Watch = Callable[[Sequence[Pair]], Iterable[Pair]]


def make_plan(
    facts: Facts, now: datetime, watch: Watch = iter, chosen: Callable[[], None] = lambda: None
) -> Plan:
    """Return the product's plan.

    ``watch`` sees the pairs go by as their candidates are found, ``chosen`` is called as soon as
    all slots are chosen.
    """

    def choose_and_tell(plans: Sequence[PairPlan], world: World) -> Certificate:
        certificate = choose(plans, world)
        chosen()
        return certificate

    with patch("slotfinder.planning.programme.choose", choose_and_tell):
        return programme.plan(facts, now, watch)


def certificate_of(plan: Plan) -> Certificate | None:
    """Return the proof of how good a plan is, None where it has none."""
    return getattr(plan, "certificate", None)


def meetings_of(plan: Plan) -> list[Meeting]:
    """Return the meetings a plan books."""
    booked = (action.meeting for action in plan.actions if action.kind is ActionKind.BOOK)
    return [meeting for meeting in booked if meeting]


def world_of(facts: Facts, now: datetime) -> World:
    """Return everybody's time, nothing laid out yet."""
    return World(facts, now)


def slots_of(pair: Pair, world: World) -> list[Candidates]:
    """Return all candidates of one pair's virtual meetings, scored, period by period."""
    time = world.pair_time(pair, frozenset())
    return [
        time.candidates(
            period, Format.VIRTUAL, now=world.now, others=(), refusals=(), rooms=world.rooms()
        )
        for period in world.periods[pair.id]
    ]


def best_slots(pair: Pair, world: World) -> list[tuple[int, int]]:
    """Return the pair's ten best slots: the product of both satisfactions, and the start."""
    found = slots_of(pair, world)
    starts = np.concatenate([each.starts for each in found])
    product = np.concatenate([each.satisfaction[0] * each.satisfaction[1] for each in found])
    best = (-product).argsort(kind="stable")[:TOP]
    return list(zip(product[best].tolist(), starts[best].tolist(), strict=True))


def occurrences_of(pair: Pair, world: World) -> list[Occurrence]:
    """Return the open occurrences of a pair with formats fixed and candidates known."""
    plan = PairPlan(pair, world)
    plan.prepare()
    return plan.occurrences


def virtual_instead(occurrence: Occurrence, world: World) -> Candidates:
    """Return the candidates of an occurrence that could not take place in person."""
    return occurrence.time.candidates(
        occurrence.period,
        Format.VIRTUAL,
        now=world.now,
        others=(),
        refusals=(),
        rooms=world.rooms(),
    )


def prepared(pairs: Iterable[Pair], world: World) -> list[PairPlan]:
    """Return the pairs with their candidates, each for itself and ready to be solved."""
    plans = [PairPlan(pair, world) for pair in pairs]
    for plan in plans:
        plan.prepare()
    return plans


def solve_alone(plans: Sequence[PairPlan], world: World) -> None:
    """Find the best series of each pair as if there were no other."""
    for plan in plans:
        plan.best([world.free(each) for each in plan.occurrences])
