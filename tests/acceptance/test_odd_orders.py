"""Orders that meet a world which is not as the store has it, or a period nobody has read yet."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import OFFICE, PRIYA, TOM, Result, World, couple

ADA = "ada@acme.example"


@pytest.fixture
def booked(tmp_path: Path) -> World:
    """One pair that meets every two weeks, two meetings of which are booked."""
    world = couple(tmp_path).set("meetings", horizon="20d").write()
    assert world.run().kinds == ["book", "book"]
    return world


def act(world: World, *arguments: str, now: str | None = None) -> Result:
    return world.call(*arguments, "--json", now=now)


def refused(world: World, *arguments: str) -> str:
    before = world.snapshot(store=True)
    result = act(world, *arguments)
    assert (result.status, result.out) == (2, "")
    assert world.snapshot(store=True) == before
    return result.err


def test_a_meeting_beyond_the_horizon_is_moved_to_times_that_were_read(booked: World) -> None:
    uid = act(booked, "book", "p01", "--at", "2027-03-02T10:00").action["uid"]
    booked.busy(PRIYA, "20270307T000000Z", "20270314T000000Z")
    named = ("reschedule", "p01", "--meeting", uid, "--dry-run")

    assert act(booked, *named, "--not-before", "2027-03-08").kinds == ["hold"]
    start = act(booked, *named).action["start"]
    assert "2027-03-01" <= start[:10] < "2027-03-07"


def test_a_deleted_meeting_is_left_to_the_next_run(booked: World) -> None:
    uid = booked.plan().json["actions"][0]["uid"]
    for who in (OFFICE, TOM, PRIYA):
        booked.copy(who, uid).unlink()

    assert "was deleted" in refused(booked, "reschedule", "p01")


def test_other_people_in_the_pair_are_left_to_the_next_run(booked: World) -> None:
    booked.person(ADA, "Ada Example")
    booked.pairs[0]["mentee"] = ADA
    booked.write()

    assert "of other people" in refused(booked, "reschedule", "p01")


def test_what_is_booked_in_a_period_left_out_stays(booked: World) -> None:
    act(booked, "skip", "p01")
    result = act(booked, "book", "p01", "--at", "2027-01-06T10:00")

    assert (result.status, result.kinds) == (0, ["book"])
    assert booked.run().kinds == ["keep", "keep"]


def test_a_second_skip_leaves_the_next_period_out(booked: World) -> None:
    assert act(booked, "skip", "p01").kinds == ["cancel", "keep"]
    assert act(booked, "skip", "p01").kinds == ["cancel"]
    assert "no period to skip" in refused(booked, "skip", "p01")


def test_no_second_meeting_is_booked_beside_one_the_store_has_lost(booked: World) -> None:
    booked.store.unlink()
    result = act(booked, "book", "p01", "--at", "2027-01-06T10:00")

    assert result.status == 2
    assert "stands in that period already" in result.err
    assert booked.run().kinds == ["adopt", "adopt"]


def test_what_is_found_while_a_calendar_is_closed_is_judged_when_it_opens(booked: World) -> None:
    worth = [each["satisfaction"] for each in booked.plan().json["actions"]]
    booked.store.unlink()
    booked.put(PRIYA, "broken").write_bytes(b"nothing")
    assert set(booked.run().kinds) == {"hold"}
    (booked.calendar(PRIYA) / "broken.ics").unlink()
    result = booked.run()

    assert result.kinds == ["adopt", "adopt"]
    assert [each["satisfaction"] for each in result.json["actions"]] == worth


def test_a_meeting_a_person_moved_is_moved_on_from_there(booked: World) -> None:
    uid = booked.plan().json["actions"][0]["uid"]
    for who in (OFFICE, TOM, PRIYA):
        start, _ = booked.shift(who, uid, timedelta(days=1))
    result = act(booked, "reschedule", "p01")

    assert result.action["was"]["start"] == start


def test_a_time_closer_than_the_notice_is_said_to_be_so(booked: World) -> None:
    at = ("reschedule", "p01", "--at", "2027-01-04T10:00")
    assert "--allow notice" in act(booked, *at).action["reason"]


def test_a_pair_whose_row_vanished_waits_for_nobody(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.person(ADA, "Ada Example").pair("p02", ADA, PRIYA).write()
    world.calendar(ADA).rmdir()
    world.run()
    assert [each["pair"] for each in world.call("todo", "--json").json["todo"]] == ["p02"]

    world.pairs.pop()
    world.write()
    assert world.call("todo", "--json").json["todo"] == []
    assert world.run().status == 0
    assert world.call("todo", "--json").json["todo"] == []
