"""A running emulator with three people and a room, and real clients for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.google import GoogleEmulator
from tests.emulators.google.desk import ORGANIZER, PRIYA, ROOM, TOM, Desk
from tests.emulators.loopback import loopback_only


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with loopback_only() as tried, GoogleEmulator() as google:
        made = Desk(google, tmp_path)
        made.people(ORGANIZER, TOM, PRIYA)
        made.world.add_room(ROOM)
        yield made
        made.close()
    assert not tried
