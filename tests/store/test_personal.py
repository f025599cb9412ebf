"""Taking a person out of the store, killed at any moment; and what is never about a person."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from slotfinder.domain.command import Command, CommandKind
from slotfinder.ports import Erasure, Records
from slotfinder.store.sql import SqlStore, open_store, read_about
from tests.contract.test_store import MEETING, NOW, PRIYA, TOM, booked

OTHER = replace(MEETING, uid="uid-2", pair="p02", mentor="ann@acme.example", answers={})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "store.db"
    moved = Command(at=NOW, pair="p01", kind=CommandKind.RESCHEDULE, uid="uid-1", text="Tom is ill")
    later = replace(moved, uid="uid-3", text="Ann is ill")
    with open_store(file) as store:
        commands, crowded = (moved, later), {TOM.email: True}
        store.record(booked(MEETING, OTHER, commands=commands, crowded=crowded))
    return file


def erasure(records: Records) -> Erasure:
    return Erasure(
        person=TOM.email,
        meetings=tuple(row["uid"] for row in records["meetings"]),
        silenced=tuple(row["id"] for row in records["commands"]),
        deleted={"crowded": (TOM.email,)},
    )


def erase(file: Path) -> str:
    with open_store(file) as store:
        return store.erase(erasure(store.about(TOM.email)))


def test_commands_for_later_meetings_of_the_same_pair_are_about_others(file: Path) -> None:
    assert [row["text"] for row in read_about(file, TOM.email)["commands"]] == ["Tom is ill"]
    erase(file)
    assert b"Tom is ill" not in file.read_bytes()
    assert b"Ann is ill" in file.read_bytes()


def test_of_others_nothing_is_changed(file: Path) -> None:
    before = read_about(file, OTHER.mentor)
    erase(file)
    assert read_about(file, OTHER.mentor) == before
    assert [row["mentor"] for row in read_about(file, PRIYA.email)["meetings"]] == [
        "erased-1@invalid",
        OTHER.mentor,
    ]


class KilledError(BaseException):
    """The process died here."""


@pytest.mark.parametrize("moment", [0, 1])
def test_a_kill_leaves_the_person_whole_or_not_at_all(
    file: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """The file is written anew before and after; the run dies at one of the two."""
    before = read_about(file, TOM.email)
    rebuild: Callable[[SqlStore], None] = SqlStore._rebuild  # noqa: SLF001 - it dies there
    calls: list[int] = []

    def die(store: SqlStore) -> None:
        calls.append(1)
        if len(calls) > moment:
            raise KilledError
        rebuild(store)

    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "_rebuild", die)
        with pytest.raises(KilledError):
            erase(file)

    if moment == 0:
        assert read_about(file, TOM.email) == before
    else:
        # Deleting alone wipes what it deletes.
        assert not any(read_about(file, TOM.email).values())
        assert TOM.email.encode() not in file.read_bytes()
