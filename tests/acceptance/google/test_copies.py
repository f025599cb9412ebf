"""A guest's copy of a meeting that is not there, or not where the meeting is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.google.world import Office, office
from tests.acceptance.world import PRIYA, TOM, Json, Result
from tests.emulators import people

BOTH = [PRIYA, TOM]


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        found.programme.write()
        assert found.run().status == 0
        yield found


def drift(result: Result) -> list[Json]:
    assert result.kinds == ["keep"]
    return list(result.json["drift"])


def lose_copy(found: Office) -> None:
    people.remove_copy(found.world, PRIYA, found.meeting().uid, None)


def test_an_invitation_that_did_not_arrive_is_sent_once_more(booked: Office) -> None:
    before = booked.meeting()
    lose_copy(booked)
    planned = booked.plan()
    result = booked.run()

    expected = {"pair": "p01", "uid": before.uid, "person": PRIYA, "code": "copy-missing"}
    assert drift(planned) == drift(result) == [{**expected, "done": "resent"}]
    assert (planned.status, result.status, result.action["sequence"]) == (0, 0, 0)
    after = booked.meeting()
    assert (after.uid, after.start) == (before.uid, before.start)
    assert "sent once more" in after.extra["description"]
    assert (booked.told("invitation"), booked.told("update")) == (BOTH, BOTH)
    assert booked.world.copy_of(after.uid, PRIYA)


def test_once_it_has_arrived_all_is_quiet(booked: Office) -> None:
    lose_copy(booked)
    booked.run()
    writes = booked.writes()
    result = booked.run()

    assert (result.status, drift(result), booked.writes()) == (0, [], writes)


def test_what_is_missing_still_is_for_a_coordinator_and_never_sent_a_third_time(
    booked: Office,
) -> None:
    lose_copy(booked)
    booked.run()
    lose_copy(booked)
    writes = booked.writes()
    result = booked.run()

    assert result.status == 3
    assert [(each["code"], each["done"]) for each in drift(result)] == [
        ("copy-missing", "reported")
    ]
    assert booked.writes() == writes


def test_a_copy_that_a_guest_dragged_elsewhere_is_told_and_changes_nothing(booked: Office) -> None:
    meeting = booked.meeting()
    later = timedelta(hours=26)
    people.move_copy(booked.world, PRIYA, meeting.uid, meeting.start + later, meeting.end + later)
    writes = booked.writes()
    result = booked.run()

    assert result.status == 3
    assert [(each["person"], each["code"], each["done"]) for each in drift(result)] == [
        (PRIYA, "copy-differs", "reported")
    ]
    assert booked.writes() == writes
    shown = booked.call("plan").out
    assert "p01: not in the calendar of Priya Example as it stands" in shown.replace("\n", " ")


def test_where_google_may_not_tell_whose_an_entry_is_a_dragged_copy_is_missing(
    booked: Office,
) -> None:
    meeting, later = booked.meeting(), timedelta(hours=26)
    people.move_copy(booked.world, PRIYA, meeting.uid, meeting.start + later, meeting.end + later)
    booked.google.account.delegated.discard("calendar.events.freebusy")

    assert [each["code"] for each in drift(booked.run())] == ["copy-missing"]


def test_who_declined_misses_nothing(booked: Office) -> None:
    people.remove_copy(booked.world, PRIYA, booked.meeting().uid, "declined")
    result = booked.run()

    assert (result.kinds, result.json["drift"]) == (["move"], [])
