"""A guest's copy of a meeting that is not there; what of a dragged one Graph's times can tell."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.google.test_copies import (
    drift,
    test_an_invitation_that_did_not_arrive_is_sent_once_more,
    test_once_it_has_arrived_all_is_quiet,
    test_what_is_missing_still_is_for_a_coordinator_and_never_sent_a_third_time,
    test_who_declined_misses_nothing,
)
from tests.acceptance.microsoft.world import Office, office, two_clouds
from tests.acceptance.world import PRIYA, TOM
from tests.emulators import people

__all__ = [
    "test_an_invitation_that_did_not_arrive_is_sent_once_more",
    "test_once_it_has_arrived_all_is_quiet",
    "test_what_is_missing_still_is_for_a_coordinator_and_never_sent_a_third_time",
    "test_who_declined_misses_nothing",
]


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        found.programme.write()
        assert found.run().status == 0
        yield found


def test_a_dragged_copy_is_missing_because_nobody_s_mailbox_is_opened(booked: Office) -> None:
    meeting, later = booked.meeting(), timedelta(hours=26)
    people.move_copy(booked.world, PRIYA, meeting.uid, meeting.start + later, meeting.end + later)

    assert [each["code"] for each in drift(booked.run())] == ["copy-missing"]


@pytest.mark.parametrize("home", ["google", "microsoft"])
def test_a_guest_of_the_other_cloud_gets_it_once_more_too(tmp_path: Path, home: str) -> None:
    with two_clouds(tmp_path, home) as found:
        found.programme.write()
        found.run()
        guest = PRIYA if home == "google" else TOM
        people.remove_copy(found.world, guest, found.meeting().uid, None)
        result = found.run()

        assert [(each["person"], each["done"]) for each in drift(result)] == [(guest, "resent")]
        assert found.world.copy_of(found.meeting().uid, guest) in found.world.live(guest)
        assert found.run().json["drift"] == []
        assert len(found.meetings()) == 1
