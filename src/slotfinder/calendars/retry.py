"""The one retry policy of all clouds: what is tried again, when, and how often.

Each provider says in values what a failed try means (``Verdict``); here is only what follows.
Nothing unsafe is ever tried again blindly: whoever calls with a write brings a key under which the
provider refuses to do it twice.
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
from threading import Lock
from typing import Final, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)

from slotfinder.errors import SlotfinderError

T = TypeVar("T")

MOST_TRIES: Final = 5
"""Tries of one call, the first included."""

_LONGEST_PAUSE: Final = 32.0
_CALLS_UNTIL_DOWN: Final = 3


class Verdict(StrEnum):
    """What a failed try means for the next one.

    ``again``: a hiccup of server or network. ``slower``: too much was asked, by whoever in this
    programme; everybody waits. ``never``: the same request would fail the same way.
    """

    AGAIN = "again"
    SLOWER = "slower"
    NEVER = "never"


class TryFailedError(SlotfinderError):
    """One try failed. ``after`` is how many seconds the provider asks to wait, None if it does not.

    ``is_down`` says that nothing was even tried: the provider had failed too often.
    """

    def __init__(
        self, message: str, verdict: Verdict, *, after: float | None = None, is_down: bool = False
    ) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.after = after
        self.is_down = is_down


def pause_after(tries: int, after: float | None, chance: float) -> float:
    """Return the seconds to wait after so many failed tries of a call.

    The provider's own wish counts; else the pause doubles each time and is spread by ``chance``
    (from 0 to 1), so that not everybody comes back at one moment.
    """
    if after is not None:
        return after
    return min(_LONGEST_PAUSE, 2.0 ** (tries - 1)) * (0.5 + chance / 2)


def wished_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds an answer asks to wait, None where it does not say; names in lower case.

    They may be a fraction. A date is compared with the answer's own, else with the machine's.
    """
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", said, re.ASCII):
        return float(said)
    try:
        until = parsedate_to_datetime(said).timestamp()
    except (TypeError, ValueError):
        return None
    try:
        now = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        now = time.time()  # noqa: TID251 - a provider's wish is about the machine's clock
    return max(0.0, until - now)


def pause(seconds: float) -> None:
    """Let the machine's clock run on."""
    time.sleep(seconds)


class Patience:
    """How long one provider is bothered in a run; shared by all its threads.

    A call may take ``seconds`` in all its tries, waits included; after three calls in a row that
    ended without an answer the provider counts as down. ``sleep`` and ``clock`` (monotonic
    seconds) are the machine's.
    """

    def __init__(
        self,
        seconds: float,
        *,
        sleep: Callable[[float], None] = pause,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._sleep = sleep
        self._clock = clock
        self._lock = Lock()
        self._closed_until = 0.0
        self._in_vain = 0

    def apart(self) -> "Patience":
        """Return the same patience for calls whose failures are not to count for the others."""
        return Patience(self._seconds, sleep=self._sleep, clock=self._clock)

    def call(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns, trying again while that may help.

        Raises:
            TryFailedError: that of the last try, or one that ``is_down``.
        """
        if self._in_vain >= _CALLS_UNTIL_DOWN:
            raise TryFailedError(
                "It did not answer several times and is left alone for the rest of this run.",
                Verdict.NEVER,
                is_down=True,
            )
        retrying = Retrying(
            stop=stop_after_attempt(MOST_TRIES) | stop_before_delay(self._seconds),
            wait=_wished_pause,
            retry=retry_if_exception(_is_worth_another_try),
            before=self._wait_at_the_gate,
            before_sleep=self._close_the_gate,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer = retrying(attempt)
        except TryFailedError as error:
            self._note(answered=error.verdict is Verdict.NEVER)
            raise
        self._note(answered=True)
        return answer

    def _note(self, *, answered: bool) -> None:
        with self._lock:
            self._in_vain = 0 if answered else self._in_vain + 1

    def _wait_at_the_gate(self, state: RetryCallState) -> None:
        """Wait while the provider asked somebody to slow down; a try of its own waited already."""
        pause = self._closed_until - self._clock()
        if state.attempt_number == 1 and pause > 0:
            self._sleep(min(pause, self._seconds))

    def _close_the_gate(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryFailedError) and error.verdict is Verdict.SLOWER:
            with self._lock:
                until = self._clock() + state.upcoming_sleep
                self._closed_until = max(self._closed_until, until)


def _is_worth_another_try(error: BaseException) -> bool:
    return isinstance(error, TryFailedError) and error.verdict is not Verdict.NEVER


def _wished_pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    after = error.after if isinstance(error, TryFailedError) else None
    return pause_after(state.attempt_number, after, random.random())  # noqa: S311 - spreads pauses
