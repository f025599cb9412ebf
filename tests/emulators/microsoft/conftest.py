"""A running emulator with three people and a room, and real clients for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.loopback import loopback_only
from tests.emulators.microsoft import MicrosoftEmulator
from tests.emulators.microsoft.desk import ORGANIZER, PRIYA, ROOM, TOM, Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with loopback_only() as tried, MicrosoftEmulator() as microsoft:
        made = Desk(microsoft, tmp_path)
        made.people(ORGANIZER, TOM, PRIYA)
        microsoft.add_room(ROOM)
        yield made
        made.close()
        assert not microsoft.complaints
    assert not tried
