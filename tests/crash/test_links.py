"""Runs are killed while a Meet or Teams link is being made, and when it is there at last."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import pytest

from tests.acceptance.world import Json
from tests.crash import moments, scenes
from tests.crash.process import Runner
from tests.crash.suite import Suite

_WHERE: Final = (scenes.google, scenes.microsoft)


@pytest.fixture(scope="module", params=_WHERE, ids=[each.__name__ for each in _WHERE])
def booking(request: pytest.FixtureRequest, memory: Path, processes: Runner) -> Iterator[Suite]:
    """Yield the run that books while links take their time."""
    with request.param(Path(mkdtemp(dir=memory))) as scene:
        yield Suite(scene, processes, moments.links_are_late(scene))


@pytest.fixture(scope="module", params=_WHERE, ids=[each.__name__ for each in _WHERE])
def fetching(request: pytest.FixtureRequest, memory: Path, processes: Runner) -> Iterator[Suite]:
    """Yield the run after it, which finds them."""
    with request.param(Path(mkdtemp(dir=memory))) as scene:
        yield Suite(scene, processes, moments.late_links_are_there(scene))


def test_late_links_are_taken_in_by_a_later_run_and_everybody_is_invited_once(
    booking: Suite,
) -> None:
    assert booking.result.kinds == ["book"] * 2
    assert not any(_links(booking.result.actions))
    assert all(_links(booking.undisturbed.actions))
    assert booking.undisturbed.told == booking.news
    flaws = booking.flaws_at(booking.telling_points())
    assert not flaws, "\n".join(flaws)


def test_the_run_that_finds_late_links_tells_nobody(fetching: Suite) -> None:
    assert fetching.result.kinds == ["keep"] * 2
    assert all(_links(fetching.undisturbed.actions))
    assert fetching.undisturbed.told == fetching.news == {}


@pytest.mark.exhaustive
def test_a_run_killed_at_any_point_while_links_are_late_is_finished_by_the_next(
    request: pytest.FixtureRequest, booking: Suite, say: Callable[[str], None]
) -> None:
    flaws = booking.flaws_anywhere()
    say(f"{booking.counted}: links are late, {request.node.callspec.id}")
    assert not flaws, "\n".join(flaws)


@pytest.mark.exhaustive
def test_a_run_killed_at_any_point_when_links_are_there_is_finished_by_the_next(
    request: pytest.FixtureRequest, fetching: Suite, say: Callable[[str], None]
) -> None:
    flaws = fetching.flaws_anywhere()
    say(f"{fetching.counted}: late links are there, {request.node.callspec.id}")
    assert not flaws, "\n".join(flaws)


def _links(actions: list[Json]) -> list[str | None]:
    return [each["join_url"] for each in actions]
