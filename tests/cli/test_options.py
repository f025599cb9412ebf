"""Global options, where settings come from, and what goes to which stream."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from slotfinder import __version__
from slotfinder.cli.main import run
from tests.acceptance.world import (
    PRIYA,
    SUNDAY,
    TOM,
    call,
    couple,
    simple,
    spawn,
    utc,
)


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_json_is_one_document_on_stdout_and_warnings_go_elsewhere(
    tmp_path: Path, command: str
) -> None:
    world = couple(tmp_path)
    world.people[0]["mood"] = "good"
    world.write()
    result = world.call(command, "--json")
    assert result.json
    assert "mood" in result.err


def test_quiet_says_no_warning(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["mood"] = "good"
    world.write()
    result = world.call("--quiet", "plan", "--json")
    assert result.json
    assert result.err == ""


def test_global_options_stand_before_and_after_the_command(tmp_path: Path) -> None:
    config = str(simple(tmp_path).config)
    ways = [
        ["--config", config, "--now", SUNDAY, "plan", "--json"],
        ["plan", "--json", "--config", config, "--now", SUNDAY],
        ["plan", f"--config={config}", "--json", f"--now={SUNDAY}"],
        ["--now", SUNDAY, "plan", "--config", config, "--json", "--verbose", "--quiet"],
        ["--verbose", "--quiet", f"--now={SUNDAY}", "plan", "--json", "--config", config],
    ]
    assert len({call(*way).out for way in ways}) == 1
    assert call(*ways[0]).kinds == ["book"]


@pytest.mark.parametrize(
    ("now", "meant"),
    [
        ("2027-06-01T06:00:00Z", "2027-06-01T06:00:00Z"),
        ("2027-06-01T06:00:00+02:00", "2027-06-01T04:00:00Z"),
        ("2027-06-01T06:00", "2027-06-01T05:00:00Z"),
        ("2027-06-01", "2027-05-31T23:00:00Z"),
    ],
)
def test_now_is_an_instant_or_a_time_of_the_programmes_zone(
    tmp_path: Path, now: str, meant: str
) -> None:
    assert simple(tmp_path).plan(now=now).json["now"] == meant


@pytest.mark.parametrize(
    "now",
    [
        "",
        "now",
        "tomorrow",
        "2027",
        "2027-13-01",
        "2027-02-30T06:00:00Z",
        "25:00",
        "9" * 400,
        "2027-01-04T06:00:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31",
        "\0",
        "🕐",
    ],
)
def test_a_now_that_cannot_be_meant_is_2_without_traceback(tmp_path: Path, now: str) -> None:
    world = simple(tmp_path)
    for command in ("plan", "status"):
        result = world.call(command, "--json", now=now)
        assert result.status == 2
        assert result.out == ""
        assert "Traceback" not in result.err


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_now_at_the_edge_of_time_gives_no_traceback(tmp_path: Path, now: str) -> None:
    world = simple(tmp_path)
    for command in ("plan", "status"):
        result = world.call(command, "--json", now=now)
        assert result.status in {0, 2, 3}
        assert "Traceback" not in result.err


def test_a_now_long_before_or_after_the_programme_does_nothing(tmp_path: Path) -> None:
    world = simple(tmp_path)
    assert world.run(now="2020-01-01T00:00:00Z").actions == []
    result = world.run(now="2030-01-01T00:00:00Z")
    assert result.actions == []
    assert result.status == 0


def test_without_config_the_file_here_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simple(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call("plan", "--json", "--now", SUNDAY).kinds == ["book"]


def test_the_environment_names_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = simple(tmp_path / "here"), simple(tmp_path / "there")
    there.set("programme", name="There").write()
    monkeypatch.chdir(here.folder)
    monkeypatch.setenv("SLOTFINDER_CONFIG", str(there.config))
    assert call("plan", "--json", "--now", SUNDAY).json["programme"] == "There"
    result = call("plan", "--json", "--now", SUNDAY, "--config", str(here.config))
    assert result.json["programme"] == "Reverse mentoring 2027"


def test_paths_are_relative_to_the_folder_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simple(tmp_path / "programme")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    result = call("run", "--json", "--now", SUNDAY, "--config", "../programme/slotfinder.toml")
    assert result.status == 0
    assert len(world.copies()) == 3
    assert len(world.outbox()) == 2
    assert world.store.exists()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("place", ["missing.toml", "calendars", "missing/slotfinder.toml"])
def test_no_settings_is_2_and_says_so(tmp_path: Path, place: str) -> None:
    simple(tmp_path)
    result = call("plan", "--json", "--config", str(tmp_path / place))
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err
    assert Path(place).name in result.err


def test_an_environment_variable_overrides_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simple(tmp_path)
    monkeypatch.setenv("SLOTFINDER_MEETINGS__DURATION", "60")
    action = world.plan().action
    assert (utc(action["end"]) - utc(action["start"])).total_seconds() == 60 * 60


def test_every_kind_of_setting_can_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simple(tmp_path)
    for name, value in (
        ("PROGRAMME__NAME", "From outside"),
        ("PROGRAMME__ORGANIZER", "mentor"),
        ("MEETINGS__PRIVATE", "false"),
        ("CADENCE__GAP", "3d"),
        ("COMPROMISE__RULE", "equal"),
        ("CALENDARS__LOCAL__DIRECTORY", "calendars"),
        ("STORE__URL", "sqlite:///other.db"),
        ("MAIL__OUTBOX", "mails"),
        ("VIRTUAL__CONFERENCE", "https://meet.example/{pair}"),
    ):
        monkeypatch.setenv(f"SLOTFINDER_{name}", value)
    result = world.run()
    assert result.json["programme"] == "From outside"
    assert result.action["organizer"] == TOM
    assert result.action["join_url"] == "https://meet.example/p01"
    assert (tmp_path / "other.db").exists()
    assert [path.suffix for path in (tmp_path / "mails").iterdir()] == [".eml"]
    assert b"CLASS:PRIVATE" not in world.copy(PRIYA, result.action["uid"]).read_bytes()


def test_a_bad_environment_variable_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simple(tmp_path)
    monkeypatch.setenv("SLOTFINDER_MEETINGS__GRID", "7")
    result = world.plan()
    assert result.status == 2
    assert "environment" in result.err.lower()
    assert "grid" in result.err.lower()


def test_version_and_help_are_answers() -> None:
    assert call("--version").status == 0
    assert __version__ in call("--version").out
    for arguments in (["--help"], ["plan", "--help"], ["-h"]):
        assert call(*arguments).status == 0
        assert "Usage" in call(*arguments).out


def test_every_command_of_this_release_is_there() -> None:
    out = call("--help").out
    for command in ("init", "demo", "plan", "run", "status", "freebusy", "explain"):
        assert command in out


def test_without_a_terminal_there_is_neither_colour_nor_progress(tmp_path: Path) -> None:
    world = simple(tmp_path)
    result = spawn("run", "--now", SUNDAY, cwd=world.folder)
    assert result.status == 0
    assert "\x1b" not in result.out + result.err
    assert [json.loads(line)["event"] for line in result.err.splitlines()][-1] == "run-ended"


def test_addresses_are_told_in_json_and_with_verbose_only(tmp_path: Path) -> None:
    """clouds.md: logs carry pair ids; e-mail addresses only in JSON and with --verbose."""
    world = simple(tmp_path)
    (world.calendar(TOM) / "bad.ics").write_bytes(b"")
    for command in (["plan"], ["run"], ["status"], ["explain", "p01"]):
        result = world.call(*command)
        assert "@acme.example" not in result.err


def call_on(encoding: str, *arguments: str) -> tuple[int, str]:
    """Run a command whose output goes to a stream of this encoding; read what arrives as UTF-8."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(stream), redirect_stderr(io.StringIO()):
        status = run(list(arguments))
    stream.flush()
    stream.buffer.seek(0)
    return status, stream.buffer.read().decode("utf-8", "replace")


