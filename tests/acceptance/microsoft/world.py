"""A programme on the emulated Microsoft 365, alone or beside the emulated Google."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.clouds import CloudOffice
from tests.acceptance.world import OFFICE, PRIYA, SETTINGS, TOM, World
from tests.emulators.google import GoogleEmulator, service_account_file
from tests.emulators.microsoft import AppRegistration, Fault, MicrosoftEmulator, Options


@dataclass(slots=True, kw_only=True)
class Office(CloudOffice):
    """A programme with people on Microsoft 365 and the app it signs in as."""

    microsoft: MicrosoftEmulator
    app: AppRegistration

    def open_directory(self) -> None:
        """Grant the app in Entra what opens the list of rooms, which has a page for each."""
        self.microsoft.options.roles_in_token = True
        self.microsoft.options.places_page = 1
        self.app.roles |= {"Place.Read.All"}

    def close_directory(self) -> None:
        self.app.roles -= {"Place.Read.All"}

    def break_directory(self) -> None:
        """Let the list of rooms fail whoever asks."""
        self.microsoft.fault("places.rooms.list", Fault.backend_error(), times=99)


@contextmanager
def office(folder: Path, *, options: Options | None = None, **microsoft: Any) -> Iterator[Office]:
    """Yield a pair of Tom and Priya on Microsoft 365, in the programme's mailbox, not written."""
    with MicrosoftEmulator(options=options) as server:
        found = _office(folder, server, "microsoft", **microsoft)
        server.add_mailbox(OFFICE)
        found.person(TOM, "Tom Example").person(PRIYA, "Priya Example")
        found.programme.pair("p01", TOM, PRIYA)
        yield found
        assert not server.complaints


@contextmanager
def two_clouds(folder: Path, home: str) -> Iterator[Office]:
    """Yield Tom on Google and Priya on Microsoft 365; the programme's mailbox is at ``home``."""
    with (
        MicrosoftEmulator() as server,
        GoogleEmulator(server.world) as google,
    ):
        elsewhere = {"google": "microsoft", "microsoft": "google"}[home]
        reader = "reader@acme.example"
        found = _office(folder, server, home)
        found.emulators["google"] = google
        key = service_account_file(folder / "google.json", google)
        found.programme.set(
            "calendars.google", service_account_file=key.name, api_endpoint=google.url
        )
        found.programme.set(f"calendars.{elsewhere}", reader=reader)
        found.world.add_mailbox(OFFICE, provider=home)
        found.world.add_mailbox(reader, provider=elsewhere)
        found.person(TOM, "Tom Example", "google").person(PRIYA, "Priya Example", "microsoft")
        found.programme.pair("p01", TOM, PRIYA)
        yield found
        assert not server.complaints


def _office(folder: Path, server: MicrosoftEmulator, home: str, **microsoft: Any) -> Office:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {name: dict(table) for name, table in SETTINGS.items()}
    programme = World(folder, settings=settings)
    app = server.app()
    (folder / "secret").write_text(app.secret, "utf-8")
    (folder / "secret").chmod(0o600)
    table = {
        "tenant": app.tenant,
        "client_id": app.client_id,
        "client_secret_file": "secret",
        "authority": server.authority,
        "graph": server.graph,
        "ca_file": server.write_ca(folder / "ca.pem").name,
    }
    programme.set("programme", organizer_calendar=home)
    programme.set("calendars.microsoft", **{**table, **microsoft})
    return Office(programme, server.world, home, {"microsoft": server}, microsoft=server, app=app)
