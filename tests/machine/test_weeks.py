"""The promises hold after weeks of whatever may happen: in memory, and on either cloud."""

from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.machine.clouds import CloudWorld
from tests.machine.memory import MemoryWorld
from tests.machine.weeks import Weeks


class InMemory(Weeks):
    make_world = MemoryWorld


class FromGoogle(Weeks):
    make_world = partial(CloudWorld, "google")


class FromMicrosoft(Weeks):
    make_world = partial(CloudWorld, "microsoft")


_SOME = settings(
    max_examples=10,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_SOME_ON_CLOUDS = settings(_SOME, max_examples=3, stateful_step_count=8)

_MANY = settings(
    _SOME,
    max_examples=300,
    stateful_step_count=40,
    derandomize=False,
    phases=[Phase.generate, Phase.shrink],
)
_MANY_ON_CLOUDS = settings(_MANY, max_examples=15, stateful_step_count=25)


class TestSomeWeeksInMemory(InMemory.TestCase):  # type: ignore[misc, valid-type]
    settings = _SOME


class TestSomeWeeksFromGoogle(FromGoogle.TestCase):  # type: ignore[misc, valid-type]
    settings = _SOME_ON_CLOUDS


class TestSomeWeeksFromMicrosoft(FromMicrosoft.TestCase):  # type: ignore[misc, valid-type]
    settings = _SOME_ON_CLOUDS


@pytest.mark.exhaustive
class TestManyWeeksInMemory(InMemory.TestCase):  # type: ignore[misc, valid-type]
    settings = _MANY


@pytest.mark.exhaustive
class TestManyWeeksFromGoogle(FromGoogle.TestCase):  # type: ignore[misc, valid-type]
    settings = _MANY_ON_CLOUDS


@pytest.mark.exhaustive
class TestManyWeeksFromMicrosoft(FromMicrosoft.TestCase):  # type: ignore[misc, valid-type]
    settings = _MANY_ON_CLOUDS
