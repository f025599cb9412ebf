"""The machine's clock against the dates of answers."""

import time
from datetime import timedelta
from email.utils import formatdate

import pytest

from slotfinder.calendars.clock import ClockWatch


def test_a_date_tells_how_far_the_machine_is_ahead() -> None:
    clock = ClockWatch()
    clock.note(formatdate(time.time() - 600, usegmt=True))  # noqa: TID251 - as the machine sees it
    assert clock.ahead is not None
    assert abs(clock.ahead - timedelta(minutes=10)) < timedelta(seconds=5)


@pytest.mark.parametrize("odd", ["", "yesterday", "Fri, 99 Jan 2100 00:00:00 GMT", "1", "é"])
def test_what_is_no_date_tells_nothing(odd: str) -> None:
    clock = ClockWatch()
    clock.note(odd)
    assert clock.ahead is None
