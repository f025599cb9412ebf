"""The store under readers beside it, damage and a full disk."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from slotfinder.domain.freebusy import Provider
from slotfinder.errors import StoreError
from slotfinder.ports import Entry, EntryKind, Ledger
from slotfinder.store import sql
from slotfinder.store.sql import SqlStore, open_store, read_ledger
from tests.contract.test_store import EVENT, MEETING, NOW, booked

ENTRY = Entry(key="k", uid="uid-1", kind=EntryKind.WRITE, provider=Provider.LOCAL, event=EVENT)


def test_a_reader_beside_a_writer_sees_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    with open_store(file) as store:
        store.record(booked())
    refused: list[str] = []

    def write_between(connection: object) -> list[object]:
        beside = sqlite3.connect(file, timeout=0)
        try:
            beside.execute("DELETE FROM pairs")
            beside.commit()
        except sqlite3.OperationalError as error:
            refused.append(str(error))
        finally:
            beside.close()
        return list(holds(connection))  # type: ignore[arg-type]

    holds = sql._holds  # noqa: SLF001 - the middle of a read
    monkeypatch.setattr(sql, "_holds", write_between)

    # Meetings were read before the write and pairs are read after it.
    assert read_ledger(file).known_since == {"p01": NOW}
    assert refused == ["database is locked"]


@pytest.mark.parametrize("use", ["load", "record", "pending", "settle"])
def test_damage_found_later_is_one_sentence_without_what_the_store_holds(
    tmp_path: Path, use: str
) -> None:
    file = tmp_path / "store.db"

    def uses(store: SqlStore) -> None:
        match use:
            case "load":
                store.load()
            case "record":
                store.record(booked(MEETING, entries=(ENTRY,)))
            case "pending":
                store.pending()
            case _:
                store.settle(ENTRY, NOW)

    with open_store(file) as store:
        file.write_bytes(b"no database any more" * 1000)
        with pytest.raises(StoreError, match="cannot be used") as refused:
            uses(store)

    assert "parameters" not in str(refused.value)
    assert MEETING.mentor not in str(refused.value)
    assert "INSERT" not in str(refused.value)


def test_a_full_disk_records_nothing_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    large = replace(MEETING, reason="x" * 100_000)
    with open_store(file) as store:
        record = sql._record  # noqa: SLF001 - its disk is full

        def on_a_full_disk(connection, what) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - as the original
            connection.exec_driver_sql("PRAGMA max_page_count=1")
            record(connection, what)

        with monkeypatch.context() as patched:
            patched.setattr(sql, "_record", on_a_full_disk)
            with pytest.raises(StoreError, match="full"):
                store.record(booked(large, entries=(ENTRY,)))

        assert store.load() == Ledger()
        assert store.pending() == []


@pytest.mark.parametrize("use", ["read", "write"])
def test_a_store_that_says_no_version_is_not_taken_for_an_empty_one(
    tmp_path: Path, use: str
) -> None:
    file = tmp_path / "store.db"
    with open_store(file):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()

    def write() -> None:
        with open_store(file):
            pass

    with pytest.raises(StoreError, match="damaged"):
        read_ledger(file) if use == "read" else write()
