"""Slots, series and plans of generated programmes; ``programme.py`` measures large ones.

Benchmarks of one group do the same work in the same run: quote their ratio, not the seconds.
"""

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks import product
from tests.benchmarks.baselines import NaiveSlots
from tests.benchmarks.generator import generate

SEED = 1
SLOTS, SERIES, PLANNED = 100, 50, 100
"""How many pairs a round takes slots, series and a whole plan of."""
ROUNDS = 5

Work = Callable[[], object]


@pytest.mark.benchmark(group=f"ten best slots of one pair in 12 weeks, {SLOTS} pairs")
def bench_slots(benchmark: BenchmarkFixture) -> None:
    facts, now = generate(SLOTS, SEED)

    def setup() -> Work:
        world = product.world_of(facts, now)
        return lambda: [product.best_slots(pair, world) for pair in facts.pairs]

    _measure(benchmark, setup, SLOTS)


@pytest.mark.benchmark(group=f"ten best slots of one pair in 12 weeks, {SLOTS} pairs")
def bench_slots_by_datetimes(benchmark: BenchmarkFixture) -> None:
    facts, now = generate(SLOTS, SEED)

    def setup() -> Work:
        naive = NaiveSlots(facts, now)
        return lambda: [naive.best(pair) for pair in facts.pairs]

    _measure(benchmark, setup, SLOTS, rounds=2)


@pytest.mark.benchmark(group=f"series of one pair at 6 occurrences, {SERIES} pairs")
def bench_series(benchmark: BenchmarkFixture) -> None:
    facts, now = generate(SERIES, SEED)

    def setup() -> Work:
        world = product.world_of(facts, now)
        plans = product.prepared(facts.pairs, world)
        return lambda: product.solve_alone(plans, world)

    _measure(benchmark, setup, SERIES)


@pytest.mark.benchmark(group=f"programme of {PLANNED} pairs")
def bench_programme(benchmark: BenchmarkFixture) -> None:
    facts, now = generate(PLANNED, SEED)

    def setup() -> Work:
        return lambda: product.make_plan(facts, now)

    _measure(benchmark, setup, PLANNED)


def _measure(
    benchmark: BenchmarkFixture, setup: Callable[[], Work], pairs: int, rounds: int = ROUNDS
) -> None:
    """Time the work that ``setup`` prepares anew for each round, and note milliseconds a pair."""
    benchmark.pedantic(  # type: ignore[no-untyped-call] # the plugin has no types
        lambda work: work(), setup=lambda: ((setup(),), {}), rounds=rounds
    )
    if benchmark.stats is not None:  # None where benchmarks are only run, not timed
        benchmark.extra_info["ms a pair"] = round(benchmark.stats.stats.median / pairs * 1000, 3)
