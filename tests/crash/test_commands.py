"""A coordinator's command is killed wherever it touches the world.

Once it was recorded, the next run finishes it; before, nothing had happened, and the coordinator
gives the command again.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import pytest

from tests.crash import moments, scenes
from tests.crash.moments import told
from tests.crash.process import Runner
from tests.crash.scenes import COUPLES, Scene, Told
from tests.crash.suite import Suite

_PAIR: Final = moments.name_of(COUPLES[0])
_FORMAT: Final = ("reschedule", _PAIR, "--format", "in-person")

_COMMANDS: Final = {
    ("reschedule", _PAIR): ["update"],
    _FORMAT: ["cancellation", "invitation"],
    ("book", _PAIR, "--at", "2027-01-20T11:00"): ["invitation"],
    ("skip", _PAIR): ["cancellation"],
    ("pause", _PAIR): ["cancellation"],
    ("end", _PAIR): ["cancellation"],
}
"""What a coordinator says, and what both of the pair are to be told, once."""

_WHERE: Final = (scenes.local, scenes.google, scenes.microsoft)


@pytest.fixture(scope="module", params=_WHERE, ids=[each.__name__ for each in _WHERE])
def scene(request: pytest.FixtureRequest, memory: Path) -> Iterator[Scene]:
    """Yield two pairs that have a meeting each."""
    with request.param(Path(mkdtemp(dir=memory))) as found:
        moments.two_meetings(found)
        yield found


def _suite(scene: Scene, processes: Runner, command: tuple[str, ...]) -> Suite:
    news = [told(each, COUPLES[0]) for each in _COMMANDS[command]]
    suite = Suite(scene, processes, sum(news, start=Told()), *command)
    assert suite.undisturbed.told == suite.news
    assert len(suite.undisturbed.commands) == 1
    return suite


def test_a_command_killed_after_a_change_is_finished_by_the_next_run(
    scene: Scene, processes: Runner
) -> None:
    suite = _suite(scene, processes, _FORMAT)
    flaws = suite.flaws_at([0, *suite.telling_points()])
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_a_command_killed_at_any_point_is_finished_by_the_next_run_or_given_again(
    scene: Scene,
    processes: Runner,
    command: tuple[str, ...],
    request: pytest.FixtureRequest,
    say: Callable[[str], None],
) -> None:
    suite = _suite(scene, processes, command)
    flaws = suite.flaws_anywhere()
    say(f"{suite.counted}: {request.node.callspec.id}")
    assert not flaws, "\n".join(flaws)
