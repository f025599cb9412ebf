"""What is logged of a meeting is forgotten with it, not before."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from slotfinder.domain.lifecycle import Step
from slotfinder.domain.meeting import MeetingState
from slotfinder.ports import Forgetting
from slotfinder.store.sql import open_store, read_log
from tests.contract.test_store import MEETING, SLOT, booked, changes, steps

LATE = SLOT.end + timedelta(days=30)
"""When somebody found out that the meeting had been off."""


@pytest.mark.parametrize(("limit", "left"), [(LATE, ["book", "cancel"]), (LATE + SLOT.length, [])])
def test_a_meeting_stays_with_its_log_while_something_of_it_is_young(
    tmp_path: Path, limit: datetime, left: list[str]
) -> None:
    file = tmp_path / "store.db"
    gone = replace(MEETING, state=MeetingState.WITHDRAWN)
    [off] = steps(gone, kind=Step.CANCEL)
    with open_store(file) as store:
        store.record(booked(MEETING))
        known = frozenset({(MEETING.uid, SLOT.start)})
        late = replace(off, at=LATE)
        store.record(changes(meetings=(gone,), happenings=(late,), known=known))
        store.record(
            changes(forgetting=Forgetting(limit=limit, before={}, counted=frozenset(), commands=()))
        )

    assert [each.kind for each in read_log(file)] == left
