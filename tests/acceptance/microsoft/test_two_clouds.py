"""Pairs on two clouds: one event, in the organizer's, and a guest in the other."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.microsoft.test_faults import BOTH, assert_settled, clear
from tests.acceptance.microsoft.world import Office, two_clouds
from tests.acceptance.world import OFFICE, PRIYA, TOM, utc
from tests.emulators import faults, people
from tests.emulators.google import Fault as GoogleFault
from tests.emulators.microsoft import Fault as MicrosoftFault


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses between tries take no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.fixture(params=["google", "microsoft"])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with two_clouds(tmp_path, request.param) as made:
        made.programme.set("virtual", conference="auto").write()
        yield made


@pytest.fixture
def booked(found: Office) -> Office:
    result = found.run()
    assert (result.status, result.kinds) == (0, ["book"]), result.err
    return found


def test_both_calendars_are_read_and_one_event_is_made(found: Office) -> None:
    for who in (TOM, PRIYA):
        for day in range(5, 9):
            found.busy(who, f"2027-01-{day:02}T00:00", f"2027-01-{day:02}T23:00")
    result = found.run()

    assert (result.status, result.kinds) == (0, ["book"])
    assert result.action["start"][:10] not in {f"2027-01-{day:02}" for day in range(5, 9)}
    assert found.told("invitation") == BOTH
    assert [len(found.meetings(each)) for each in (OFFICE, TOM, PRIYA)] == [1, 0, 0]
    assert [len(found.world.live(each)) for each in (TOM, PRIYA)] == [5, 5]
    link = {"google": "https://meet.google.com/", "microsoft": "https://teams.microsoft.com/"}
    assert result.action["join_url"].startswith(link[found.home])
    requests = result.json["requests"]
    assert requests["google.freebusy"] == requests["microsoft.getSchedule"] == 3


def test_a_second_run_writes_nothing_and_tells_nobody(booked: Office) -> None:
    writes, notices = booked.writes(), len(booked.world.notices)
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["keep"])
    assert (booked.writes(), len(booked.world.notices)) == (writes, notices)


@pytest.mark.parametrize("who", [TOM, PRIYA])
def test_an_answer_comes_back_from_either_cloud(booked: Office, who: str) -> None:
    meeting = booked.meeting()
    uid, start = meeting.uid, meeting.start
    people.answer(booked.world, who, uid, "declined")
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["move"])
    assert booked.meeting().start == utc(result.action["start"]) != start
    assert booked.told("update") == BOTH
    copies = [booked.world.copy_of(uid, each) for each in (TOM, PRIYA)]
    assert {each.start for each in copies if each} == {booked.meeting().start}
    assert booked.run().kinds == ["keep"]


def test_what_the_organizer_moves_or_deletes_is_noticed(booked: Office) -> None:
    meeting = booked.meeting()
    later = timedelta(hours=24)
    people.move(booked.world, meeting.uid, meeting.start + later, meeting.end + later)
    assert booked.run().kinds == ["adopt"]

    people.delete(booked.world, meeting.uid)
    booked.run()
    assert len(booked.meetings()) == 1
    assert booked.told("invitation") == sorted(BOTH * 2)
    assert booked.run().kinds == ["keep"]


@pytest.mark.parametrize("who", [TOM, PRIYA])
def test_an_entry_over_the_meeting_moves_it(booked: Office, who: str) -> None:
    start = booked.meeting().start
    quarter = timedelta(minutes=15)
    booked.world.add_item(who, start + quarter, start + 4 * quarter)
    result = booked.run()

    assert (result.kinds, result.action["reason_code"]) == (["move"], "conflict")
    assert booked.run().kinds == ["keep"]


@pytest.mark.parametrize("who", [TOM, PRIYA])
def test_one_cloud_that_cannot_be_read_holds_the_pair(found: Office, who: str) -> None:
    down = {TOM: "calendar.freebusy.query", PRIYA: "users.calendar.getSchedule"}
    server = found.emulators["google" if who == TOM else "microsoft"]
    backend = GoogleFault.backend_error() if who == TOM else MicrosoftFault.backend_error()
    server.faults.plan(down[who], backend, 99)
    result = found.run()

    assert result.kinds == ["hold"]
    assert [each["person"] for each in result.json["unreadable"]] == [who]
    assert found.writes() == 0
    clear(found)
    assert found.run().kinds == ["book"]
    assert_settled(found)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("times", [1, 9])
def test_a_lost_booking_ends_with_one_meeting_and_one_invitation(
    found: Office, when: faults.When, times: int
) -> None:
    found.emulators["google"].faults.plan(
        "calendar.events.insert", GoogleFault.backend_error(when=when), times
    )
    found.emulators["microsoft"].faults.plan(
        "users.events.create", MicrosoftFault.backend_error(when=when), times
    )
    found.run()
    clear(found)
    assert_settled(found)


def test_no_title_of_either_cloud_is_seen_anywhere(booked: Office) -> None:
    for who in (TOM, PRIYA):
        booked.busy(who, "2027-01-06T09:00", "2027-01-06T10:00")
    people.answer(booked.world, PRIYA, booked.meeting().uid, "declined")
    results = [booked.run(), booked.plan(), booked.call("status"), booked.call("explain", "p01")]
    assert booked.leaks(*results) == []


def test_the_demo_programme_with_half_of_the_people_on_each_cloud(tmp_path: Path) -> None:
    with two_clouds(tmp_path, "microsoft") as found:
        clouds = ("google", "microsoft")
        for number in range(6):
            mentor, mentee = f"m{number}@acme.example", f"n{number}@acme.example"
            found.person(mentor, f"M {number}", clouds[number % 2])
            found.person(mentee, f"N {number}", clouds[number // 2 % 2])
            found.programme.pair(f"q{number}", mentor, mentee)
            found.busy(mentor, "2027-01-05T08:00", "2027-01-05T18:00")
        found.programme.set("virtual", conference="auto").write()
        first = found.run()
        assert (first.status, first.kinds) == (0, ["book"] * 7), first.err
        assert found.run().kinds == ["keep"] * 7
        assert len(found.told("invitation")) == 14

        meetings = found.meetings()
        people.answer(found.world, meetings[0].attendees[1].email, meetings[0].uid, "declined")
        people.delete(found.world, meetings[1].uid)
        later = timedelta(minutes=30)
        people.move(
            found.world, meetings[2].uid, meetings[2].start + later, meetings[2].end + later
        )
        second = found.run()
        assert second.status == 0, second.err
        assert found.run().kinds == ["keep"] * 7
        assert len(found.meetings()) == 7
        assert found.leaks(first, second) == []
        assert max(found.microsoft.limits.peak.values()) <= 3


def test_a_copy_that_is_late_is_nobody_who_slipped_in(booked: Office) -> None:
    """A guest's calendar may still show the old time, which overlaps the new one."""
    meeting = booked.meeting()
    uid, was = meeting.uid, meeting.span("UTC")
    for who in (TOM, PRIYA):
        people.answer(booked.world, who, uid, "accepted")
    late = timedelta(minutes=15)
    booked.world.add_item(TOM, was[0] - late, was[0] + late)
    booked.world.after("update", lambda world: people.move_copy(world, PRIYA, uid, *was))
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["move"])
    assert utc(result.action["start"]) == was[0] + late
    assert booked.told("update") == BOTH


def test_what_stands_before_all_that_is_known_is_adopted_too(tmp_path: Path) -> None:
    """The store was lost, and a run of one pair alone came first."""
    with two_clouds(tmp_path, "google") as found:
        found.programme.set("meetings", horizon="20d").pair("p02", TOM, PRIYA, starts="2027-01-18")
        found.programme.write()
        booked = {each["uid"]: each["start"] for each in found.run().json["actions"]}
        found.programme.store.unlink()
        assert set(found.run("--pair", "p02").kinds) == {"adopt"}
        writes = found.writes()
        result = found.run()

        assert set(result.kinds) == {"adopt", "keep"}
        assert {each["uid"]: each["start"] for each in result.json["actions"]} == booked
        assert found.writes() == writes
