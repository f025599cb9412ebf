"""`status` and `explain`: JSON, health words, why a slot and why none."""

from pathlib import Path

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    PRIYA,
    ROOM_A,
    SUNDAY,
    TOM,
    couple,
    simple,
    with_rooms,
)

PAIR = {"pair", "status", "health", "why", "last", "next", "balance"}
NEXT = {
    "uid",
    "start",
    "end",
    "format",
    "room",
    "room_answer",
    "join_url",
    "answers",
    "moves",
    "frozen",
}


def test_status_before_any_run_is_due_and_empty(tmp_path: Path) -> None:
    world = simple(tmp_path)
    result = world.call("status", "--json")
    assert result.status == 0
    assert set(result.json) >= {"now", "pairs"}
    assert result.json["now"] == SUNDAY
    [pair] = result.json["pairs"]
    assert set(pair) >= PAIR
    assert (pair["pair"], pair["status"], pair["health"]) == ("p01", "active", "due")
    assert pair["last"] is None
    assert pair["next"] is None
    assert not world.store.exists(), "looking makes no store"


def test_status_after_a_run_shows_the_next_meeting(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    action = world.run().action
    pair = world.status()
    assert pair["health"] == "ok"
    assert set(pair["next"]) >= NEXT
    for key in ("uid", "start", "end", "format", "room", "join_url"):
        assert pair["next"][key] == action[key]
    assert pair["next"]["room_answer"] == "accepted"
    assert pair["next"]["answers"] == {TOM: "none", PRIYA: "none"}
    assert pair["next"]["moves"] == 0
    assert pair["next"]["frozen"] is False
    assert pair["balance"] == action["balance"]


def test_next_is_frozen_when_it_is_close(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    assert world.status(now="2027-01-04T13:00:00Z")["next"]["frozen"] is False
    assert world.status(now="2027-01-04T13:00:01Z")["next"]["frozen"] is True


def test_a_meeting_over_becomes_the_last_one(tmp_path: Path) -> None:
    world = simple(tmp_path)
    first = world.run().action
    pair = world.status(now="2027-01-05T09:44:59Z")
    assert (pair["last"], pair["next"]["uid"]) == (None, first["uid"])
    pair = world.status(now="2027-01-05T09:45:00Z")
    assert pair["last"]["uid"] == first["uid"]
    assert pair["last"]["start"] == first["start"]
    assert pair["next"] is None
    assert pair["balance"] == first["balance"]


def test_moves_are_counted_and_two_put_a_pair_at_risk(tmp_path: Path) -> None:
    world = simple(tmp_path)
    uid = world.run().action["uid"]
    for moves, health in ((1, "ok"), (2, "at-risk")):
        world.answer(PRIYA, uid, "DECLINED")
        world.run()
        pair = world.status()
        assert pair["next"]["moves"] == moves
        assert pair["health"] == health


def test_a_pair_held_is_held(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    world.run()
    pair = world.status()
    assert pair["health"] == "held"
    assert pair["why"]


def test_a_held_pair_gets_well_when_the_reason_goes(tmp_path: Path) -> None:
    world = simple(tmp_path)
    entry = world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    world.run()
    entry.unlink()
    world.run()
    assert world.status()["health"] == "ok"


def test_a_declined_meeting_puts_a_pair_at_risk_or_held(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", automatic_moves=0).write()
    uid = world.run().action["uid"]
    world.answer(TOM, uid, "DECLINED")
    world.run()
    assert world.status()["health"] in {"at-risk", "held"}


def test_a_period_that_ended_without_a_meeting_is_overdue(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    world.run()
    world.run(now="2027-01-18T06:00:00Z")
    assert world.status(now="2027-01-18T06:00:00Z")["health"] == "overdue"


def test_a_pair_with_an_open_period_is_due_again(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    assert world.status(now="2027-01-04T06:00:00Z")["health"] == "due"


def test_status_of_one_pair_shows_one(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI, status="paused").write()
    assert [each["pair"] for each in world.call("status", "--json").json["pairs"]] == ["p01", "p02"]
    [pair] = world.call("status", "p02", "--json").json["pairs"]
    assert (pair["pair"], pair["status"]) == ("p02", "paused")


def test_status_changes_nothing_and_reads_no_calendar(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    world.calendar(TOM).rename(tmp_path / "elsewhere")
    before = world.snapshot(store=True)
    assert world.call("status").status == 0
    assert world.snapshot(store=True) == before


def test_status_for_people_names_pair_and_health(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    out = world.call("status").out
    assert "p01" in out
    assert "ok" in out


def test_explain_says_why_a_slot_and_what_the_others_would_cost(tmp_path: Path) -> None:
    world = simple(tmp_path)
    result = world.call("explain", "p01", "--json")
    assert result.status == 0
    action = result.action
    assert action["reason"]
    assert len(action["alternatives"]) == 3
    out = world.call("explain", "p01").out
    assert "Tom Example" in out
    assert "Priya Example" in out
    assert "instead" in out
    assert out.count("%") >= 8, "both shares, of the slot and of three others"


def test_explain_a_booked_slot(tmp_path: Path) -> None:
    world = simple(tmp_path)
    booked = world.run().action
    action = world.call("explain", "p01", "--json").action
    assert (action["kind"], action["start"]) == ("keep", booked["start"])
    assert action["share"] == booked["share"]


def test_explain_names_who_gave_way_and_whose_turn_is_next(tmp_path: Path) -> None:
    """compromise.md §7: who gave way and by how much, whose turn that makes it next."""
    world = couple(tmp_path)
    world.settings["preferences.mentee"] = {"Tu 10:00-10:45": 1.0}
    world.settings["preferences.mentor"] = {"Tu 10:00-10:45": 0.2, "We 10:00-10:45": 1.0}
    world.settings["preferences.mentee"]["We 10:00-10:45"] = 0.1
    world.write()
    out = world.call("explain", "p01").out.lower()
    action = world.call("explain", "p01", "--json").action
    low = min(action["share"], key=lambda role: action["share"][role])
    name = {"mentor": "tom", "mentee": "priya"}[low]
    assert action["share"][low] * 2 < 100
    assert "gave way" in out or "gives way" in out
    assert "turn" in out or "next" in out
    assert name in out


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("no-common-free-time", "busy"),
        ("no-common-wishes", "wishes"),
        ("away", "away"),
        ("closed", "blackout"),
        ("calendar-unreadable", "unreadable"),
        ("not-agreed", "agreed"),
        ("paused", "paused"),
    ],
)
def test_explain_says_why_none(tmp_path: Path, code: str, change: str) -> None:
    world = couple(tmp_path)
    if change == "busy":
        world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    elif change == "wishes":
        world.people[0]["preference"] = "Sa 09:00-12:00"
    elif change == "away":
        world.people[0]["away"] = "2027-01-01..2027-01-31"
    elif change == "blackout":
        world.set("programme", blackouts=["2027-01-01..2027-01-31"])
    elif change == "unreadable":
        (world.calendar(TOM) / "bad.ics").write_bytes(b"")
    elif change == "agreed":
        world.pairs[0]["agreed"] = "no"
    else:
        world.pairs[0]["status"] = "paused"
    world.write()
    planned, explained = world.plan(), world.call("explain", "p01", "--json")
    assert planned.action["reason_code"] == code
    assert explained.action["reason_code"] == code
    assert planned.action["reason"]
    assert planned.status == (0 if code in {"not-agreed", "paused"} else 3)
    assert code in world.call("explain", "p01").out


def test_a_hold_names_the_smallest_relaxation_that_would_help(tmp_path: Path) -> None:
    """contract.md §3 and compromise.md §7: a hold names the smallest relaxation that helps."""
    world = couple(tmp_path)
    world.settings["preferences.mentee"] = {"Tu 09:00-09:30": 1.0}
    world.settings["preferences.mentor"] = {"Tu 09:00-09:30": 1.0}
    hold = world.write().plan().action
    assert hold["kind"] == "hold"
    assert hold["relaxation"] == {
        "code": "shorter",
        "text": "It would help to meet for 30 minutes instead of 45.",
    }


def test_explain_changes_nothing(tmp_path: Path) -> None:
    world = simple(tmp_path)
    before = world.snapshot(store=True)
    world.call("explain", "p01")
    assert world.snapshot(store=True) == before


def test_explain_names_the_days_that_are_closed(tmp_path: Path) -> None:
    """A blackout, a public holiday of one and leave of the other, each within the period."""
    world = couple(tmp_path).set(
        "programme", starts="=2027-05-03", blackouts=["2027-05-01..2027-05-05"]
    )
    world.people[0]["country"] = "GB"
    world.people[1]["away"] = "2027-05-10..2027-05-11; 2027-06-01"
    world.write()
    result = world.call("explain", "p01", "--json", now="2027-05-02T12:00:00Z")
    assert result.actions[0]["closures"] == [
        {"first": "2027-05-03", "last": "2027-05-03", "code": "holiday", "person": TOM}
        | {"name": "May Day"},
        {"first": "2027-05-03", "last": "2027-05-05", "code": "blackout", "person": None}
        | {"name": None},
        {"first": "2027-05-10", "last": "2027-05-11", "code": "away", "person": PRIYA}
        | {"name": None},
    ]
    told = world.call("explain", "p01", now="2027-05-02T12:00:00Z").out
    assert "closed: Mo 3 May, May Day of Tom Example" in told
    assert "closed: Mo 3 May to We 5 May, blackout" in told
    assert "closed: Mo 10 May to Tu 11 May, leave of Priya Example" in told
    assert "1 Jun" not in told
