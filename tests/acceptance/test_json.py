"""The JSON of `plan` and `run`: every key of contract.md §3, its type and its nulls."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    SUNDAY,
    TOM,
    Json,
    Result,
    World,
    couple,
    simple,
    utc,
    with_rooms,
)

TOP = {"run", "mode", "now", "programme", "actions", "unreadable", "summary", "requests", "drift"}
ACTION = {
    "kind",
    "pair",
    "occurrence",
    "period",
    "format",
    "start",
    "end",
    "organizer",
    "attendees",
    "room",
    "join_url",
    "uid",
    "sequence",
    "satisfaction",
    "share",
    "balance",
    "reason",
    "reason_code",
    "alternatives",
    "result",
}
SUMMARY = {"pairs", "book", "move", "cancel", "keep", "hold", "failed", "unreadable"}


@pytest.fixture(scope="module")
def everything(module_folder: Path) -> tuple[World, Result]:
    """Return a programme in which something of each kind happens, and its last run."""
    world = couple(module_folder / "everything").set(
        "virtual", conference="https://meet.example/{pair}"
    )
    for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"):
        world.person(f"{name}@acme.example", f"{name.upper()} Example")
    world.pair("moved", "a@acme.example", "b@acme.example")
    world.pair("adopted", "c@acme.example", "d@acme.example")
    world.pair("lost", "e@acme.example", "f@acme.example")
    world.pair("unread", "g@acme.example", "h@acme.example")
    world.pair("ended", "i@acme.example", "j@acme.example")
    world.write()
    uids = {action["pair"]: action["uid"] for action in world.run().actions}
    world.answer("a@acme.example", uids["moved"], "DECLINED")
    world.shift("c@acme.example", uids["adopted"], timedelta(days=1))
    world.pairs[-1]["status"] = "ended"
    world.write()
    (world.calendar("g@acme.example") / "broken.ics").write_bytes(b"")
    world.busy("e@acme.example", "20270104T000000Z", "20270118T000000Z")
    return world, world.run()


def of(result: Result, pair: str) -> list[Json]:
    return [action for action in result.actions if action["pair"] == pair]


def is_pair_of_numbers(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"mentor", "mentee"}
        and all(type(each) is int for each in value.values())
    )


def test_the_document_has_every_key(everything: tuple[World, Result]) -> None:
    _, result = everything
    assert set(result.json) >= TOP
    assert set(result.json["summary"]) >= SUMMARY
    assert isinstance(result.json["requests"], dict)
    assert result.json["drift"] == []
    assert result.json["mode"] == "run"
    assert result.json["now"] == SUNDAY
    assert result.json["programme"] == "Reverse mentoring 2027"


def test_every_action_has_every_key_with_its_type(everything: tuple[World, Result]) -> None:
    _, result = everything
    for action in result.actions:
        assert set(action) >= ACTION
        assert action["kind"] in {"book", "move", "cancel", "keep", "adopt", "hold"}
        assert action["result"] in {"done", "failed", "skipped"}
        assert isinstance(action["reason"], str)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", action["reason_code"])
        assert all(set(each) == {"start", "share"} for each in action["alternatives"])
        if action["kind"] != "hold":
            assert isinstance(action["uid"], str)
            assert type(action["occurrence"]) is int
            assert type(action["sequence"]) is int
            assert action["format"] in {"virtual", "in-person"}
            assert utc(action["start"]) < utc(action["end"])
            assert is_pair_of_numbers(action["satisfaction"])
            assert is_pair_of_numbers(action["share"])
            assert is_pair_of_numbers(action["balance"])
            assert len(action["attendees"]) == 2
            assert action["organizer"] == OFFICE
            assert action["room"] is None
            assert action["join_url"] == f"https://meet.example/{action['pair']}"


def test_percentages_are_from_0_to_100(everything: tuple[World, Result]) -> None:
    _, result = everything
    for action in result.actions:
        for key in ("satisfaction", "share"):
            assert action[key] is None or all(0 <= each <= 100 for each in action[key].values())
        for each in action["alternatives"]:
            assert is_pair_of_numbers(each["share"])
            assert all(0 <= share <= 100 for share in each["share"].values())


def test_each_kind_appears_as_it_should(everything: tuple[World, Result]) -> None:
    _, result = everything
    kinds = {
        pair: [each["kind"] for each in of(result, pair)]
        for pair in ("p01", "moved", "adopted", "ended")
    }
    assert kinds == {"p01": ["keep"], "moved": ["move"], "adopted": ["adopt"], "ended": ["cancel"]}


def test_was_is_on_move_and_adopt_only(everything: tuple[World, Result]) -> None:
    _, result = everything
    with_was = {action["kind"] for action in result.actions if "was" in action}
    assert with_was == {"move", "adopt"}
    for action in result.actions:
        if "was" in action:
            assert set(action["was"]) == {"start", "end", "format", "room", "uid"}
            assert action["was"]["uid"] == action["uid"]
            assert action["was"]["start"] != action["start"]


def test_the_summary_counts_the_actions(everything: tuple[World, Result]) -> None:
    _, result = everything
    summary = result.json["summary"]
    kinds = result.kinds
    for kind in ("book", "move", "cancel", "keep", "adopt", "hold"):
        assert summary[kind] == kinds.count(kind)
    assert summary["pairs"] == 6
    assert summary["failed"] == 0
    assert summary["unreadable"] == len(result.json["unreadable"]) == 1


def test_an_unreadable_person_is_listed_with_code_reason_and_advice(
    everything: tuple[World, Result],
) -> None:
    _, result = everything
    [found] = result.json["unreadable"]
    assert set(found) == {"person", "provider", "reason_code", "reason", "advice"}
    assert (found["person"], found["provider"]) == ("g@acme.example", "local")
    assert found["reason_code"] == "malformed-answer"
    assert found["reason"]
    assert found["advice"]


def test_a_keep_shows_the_stored_numbers(tmp_path: Path) -> None:
    world = simple(tmp_path)
    first = world.run().action
    world.busy(TOM, "20270104T120000Z", "20270104T180000Z")
    world.busy(PRIYA, "20270105T130000Z", "20270105T180000Z")
    kept = world.run().action
    for key in ("satisfaction", "share", "balance", "start", "end", "uid", "sequence", "format"):
        assert kept[key] == first[key]


def test_a_hold_has_nulls_for_what_there_is_not(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    result = world.run()
    hold = result.action
    assert result.status == 3
    assert hold["kind"] == "hold"
    for key in ("start", "end", "room", "uid", "satisfaction", "share"):
        assert hold[key] is None
    assert hold["occurrence"] == 1
    assert hold["period"] == ["2027-01-04", "2027-01-18"]
    assert hold["reason_code"] == "no-common-free-time"
    assert hold["alternatives"] == []


def test_satisfaction_and_share_are_rounded_half_up(tmp_path: Path) -> None:
    """45 minutes: 15 at 0.5 and 30 at 0.2 make 30; 0.255 and 0.245 round to 26 and 25."""
    world = couple(tmp_path)
    world.settings["preferences.mentee"] = {"Tu 10:00-10:45": 0.245}
    world.settings["preferences.mentor"] = {"Tu 10:00-10:15": 0.5, "Tu 10:15-10:45": 0.2}
    action = world.write().run().action
    assert action["satisfaction"] == {"mentor": 30, "mentee": 25}
    assert action["share"] == {"mentor": 100, "mentee": 100}
    assert action["balance"] == {"mentor": 80, "mentee": 75}


def test_a_tentative_entry_halves_and_a_busy_day_takes_away(tmp_path: Path) -> None:
    """compromise.md §2, by hand: t = 1/2; l = 1 - (360 + 45 - 300) / 300 / 2 = 0.825."""
    world = couple(tmp_path)
    world.settings["preferences.mentee"] = {"Tu 10:00-10:45": 1.0}
    world.settings["preferences.mentor"] = {"Tu 10:00-10:45": 1.0}
    world.write()
    world.busy(PRIYA, "20270105T100000Z", "20270105T103000Z", "STATUS:TENTATIVE")
    world.busy(TOM, "20270105T120000Z", "20270105T180000Z")
    world.busy(PRIYA, "20270112T100000Z", "20270112T103000Z", name="next")
    action = world.run().action
    assert action["start"] == "2027-01-05T10:00:00Z"
    assert action["satisfaction"] == {"mentor": 83, "mentee": 50}


def test_alternatives_are_at_most_three_other_possible_starts(tmp_path: Path) -> None:
    action = simple(tmp_path).plan().action
    starts = [each["start"] for each in action["alternatives"]]
    assert len(starts) == 3
    assert len(set(starts)) == 3
    assert action["start"] not in starts
    assert all(utc(start).minute % 15 == 0 for start in starts)


def test_balance_adds_up_over_the_planned_meetings(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="42d").write()
    actions = world.run().actions
    for role in ("mentor", "mentee"):
        total = 50
        for action in actions:
            total += action["satisfaction"][role]
            assert action["balance"][role] == total


def test_attendees_are_mentor_then_mentee_and_never_the_room(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, "room-a@acme.example").write()
    action = world.run().action
    assert action["attendees"] == [TOM, PRIYA]
    assert action["room"] == "room-a@acme.example"
    assert action["format"] == "in-person"
    assert action["join_url"] is None


def test_uids_are_stable_opaque_and_one_a_meeting(tmp_path: Path) -> None:
    world = couple(tmp_path / "a").set("meetings", horizon="42d").write()
    other = couple(tmp_path / "b").set("meetings", horizon="42d").write()
    uids = [action["uid"] for action in world.run().actions]
    assert len(set(uids)) == 3
    assert uids == [action["uid"] for action in other.run().actions]
    assert not any("tom" in uid or "priya" in uid or "p01" in uid for uid in uids)


def test_the_run_id_is_now_and_a_hash_equal_for_equal_inputs(tmp_path: Path) -> None:
    one, other = simple(tmp_path / "one"), simple(tmp_path / "other")
    first = one.plan().json["run"]
    assert re.fullmatch(r"2027-01-03T12:00:00Z-[0-9a-f]{4,}", first)
    assert other.plan().json["run"] == first
    assert one.run().json["run"] == first


def test_the_hash_of_the_inputs_leaves_out_now(tmp_path: Path) -> None:
    world = simple(tmp_path)
    one, other = world.plan().json["run"], world.plan(now="2027-01-03T12:00:07Z").json["run"]
    assert one.rpartition("-")[2] == other.rpartition("-")[2]
    assert one != other


@pytest.mark.parametrize("change", ["calendar", "wishes", "people", "pairs", "settings"])
def test_the_hash_changes_with_each_input(tmp_path: Path, change: str) -> None:
    world = simple(tmp_path)
    before = world.plan().json["run"]
    if change == "calendar":
        world.busy(TOM, "20270104T130000Z", "20270104T133000Z")
    elif change == "wishes":
        world.set("preferences.mentee", **{"Mo-Fr 09:00-12:00": 0.9})
    elif change == "people":
        world.people[0]["away"] = "2027-01-15"
    elif change == "pairs":
        world.pairs[0]["duration"] = "30"
    else:
        world.set("meetings", buffer=15)
    assert world.write().plan().json["run"] != before


def test_numbers_of_pairs_count_all_that_were_asked_for(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI, status="ended").write()
    assert world.plan().json["summary"]["pairs"] == 2
    assert world.plan("--pair", "p01").json["summary"]["pairs"] == 1


def test_certify_adds_what_is_proven_and_changes_nothing_else(tmp_path: Path) -> None:
    world = simple(tmp_path)
    plain = world.call("plan", "--json")
    certified = world.call("plan", "--certify", "--json")

    document = certified.json
    proven = document.pop("certificate")
    assert document == plain.json
    assert certified.status == plain.status
    assert set(proven) == {
        "pairs",
        "placed",
        "most",
        "below_floor",
        "dry_spell_breaks",
        "reached",
        "reachable",
        "gap",
    }
    assert proven["placed"] == proven["most"] == 1
    assert proven["gap"] == 0
    assert proven["reached"] == proven["reachable"] > 50


def test_certify_says_it_in_words(tmp_path: Path) -> None:
    said = simple(tmp_path).call("plan", "--certify").out
    assert "Proven: 1 of the 1" in said
    assert "at most 0.000% worse than the best of all" in " ".join(said.split())
