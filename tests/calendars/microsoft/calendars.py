"""The adapter over the emulator, as bootstrap would put it together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from slotfinder.calendars.microsoft.auth import Account
from slotfinder.calendars.microsoft.calendar import MicrosoftCalendars
from slotfinder.calendars.microsoft.client import GraphClient
from slotfinder.calendars.retry import Patience
from slotfinder.domain.meeting import programme_mark
from tests.calendars.google.calendars import no_pause
from tests.emulators.microsoft import AppRegistration, MicrosoftEmulator

READER: Final = "mentoring@acme.example"


def account_of(microsoft: MicrosoftEmulator, app: AppRegistration) -> Account:
    """Return the account of an app that proves itself by its secret."""
    return Account(
        tenant=app.tenant,
        client_id=app.client_id,
        authority=microsoft.authority,
        secret=app.secret,
    )


@contextmanager
def graph_client(
    folder: Path,
    microsoft: MicrosoftEmulator,
    *mailboxes: str,
    account: Account | None = None,
    patience: Patience | None = None,
    timeout: float = 10,
) -> Iterator[GraphClient]:
    """Yield a client of the emulator that never waits between tries."""
    client = GraphClient(
        account or account_of(microsoft, microsoft.app()),
        frozenset({READER, *mailboxes}),
        graph=microsoft.graph,
        timeout=timeout,
        ca_file=microsoft.write_ca(folder / "ca.pem"),
        patience=patience or Patience(60, sleep=no_pause),
    )
    yield client
    client.close()


@contextmanager
def microsoft_calendars(folder: Path, microsoft: MicrosoftEmulator) -> Iterator[MicrosoftCalendars]:
    """Yield the calendars of the emulator, read and organized by one mailbox."""
    with graph_client(folder, microsoft) as client:
        mark = programme_mark("Reverse mentoring")
        yield MicrosoftCalendars(client, READER, programme=mark, link_wait=10, sleep=no_pause)
