"""`simulate`: the command line a coordinator chooses a rule with."""

import re
from pathlib import Path

import pytest

from tests.acceptance.world import World, call, couple

RULES = ["fair", "equal", "turns", "total", "earliest", "organizer"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return couple(tmp_path).set("cadence", every="1 week").write()


def test_every_rule_is_compared_and_what_others_do_is_marked(world: World) -> None:
    found = world.call("simulate", "--weeks", "3", "--json")

    assert (found.status, found.err) == (0, "")
    assert {key: found.json[key] for key in ("weeks", "seed", "shape")} == {
        "weeks": 3,
        "seed": 1,
        "shape": None,
    }
    rules = found.json["rules"]
    assert [each["rule"] for each in rules] == RULES
    assert [each["rule"] for each in rules if each["baseline"]] == ["earliest", "organizer"]
    figures = {"meetings", "worse_off", "gap", "longest_run", "kept", "moves"}
    assert all(set(each) == {"rule", "baseline", *figures} for each in rules)
    assert all(0 < each["worse_off"] <= 1 for each in rules)


def test_only_the_rules_asked_for_are_compared_each_once(world: World) -> None:
    rules = ("--rule", "turns", "--rule", "earliest", "--rule", "turns")
    found = world.call("simulate", "--weeks", "1", "--json", *rules)

    assert [each["rule"] for each in found.json["rules"]] == ["turns", "earliest"]


def test_seed_and_shape_are_asked_for_and_named(world: World) -> None:
    asked = ("simulate", "--weeks", "4", "--rule", "organizer", "--json")
    plain = world.call(*asked).json
    other = world.call(*asked, "--seed", "7").json
    shaped = world.call(*asked, "--shape", "bad-middle").json

    assert world.call(*asked, "--seed", "1").json == plain
    assert (other["seed"], other["shape"]) == (7, None)
    assert (shaped["seed"], shaped["shape"]) == (1, "bad-middle")
    assert plain["rules"] != other["rules"]
    assert plain["rules"] != shaped["rules"]


def test_the_table_says_which_is_best_what_columns_mean_and_that_no_calendar_was_read(
    world: World,
) -> None:
    found = world.call("simulate", "--weeks", "2", "--rule", "fair", "--rule", "organizer")

    assert (found.status, found.err) == (0, "")
    first, *_ = found.out.splitlines()
    assert first.startswith("2 weeks under each rule, seed 1")
    fair, organizer = (line.rstrip() for line in found.out.splitlines()[4:6])
    # More is better for who is worse off, less is better for the gap.
    assert re.match(r" fair  +█+·* 0\.\d\d ★ +█*·+ 0\.\d\d ★ ", fair)
    assert re.match(r" organizer \* +█+·* 0\.\d\d  +█*·* 0\.\d\d  ", organizer)
    assert max(len(fair), len(organizer)) <= 80
    for column in ("Worse off", "Gap", "Run", "Kept", "Moves"):
        assert found.out.count(column) == 2
    assert "calendars were not read" in found.out


def test_nothing_of_the_programme_is_changed_or_needed_but_its_files(world: World) -> None:
    for person in world.people:
        world.calendar(person["email"]).rmdir()
    before = world.snapshot(store=True)

    assert world.call("simulate", "--weeks", "1").status == 0
    assert world.snapshot(store=True) == before


@pytest.mark.parametrize(
    "wrong",
    [("--rule", "best"), ("--weeks", "0"), ("--weeks", "many"), ("--shape", "round")],
)
def test_what_cannot_be_asked_for_is_said_in_one_line(world: World, wrong: tuple[str, str]) -> None:
    found = world.call("simulate", *wrong)

    assert (found.status, found.out) == (2, "")
    assert "Traceback" not in found.err
    assert len(found.err.strip().splitlines()) == 1


def test_a_programme_that_meets_nobody_is_not_simulated(world: World) -> None:
    world.pairs[0]["status"] = "proposed"
    found = world.write().call("simulate")

    assert (found.status, found.out) == (2, "")
    assert "nothing to simulate" in found.err


@pytest.mark.parametrize("baseline", ["earliest", "organizer"])
def test_what_other_products_do_cannot_be_configured(world: World, baseline: str) -> None:
    world.set("compromise", rule=baseline).write()
    found = world.call("simulate")

    assert found.status == 2
    assert "compromise.rule" in found.err
    assert "turns" in found.err


def test_simulate_is_listed_among_the_commands() -> None:
    assert "simulate" in call("--help").out
