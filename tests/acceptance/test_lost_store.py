"""The store is lost, or restored from an older copy: calendars tell what stands."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import PRIYA, ROOM_A, TOM, World, couple, with_rooms


@pytest.fixture
def booked(tmp_path: Path) -> World:
    world = couple(tmp_path).set("meetings", horizon="20d").write()
    assert world.run().kinds == ["book", "book"]
    return world


def test_what_stands_is_adopted_and_nobody_is_told_anything(booked: World) -> None:
    before, told = booked.snapshot(), booked.outbox()
    meetings = [(each["uid"], each["start"]) for each in booked.plan().json["actions"]]
    booked.store.unlink()
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["adopt", "adopt"])
    assert [(each["uid"], each["start"]) for each in result.json["actions"]] == meetings
    assert {each["reason_code"] for each in result.json["actions"]} == {"found"}
    assert (booked.snapshot(), booked.outbox()) == (before, told)
    assert booked.run().kinds == ["keep", "keep"]


def test_what_it_is_worth_is_worked_out_anew(booked: World) -> None:
    worths = [(each["satisfaction"], each["share"]) for each in booked.plan().json["actions"]]
    booked.store.unlink()
    found = booked.run().json["actions"]

    assert [(each["satisfaction"], each["share"]) for each in found] == worths


def test_answers_given_meanwhile_count(booked: World) -> None:
    uid = booked.plan().json["actions"][0]["uid"]
    booked.answer(PRIYA, uid, "DECLINED")
    booked.store.unlink()
    result = booked.run()

    assert sorted(result.kinds) == ["adopt", "move"]
    assert booked.run().kinds == ["keep", "keep"]
    assert len({path.name for path in booked.copies()}) == 2


def test_where_it_was_moved_to_is_where_it_is(booked: World) -> None:
    uid = booked.plan().json["actions"][0]["uid"]
    for who in (TOM, PRIYA, "mentoring@acme.example"):
        start, _ = booked.shift(who, uid, timedelta(hours=1))
    booked.store.unlink()
    result = booked.run()

    assert result.kinds == ["adopt", "adopt"]
    assert result.json["actions"][0]["start"] == start


def test_an_older_copy_of_the_store_learns_what_came_later(booked: World) -> None:
    older = booked.store.read_bytes()
    later = "2027-01-18T06:00:00Z"
    assert booked.run(now=later).kinds == ["keep", "book"]
    told = booked.outbox()
    booked.store.write_bytes(older)
    result = booked.run(now=later)

    assert (result.kinds, booked.outbox()) == (["keep", "adopt"], told)


def test_a_room_stays_with_its_meeting(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, "room-a@acme.example").write()
    assert world.run().action["format"] == "in-person"
    world.store.unlink()
    action = world.run().action

    kept = (action["kind"], action["format"], action["room"])
    assert kept == ("adopt", "in-person", "room-a@acme.example")


def test_one_that_was_declined_goes_where_no_other_time_is_left(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="14d").write()
    world.answer(PRIYA, world.run().action["uid"], "DECLINED")
    world.store.unlink()
    world.busy(TOM, "20270101T000000Z", "20270301T000000Z")
    result = world.run()

    assert (result.status, result.kinds) == (3, ["cancel", "hold"])
    assert world.run().kinds == ["hold"]


def test_one_whose_format_changes_goes_for_another_one(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).set("meetings", horizon="14d").write()
    world.answer(PRIYA, world.run().action["uid"], "DECLINED")
    world.store.unlink()
    world.busy(ROOM_A, "20270101T000000Z", "20270301T000000Z")
    result = world.run()

    assert (result.status, result.kinds, result.action["format"]) == (0, ["move"], "virtual")
    assert world.run().kinds == ["keep"]
