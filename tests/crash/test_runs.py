"""A run is killed wherever it touches the world: the next one ends as if nothing had been.

One further run is enough, whatever the point; the one after it finds nothing to do.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.crash import moments, scenes
from tests.crash.process import Runner
from tests.crash.scenes import Scene, Told
from tests.crash.suite import Suite

Where = Callable[[Path], AbstractContextManager[Scene]]
When = Callable[[Scene], Told]

_DOES = {
    moments.something_of_everything: {"book", "move", "cancel"},
    moments.a_room_is_lost: {"move", "keep"},
    moments.something_waits: {"book", "hold"},
    moments.before_the_first_run: {"book"},
}
"""What a run does at each moment."""


def _case(when: When, where: Where, *marks: pytest.MarkDecorator) -> object:
    name = f"{when.__name__}: {where.__name__}".replace("_", " ")
    return pytest.param((when, where), id=name, marks=marks)


@pytest.fixture(
    scope="module",
    params=[
        _case(moments.something_of_everything, scenes.local),
        _case(moments.something_of_everything, scenes.google),
        _case(moments.something_of_everything, scenes.microsoft),
        _case(moments.something_of_everything, scenes.google_with_guests_on_microsoft),
        _case(moments.something_of_everything, scenes.microsoft_with_guests_on_google),
        _case(moments.a_room_is_lost, scenes.local),
        _case(moments.a_room_is_lost, scenes.google, pytest.mark.exhaustive),
        _case(moments.a_room_is_lost, scenes.microsoft, pytest.mark.exhaustive),
        _case(moments.something_waits, scenes.local),
        _case(moments.something_waits, scenes.local_with_a_mail_server, pytest.mark.exhaustive),
        _case(moments.before_the_first_run, scenes.local, pytest.mark.exhaustive),
    ],
)
def suite(request: pytest.FixtureRequest, memory: Path, processes: Runner) -> Iterator[Suite]:
    when, where = request.param
    with where(Path(mkdtemp(dir=memory))) as scene:
        suite = Suite(scene, processes, when(scene))
        assert {*suite.result.kinds} == _DOES[when]
        yield suite


def test_an_undisturbed_run_tells_everybody_concerned_once(suite: Suite) -> None:
    assert suite.undisturbed.told == suite.news


def test_a_run_killed_after_a_change_is_finished_by_the_next(suite: Suite) -> None:
    flaws = suite.flaws_at(suite.telling_points())
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
def test_a_run_killed_at_any_point_is_finished_by_the_next(
    request: pytest.FixtureRequest, suite: Suite, say: Callable[[str], None]
) -> None:
    flaws = suite.flaws_anywhere()
    say(f"{suite.counted}: {request.node.callspec.id}")
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
@pytest.mark.parametrize("step", [9, 14])
def test_runs_that_are_killed_one_after_the_other_are_finished_at_last(
    suite: Suite, step: int
) -> None:
    flaws = suite.flaws_after_many(step)
    assert not flaws, "\n".join(flaws)