@pytest.mark.parametrize("command", [["run"], ["status"], ["explain", "p01"]])
def test_a_stream_that_cannot_show_a_name_gets_an_answer_all_the_same(
    tmp_path: Path, command: list[str]
) -> None:
    world = couple(tmp_path)
    world.people[0]["name"] = "李小龍"
    world.write()
    status, _ = call_on("cp1252", *command, "--now", SUNDAY, "--config", str(world.config))
    assert status == 0


def test_json_is_the_same_on_a_stream_that_is_not_utf_8(tmp_path: Path) -> None:
    world = couple(tmp_path).set("programme", name="Übung 李小龍").write()
    config = ("--now", SUNDAY, "--config", str(world.config))
    status, out = call_on("cp1252", "plan", "--json", *config)
    assert status == 0
    assert json.loads(out)["programme"] == "Übung 李小龍"


def test_a_lock_that_cannot_be_taken_names_the_store_and_the_remedy(tmp_path: Path) -> None:
    world = simple(tmp_path)
    (tmp_path / "state").write_text("a file where the folder should be", "utf-8")
    world.set("store", url="sqlite:///state/slotfinder.db").write()

    result = world.run()

    assert (result.status, result.out) == (2, "")
    assert "slotfinder.db cannot be taken" in result.err
    assert "write into that folder" in result.err
