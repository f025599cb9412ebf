"""The adapter over the emulator, as bootstrap would put it together."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from slotfinder.calendars.google.auth import Account
from slotfinder.calendars.google.calendar import GoogleCalendars
from slotfinder.calendars.google.client import GoogleClient
from slotfinder.calendars.retry import Patience
from slotfinder.domain.meeting import programme_mark
from tests.emulators.google import GoogleEmulator, service_account_file

READER: Final = "mentoring@acme.example"


def no_pause(_seconds: float) -> None:
    """Let no time pass."""


@contextmanager
def google_client(
    folder: Path,
    google: GoogleEmulator,
    *subjects: str,
    ca_file: Path | None = None,
    patience: Patience | None = None,
    timeout: float = 10,
) -> Iterator[GoogleClient]:
    """Yield a client of the emulator that never waits between tries."""
    key = json.loads(service_account_file(folder / "google.json", google).read_text("utf-8"))
    client = GoogleClient(
        Account(key=key),
        frozenset({READER, *subjects}),
        endpoint=google.url,
        timeout=timeout,
        ca_file=ca_file,
        patience=patience or Patience(60, sleep=no_pause),
    )
    yield client
    client.close()


@contextmanager
def google_calendars(folder: Path, google: GoogleEmulator) -> Iterator[GoogleCalendars]:
    """Yield the calendars of the emulator, read and organized by one mailbox."""
    with google_client(folder, google) as client:
        mark = programme_mark("Reverse mentoring")
        yield GoogleCalendars(client, READER, programme=mark, link_wait=10, sleep=no_pause)
