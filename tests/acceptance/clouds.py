"""A programme whose calendars are in emulated clouds that share one world, and its command line."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from tests.acceptance.world import OFFICE, Json, Result, World, spawn
from tests.emulators.google import GoogleEmulator
from tests.emulators.microsoft import MicrosoftEmulator
from tests.emulators.world import Item
from tests.emulators.world import World as Clouds

SECRET: Final = "Dentist, root canal"
"""The title of every entry that is nobody's business."""

_TELLING: Final = {"summary", "description", "location", "attendees", "creator", "organizer"}
"""Fields that say more of an entry than when it is."""

Emulator = GoogleEmulator | MicrosoftEmulator


@dataclass(slots=True)
class CloudOffice:
    """The programme's folder and the clouds its people use; most of them live in ``home``."""

    programme: World
    world: Clouds
    home: str
    emulators: dict[str, Emulator] = field(default_factory=dict)

    def call(self, *arguments: str, now: str | None = None) -> Result:
        return self.programme.call(*arguments, now=now)

    def plan(self, *arguments: str) -> Result:
        return self.programme.plan(*arguments)

    def run(self, *arguments: str, now: str | None = None) -> Result:
        return self.programme.run(*arguments, now=now)

    def environment(self) -> dict[str, str]:
        """Return variables by which what tries to leave loopback is noticed."""
        found: dict[str, str] = {}
        for each in self.emulators.values():
            found |= each.environment()
        return found

    def spawn(self, *arguments: str) -> Result:
        """Run a command as a process of its own."""
        config, now = str(self.programme.config), self.programme.now
        options = ("--config", config, "--now", now, *arguments)
        environment = {**self.environment(), "PYTHONWARNINGS": "error"}
        return spawn(*options, cwd=self.programme.folder, env=environment)

    def person(self, email: str, name: str, calendar: str = "", **row: str) -> "CloudOffice":
        """Add somebody with a mailbox in a cloud, at home unless another is named."""
        where = calendar or self.home
        self.programme.person(email, name, calendar=where, **row)
        self.world.add_mailbox(email, name=name, provider=where)
        return self

    def busy(self, email: str, start: str, end: str, **about: Any) -> Item:
        """Enter something of somebody's own, from and to an ISO time in UTC."""
        first, last = (datetime.fromisoformat(f"{each}+00:00") for each in (start, end))
        return self.world.add_item(email, first, last, title=SECRET, **about)

    def meetings(self, calendar: str = OFFICE) -> list[Item]:
        """Return our meetings that stand in a calendar."""
        live = self.world.live(calendar)
        return [each for each in live if any("slotfinder_key" in name for name in each.private)]

    def meeting(self, calendar: str = OFFICE) -> Item:
        [found] = self.meetings(calendar)
        return found

    def told(self, kind: str) -> list[str]:
        """Return who was told something, once for each time."""
        return sorted(each.to for each in self.world.notices if each.kind == kind)

    def writes(self) -> int:
        return len(self.written())

    def written(self) -> list[str]:
        """Return the paths of all requests that changed a calendar."""
        return [each.path for one in self.emulators.values() for each in one.log.writes()]

    def settle(self) -> None:
        """Let every pending answer and link arrive, as between two runs."""
        for each in self.emulators.values():
            each.settle()

    def status(self) -> Json:
        return self.programme.status()

    def close_calendars(self, *emails: str) -> None:
        """Let nobody read these calendars, and everybody all others."""
        for each in self.emulators.values():
            reason = "internalError" if isinstance(each, GoogleEmulator) else "timeout"
            each.options.reasons = dict.fromkeys(emails, reason)

    def indiscretions(self) -> list[str]:
        """Return the requests that asked for more of people's own entries than their times."""
        found: list[str] = []
        for server in self.emulators.values():
            if isinstance(server, GoogleEmulator):
                found += [
                    f"{each.method} {each.path} {each.fields}"
                    for each in server.log
                    if each.method.startswith("calendar.events.")
                    if OFFICE not in unquote(each.path)
                    if not each.fields or each.fields & _TELLING
                ]
            else:
                found += [
                    f"{each.method} {each.path}"
                    for each in server.log
                    if each.mailbox not in {"", OFFICE}
                    if each.method != "users.calendar.getSchedule"
                ]
        return found

    def leaks(self, *results: Result) -> list[str]:
        """Return where a title of somebody's own entry is found, or anything left loopback."""
        files = [each for each in self.programme.folder.rglob("*") if each.is_file()]
        found = [str(each) for each in files if SECRET.encode() in each.read_bytes()]
        found += ["output" for each in results if SECRET in each.out + each.err]
        return found + [one for each in self.emulators.values() for one in each.log.escaped]
