"""A run is killed wherever it touches the world: the next one ends as if nothing had been.

One further run is enough, whatever the point; the one after it finds nothing to do.
"""

import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from slotfinder.ports import Logged
from slotfinder.store.sql import read_log
from tests.acceptance.world import Json
from tests.crash.process import Ended, Runner
from tests.crash.scenes import NEWS, PAIRS, SCENES, Scene, unbegun

_TELLING = (
    r"before (PATCH|replace .*\.new$)",
    r"after (DELETE|POST .*/cancel$|unlink .*\.ics$)",
    r"after (PATCH|replace .*\.new$)",
    r"after (POST .*/events$|replace .*\.part$)",
)
"""Right before and after something changed that the store does not know yet."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left behind, once everything had time to arrive."""

    shown: object
    told: Counter[tuple[str, str, str]]
    actions: list[Json]
    logs: dict[str, list[Logged]]


class Suite:
    """One scene, the points of its run, and what an undisturbed run leaves."""

    def __init__(self, scene: Scene, processes: Runner) -> None:
        self._scene, self._processes = scene, processes
        scene.set_back()
        processes.rehearse(self._arguments(), scene.environment())
        scene.set_back()
        ended = self._run()
        assert ended.result.status == 0, ended.result.err
        self.points = ended.points
        self.kinds = Counter(each["kind"] for each in ended.result.actions)
        self.undisturbed, flaws = self._left()
        assert flaws == []

    def flaws(self, point: int) -> list[str]:
        """Kill a run at a point, run again, and tell what is not as it should be."""
        self._scene.set_back()
        killed = self._run(point)
        if killed.result.status != -signal.SIGKILL:
            return [f"the run was not killed but ended with {killed.result.status}"]
        return [f"{killed.points[-1]} (point {point}): {each}" for each in self._finished()]

    def flaws_after_many(self, step: int) -> list[str]:
        """Kill one run after the other, each a step later, until one comes to its end."""
        self._scene.set_back()
        killed = [self._run(step)]
        while killed[-1].result.status == -signal.SIGKILL:
            killed.append(self._run(step * (len(killed) + 1)))
        return [f"killed every {step} points: {each}" for each in self._finished()]

    def _finished(self) -> list[str]:
        """Run again and tell what is other than after an undisturbed run."""
        again = self._run()
        left, flaws = self._left()
        if again.result.status != 0:
            flaws.append(f"the next run ended with {again.result.status}: {again.result.err}")
        flaws += _differences("calendars", self.undisturbed.shown, left.shown)
        flaws += _differences("what people were told", self.undisturbed.told, left.told)
        flaws += _differences("what the store knows", self.undisturbed.actions, left.actions)
        flaws += _differences("the log", self.undisturbed.logs, left.logs)
        return flaws

    def _left(self) -> tuple[Left, list[str]]:
        """Return what there is now, and what is wrong if one more run does anything."""
        scene = self._scene
        scene.settle()
        shown, writes = scene.shown(), scene.writes()
        idle = self._run()
        flaws = []
        if (idle.result.status, {*idle.result.kinds}) != (0, {"keep"}):
            flaws.append(f"one more run ended with {idle.result.status}: {idle.result.kinds}")
        if scene.writes() != writes:
            flaws.append("one more run wrote or sent something")
        flaws += _differences("one more run's calendars", shown, scene.shown())
        logged = read_log(scene.programme.store)
        logs = {pair: [each for each in logged if each.pair == pair] for pair in PAIRS}
        return Left(shown, scene.told(), idle.result.actions, logs), flaws

    def _run(self, kill_at: int | None = None) -> Ended:
        return self._processes.run(self._arguments(), self._scene.environment(), kill_at)

    def _arguments(self) -> list[str]:
        programme = self._scene.programme
        return ["--config", str(programme.config), "--now", programme.now, "run", "--json"]


@pytest.fixture(params=SCENES, scope="module")
def suite(request: pytest.FixtureRequest, memory: Path, processes: Runner) -> Iterator[Suite]:
    with SCENES[request.param](Path(mkdtemp(dir=memory))) as scene:
        yield Suite(scene, processes)


def test_the_run_books_moves_and_cancels_and_tells_everybody_once(suite: Suite) -> None:
    assert set(suite.kinds) == {"book", "move", "cancel"}
    told = Counter(
        (who, news, pair) for pair, both in PAIRS.items() for news in NEWS[pair] for who in both
    )
    # Where calendars are files the product itself tells of what a person deleted.
    more = suite.undisturbed.told - told
    assert set(more) <= {(who, "cancellation", "deleted") for who in PAIRS["deleted"]}
    assert set(suite.undisturbed.told.values()) == {1}
    assert told - suite.undisturbed.told == Counter()


def test_a_run_killed_around_a_change_is_finished_by_the_next(suite: Suite) -> None:
    matches: list[Callable[[str], object]] = [re.compile(each).match for each in _TELLING]
    first = [next(k for k, name in enumerate(suite.points) if does(name)) for does in matches]
    flaws = _flaws(suite, first)
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
def test_a_run_killed_at_any_point_is_finished_by_the_next(
    request: pytest.FixtureRequest, suite: Suite, say: Callable[[str], None]
) -> None:
    say(f"{len(suite.points)} points: {request.node.callspec.id}")
    flaws = _flaws(suite, range(len(suite.points)))
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
@pytest.mark.parametrize("step", [9, 14])
def test_runs_that_are_killed_one_after_the_other_are_finished_at_last(
    suite: Suite, step: int
) -> None:
    flaws = suite.flaws_after_many(step)
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
def test_a_first_run_killed_at_any_point_is_finished_by_the_next(
    memory: Path, processes: Runner, say: Callable[[str], None]
) -> None:
    with unbegun(Path(mkdtemp(dir=memory))) as scene:
        suite = Suite(scene, processes)
        assert suite.kinds == {"book": 2}
        say(f"{len(suite.points)} points: a first run")
        flaws = _flaws(suite, range(len(suite.points)))
        assert not flaws, "\n".join(flaws)


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what prints a number of points, at once and once more at the end."""

    def said(words: str) -> None:
        record_property("points", words)
        sys.stdout.write(f"{words}\n")

    return said


def _flaws(suite: Suite, points: Iterable[int]) -> list[str]:
    return [flaw for point in points for flaw in suite.flaws(point)]


def _differences(what: str, wanted: object, found: object) -> list[str]:
    return [] if wanted == found else [f"{what}: {_said(wanted, found)}"]


def _said(wanted: object, found: object) -> str:
    if isinstance(wanted, dict) and isinstance(found, dict):
        pairs = [(name, wanted.get(name), found.get(name)) for name in {**wanted, **found}]
        return "; ".join(f"{name}: {a!r} became {b!r}" for name, a, b in pairs if a != b)
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        if len(wanted) != len(found):
            lost = [each for each in wanted if each not in found]
            new = [each for each in found if each not in wanted]
            return f"lost {lost!r}, new {new!r}"
        both = zip(wanted, found, strict=True)
        return "; ".join(_said(a, b) for a, b in both if a != b)
    return f"{wanted!r} became {found!r}"
