"""Fixtures of both suites: folders in memory, and no settings from outside."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> Iterator[None]:
    """Keep the machine's own SLOTFINDER_ variables out of the tests."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("SLOTFINDER_")}
    for name in kept:
        del os.environ[name]
    yield
    os.environ.update(kept)


def in_memory() -> Path | None:
    """Return where folders in memory are made; None where there are none."""
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else None


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """Yield a folder in memory where there is one: each run waits for its disk many times."""
    with TemporaryDirectory(dir=in_memory()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def module_folder(memory: Path) -> Path:
    """Return a folder for what the tests of a module only look at."""
    return Path(mkdtemp(dir=memory))


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    return Path(mkdtemp(dir=memory))
