"""``slotfinder plan`` of the demo's twelve pairs as a whole process (target: one second).

Beside it what any program pays that loads the same libraries: quote the ratio, not the seconds.
"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from slotfinder.rehearsal.cast import write_programme

LIBRARIES = "import numpy, pydantic, typer, rich.table, icalendar"


@pytest.mark.benchmark(group="whole process")
def bench_plan_of_twelve_pairs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write_programme(tmp_path / "programme", date(2027, 1, 4))
    config = str(tmp_path / "programme" / "slotfinder.toml")
    command = ("-m", "slotfinder", "--config", config, "--now", "2027-01-04T06:00:00Z", "plan")
    _timed(benchmark, *command)


@pytest.mark.benchmark(group="whole process")
def bench_loading_the_libraries(benchmark: BenchmarkFixture) -> None:
    _timed(benchmark, "-c", LIBRARIES)


def _timed(benchmark: BenchmarkFixture, *arguments: str) -> None:
    benchmark.pedantic(_run, args=arguments, rounds=9, warmup_rounds=1)  # type: ignore[no-untyped-call] # the plugin has no types


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
