"""Runs of the command line in processes of their own, which can be killed at any point."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.world import Result

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and the points it passed; the last one is where it was killed."""

    result: Result
    points: list[str]


class Runner:
    """Starts processes by way of one that has loaded everything already."""

    def __init__(self, driver: "subprocess.Popen[str]", folder: Path) -> None:
        self._driver, self._folder = driver, folder

    def rehearse(self, arguments: list[str], environment: Mapping[str, str]) -> Ended:
        """Run the command line where later runs find done what is done only once."""
        return self._ordered(arguments, environment, rehearsal=True)

    def run(
        self, arguments: list[str], environment: Mapping[str, str], kill_at: int | None = None
    ) -> Ended:
        """Run the command line as a process, to be killed at the point of this number."""
        return self._ordered(arguments, environment, kill_at=kill_at)

    def _ordered(
        self, arguments: list[str], environment: Mapping[str, str], **how: bool | int | None
    ) -> Ended:
        files = {name: str(self._folder / name) for name in ("out", "err", "trace")}
        order: dict[str, Any] = {
            "arguments": arguments,
            "environment": dict(environment),
            "kill_at": None,
            "rehearsal": False,
            **how,
            "in": os.devnull,
            **files,
        }
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.write(json.dumps(order) + "\n")
        self._driver.stdin.flush()
        status = int(self._driver.stdout.readline())
        out, err, trace = (Path(files[name]).read_text("utf-8") for name in files)
        return Ended(Result(status, out, err), trace.splitlines())


@contextmanager
def runner(folder: Path) -> Iterator[Runner]:
    """Yield a runner; what its processes say is kept in ``folder`` until the next one."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.driver"],
        cwd=_ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as driver:
        yield Runner(driver, folder)
        assert driver.stdin
        driver.stdin.close()
