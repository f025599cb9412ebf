"""A new version of slotfinder meets the store of an older one, and an old one that of a newer."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.world import World, couple
from tests.store.released import REVISIONS, store_of

BEFORE = REVISIONS[-2]


@pytest.fixture
def older(tmp_path: Path) -> World:
    """Return a programme whose store an older version left."""
    world = couple(tmp_path).write()
    store_of(BEFORE, world.store)
    return world


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("status",),
        ("todo",),
        ("log", "p01"),
        ("report",),
        ("explain", "p01"),
        ("export", "tom@acme.example"),
        ("erase", "tom@acme.example", "--dry-run"),
    ],
)
def test_what_only_looks_says_that_a_run_migrates_it(
    older: World, command: tuple[str, ...]
) -> None:
    before = older.snapshot(store=True)
    result = older.call(*command, "--json")

    assert (result.status, result.out) == (2, "")
    assert "is of an older version; 'slotfinder run' migrates it" in result.err
    assert older.snapshot(store=True) == before


@pytest.mark.parametrize("command", [("run",), ("pause", "p01"), ("end", "p01")])
def test_what_writes_migrates_it_and_leaves_a_copy(older: World, command: tuple[str, ...]) -> None:
    before = older.store.read_bytes()
    assert older.call(*command).status in {0, 3}
    copy = older.folder / f"slotfinder.db.{BEFORE}.backup"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert older.call("status", "--json").status == 0

    # With the older version the copy can be gone back to.
    older.store.write_bytes(before)
    with closing(sqlite3.connect(older.store)) as store, closing(sqlite3.connect(copy)) as kept:
        assert list(kept.iterdump()) == list(store.iterdump())


@pytest.mark.parametrize("command", ["run", "plan", "export"])
def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path, command: str) -> None:
    world = couple(tmp_path).write()
    world.run()
    with closing(sqlite3.connect(world.store)) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    before = world.snapshot(store=True)
    result = world.call(command, *(["tom@acme.example"] if command == "export" else []))

    assert result.status == 2
    assert "written by a newer slotfinder; install that version" in result.err
    assert world.snapshot(store=True) == before
