"""What people read on a terminal: nothing that matters is cut, whatever its width."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import ADA, KOFI, PRIYA, TOM, Result, World, call, couple, simple, utc

WIDTHS = [80, 100, 120]
NOW = ("--now", "2027-01-06T12:00:00Z")


def on(monkeypatch: pytest.MonkeyPatch, width: int | str) -> None:
    monkeypatch.setenv("COLUMNS", str(width))


def told(text: str) -> str:
    return " ".join(text.split())


def uncut(result: Result, width: int) -> list[str]:
    """Return the lines of an answer in which nothing is cut."""
    assert "…" not in result.out
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert max(map(len, lines)) <= width
    return lines


@pytest.fixture
def two_pairs(tmp_path: Path) -> World:
    """Return a pair that can be booked, and one that is held."""
    world = couple(tmp_path).person(ADA, "Bartholomew Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI)
    world.write()
    (world.calendar(ADA) / "bad.ics").write_bytes(b"")
    return world


@pytest.mark.parametrize("width", WIDTHS)
def test_the_table_of_actions_is_whole(
    two_pairs: World, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    on(monkeypatch, width)
    book, hold = two_pairs.plan().actions
    result = two_pairs.call("plan")
    lines = uncut(result, width)
    [booked] = [line for line in lines if "p01 Tom" in line]
    assert booked.split().count("book") == 1
    assert booked.count("Jan") == 3, "the week, the mentor's day and the mentee's"
    assert "virtual" in booked
    [held] = [line for line in lines if "p02" in line and "hold" in line.split()]
    assert held
    assert "→ Priya" in result.out
    if width < WIDTHS[-1]:
        assert book["reason"] in told(result.out)
        assert f"{hold['reason']} (calendar-unreadable)" in told(result.out)


def test_a_reason_stands_under_its_row_where_there_is_no_room_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simple(tmp_path)
    reason = world.plan().action["reason"]
    on(monkeypatch, 80)
    lines = uncut(world.call("plan"), 80)
    row = next(number for number, line in enumerate(lines) if "p01 Tom" in line)
    assert reason.startswith(lines[row + 2].strip())
    on(monkeypatch, 120)
    lines = uncut(world.call("plan"), 120)
    [row_and_reason] = [line for line in lines if "p01 Tom" in line]
    assert reason.split()[0] in row_and_reason.split()


def test_a_long_name_makes_room_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = couple(tmp_path)
    world.people[0]["name"] = "Wolfeschlegelsteinhausenbergerdorff Example"
    world.write()
    on(monkeypatch, 80)
    uncut(world.call("plan"), 80)
    world.run()
    out = "\n".join(uncut(world.call("status"), 80))
    assert re.search(r"\bok\b", out)
    assert re.search(r"● \w\w", out)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_of_the_demo_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    on(monkeypatch, width)
    result = call("demo", str(tmp_path / "demo"), *NOW)
    # The last lines name a folder, which is as long as it is.
    story = result.out[: result.out.index("Look into")]
    lines = uncut(Result(result.status, story, result.err), width)
    weeks = [line for line in lines if line.split()[:2] == ["Pair", "Health"]]
    assert [len(re.findall(r"\d+ [A-Z][a-z]{2}", line)) for line in weeks] == [8, 8]
    assert {"book", "move", "adopt", "hold", "held"} <= set(story.split())


@pytest.mark.parametrize(("width", "weeks"), [(34, 2), (53, 5), (60, 6), (80, 8)])
def test_as_many_weeks_are_shown_as_fit_and_two_at_least(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, weeks: int
) -> None:
    world = simple(tmp_path)
    world.run()
    on(monkeypatch, width)
    lines = uncut(world.call("status"), width)
    [titles] = [line for line in lines if line.split()[:2] == ["Pair", "Health"]]
    assert len(re.findall(r"\d+ [A-Z][a-z]{2}", titles)) == weeks


@pytest.mark.parametrize("columns", ["", "0", "wide", "-5", "²"])
def test_columns_that_are_none_are_120(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    world = simple(tmp_path)
    plain = world.call("plan").out
    on(monkeypatch, columns)
    assert world.call("plan").out == plain


def test_of_a_refused_plan_only_the_refusal_is_shown(tmp_path: Path) -> None:
    world = simple(tmp_path)
    out = str(tmp_path / "plan.json")
    world.call("plan", "--out", out)
    start = world.plan().action["start"].replace("-", "").replace(":", "")
    world.busy(TOM, start, start.replace("0000Z", "3000Z"))
    result = world.call("run", "--plan", out)
    assert result.status == 3
    assert "Nothing was written" in told(result.out)
    for word in ("what was done", "book", "p01"):
        assert word not in result.out


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize("width", WIDTHS)
def test_addresses_of_people_are_shown_with_verbose_alone(
    two_pairs: World, monkeypatch: pytest.MonkeyPatch, command: str, width: int
) -> None:
    on(monkeypatch, width)
    assert "@acme.example" not in two_pairs.call(command).out
    two_pairs.now = "2027-01-25T12:00:00Z"
    out = told(two_pairs.call("--verbose", command).out)
    assert f"Tom Example <{TOM}> → Priya Example <{PRIYA}>" in out
    assert f"Cannot read the calendar of Bartholomew Example <{ADA}>" in out


def test_what_is_not_written_says_whose_and_alike_is_one_line(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI).set("programme", timezone="Europe/Berlin").write()
    (tmp_path / "outbox").write_bytes(b"no folder")
    result = world.call("run")
    assert result.status == 1
    lines = told(result.out).split("Not written ")[1:]
    assert len(lines) == 1
    assert re.match(
        r"\(provider-unavailable\): 2 meetings: "
        r"p01 \w\w \d+ Jan 2027 \d\d:\d\d, p02 \w\w \d+ Jan 2027 \d\d:\d\d\. \w",
        lines[0],
    )
    start = utc(world.call("status", "--json").json["pairs"][0]["next"]["start"])
    assert f"{start + timedelta(hours=1):%H:%M}, p02" in lines[0], "Berlin"


def test_the_template_promises_only_what_there_is(tmp_path: Path) -> None:
    call("init", str(tmp_path), *NOW)
    text = (tmp_path / "slotfinder.toml").read_text("utf-8")
    promised = [line for line in text.splitlines() if "later release" in line]
    assert [line.partition(" ")[0] for line in promised] == ["organizer_calendar"]  # CalDAV


def test_init_says_where_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("a long name of a folder " * 5).strip()
    said = call("init", str(folder), *NOW).out
    assert f"  cd '{folder}'\n  slotfinder plan\n" in said
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert "cd " not in call("init", str(here), *NOW).out


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
@pytest.mark.parametrize(
    "command",
    [
        ["--version"],
        ["--help"],
        ["plan"],
        ["status"],
        ["explain", "p01"],
        ["status", "--json"],
        ["explain", "p01", "--json"],
    ],
    ids=" ".join,
)
def test_a_reader_who_goes_away_is_1_and_nothing_more(tmp_path: Path, command: list[str]) -> None:
    world = simple(tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    environment = {key: os.environ[key] for key in os.environ if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "slotfinder", *command, *NOW, "--config", str(world.config)],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
