"""What every test can rely on."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_width_from_outside() -> None:
    """Forget the width a test runner sets: what a test does not say is as in a pipe."""
    os.environ.pop("COLUMNS", None)
