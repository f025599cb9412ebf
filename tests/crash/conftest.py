"""Fixtures of the crash suite, and how many points it went through, said at the end."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.acceptance.folders import memory, no_settings_from_outside
from tests.crash.process import Runner, runner

__all__ = ["memory", "no_settings_from_outside"]


@pytest.fixture(scope="session")
def processes(memory: Path) -> Iterator[Runner]:
    """Yield what starts runs as processes of their own."""
    with runner(Path(mkdtemp(dir=memory))) as found:
        yield found


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what prints a number of points, at once and once more at the end."""

    def said(words: str) -> None:
        record_property("points", words)
        sys.stdout.write(f"{words}\n")

    return said


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of points of each scene."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                if name == "points" and report.when == "call":
                    terminalreporter.write_line(f"crash suite: {value}")
