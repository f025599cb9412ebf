"""A programme whose calendars are all on the emulated Google, and its command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.acceptance.world import (
    OFFICE,
    PRIYA,
    SETTINGS,
    TOM,
    Json,
    Result,
    World,
    spawn,
)
from tests.emulators.google import Fault, GoogleEmulator, Options, service_account_file
from tests.emulators.world import Item
from tests.emulators.world import World as Clouds

DIRECTORY: Final = "admin.directory.resource.calendar.readonly"

SECRET: Final = "Dentist, root canal"
"""The title of every entry that is nobody's business."""


@dataclass(slots=True)
class Office:
    """The programme's folder and the Google its people use."""

    programme: World
    google: GoogleEmulator

    @property
    def world(self) -> Clouds:
        return self.google.world

    def call(self, *arguments: str, now: str | None = None) -> Result:
        return self.programme.call(*arguments, now=now)

    def plan(self, *arguments: str) -> Result:
        return self.programme.plan(*arguments)

    def run(self, *arguments: str, now: str | None = None) -> Result:
        return self.programme.run(*arguments, now=now)

    def spawn(self, *arguments: str) -> Result:
        """Run a command as a process of its own; what tries to leave loopback is noticed."""
        config, now = str(self.programme.config), self.programme.now
        options = ("--config", config, "--now", now, *arguments)
        environment = {**self.google.environment(), "PYTHONWARNINGS": "error"}
        return spawn(*options, cwd=self.programme.folder, env=environment)

    def person(self, email: str, name: str, **row: str) -> "Office":
        self.programme.person(email, name, calendar="google", **row)
        self.world.add_mailbox(email, name=name)
        return self

    def busy(self, email: str, start: str, end: str, **about: Any) -> Item:
        """Enter something of somebody's own, from and to an ISO time in UTC."""
        first, last = (datetime.fromisoformat(f"{each}+00:00") for each in (start, end))
        return self.world.add_item(email, first, last, title=SECRET, **about)

    def meetings(self, calendar: str = OFFICE) -> list[Item]:
        """Return our meetings that stand in a calendar."""
        live = self.world.live(calendar)
        return [each for each in live if "slotfinder_key" in each.private]

    def meeting(self) -> Item:
        [found] = self.meetings()
        return found

    def told(self, kind: str) -> list[str]:
        """Return who was told something, once for each time."""
        return sorted(each.to for each in self.world.notices if each.kind == kind)

    def settle(self) -> None:
        """Let every pending answer and link arrive, as between two runs."""
        self.google.settle()

    def writes(self) -> int:
        return len(self.written())

    @property
    def home(self) -> str:
        return "google"

    def open_directory(self) -> None:
        """Let the reader look into the directory of rooms."""
        self.google.account.delegated |= {DIRECTORY}

    def close_directory(self) -> None:
        self.google.account.delegated -= {DIRECTORY}

    def break_directory(self) -> None:
        """Let the directory fail whoever asks."""
        route = "directory.resources.calendars.list"
        self.google.fault(route, Fault.backend_error(), times=99)

    def written(self) -> list[str]:
        """Return the paths of all requests that changed a calendar."""
        return [each.path for each in self.google.log.writes()]

    def status(self) -> Json:
        return self.programme.status()

    def leaks(self, *results: Result) -> list[str]:
        """Return where a title of somebody's own entry is found, or anything left loopback."""
        files = [each for each in self.programme.folder.rglob("*") if each.is_file()]
        found = [str(each) for each in files if SECRET.encode() in each.read_bytes()]
        found += ["output" for each in results if SECRET in each.out + each.err]
        return found + self.google.log.escaped


@contextmanager
def office(folder: Path, *, options: Options | None = None, **google: Any) -> Iterator[Office]:
    """Yield a pair of Tom and Priya on Google, in the mailbox of the programme, not written yet."""
    with GoogleEmulator(options=options) as server:
        settings = {name: dict(table) for name, table in SETTINGS.items()}
        programme = World(folder, settings=settings)
        programme.folder.mkdir(parents=True, exist_ok=True)
        key = service_account_file(folder / "google.json", server)
        programme.set("programme", organizer_calendar="google")
        table = {"service_account_file": key.name, "api_endpoint": server.url, **google}
        programme.set("calendars.google", **table)
        server.world.add_mailbox(OFFICE)
        found = Office(programme, server)
        found.person(TOM, "Tom Example").person(PRIYA, "Priya Example")
        programme.pair("p01", TOM, PRIYA)
        yield found
