"""docs/privacy.md names every table and column of the store, and none that is not there."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from slotfinder.store.sql import open_store

DOCUMENT = Path(__file__).parents[2] / "docs" / "privacy.md"


def documented() -> dict[str, list[str]]:
    """Return the columns the document names, by table."""
    text = DOCUMENT.read_text("utf-8")
    sections = re.split(r"^### `(\w+)`$", text, flags=re.MULTILINE)
    return {
        table: [
            column
            for line in section.partition("\n## ")[0].splitlines()
            if line.startswith("| `")
            for column in re.findall(r"`(\w+)`", line.split("|")[1])
        ]
        for table, section in zip(sections[1::2], sections[2::2], strict=True)
    }


def test_every_table_and_column_is_told_once_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with open_store(file):
        pass
    with closing(sqlite3.connect(file)) as store:
        tables = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        there = {
            table: sorted(row[1] for row in store.execute(f"PRAGMA table_info({table})"))
            for (table,) in tables
        }

    assert {table: sorted(columns) for table, columns in documented().items()} == there


def test_every_row_says_what_for_and_how_long() -> None:
    text = DOCUMENT.read_text("utf-8")
    remembered = text.partition("## What is remembered")[2].partition("\n## ")[0]
    rows = [line for line in remembered.splitlines() if line.startswith("| `")]
    assert len(rows) > 25
    for row in rows:
        _, columns, what, how_long, _ = (cell.strip() for cell in row.split("|"))
        assert columns
        assert what
        assert how_long


def test_the_readme_leads_there() -> None:
    assert "(docs/privacy.md)" in (DOCUMENT.parents[1] / "README.md").read_text("utf-8")
