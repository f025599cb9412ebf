"""Exit 0, 1, 2, 3, 75 and their precedence 2, 75, 1, 3, 0; the lock; `run --plan`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.feed_server import Feeds, feeds
from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    TOM,
    World,
    calendar,
    couple,
    entry,
    simple,
    spawn,
)


@contextmanager
def a_run_at_work(folder: Path) -> Iterator[tuple[World, Feeds, "subprocess.Popen[str]"]]:
    """Yield a world whose run, a process of its own, waits in the midst of its reading."""
    with feeds() as served:
        served.bodies["/priya.ics"] = calendar(
            *entry("x", "DTSTART:20270104T090000Z", "DTEND:20270104T100000Z")
        )
        world = couple(folder).set("calendars.feeds", allow=["127.0.0.1"])
        world.people[1]["calendar"] = f"{served.url}/priya.ics"
        world.write()
        served.go.clear()
        process = subprocess.Popen(
            [sys.executable, "-m", "slotfinder", "run", "--json", "--now", world.now],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert served.came.wait(30)
            yield world, served, process
        finally:
            process.kill()
            process.communicate()


def test_a_second_concurrent_run_exits_75_with_empty_stdout(tmp_path: Path) -> None:
    with a_run_at_work(tmp_path) as (world, served, process):
        result = world.run()
        assert result.status == 75
        assert result.out == ""
        assert result.err.strip()
        served.go.set()
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert json.loads(out)["actions"][0]["result"] == "done"
    assert world.run().kinds == ["keep"]


@pytest.fixture(scope="module")
def locked(module_folder: Path) -> Iterator[World]:
    """Yield a world while a run of it is at work."""
    with a_run_at_work(module_folder / "locked") as (world, _, _):
        yield world


def test_reading_commands_never_ask_for_the_lock(locked: World) -> None:
    assert locked.call("status", "--json").status == 0
    assert locked.call("freebusy", TOM, "--json").status == 0


def test_a_killed_run_frees_the_lock_and_leaves_nothing(tmp_path: Path) -> None:
    with a_run_at_work(tmp_path) as (world, served, process):
        process.kill()
        process.communicate(timeout=30)
        served.go.set()
        assert world.copies() == []
        assert world.run().kinds == ["book"]


def test_bad_usage_beats_the_lock(locked: World) -> None:
    assert locked.run("--pair", "nobody").status == 2


def test_bad_settings_beat_the_lock(locked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTFINDER_MEETINGS__GRID", "7")
    assert locked.run().status == 2


def test_the_lock_beats_an_unreadable_calendar(locked: World) -> None:
    bad = locked.calendar(TOM) / "bad.ics"
    bad.write_bytes(b"")
    assert locked.run().status == 75
    bad.unlink()


def test_0_when_nothing_needs_a_person(tmp_path: Path) -> None:
    world = simple(tmp_path)
    assert world.plan().status == 0
    assert world.run().status == 0
    assert world.run().status == 0


def test_3_when_a_pair_is_held_and_plan_says_the_same(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    assert world.plan().status == 3
    assert world.run().status == 3


def test_1_when_the_organizers_calendar_cannot_be_written(tmp_path: Path) -> None:
    world = simple(tmp_path)
    (world.folder / "calendars" / OFFICE).write_bytes(b"a file where a folder belongs")
    result = world.run()
    assert result.status == 1
    assert result.action["result"] == "failed"
    assert result.action["kind"] == "book"
    assert result.json["summary"]["failed"] == 1
    assert world.copies() == []
    assert world.outbox() == [], "a mail never announces what no calendar shows"


def test_what_failed_is_done_by_the_next_run_once(tmp_path: Path) -> None:
    world = simple(tmp_path)
    blocker = world.folder / "calendars" / OFFICE
    blocker.write_bytes(b"")
    failed = world.run().action
    blocker.unlink()
    result = world.run()
    assert result.status == 0
    assert len(world.copies()) == 3
    assert len(world.outbox()) == 2
    assert all(world.copy(email, failed["uid"]).exists() for email in (TOM, PRIYA, OFFICE))
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet


def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI, organizer="mentor").write()
    (world.folder / "calendars" / OFFICE).write_bytes(b"")
    results = {action["pair"]: action["result"] for action in world.run().actions}
    assert results == {"p01": "failed", "p02": "done"}


def test_1_when_mail_cannot_be_delivered_and_the_next_run_sends_it_once(tmp_path: Path) -> None:
    world = simple(tmp_path)
    (tmp_path / "outbox").write_bytes(b"a file where a folder belongs")
    result = world.run()
    assert result.status == 1
    assert result.action["result"] == "failed"
    (tmp_path / "outbox").unlink()
    assert world.run().status == 0
    assert len(world.outbox()) == 2
    assert world.run().status == 0
    assert len(world.outbox()) == 2


def test_1_beats_3(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI).write()
    (world.folder / "calendars" / OFFICE).write_bytes(b"")
    (world.calendar(ADA) / "bad.ics").write_bytes(b"")
    result = world.run()
    assert set(result.kinds) == {"book", "hold"}
    assert result.status == 1


def test_json_is_printed_on_1_and_3(tmp_path: Path) -> None:
    world = simple(tmp_path)
    (world.calendar(TOM) / "bad.ics").write_bytes(b"")
    assert set(world.run().json["summary"]) >= {"hold"}
    (world.calendar(PRIYA) / "bad.ics").write_bytes(b"")
    assert world.run().status == 1
    assert set(world.run().json["summary"]) >= {"hold"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--json", "--pair", "nobody"],
        ["run", "--json", "--pair", "nobody"],
        ["status", "--json", "nobody"],
        ["explain", "--json", "nobody"],
        ["freebusy", "--json", "nobody@acme.example"],
        ["freebusy", "--json", TOM, "--from", "yesterday"],
        ["freebusy", "--json", TOM, "--from", "2027-02-01", "--to", "2027-01-01"],
        ["plan", "--json", "--unknown"],
        ["fly"],
        ["explain"],
        ["run", "--json", "--plan", "nothing.json"],
    ],
)
def test_2_for_bad_usage_with_empty_stdout_and_no_traceback(
    tmp_path: Path, arguments: list[str]
) -> None:
    world = simple(tmp_path)
    before = world.snapshot(store=True)
    result = world.call(*arguments)
    assert result.status == 2
    assert result.out == ""
    assert result.err.strip()
    assert "Traceback" not in result.err
    assert world.snapshot(store=True) == before


def test_run_plan_does_exactly_that_plan(tmp_path: Path) -> None:
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    planned = world.plan("--out", str(out))
    assert json.loads(out.read_text("utf-8")) == planned.json
    result = world.run("--plan", str(out), now="2027-01-03T13:00:00Z")
    assert result.status == 0
    assert result.action == planned.action | {"result": "done"}
    assert len(world.copies()) == 3


def test_a_plan_whose_world_changed_is_refused_with_3_and_nothing_written(tmp_path: Path) -> None:
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    world.plan("--out", str(out))
    world.busy(TOM, "20270114T130000Z", "20270114T133000Z")
    before = world.snapshot()
    result = world.run("--plan", str(out))
    assert result.status == 3
    assert world.snapshot() == before


def test_a_refused_plan_says_world_changed_in_its_json(tmp_path: Path) -> None:
    """clouds.md: refused: exit 3, `world-changed`; `--json` prints its document also on exit 3."""
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    world.plan("--out", str(out))
    world.busy(TOM, "20270114T130000Z", "20270114T133000Z")
    result = world.run("--plan", str(out))
    assert "world-changed" in result.out
    assert isinstance(json.loads(result.out), dict)


def test_a_plan_done_once_is_refused_the_second_time(tmp_path: Path) -> None:
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    world.plan("--out", str(out))
    assert world.run("--plan", str(out)).status == 0
    before = world.snapshot()
    assert world.run("--plan", str(out)).status == 3
    assert world.snapshot() == before


def test_a_plan_whose_start_came_closer_than_notice_is_refused(tmp_path: Path) -> None:
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    start = world.plan("--out", str(out)).action["start"]
    assert start == "2027-01-05T09:00:00Z"
    assert world.run("--plan", str(out), now="2027-01-04T09:00:01Z").status == 3
    assert world.copies() == []
    assert world.run("--plan", str(out), now="2027-01-04T09:00:00Z").status == 0


def test_a_plan_edited_by_hand_is_refused(tmp_path: Path) -> None:
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    world.plan("--out", str(out))
    out.write_text(out.read_text("utf-8").replace("2027-01-05T09", "2027-01-05T02"), "utf-8")
    assert world.run("--plan", str(out)).status == 3
    assert world.copies() == []


def test_a_plan_of_some_pairs_does_those_only(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI).write()
    out = tmp_path / "plan.json"
    world.plan("--pair", "p02", "--out", str(out))
    assert [action["pair"] for action in world.run("--plan", str(out)).actions] == ["p02"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"mode": "plan"}',
        b'{"mode":"plan","now":1,"run":2,"pairs":3,"actions":4}',
        b'{"mode":"plan","now":"x","run":"y","pairs":["p01"],"actions":[]}',
        b'{"mode":"plan","now":"2027-01-03T12:00:00Z","run":"y","pairs":[["p01"]],"actions":[]}',
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_what_is_no_plan_is_refused_with_2(tmp_path: Path, content: bytes) -> None:
    world = simple(tmp_path)
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    result = world.run("--plan", str(file))
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err


def test_the_report_of_a_run_is_no_plan(tmp_path: Path) -> None:
    world = simple(tmp_path)
    file = tmp_path / "report.json"
    file.write_text(world.run().out, "utf-8")
    assert world.run("--plan", str(file)).status == 2


@pytest.mark.parametrize("where", ["missing/plan.json", "calendars"])
def test_a_plan_that_cannot_be_written_is_2(tmp_path: Path, where: str) -> None:
    world = simple(tmp_path)
    result = world.plan("--out", str(tmp_path / where))
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err


def test_a_store_that_is_none_is_told_without_traceback(tmp_path: Path) -> None:
    content = b"not a database, but long enough to be looked at as one" * 20
    world = simple(tmp_path)
    world.store.write_bytes(content)
    for command in ("plan", "run", "status"):
        result = world.call(command, "--json")
        assert result.status in {1, 2}
        assert result.out == ""
        assert "Traceback" not in result.err
    assert world.store.read_bytes() == content
    assert world.copies() == []


def test_the_process_ends_with_the_same_codes(tmp_path: Path) -> None:
    world = simple(tmp_path)
    now = ("--now", world.now)
    assert spawn("plan", "--pair", "nobody", *now, cwd=tmp_path).status == 2
    (world.calendar(TOM) / "bad.ics").write_bytes(b"")
    held = spawn("run", "--json", *now, cwd=tmp_path)
    assert held.status == 3
    assert held.kinds == ["hold"]


def test_the_installed_command_is_the_same(tmp_path: Path) -> None:
    simple(tmp_path)
    command = Path(sys.executable).with_name("slotfinder")
    done = subprocess.run(
        [command, "plan", "--json", "--now", "2027-01-03T12:00:00Z"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env=dict(os.environ),
        timeout=60,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["actions"][0]["kind"] == "book"
    assert done.stderr == b""
