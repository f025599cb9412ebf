"""The one retry policy, with a clock that only pauses move."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotfinder.calendars.retry import (
    MOST_TRIES,
    Patience,
    TryFailedError,
    Verdict,
    pause_after,
)


@dataclass
class Machine:
    """A clock that only pauses and tries move."""

    at: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += seconds

    def clock(self) -> float:
        return self.at


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    # tenacity's own measure of how long a call has been going on.
    monkeypatch.setattr("time.monotonic", found.clock)
    return found


def patience(machine: Machine, seconds: float = 90) -> Patience:
    return Patience(seconds, sleep=machine.sleep, clock=machine.clock)


def failing(*verdicts: Verdict, after: float | None = None) -> Callable[[], str]:
    """Return what fails in these ways, one after another, and then succeeds."""
    waiting = list(verdicts)

    def attempt() -> str:
        if waiting:
            raise TryFailedError("No.", waiting.pop(0), after=after)
        return "done"

    return attempt


@given(st.integers(1, 50), st.floats(0, 1))
def test_pauses_double_are_spread_and_have_an_end(tries: int, chance: float) -> None:
    pause = pause_after(tries, None, chance)
    whole = min(32.0, 2.0 ** (tries - 1))
    assert whole / 2 <= pause <= whole


def test_the_provider_s_own_wish_counts() -> None:
    assert pause_after(1, 17.0, 0.5) == 17.0


@pytest.mark.parametrize("verdict", [Verdict.AGAIN, Verdict.SLOWER])
def test_what_may_pass_is_tried_again(machine: Machine, verdict: Verdict) -> None:
    assert patience(machine).call(failing(*[verdict] * 4)) == "done"
    assert len(machine.pauses) == 4


def test_what_would_fail_again_is_not_tried_again(machine: Machine) -> None:
    with pytest.raises(TryFailedError):
        patience(machine).call(failing(Verdict.NEVER))
    assert machine.pauses == []


def test_a_call_has_five_tries(machine: Machine) -> None:
    tries = []

    def attempt() -> None:
        tries.append(1)
        raise TryFailedError("No.", Verdict.AGAIN)

    with pytest.raises(TryFailedError):
        patience(machine, 3600).call(attempt)
    assert len(tries) == MOST_TRIES == 5


def test_a_call_takes_no_longer_than_its_patience(machine: Machine) -> None:
    started = machine.at

    def attempt() -> None:
        machine.at += 30
        raise TryFailedError("No.", Verdict.AGAIN)

    with pytest.raises(TryFailedError):
        patience(machine, 90).call(attempt)
    assert machine.at - started <= 90 + 30


def test_a_wish_to_wait_longer_than_there_is_patience_ends_it_at_once(machine: Machine) -> None:
    with pytest.raises(TryFailedError):
        patience(machine, 90).call(failing(Verdict.SLOWER, after=91))
    assert machine.pauses == []


def test_when_one_is_asked_to_slow_down_all_wait(machine: Machine) -> None:
    shared = patience(machine)
    with pytest.raises(TryFailedError):
        shared.call(failing(*[Verdict.SLOWER] * 2, Verdict.NEVER, after=20))
    assert machine.pauses == [20, 20]

    machine.at -= 5  # another thread, that asks while the first one still waits
    assert shared.call(lambda: "done") == "done"
    assert machine.pauses == [20, 20, 5]


def test_a_hiccup_makes_nobody_else_wait(machine: Machine) -> None:
    shared = patience(machine)
    shared.call(failing(Verdict.AGAIN, after=20))
    machine.at -= 5
    shared.call(lambda: "done")
    assert machine.pauses == [20]


def test_after_three_calls_in_vain_it_is_down(machine: Machine) -> None:
    shared = patience(machine)
    for _ in range(3):
        with pytest.raises(TryFailedError):
            shared.call(failing(*[Verdict.AGAIN] * 5))
    asked: list[int] = []
    with pytest.raises(TryFailedError) as caught:
        shared.call(lambda: asked.append(1))
    assert caught.value.is_down
    assert asked == []


def test_an_answer_in_between_any_answer_begins_anew(machine: Machine) -> None:
    shared = patience(machine)
    for verdict in (Verdict.AGAIN, Verdict.AGAIN, Verdict.NEVER, Verdict.AGAIN, Verdict.AGAIN):
        with pytest.raises(TryFailedError):
            shared.call(failing(*[verdict] * 5))
    assert shared.call(lambda: "done") == "done"
