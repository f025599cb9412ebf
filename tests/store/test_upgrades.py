"""A store of an older version is copied beside itself, then migrated; nothing in it is lost."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from slotfinder.domain.meeting import Answer, Lifted
from slotfinder.errors import OlderStoreError, StoreError
from slotfinder.store.sql import HEAD, open_store, read_ledger
from tests.store.released import REVISIONS, Rows, rows_of, store_of

OLDER = REVISIONS[:-1]
BEFORE = REVISIONS[-2]


def migrate(file: Path) -> None:
    with open_store(file):
        pass


def copies(file: Path) -> list[str]:
    return sorted(each.name for each in file.parent.iterdir() if each != file)


@pytest.mark.parametrize("revision", OLDER)
def test_every_row_of_every_released_schema_is_there_afterwards(
    tmp_path: Path, revision: str
) -> None:
    file = tmp_path / "store.db"
    before = store_of(revision, file)
    migrate(file)
    after = rows_of(file)

    assert after["alembic_version"] == [{"version_num": HEAD}]
    for table in before.keys() - {"alembic_version"}:
        for old, new in zip(before[table], after[table], strict=True):
            assert new == new | _as_migrated(table, old, revision)


def _as_migrated(table: str, row: dict[str, Any], revision: str) -> dict[str, Any]:
    """Return what a row of an older schema has to be in the newest one."""
    if table == "meetings" and revision == "0001":
        # What stood in .ics files is called there as it is called here.
        return row | {"calendar_uid": row["uid"]}
    return row


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_store_of_every_released_schema_can_be_worked_with(tmp_path: Path, revision: str) -> None:
    file = tmp_path / "store.db"
    store_of(revision, file)
    with open_store(file) as store:
        ledger, [pending] = store.load(), store.pending()

    [meeting] = ledger.meetings
    assert (meeting.uid, meeting.mentor, meeting.moves) == ("uid-1", "tom@acme.example", 1)
    assert meeting.answers == {"tom@acme.example": Answer.ACCEPTED}
    assert meeting.lifted == ((Lifted.GAP,) if revision >= "0004" else ())
    assert pending.event is not None
    assert pending.event.attendees[0].name == "Tom Ødegård"
    assert ledger.generations["p01", date(2027, 1, 4)] == 1
    assert len(ledger.refusals) == len(ledger.holds) == 1


@pytest.mark.parametrize("revision", OLDER)
def test_a_copy_as_it_was_stands_beside_it_that_only_its_owner_may_read(
    tmp_path: Path, revision: str
) -> None:
    file = tmp_path / "store.db"
    before = store_of(revision, file)
    migrate(file)

    assert copies(file) == [f"store.db.{revision}.backup"]
    copy = tmp_path / f"store.db.{revision}.backup"
    assert rows_of(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_store_of_this_version_and_a_new_one_are_not_copied(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    migrate(file)
    migrate(file)

    assert copies(file) == []


def test_a_copy_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    before = store_of(BEFORE, file)
    first = tmp_path / f"store.db.{BEFORE}.backup"
    first.write_bytes(b"from long ago")
    migrate(file)

    assert first.read_bytes() == b"from long ago"
    assert rows_of(tmp_path / f"store.db.{BEFORE}.2.backup") == before


class KilledError(BaseException):
    """The process died here."""


def _die(*_: object, **__: object) -> None:
    raise KilledError


@pytest.mark.parametrize("where", ["sqlite3.connect", "pathlib.Path.rename", "alembic.command"])
def test_a_kill_in_between_is_harmless_and_copies_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    file = tmp_path / "store.db"
    before = store_of(BEFORE, file)
    # A process that is killed cleans nothing up.
    (tmp_path / f".store.db.{BEFORE}.part").write_bytes(b"half a copy")
    module, _, name = where.rpartition(".")
    for _ in range(3):
        with monkeypatch.context() as patched:
            if where == "alembic.command":
                patched.setattr("alembic.op.create_table", _die)
            else:
                patched.setattr(f"{module}.{name}", _die)
            with pytest.raises(KilledError):
                migrate(file)
    assert rows_of(file) == before

    migrate(file)
    assert copies(file) == [f"store.db.{BEFORE}.backup"]
    assert rows_of(tmp_path / f"store.db.{BEFORE}.backup") == before
    assert rows_of(file)["alembic_version"] == [{"version_num": HEAD}]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file become larger than this, as on a disk that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_room_for_a_copy_nothing_is_migrated_and_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    before = store_of(BEFORE, file)
    with room_for(file.stat().st_size // 2), pytest.raises(StoreError) as refused:
        migrate(file)

    assert "store.db is of an older version and was not migrated" in str(refused.value)
    assert "Make room in that folder" in str(refused.value)
    assert rows_of(file) == before
    assert copies(file) == []


def test_where_no_copy_can_be_written_nothing_is_migrated(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    before = store_of(BEFORE, file)
    (tmp_path / f".store.db.{BEFORE}.part").mkdir()
    with pytest.raises(StoreError, match=r"was not migrated.*let the account"):
        migrate(file)

    assert rows_of(file) == before


def test_nobody_writes_the_store_while_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    store_of(BEFORE, file)
    refused: list[str] = []
    rename = Path.rename

    def write_between(path: Path, target: Path) -> Path:
        beside = sqlite3.connect(file, timeout=0)
        try:
            beside.execute("DELETE FROM pairs")
        except sqlite3.OperationalError as error:
            refused.append(str(error))
        finally:
            beside.close()
        return rename(path, target)

    monkeypatch.setattr("pathlib.Path.rename", write_between)
    migrate(file)
    assert refused == ["database is locked"]


@pytest.mark.parametrize("revision", OLDER)
def test_an_older_store_is_not_read_but_left_as_it_is(tmp_path: Path, revision: str) -> None:
    file = tmp_path / "store.db"
    before: Rows = store_of(revision, file)
    with pytest.raises(OlderStoreError, match="'slotfinder run' migrates it"):
        read_ledger(file)

    assert rows_of(file) == before
    assert copies(file) == []
