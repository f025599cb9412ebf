"""Finer points of a meeting's life: how calendar programs write, memory, closures, freeze."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import (
    ADA,
    OFFICE,
    PRIYA,
    TOM,
    World,
    couple,
    simple,
    stamp,
    utc,
    values,
)


def booked(folder: Path) -> tuple[World, str]:
    world = simple(folder)
    action = world.run().action
    assert action["start"] == "2027-01-05T09:00:00Z"
    return world, action["uid"]


def rewrite(world: World, email: str, uid: str, *changes: tuple[str, str]) -> None:
    """Change lines of somebody's copy, as a calendar program may write them."""
    path = world.copy(email, uid)
    content = path.read_bytes()
    for old, new in changes:
        assert old.encode() in content
        content = content.replace(old.encode(), new.encode())
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (
            "DTSTART;TZID=Europe/London:20270105T090000",
            "DTEND;TZID=Europe/London:20270105T094500",
        ),
        ("DTSTART;TZID=Europe/Berlin:20270105T100000", "DURATION:PT45M"),
        ("DTSTART:20270105T090000", "DTEND:20270105T094500"),
    ],
    ids=["zone", "duration", "floating"],
)
def test_the_same_time_written_otherwise_is_no_move(tmp_path: Path, start: str, end: str) -> None:
    world, uid = booked(tmp_path)
    rewrite(world, TOM, uid, ("DTSTART:20270105T090000Z", start), ("DTEND:20270105T094500Z", end))
    before = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == before


