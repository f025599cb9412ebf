"""A copy of the store beside it, taken before a migration changes it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from filecmp import cmp
from itertools import count
from pathlib import Path

from slotfinder.errors import StoreError


def back_up(file: Path, version: str) -> None:
    """Write a copy of a store of that version beside it, which only its owner may read.

    The copy is there whole or not at all, and no other is ever overwritten. Nobody may write the
    store meanwhile: the caller holds its write lock.

    Raises:
        StoreError: it could not be written.
    """
    partial = file.with_name(f".{file.name}.{version}.part")
    try:
        partial.unlink(missing_ok=True)  # what a killed run left
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as store:
                store.execute("VACUUM INTO ?", (str(partial),))
            # SQLite does not wait for the disk here; for the folder it does, before it migrates.
            os.fsync(handle)
        finally:
            os.close(handle)
        _name(partial, file, version)
    except (sqlite3.Error, OSError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise StoreError(
            f"The store {file.name} is of an older version and was not migrated, because no copy "
            f"of it could be written beside it first: {why}. Make room in that folder and let the "
            "account slotfinder runs under write into it, then try again."
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def backups(file: Path) -> list[Path]:
    """Return the copies that stand beside a store."""
    found = file.parent.glob("*.backup")
    return sorted(each for each in found if each.name.startswith(f"{file.name}."))


def _name(partial: Path, file: Path, version: str) -> None:
    """Give the copy the first name that is free; one that is there already is not kept twice.

    Else a migration that fails again and again would fill the disk with copies.
    """
    for target in _names(file, version):
        if not target.exists():
            partial.rename(target)
            return
        if cmp(partial, target, shallow=False):
            return


def _names(file: Path, version: str) -> Iterator[Path]:
    yield file.with_name(f"{file.name}.{version}.backup")
    for number in count(2):
        yield file.with_name(f"{file.name}.{version}.{number}.backup")
