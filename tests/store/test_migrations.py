"""The store on disk: how it comes about, and what is refused."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from slotfinder.errors import StoreError
from slotfinder.ports import Held, Ledger
from slotfinder.store.sql import HEAD, open_store, read_ledger
from slotfinder.store.tables import metadata
from tests.contract.test_store import NOW, changes


def test_the_migrations_end_at_the_version_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", "slotfinder.store:migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_migrated_store_has_exactly_the_schema_of_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with open_store(file):
        pass
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_reading_what_is_not_there_yet_makes_nothing(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "store.db") == Ledger()
    assert list(tmp_path.iterdir()) == []


def test_reading_a_store_changes_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with open_store(file):
        pass
    before = file.read_bytes()

    read_ledger(file)

    assert list(tmp_path.iterdir()) == [file]
    assert file.read_bytes() == before


def test_a_kill_during_the_first_migration_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise KilledError

    file = tmp_path / "store.db"

    def first_run() -> None:
        with open_store(file):
            pass

    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.create_index", die)
        with pytest.raises(KilledError):
            first_run()

    assert read_ledger(file) == Ledger()
    with open_store(file) as store:
        assert store.load() == Ledger()


def test_a_store_another_program_holds_is_said_to_be_in_use(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with open_store(file) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="Another program is using it"):
            store.load()
        other.close()


def test_recording_what_is_known_already_changes_no_byte(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    held = Held(pair="p01", period=None, since=NOW, reason_code="away", reason="", uid=None)
    with open_store(file) as store:
        store.record(changes(holds=(held,)))
        before = file.read_bytes()
        store.record(changes(holds=(held,)))

    assert file.read_bytes() == before


def test_an_empty_file_is_a_store_to_be_made(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.touch()

    assert read_ledger(file) == Ledger()
    with open_store(file) as store:
        assert store.load() == Ledger()


@pytest.mark.parametrize("use", ["read", "write"])
def test_a_store_of_a_newer_version_is_refused(tmp_path: Path, use: str) -> None:
    file = tmp_path / "store.db"
    with open_store(file):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    assert "newer slotfinder" in _refusal(file, use)


@pytest.mark.parametrize("use", ["read", "write"])
def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path, use: str) -> None:
    file = tmp_path / "store.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE books (title TEXT)")
    connection.close()
    before = file.read_bytes()

    assert "something else" in _refusal(file, use)
    assert file.read_bytes() == before


@pytest.mark.parametrize("use", ["read", "write"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, use: str) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"These are the minutes of a meeting, not a database." * 50)

    assert "store.db cannot be used" in _refusal(file, use)


def _refusal(file: Path, use: str) -> str:
    def write() -> None:
        with open_store(file):
            pass

    with pytest.raises(StoreError) as refused:
        read_ledger(file) if use == "read" else write()
    return str(refused.value)
