"""Fixtures of the crash suite, and how many points it went through, said at the end."""

from collections.abc import Iterator
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of points of each scene."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                if name == "points" and report.when == "call":
                    terminalreporter.write_line(f"crash suite: {value}")
