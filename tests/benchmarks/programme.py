"""How long a programme of many pairs takes to plan, how good the plan is, and whether it is sound.

``python -m tests.benchmarks.programme 10000`` prints the table. The instance, the plan and all it
is compared with come from one run: ratios can be trusted, seconds vary with the machine.
"""

import argparse
import multiprocessing
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from slotfinder.domain.meeting import Format
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import ActionKind, Plan
from tests.benchmarks import product
from tests.benchmarks.baselines import FirstCome, NaiveSlots, loss, sums_of, value_of
from tests.benchmarks.generator import generate
from tests.benchmarks.rules import Violation, by_rule, violations

NAIVE_PAIRS, PRODUCT_PAIRS = 20, 400
"""How many pairs the slots of single pairs are timed with."""
SHOWN = 10
"""How many violations are listed."""

Row = tuple[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the status is 1 when the plan breaks a rule."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.programme")
    parser.add_argument("pairs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-baselines", action="store_true", help="make no plan")
    asked = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 100)
    with console.status("Generating …"):
        began = perf_counter()
        facts, now = generate(asked.pairs, asked.seed)
        seconds = perf_counter() - began
    run = _Run(facts, now, asked.seed, seconds, console, plans=not asked.only_baselines)
    return _in_child(run)


def _in_child(run: "_Run") -> int:
    """Measure in a process of its own: its peak memory does not hold what generating took."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return run.report()
    # Whoever ends this process ends the one that measures too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    context = multiprocessing.get_context("fork")
    child = context.Process(target=lambda: sys.exit(run.report()), daemon=True)
    child.start()
    child.join()
    return child.exitcode or 0


@dataclass(slots=True)
class _Timing:
    """When the parts of a plan began and ended, in seconds of ``perf_counter``."""

    began: float = field(default_factory=perf_counter)
    pairs_began: float = 0
    pairs_ended: float = 0
    chosen: float = 0
    ended: float = 0

    def rows(self) -> list[Row]:
        """Return how long each part took."""
        return [
            ("plan: everybody's time", f"{self.pairs_began - self.began:.2f} s"),
            ("plan: candidates", f"{self.pairs_ended - self.pairs_began:.2f} s"),
            ("plan: choice and certificate", f"{self.chosen - self.pairs_ended:.2f} s"),
            ("plan: actions and explanations", f"{self.ended - self.chosen:.2f} s"),
            ("plan in all", f"{self.ended - self.began:.2f} s"),
        ]


@dataclass(slots=True)
class _Run:
    """One measurement; ``generating`` is how long the instance took to make, in seconds."""

    facts: Facts
    now: datetime
    seed: int
    generating: float
    console: Console
    plans: bool = True

    def report(self) -> int:
        """Measure everything, print the table and return the exit status."""
        rows = [*self._size(), ("generate", f"{self.generating:.2f} s")]
        served = None
        broken: list[Violation] = []
        if self.plans:
            before = _peak()
            plan, timing = self._timed_plan()
            after = _peak()
            rows += [
                *timing.rows(),
                ("peak memory, planned", f"{after}, {before} of it before planning"),
            ]
            meetings = product.meetings_of(plan)
            began = perf_counter()
            broken = violations(self.facts, self.now, meetings)
            checked = f"{perf_counter() - began:.2f} s"
            rows += [("check", checked), ("peak memory, checked", _peak()), *_outcome(plan)]
            rows.append(("rules broken", str(len(broken))))
            served = value_of(sums_of(meetings, self.facts.pairs))
        rows += [*self._first_come(served), *self._slots()]
        self._print(rows, broken)
        return int(bool(broken))

    def _size(self) -> list[Row]:
        rooms = [room for site in self.facts.programme.sites.values() for room in site.rooms]
        entries = sum(
            len(reading.blocks)
            for email in self.facts.people
            if (reading := self.facts.free_busy(email))
        )
        return [
            ("pairs", f"{len(self.facts.pairs):,}"),
            ("people", f"{len(self.facts.people):,}"),
            ("rooms", f"{len(rooms):,} at {len(self.facts.programme.sites)} sites"),
            ("busy intervals of people", f"{entries:,}"),
        ]

    def _timed_plan(self) -> tuple[Plan, _Timing]:
        """Return the plan, and when each part of it was done."""
        timing = _Timing()
        with self._progress("Planning") as watch:

            def watched(pairs: Sequence[Pair]) -> Iterator[Pair]:
                timing.pairs_began = perf_counter()
                yield from watch(pairs)
                timing.pairs_ended = perf_counter()

            def chosen() -> None:
                timing.chosen = perf_counter()

            timing.began = perf_counter()
            plan = product.make_plan(self.facts, self.now, watched, chosen)
            timing.ended = perf_counter()
        return plan, timing

    def _first_come(self, ours: float | None) -> list[Row]:
        """Return what first come, first served reaches on the same candidates."""
        began = perf_counter()
        with self._progress("First come") as watch:
            served = FirstCome(product.world_of(self.facts, self.now)).serve(watch)
        value = value_of((each.mentor, each.mentee) for each in served)
        placed, online = (sum(getattr(each, n) for each in served) for n in ("placed", "online"))
        rows = [
            ("first come: seconds", f"{perf_counter() - began:.2f} s"),
            ("first come: meetings placed", f"{placed:,}, {online:,} online for want of a room"),
        ]
        if ours is not None:
            share = loss(value, ours, len(self.facts.pairs))
            rows.append(("first come: below the plan", f"{share:.2%} in geometric mean"))
        return rows

    def _slots(self) -> list[Row]:
        """Return how fast the ten best of all slots of one pair are found, in pairs a second."""
        pairs = self.facts.pairs[:PRODUCT_PAIRS]
        world = product.world_of(self.facts, self.now)
        ours = _rate(lambda pair: product.best_slots(pair, world), pairs)
        again = _rate(lambda pair: product.best_slots(pair, world), pairs)
        naive = NaiveSlots(self.facts, self.now)
        theirs = _rate(naive.best, self.facts.pairs[:NAIVE_PAIRS])
        return [
            ("slots of one pair", f"{ours:,.0f} pairs/s"),
            ("the same, calendars laid out before", f"{again:,.0f} pairs/s"),
            ("the same by datetimes", f"{theirs:,.0f} pairs/s"),
            ("ratios to datetimes", f"{ours / theirs:,.0f} times, {again / theirs:,.0f} times"),
        ]

    @contextmanager
    def _progress(self, what: str) -> Iterator[product.Watch]:
        """Show a bar on a terminal while pairs go by."""
        columns = (*Progress.get_default_columns()[:3], TextColumn("pairs"), TimeElapsedColumn())
        quiet = not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=quiet) as bar:
            yield lambda pairs: bar.track(pairs, description=what)

    def _print(self, rows: Iterable[Row], broken: Sequence[Violation]) -> None:
        table = Table("what", "measured", title=f"Programme of seed {self.seed}")
        table.columns[1].justify = "right"
        for row in rows:
            table.add_row(*row)
        self.console.print(table)
        for rule, number in by_rule(broken).most_common():
            self.console.print(f"{number} times: {rule}")
        for each in broken[:SHOWN]:
            self.console.print(f"  {each}")


def _outcome(plan: Plan) -> list[Row]:
    """Return what was placed, what was held for which reason, and the proof."""
    meetings = product.meetings_of(plan)
    online = sum("in person was due" in meeting.reason for meeting in meetings)
    in_person = sum(meeting.format is Format.IN_PERSON for meeting in meetings)
    holds = Counter(a.reason_code for a in plan.actions if a.kind is ActionKind.HOLD)
    wanted = len(meetings) + holds.total()
    rows = [
        ("meetings placed of wanted", f"{len(meetings):,} of {wanted:,}"),
        ("in person", f"{in_person:,}, {online:,} more online that were due"),
        *((f"held: {code}", f"{number:,}") for code, number in sorted(holds.items())),
    ]
    proof = product.certificate_of(plan)
    if proof is None:
        return [*rows, ("gap", "not certified")]
    counts = f"{proof.placed:,} of at most {proof.most:,}"
    return [
        *rows,
        ("certificate: placed", counts),
        ("certificate: below floor, breaks", f"{proof.below:,}, {proof.breaks:,}"),
        ("certificate: gap", f"{proof.gap:.3%}"),
    ]


def _rate(work: Callable[[Pair], object], pairs: Sequence[Pair]) -> float:
    """Return how many pairs a second are done."""
    began = perf_counter()
    for pair in pairs:
        work(pair)
    return len(pairs) / (perf_counter() - began)


def _peak() -> str:
    """Return the most memory this process has had so far."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return "unknown"
    # Kilobytes on Linux, bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit:,.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