def test_a_person_who_moves_raises_the_sequence_and_is_adopted(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    start, _ = world.shift(PRIYA, uid, timedelta(hours=4))
    rewrite(world, PRIYA, uid, ("SEQUENCE:0", "SEQUENCE:3"))
    action = world.run().action
    assert (action["kind"], action["start"]) == ("adopt", start)
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet
    sequences = {int(values(path.read_bytes(), "SEQUENCE")[0]) for path in world.copies()}
    assert len(sequences) == 1


def test_a_meeting_made_longer_by_a_person_is_adopted_with_its_length(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    rewrite(world, OFFICE, uid, ("DTEND:20270105T094500Z", "DTEND:20270105T101500Z"))
    action = world.run().action
    assert action["kind"] == "adopt"
    assert (action["start"], action["end"]) == ("2027-01-05T09:00:00Z", "2027-01-05T10:15:00Z")


def test_a_move_by_a_few_minutes_is_adopted(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    start, _ = world.shift(TOM, uid, timedelta(minutes=7))
    action = world.run().action
    assert (action["kind"], action["start"]) == ("adopt", start)


def test_a_move_by_a_person_within_freeze_is_adopted_too(tmp_path: Path) -> None:
    """The agent itself never moves a close meeting; people may."""
    world, uid = booked(tmp_path)
    start, _ = world.shift(TOM, uid, timedelta(minutes=60))
    action = next(
        action
        for action in world.run(now="2027-01-05T06:00:00Z").actions
        if action["occurrence"] == 1
    )
    assert (action["kind"], action["start"]) == ("adopt", start)


def test_both_decline_and_the_meeting_moves_once(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    world.answer(PRIYA, uid, "DECLINED")
    assert world.run().kinds == ["move"]
    assert world.status()["next"]["moves"] == 1
    assert world.run().kinds == ["keep"]


def test_an_acceptance_is_not_taken_over_to_the_new_time(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.answer(TOM, uid, "ACCEPTED")
    world.answer(PRIYA, uid, "DECLINED")
    world.run()
    assert world.status()["next"]["answers"] == {TOM: "none", PRIYA: "none"}


def test_an_answer_does_not_lose_its_place_when_another_copy_is_mended(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.answer(TOM, uid, "ACCEPTED")
    before = world.copy(TOM, uid).read_bytes()
    world.run()
    world.run(now="2027-01-04T00:00:00Z")
    assert world.copy(TOM, uid).read_bytes() == before


def test_a_conflict_within_freeze_is_held_and_left_alone(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.busy(TOM, "20270105T090000Z", "20270105T093000Z")
    before = world.copies()
    result = world.run(now="2027-01-05T06:00:00Z")
    [first] = [action for action in result.actions if action["occurrence"] == 1]
    assert (first["kind"], first["reason_code"], first["uid"]) == ("hold", "frozen", uid)
    assert set(before) <= set(world.copies())
    assert result.status == 3


def test_a_conflict_counts_as_an_automatic_move(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", automatic_moves=1).write()
    first = world.run().action
    world.busy(TOM, stamp(first["start"]), stamp(first["end"]), name="one")
    second = world.run().action
    assert second["kind"] == "move"
    world.busy(TOM, stamp(second["start"]), stamp(second["end"]), name="two")
    result = world.run()
    assert [a["reason_code"] for a in result.actions if a["kind"] == "hold"] == ["budget-spent"]


def test_a_move_by_a_person_costs_no_budget(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    for hours in (1, 2, 3):
        world.shift(TOM, uid, timedelta(hours=hours))
        assert world.run().kinds == ["adopt"]
    assert world.status()["next"]["moves"] == 0


def test_the_past_is_remembered_in_the_balance(tmp_path: Path) -> None:
    world = simple(tmp_path)
    first = world.run().action
    later = world.run(now="2027-01-06T12:00:00Z")
    [second] = [action for action in later.actions if action["kind"] == "book"]
    for role in ("mentor", "mentee"):
        assert second["balance"][role] == first["balance"][role] + second["satisfaction"][role]


def test_with_no_memory_nothing_is_remembered(tmp_path: Path) -> None:
    world = couple(tmp_path).set("compromise", memory=0).write()
    world.run()
    later = world.run(now="2027-01-06T12:00:00Z")
    [second] = [action for action in later.actions if action["kind"] == "book"]
    for role in ("mentor", "mentee"):
        assert second["balance"][role] == 50 + second["satisfaction"][role]


def test_who_gave_way_is_favoured_next(tmp_path: Path) -> None:
    """Mornings suit one, afternoons the other: Nash with memory takes turns."""
    world = couple(tmp_path).set("meetings", horizon="56d")
    world.settings["preferences.mentee"] = {"Tu 09:00-09:45": 1.0, "Th 15:00-15:45": 0.2}
    world.settings["preferences.mentor"] = {"Tu 09:00-09:45": 0.2, "Th 15:00-15:45": 1.0}
    actions = world.write().run().actions
    assert len(actions) == 4
    totals = actions[-1]["balance"]
    assert abs(totals["mentor"] - totals["mentee"]) <= 80
    assert {action["share"]["mentor"] for action in actions} == {20, 100}


def test_public_holidays_of_either_country_are_closed(tmp_path: Path) -> None:
    """26 January is Australia Day; the period's only other wish is a blackout."""
    world = couple(tmp_path).set("programme", starts="=2027-01-18", blackouts=["2027-01-19"])
    world.settings["preferences.mentor"] = {"Tu 09:00-09:45": 1.0}
    world.people[1]["country"] = "AU"
    world.write()
    action = world.run(now="2027-01-17T12:00:00Z").action
    assert action["kind"] == "hold"
    world.people[1]["country"] = ""
    action = world.write().run(now="2027-01-17T12:00:00Z").action
    assert action["start"] == "2027-01-26T09:00:00Z"


def test_days_away_are_inclusive_and_local(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.settings["preferences.mentor"] = {"Mo-Fr 00:00-24:00": 1.0}
    world.settings["preferences.mentee"] = {"Mo-Fr 00:00-24:00": 1.0}
    world.people[0] |= {"timezone": "Asia/Tokyo", "away": "2027-01-04..2027-01-08"}
    action = world.write().run().action
    assert action["kind"] == "book"
    tokyo = utc(action["start"]) + timedelta(hours=9)
    assert f"{tokyo:%Y-%m-%d}" >= "2027-01-11"


def test_buffer_is_kept_around_virtual_meetings(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", buffer=30)
    world.settings["preferences.mentor"] = {"Tu 09:00-11:00": 1.0}
    world.settings["preferences.mentee"] = {"Tu 09:00-11:00": 1.0}
    world.write()
    world.busy(PRIYA, "20270105T080000Z", "20270105T091000Z")
    world.busy(TOM, "20270112T000000Z", "20270113T000000Z")
    assert world.run().action["start"] == "2027-01-05T09:45:00Z"


@pytest.mark.parametrize(
    ("policy", "kind"), [("avoid", "book"), ("ignore", "book"), ("block", "hold")]
)
def test_tentative_blocks_only_where_it_is_said_to(tmp_path: Path, policy: str, kind: str) -> None:
    world = couple(tmp_path).set("compromise", tentative=policy).write()
    world.busy(TOM, "20270104T000000Z", "20270118T000000Z", "STATUS:TENTATIVE")
    action = world.run().action
    assert action["kind"] == kind
    if policy == "ignore":
        assert action["share"]["mentor"] == 50 or action["satisfaction"]["mentor"] in {50, 100}


def test_our_own_unanswered_invitation_blocks_though_it_looks_tentative(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example")
    world.settings["preferences.mentor"] = {"Tu 09:00-10:30": 1.0}
    world.settings["preferences.mentee"] = {"Tu 09:00-10:30": 1.0}
    world.write()
    first = world.run().action
    world.pair("p02", TOM, ADA).write()
    second = world.run("--pair", "p02").action
    assert second["kind"] == "book"
    assert second["start"] >= first["end"] or second["end"] <= first["start"]


def test_a_period_that_is_over_is_a_hold_that_needs_nobody(tmp_path: Path) -> None:
    world = simple(tmp_path)
    result = world.run(now="2027-01-16T12:00:00Z")  # a Saturday: no weekday is left in period 1
    first = result.actions[0]
    assert (first["occurrence"], first["kind"], first["reason_code"]) == (1, "hold", "period-over")
    assert result.status == 0


def test_the_last_period_ends_with_the_programme(tmp_path: Path) -> None:
    world = couple(tmp_path).set("programme", ends="=2027-01-20").write()
    actions = world.run(now="2027-01-04T06:00:00Z").actions
    assert [action["period"] for action in actions] == [
        ["2027-01-04", "2027-01-18"],
        ["2027-01-18", "2027-01-21"],
    ]


def test_a_slot_lost_to_another_pair_is_taken(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example")
    world.settings["preferences.mentor"] = {"Tu 09:00-09:45": 1.0}
    world.pair("p02", TOM, ADA).write()
    world.busy(TOM, "20270112T000000Z", "20270113T000000Z")
    result = world.run()
    assert sorted(result.kinds) == ["book", "hold"]
    [hold] = [action for action in result.actions if action["kind"] == "hold"]
    assert hold["reason_code"] == "taken"
    assert result.status == 3


def test_a_slot_too_near_a_booked_meeting_is_gap_too_small(tmp_path: Path) -> None:
    world = couple(tmp_path).set("cadence", gap="8d")
    world.settings["preferences.mentor"] = {"Tu 09:00-09:45": 1.0}
    world.write()
    world.busy(TOM, "20270105T000000Z", "20270106T000000Z", name="one")
    world.busy(TOM, "20270126T000000Z", "20270127T000000Z", name="other")
    assert world.run().action["start"] == "2027-01-12T09:00:00Z"
    result = world.run(now="2027-01-04T12:00:00Z")
    assert [(action["kind"], action["reason_code"]) for action in result.actions][1] == (
        "hold",
        "gap-too-small",
    )


def test_an_answer_taken_back_in_time_saves_the_meeting(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", automatic_moves=0).write()
    uid = world.run().action["uid"]
    world.answer(TOM, uid, "DECLINED")
    assert world.run().kinds == ["hold"]
    world.answer(TOM, uid, "ACCEPTED")
    result = world.run()
    assert result.kinds == ["keep"]
    assert result.status == 0
    assert world.status()["health"] == "ok"


def test_the_organizers_copy_counts_when_two_copies_were_moved_apart(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    start, _ = world.shift(OFFICE, uid, timedelta(hours=1))
    world.shift(TOM, uid, timedelta(hours=3))
    action = world.run().action
    assert (action["kind"], action["start"]) == ("adopt", start)
    assert world.run().kinds == ["keep"]


def test_a_new_cadence_leaves_booked_meetings_in_their_periods(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.set("cadence", every="1 week").write()
    actions = world.run().actions
    assert [(action["occurrence"], action["kind"]) for action in actions] == [
        (1, "keep"),
        (2, "book"),
    ]
    assert actions[0]["uid"] == uid
    assert world.run().kinds == ["keep", "keep"]


def test_a_meeting_put_off_past_the_last_period_is_adopted(tmp_path: Path) -> None:
    world = couple(tmp_path).set("programme", ends="2027-01-10").set("meetings", horizon="14d")
    uid = world.write().run().action["uid"]
    for who in (TOM, PRIYA, OFFICE):
        start, _ = world.shift(who, uid, timedelta(days=7))
    result = world.run(now="2027-01-11T06:00:00Z")

    assert "adopt" in result.kinds
    assert world.status(now="2027-01-11T07:00:00Z")["next"]["start"] == start
