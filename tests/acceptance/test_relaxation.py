"""What would help a hold, as JSON, tables, ``explain`` and the store show it."""

import json
from pathlib import Path

import pytest

from slotfinder.ports import Held
from slotfinder.store.sql import read_ledger
from tests.acceptance.world import TOM, World, couple

HELP = {"code": "shorter", "text": "It would help to meet for 30 minutes instead of 45."}


def half_an_hour(folder: Path) -> World:
    """Return a pair that wants three quarters of an hour and has half of one."""
    world = couple(folder)
    for role in ("mentor", "mentee"):
        world.settings[f"preferences.{role}"] = {"Tu 09:00-09:30": 1.0}
    return world.write()


def told(text: str) -> str:
    """Return what a table says, its lines and columns joined."""
    return " ".join(text.split())


@pytest.mark.parametrize("command", ["plan", "run"])
def test_the_json_of_a_hold_says_what_would_help(tmp_path: Path, command: str) -> None:
    hold = half_an_hour(tmp_path).call(command, "--json").action

    assert hold["kind"] == "hold"
    assert hold["relaxation"] == HELP


def test_explain_says_what_would_help(tmp_path: Path) -> None:
    world = half_an_hour(tmp_path)

    assert world.call("explain", "p01", "--json").action["relaxation"] == HELP
    assert HELP["text"] in told(world.call("explain", "p01").out)


def test_the_table_says_what_would_help(tmp_path: Path) -> None:
    """The reason column is narrow: its words are looked for one after the other."""
    words = told(half_an_hour(tmp_path).call("plan").out)

    assert all(word in words for word in ("(no-common-wishes)", "It would help", "30 minutes"))


@pytest.mark.parametrize("change", ["paused", "not-agreed", "unreadable", "hopeless"])
def test_a_hold_that_nothing_single_helps_says_null(tmp_path: Path, change: str) -> None:
    world = half_an_hour(tmp_path)
    if change == "paused":
        world.pairs[0]["status"] = "paused"
    elif change == "not-agreed":
        world.pairs[0]["agreed"] = "no"
    elif change == "unreadable":
        (world.calendar(TOM) / "bad.ics").write_bytes(b"")
    else:
        world.settings["preferences.mentor"] = {"Sa 09:00-09:30": 1.0}
    hold = world.write().plan().action

    assert hold["kind"] == "hold"
    assert hold["relaxation"] is None
    assert "would help" not in world.call("explain", "p01").out


def test_only_holds_have_the_key(tmp_path: Path) -> None:
    action = couple(tmp_path).write().plan().action

    assert action["kind"] == "book"
    assert "relaxation" not in action


def test_a_run_remembers_it_and_forgets_it_with_the_hold(tmp_path: Path) -> None:
    world = half_an_hour(tmp_path)
    world.run()
    [held] = read_ledger(world.store).holds
    assert isinstance(held, Held)
    assert (held.relaxation_code, held.relaxation_text) == (HELP["code"], HELP["text"])

    world.set("meetings", duration=30)
    assert world.write().run().kinds == ["book"]
    assert read_ledger(world.store).holds == ()


def test_a_plan_with_a_hold_can_be_carried_out(tmp_path: Path) -> None:
    world = half_an_hour(tmp_path)
    agreed = tmp_path / "agreed.json"
    world.call("plan", "--out", str(agreed))
    assert json.loads(agreed.read_text("utf-8"))["actions"][0]["relaxation"] == HELP

    done = world.run("--plan", str(agreed))
    assert done.json["refused"] is None
    assert done.action["relaxation"] == HELP
