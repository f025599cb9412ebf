"""`init` and `demo`: a newcomer's first five minutes."""

import tomllib
from pathlib import Path

import pytest

from tests.acceptance.world import call

NOW = ("--now", "2027-01-06T12:00:00Z")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_init_writes_a_folder_that_plans_and_runs(tmp_path: Path) -> None:
    assert call("init", str(tmp_path), *NOW).status == 0
    assert {"slotfinder.toml", "people.csv", "pairs.csv"} <= set(files(tmp_path))
    config = ("--config", str(tmp_path / "slotfinder.toml"))
    planned = call("plan", "--json", *NOW, *config)
    assert planned.status == 0
    assert set(planned.kinds) == {"book"}
    assert planned.err == ""
    done = call("run", "--json", *NOW, *config)
    assert done.status == 0
    assert [each["uid"] for each in done.actions] == [each["uid"] for each in planned.actions]
    assert set(call("run", "--json", *NOW, *config).kinds) == {"keep"}


def test_init_comments_its_settings(tmp_path: Path) -> None:
    call("init", str(tmp_path), *NOW)
    text = (tmp_path / "slotfinder.toml").read_text("utf-8")
    assert text.count("#") > 20
    assert tomllib.loads(text)["programme"]["timezone"]


def test_init_makes_its_folder(tmp_path: Path) -> None:
    assert call("init", str(tmp_path / "new" / "programme"), *NOW).status == 0
    assert (tmp_path / "new" / "programme" / "slotfinder.toml").exists()


def test_init_without_a_folder_writes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("init", *NOW).status == 0
    assert call("plan", *NOW).status == 0


def test_init_refuses_to_overwrite(tmp_path: Path) -> None:
    for name in ("slotfinder.toml", "people.csv", "pairs.csv"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(b"mine")
        result = call("init", str(folder), *NOW)
        assert result.status == 2
        assert name in result.err
        assert "Traceback" not in result.err
        assert files(folder) == {name: b"mine"}


def test_init_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"mine")
    assert call("init", str(tmp_path), *NOW).status == 0
    assert (tmp_path / "notes.txt").read_bytes() == b"mine"


def test_init_where_a_file_is_fails_without_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    result = call("init", str(tmp_path / "file"), *NOW)
    assert result.status in {1, 2}
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_demo_tells_the_whole_story_and_a_second_time_fails_politely(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    result = call("demo", str(folder))
    assert result.status == 0
    for word in ("book", "declin", "mov"):
        assert word in result.out.lower()
    assert result.err == ""
    before = files(folder)
    assert any(name.endswith(".ics") for name in before)
    assert any(name.endswith(".eml") for name in before)
    again = call("demo", str(folder))
    assert again.status == 2
    assert again.err.strip()
    assert "Traceback" not in again.err
    assert files(folder) == before
    config = ("--config", str(folder / "slotfinder.toml"))
    assert call("status", "--json", *config).json["pairs"]


def test_demo_into_a_file_fails_without_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    result = call("demo", str(tmp_path / "file"))
    assert result.status in {1, 2}
    assert "Traceback" not in result.err
    assert (tmp_path / "file").read_bytes() == b"mine"
