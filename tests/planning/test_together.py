"""All pairs together: on small programmes the sum over all pairs equals trying everything."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from math import isclose

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slotfinder.domain.cadence import InPerson, InPersonUnit
from slotfinder.domain.meeting import Both, Format
from slotfinder.planning.facts import Facts
from slotfinder.planning.joint import Solution
from slotfinder.planning.pair import PairPlan
from slotfinder.planning.plan import ActionKind
from slotfinder.planning.programme import plan as make_plan
from slotfinder.planning.together import choose
from slotfinder.planning.value import steps_of, term_of, worth
from slotfinder.planning.world import World
from tests.planning.builders import (
    ANNA,
    HUB,
    NOW,
    PRIYA,
    ROOM_A,
    TOM,
    at,
    busy,
    facts,
    meeting,
    pair,
    person,
    programme,
)

EVE = "eve@acme.example"
EVERYBODY = (TOM, PRIYA, ANNA, EVE)

WINDOWS = st.sampled_from(
    (
        "Mo 10:00-12:00",
        "Mo 10:00-11:30 = 1; Tu 10:00-11:00 = 0.3",
        "Mo 11:00-12:00 = 0.5; Tu 10:00-11:30 = 1",
        "Mo 10:00-11:00 = 0.2; Mo 11:00-12:00 = 1",
    )
)


@st.composite
def programmes(draw: st.DrawFn) -> Facts:
    """Two or three pairs among four people, one period each or two, perhaps one room for all."""
    couples = draw(
        st.lists(
            st.sampled_from([(a, b) for a in EVERYBODY for b in EVERYBODY if a != b]),
            min_size=2,
            max_size=3,
            unique_by=frozenset,
        )
    )
    there = draw(st.booleans())
    rule = InPerson(InPersonUnit.PERIODS, 1) if there else InPerson(InPersonUnit.NEVER)
    people = [person(each, draw(WINDOWS), site=HUB if there else "") for each in EVERYBODY]
    rules = {"horizon": timedelta(days=draw(st.sampled_from((4, 10))))}
    known = programme(rules=rules, rooms=[ROOM_A])
    site = replace(known.sites[HUB], travel=0)
    return facts(
        rules=replace(known, sites={HUB: site}),
        people=people,
        pairs=[pair(f"p{k}", *couple, in_person=rule) for k, couple in enumerate(couples)],
    )


def prepared(known: Facts) -> tuple[World, list[PairPlan]]:
    world = World(known, NOW)
    plans = [PairPlan(each, world) for each in known.pairs]
    for plan in plans:
        plan.prepare()
    return world, [plan for plan in plans if plan.occurrences]


def only(plan: PairPlan, choices: tuple[int | None, ...]) -> Solution:
    """Return what a certain choice is worth, by leaving nothing else to choose."""
    masks = []
    for occurrence, choice in zip(plan.occurrences, choices, strict=True):
        mask = np.zeros(occurrence.candidates.starts.shape, dtype=np.bool_)
        if choice is not None:
            mask[choice] = True
        masks.append(mask)
    return plan.best(masks)


Combination = list[tuple[Solution, tuple[int | None, ...]]]


def combinations(plans: list[PairPlan]) -> Iterator[Combination]:
    """Yield every choice for all pairs that clashes nowhere."""
    options = []
    for plan in plans:
        ranges = ([None, *range(len(each.candidates.starts))] for each in plan.occurrences)
        options.append([(only(plan, choice), choice) for choice in product(*ranges)])
    for combination in product(*options):
        if not clashes(plans, [choice for _, choice in combination]):
            yield list(combination)


def counted(solution: Solution, plan: PairPlan) -> float:
    """Return what a choice counts where no pair has more than two open periods."""
    return worth(solution, plan, 2)


def total(
    value: Callable[[Solution, PairPlan], float], of: Combination, plans: list[PairPlan]
) -> float:
    return sum(value(found, plan) for (found, _), plan in zip(of, plans, strict=True))


def clashes(plans: list[PairPlan], choices: list[tuple[int | None, ...]]) -> bool:
    taken = [
        (each.pair.people, each.form, each.candidates.interval(choice))
        for plan, chosen in zip(plans, choices, strict=True)
        for each, choice in zip(plan.occurrences, chosen, strict=True)
        if choice is not None
    ]
    return any(
        one[2].overlaps(other[2])
        and (set(one[0]) & set(other[0]) or one[1] is other[1] is Format.IN_PERSON)
        for number, one in enumerate(taken)
        for other in taken[:number]
    )


@settings(max_examples=60, deadline=None)
@given(programmes())
def test_the_sum_over_all_pairs_equals_trying_everything(known: Facts) -> None:
    _, plans = prepared(known)
    best = max(total(counted, each, plans) for each in combinations(plans))

    world, plans = prepared(known)
    forms = {id(each): each.form for plan in plans for each in plan.occurrences}
    certificate = choose(plans, world)
    kept = [
        tuple(each.choice if each.form is forms[id(each)] else None for each in plan.occurrences)
        for plan in plans
    ]

    assert not clashes(plans, kept)
    assert certificate.gap == 0
    # What went online afterwards (§3) counts as not placed here, as it does when chosen.
    if all(each.form is forms[id(each)] for plan in plans for each in plan.occurrences):
        found = [(only(plan, choice), choice) for plan, choice in zip(plans, kept, strict=True)]
        assert isclose(total(counted, found, plans), best)


@settings(max_examples=60, deadline=None)
@given(programmes())
def test_what_is_proven_of_pairs_that_only_give_way_in_turn_is_true(known: Facts) -> None:
    world, plans = prepared(known)
    forms = {id(each): each.form for plan in plans for each in plan.occurrences}
    certificate = choose(plans, world, members=1)
    assume(all(each.form is forms[id(each)] for plan in plans for each in plan.occurrences))

    chosen = [only(plan, tuple(each.choice for each in plan.occurrences)) for plan in plans]
    steps = [steps_of(found) for found in chosen]
    as_good = (
        total(term_of, each, plans)
        for each in combinations(plans)
        if [steps_of(found) for found, _ in each] == steps
    )
    value = sum(term_of(found, plan) for found, plan in zip(chosen, plans, strict=True))
    assert isclose(certificate.value, value)
    assert value - 1e-9 <= max(as_good) <= certificate.bound + 1e-9


def test_a_room_is_found_though_many_other_ways_to_seat_lead_nowhere() -> None:
    """Only if the long meeting leaves room A free can the last one have it."""
    rooms = [f"room-{letter}@acme.example" for letter in "abcdefghij"]
    taken = {rooms[1]: [busy("4 11:00", 60)]}
    taken |= {room: [busy("4 08:00", 90), busy("4 10:00", 120)] for room in rooms[2:]}
    meetings = [("09:15-11:00", 105), *[("09:30-10:00", 30)] * 4, ("10:30-11:30", 60)]
    people, pairs = [], []
    for number, (window, duration) in enumerate(meetings):
        both = [f"{who}{number}@acme.example" for who in ("mentor", "mentee")]
        people += [person(each, f"Mo {window}", site=HUB) for each in both]
        always = InPerson(InPersonUnit.PERIODS, 1)
        pairs.append(pair(f"p{number}", *both, in_person=always, duration=duration))
    rules = programme(rules={"grid": 15, "horizon": timedelta(days=4)}, rooms=rooms)
    site = replace(rules.sites[HUB], travel=0)
    rules = replace(rules, sites={HUB: site})

    found = make_plan(facts(rules=rules, people=people, pairs=pairs, blocks=taken), NOW)

    given = [action.meeting.room for action in found.actions if action.meeting]
    assert given == [rooms[1], rooms[0], *rooms[2:5], rooms[0]]


def test_a_pair_that_lost_its_last_meeting_goes_before_one_that_gains_more() -> None:
    """Tom has one hour for two pairs; the one that met last week has had little from it."""
    met_long_ago, met_last_week = pair("p1", TOM, PRIYA), pair("p2", TOM, ANNA)
    happy = meeting("6 10:00", met_long_ago, satisfaction=Both(80, 80))
    unhappy = meeting("13 10:00", met_last_week, satisfaction=Both(1, 1))
    known = facts(
        rules=programme(rules={"horizon": timedelta(days=4)}),
        people=[person(who, "Tu 10:00-11:00") for who in (TOM, PRIYA, ANNA)],
        pairs=[met_long_ago, met_last_week],
        meetings=[(happy, None), (unhappy, None)],
        now=at("18 00:00"),
    )

    found = make_plan(known, at("18 00:00"))

    assert [action.pair for action in found.actions if action.kind is ActionKind.BOOK] == ["p1"]


def test_the_order_of_the_steps_holds_for_many_periods_too() -> None:
    """Twenty breaks weigh less than one side below the floor, and twenty of those than a hole."""

    def counts(placed: int, below: int, breaks: int) -> float:
        solution = Solution(choices=(), placed=placed, below=below, breaks=breaks, merit=(250_000,))
        return worth(solution, whole, 20)

    _, [whole] = prepared(facts())
    holes = len(whole.occurrences)
    assert counts(holes, 0, 20) > counts(holes, 1, 0)
    assert counts(holes, 20, 20) > counts(holes - 1, 0, 0)
