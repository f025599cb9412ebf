"""Small programmes for property tests: a few pairs who share people, and one room for them all.

Two weeks lie behind, so that there is something to remember; the weeks from Monday 18th are open.
Each is made from one number, so that any two are as different as can be: Hypothesis would vary
little of something this large at a time, and take minutes to shrink it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from slotfinder.domain.cadence import InPerson, InPersonUnit
from slotfinder.domain.freebusy import Block, Kind
from slotfinder.domain.meeting import Both, Format, Meeting, Seen
from slotfinder.domain.people import Pair, Person
from slotfinder.domain.programme import Programme, Rule, TentativePolicy
from slotfinder.planning.facts import Facts
from tests.planning.builders import (
    ANNA,
    HUB,
    LONDON,
    PRIYA,
    ROOM_A,
    TOM,
    as_booked,
    at,
    busy,
    facts,
    meeting,
    pair,
    person,
    programme,
    wishes,
)

THEN = at("18 00:00")
"""The moment at which all of these programmes are planned."""

EVE, KIM = "eve@acme.example", "kim@acme.example"
EVERYBODY = (TOM, PRIYA, ANNA, EVE, KIM)

NEVER = InPerson(InPersonUnit.NEVER)
CADENCES = (
    NEVER,
    InPerson(InPersonUnit.PERIODS, 1),
    InPerson(InPersonUnit.PERIODS, 2),
    InPerson(InPersonUnit.MONTH),
)
WEIGHTS = ("0", "0.05", "0.2", "0.45", "0.8", "1")
WORTH = (1, 15, 40, 45, 80, 100)
WEEKDAYS = (("Mo",), ("Tu",), ("Mo", "We"), ("Mo", "Tu", "We"))
DATES = {"Mo": ("18", "25", "02-01"), "Tu": ("19", "26", "02-02"), "We": ("20", "27", "02-03")}
HORIZONS = {1: 4, 2: 10, 3: 17}
"""Days that open so many weeks."""

ENTRIES = (
    *((f"{hour}:{half}", 30) for hour in ("09", "10", "11") for half in ("00", "30")),
    ("00:00", 720),
    ("12:30", 690),
    ("13:00", 300),
    ("00:00", 1440),
    ("12:00", 180),
)
"""Starts and minutes; besides the whole day, no two of them fill one together."""


def programmes(
    *,
    rule: Rule = Rule.FAIR,
    pairs: tuple[int, int] = (1, 4),
    weeks: int = 3,
    in_person: bool = True,
    apart: bool = False,
    kinds: Sequence[Kind] = tuple(Kind),
    most_entries: int = 3,
) -> st.SearchStrategy[Facts]:
    """Return programmes of up to so many pairs among five people, with one to ``weeks`` weeks.

    With ``apart``, some people are an hour ahead. Nobody has more than ``most_entries``.
    """

    def made(seed: int) -> Facts:
        chance = Random(seed)
        days = chance.choice(WEEKDAYS)
        together = _pairs(chance, chance.randint(*pairs), CADENCES if in_person else (NEVER,))
        return facts(
            rules=_rules(chance, rule, chance.randint(1, weeks)),
            people=_people(chance, days, apart=apart),
            pairs=together,
            blocks={
                who: _entries(chance, days, kinds, most_entries) for who in (*EVERYBODY, ROOM_A)
            },
            meetings=[each for of in together for each in _remembered(chance, of)],
            now=THEN,
        )

    return st.integers(0, 2**32).map(made)


def _pairs(chance: Random, number: int, cadences: Sequence[InPerson]) -> list[Pair]:
    couples = chance.sample([*combinations(EVERYBODY, 2)], number)
    return [
        pair(
            f"p{k}",
            *chance.sample(couple, 2),
            in_person=chance.choice(cadences),
            duration=chance.choice((30, 60, 90)),
        )
        for k, couple in enumerate(couples)
    ]


def _people(chance: Random, days: Sequence[str], *, apart: bool) -> list[Person]:
    """Return everybody, all of one site."""
    zones = (LONDON, ZoneInfo("Europe/Berlin")) if apart else (LONDON,)
    return [
        person(
            email,
            _wished(chance, days),
            site=HUB,
            zone=chance.choice(zones),
            wishes_in_person=wishes(_wished(chance, days)) if chance.random() < 0.5 else None,
        )
        for email in EVERYBODY
    ]


def _wished(chance: Random, days: Sequence[str]) -> str:
    """Return weights of two stretches of each day, some of them 0."""
    parts = ("09:00-10:30", "10:30-12:00")
    return "; ".join(f"{day} {part} = {chance.choice(WEIGHTS)}" for day in days for part in parts)


def _entries(chance: Random, days: Sequence[str], kinds: Sequence[Kind], most: int) -> list[Block]:
    dates = [date for day in days for date in DATES[day]]
    places = [(date, *entry) for date in dates for entry in ENTRIES]
    chosen = chance.sample(places, chance.randint(0, most))
    return [
        busy(f"{date} {clock}", minutes, chance.choice(kinds)) for date, clock, minutes in chosen
    ]


def _remembered(chance: Random, of: Pair) -> list[tuple[Meeting, Seen | None]]:
    """Return meetings that took place, and perhaps one that stays: no entry lies on a Saturday."""
    past = chance.sample(("5 10:00", "7 09:00", "13 10:00"), chance.randint(0, 3))
    ahead = chance.sample(("23 10:00", "30 10:00"), chance.choice((0, 0, 1)))
    found: list[tuple[Meeting, Seen | None]] = []
    for start in (*past, *ahead):
        kept = meeting(
            start,
            of,
            satisfaction=Both(chance.choice(WORTH), chance.choice(WORTH)),
            share=Both(chance.choice(WORTH), chance.choice(WORTH)),
            format=chance.choice(list(Format)),
        )
        found.append((kept, as_booked(kept) if start in ahead else None))
    return found


def _rules(chance: Random, rule: Rule, weeks: int) -> Programme:
    known = programme(
        rules={
            "horizon": timedelta(days=HORIZONS[weeks]),
            "notice": timedelta(),
            "buffer": chance.choice((0, 30)),
        },
        compromise={
            "rule": rule,
            "floor": chance.choice((0, 20, 45)),
            "yields": chance.randint(0, 2),
            "memory": chance.choice((0, 1, 6)),
            "day_limit": chance.choice((60, 240)),
            "tentative": chance.choice(list(TentativePolicy)),
        },
        rooms=[ROOM_A],
        gap=timedelta(days=chance.choice((0, 2, 6))),
    )
    site = replace(known.sites[HUB], travel=chance.choice((0, 15, 45)))
    return replace(known, sites={HUB: site})
