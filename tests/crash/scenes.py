"""Programmes on each provider that can be set back to one moment, again and again."""

import re
import shutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import trustme

from tests.acceptance.clouds import CloudOffice
from tests.acceptance.google.world import office as on_google
from tests.acceptance.microsoft.world import office as on_microsoft
from tests.acceptance.microsoft.world import two_clouds
from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    ROOM_A,
    ROOM_B,
    SETTINGS,
    TOM,
    World,
    invitation,
    utc,
    values,
    words,
)
from tests.emulators import people
from tests.emulators.google import GoogleEmulator
from tests.emulators.google.quotas import Quotas
from tests.emulators.microsoft import MicrosoftEmulator, Options
from tests.emulators.world import Item
from tests.mail.smtp_server import Mailbox, running, server_tls

COUPLES: Final = (
    (TOM, PRIYA),
    (ADA, KOFI),
    ("ivo@acme.example", "lena@acme.example"),
    ("grace@acme.example", "noor@acme.example"),
)
"""Mentor and mentee of each pair there can be."""

ROOMS: Final = (ROOM_A, ROOM_B)

SATURDAY: Final = "2027-01-02T12:00:00Z"
"""When everything happens: no time that is possible then is too close an hour later."""

_STAMP: Final = re.compile(r"^DTSTAMP:.*\n", re.MULTILINE)

Told = Counter[tuple[str, str]]
"""How often whom was told what."""


class Scene(ABC):
    """A programme with people and rooms, but no pair yet; what it was like at one moment is kept.

    ``calls_off``: of a meeting that a person deleted, the product itself tells the other one.
    """

    calls_off = False

    def __init__(self, programme: World) -> None:
        self.programme = programme
        self._kept = programme.folder.with_name("kept")
        self._mailed: list[str] = []

    def keep(self) -> None:
        """Let this be the moment to come back to."""
        shutil.copytree(self.programme.folder, self._kept)
        self._mailed = self.programme.outbox()

    def set_back(self) -> None:
        """Bring folder and calendars back to that moment."""
        shutil.rmtree(self.programme.folder)
        shutil.copytree(self._kept, self.programme.folder)

    def environment(self) -> Mapping[str, str]:
        return {}

    @abstractmethod
    def settle(self) -> None:
        """Let answers and links that are under way arrive, as between two runs."""

    @abstractmethod
    def decline(self, email: str, uid: str) -> None:
        """Let somebody decline a meeting."""

    @abstractmethod
    def delete(self, uid: str) -> None:
        """Let a person delete a meeting from the organizer's calendar."""

    @abstractmethod
    def busy(self, email: str, start: str, end: str) -> None:
        """Enter something else, from and to an ISO time in UTC."""

    @abstractmethod
    def shown(self) -> object:
        """Return all that calendars show, in a form that can be compared."""

    @abstractmethod
    def writes(self) -> object:
        """Return what differs once a calendar was written, or a mail."""

    def told(self) -> Told:
        """Return whom the product has told what since that moment."""
        return Told((_recipient(each), _news(each)) for each in self.mails())

    def mails(self) -> list[EmailMessage]:
        """Return what was mailed since that moment."""
        return self.programme.mails_since(self._mailed)

    def state(self) -> object:
        """Return all that a run could find: of two equal states the same becomes."""
        return self.programme.snapshot(store=True)


class LocalScene(Scene):
    """Calendars and mails are files in the programme's folder."""

    calls_off = True

    def settle(self) -> None:
        """Files have all arrived."""

    def decline(self, email: str, uid: str) -> None:
        self.programme.answer(email, uid, "DECLINED")

    def delete(self, uid: str) -> None:
        self.programme.copy(OFFICE, uid).unlink()

    def busy(self, email: str, start: str, end: str) -> None:
        first, last = (f"{_instant(each):%Y%m%dT%H%M%SZ}" for each in (start, end))
        self.programme.busy(email, first, last)

    def shown(self) -> object:
        """Return mails and files, whatever lies beside them, but not when they were made."""
        files = {
            str(path): _STAMP.sub("", path.read_text("utf-8"))
            for path in self._files()
            if path.suffix != ".eml"
        }
        mails = sorted((_recipient(each), each["Subject"], words(each)) for each in self.mails())
        return files, mails

    def writes(self) -> object:
        return {path: path.stat().st_mtime_ns for path in self._files()}

    def _files(self) -> list[Path]:
        found = (each for each in sorted(self.programme.folder.rglob("*")) if each.is_file())
        return [each for each in found if not each.name.startswith("slotfinder.db")]


class SmtpScene(LocalScene):
    """Mails go to a server, which may be given the same one twice: it then says so itself."""

    def __init__(self, programme: World, mailbox: Mailbox) -> None:
        super().__init__(programme)
        self._mailbox = mailbox

    def set_back(self) -> None:
        super().set_back()
        self._mailbox.envelopes.clear()

    def mails(self) -> list[EmailMessage]:
        """Return each mail once, however often it was handed over: whole, or it is another one."""
        found = dict.fromkeys(self._mailbox.contents)
        return [message_from_bytes(each, policy=policy.default) for each in found]

    def writes(self) -> object:
        return super().writes(), len(self._mailbox.envelopes)

    def state(self) -> object:
        return super().state(), list(self._mailbox.contents)


class CloudScene(Scene):
    """Calendars are on emulated clouds, which outlive every killed run."""

    def __init__(self, office: CloudOffice) -> None:
        super().__init__(office.programme)
        self._office = office
        self._notices = 0
        self._state: list[dict[str, Any]] = []
        # No entry may differ from another by the moment a machine made it.
        office.world.clock.set(utc(office.programme.now))

    def links_come_late(self) -> None:
        """Let Meet and Teams links be there after ``settle`` only, and nobody wait for them."""
        self.programme.set("virtual", wait=0)
        for server in self._office.emulators.values():
            if isinstance(server, GoogleEmulator):
                server.options.meet_reads = 1_000_000
            else:
                server.options.teams_reads = 1_000_000

    def keep(self) -> None:
        super().keep()
        self._notices = len(self._office.world.notices)
        self._state = deepcopy(self._whole())

    def set_back(self) -> None:
        super().set_back()
        for owner, state in zip(self._owners(), deepcopy(self._state), strict=True):
            vars(owner).update(state)
        for each in self._office.emulators.values():
            each.log.clear()

    def environment(self) -> Mapping[str, str]:
        return self._office.environment()

    def settle(self) -> None:
        self._office.settle()

    def decline(self, email: str, uid: str) -> None:
        people.answer(self._office.world, email, uid, "declined")

    def delete(self, uid: str) -> None:
        people.delete(self._office.world, uid)

    def busy(self, email: str, start: str, end: str) -> None:
        self._office.busy(email, start, end)

    def shown(self) -> object:
        """Return the entries of all calendars, named by our marks: ids can not be equal."""
        world = self._office.world
        with world.lock:
            keys = self._keys()
            entries = [
                (
                    (item.calendar, keys[item.uid], item.cancelled, item.purged),
                    (item.start, item.end, item.zone, item.title, item.status, item.organizer),
                    (item.sequence, item.private, item.shared),
                    sorted((each.email, each.answer, each.room) for each in item.attendees),
                    {name: item.extra.get(name) for name in ("description", "location")},
                    sorted(item.extra),
                )
                for item in world.items.values()
                if item.uid in keys
            ]
            notices = [
                (each.to, each.kind, keys[each.uid], each.start, each.sequence, each.comment)
                for each in world.notices
            ]
            return sorted(entries, key=repr), sorted(notices, key=repr)

    def writes(self) -> object:
        return self._office.writes(), len(self._office.world.notices), self.programme.outbox()

    def told(self) -> Told:
        notices = self._office.world.notices[self._notices :]
        return super().told() + Told((each.to, each.kind) for each in notices)

    def state(self) -> object:
        # How often something was asked is all that quotas remember.
        found = (
            each
            for owner, each in zip(self._owners(), self._whole(), strict=True)
            if not isinstance(owner, Quotas)
        )
        return super().state(), repr([*found])

    def _keys(self) -> dict[str, str]:
        """Return the mark of each of our meetings, by its uid."""
        items: list[Item] = [*self._office.world.items.values()]
        return {
            item.uid: value
            for item in items
            for name, value in item.private.items()
            if "slotfinder_key" in name
        }

    def _owners(self) -> list[object]:
        """Return what remembers something: the world, and each server what was asked before."""
        return [
            self._office.world,
            *(
                each.transactions if isinstance(each, MicrosoftEmulator) else each.quotas
                for each in self._office.emulators.values()
            ),
        ]

    def _whole(self) -> list[dict[str, Any]]:
        """Return the state of all owners, in one piece: they share entries."""
        left_out = {"lock", "clock", "_hooks", "_clock", "_options"}
        return [
            {name: value for name, value in vars(owner).items() if name not in left_out}
            for owner in self._owners()
        ]


@contextmanager
def local(folder: Path) -> Iterator[LocalScene]:
    yield LocalScene(_on_disk(folder))


@contextmanager
def local_with_a_mail_server(folder: Path) -> Iterator[SmtpScene]:
    authority, mailbox = trustme.CA(), Mailbox()
    with running(mailbox, tls_context=server_tls(authority), require_starttls=True) as port:
        programme = _on_disk(folder)
        programme.set("mail", url=f"smtp://localhost:{port}", ca_file="ca.pem")
        programme.folder.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(str(programme.folder / "ca.pem"))
        yield SmtpScene(programme, mailbox)


@contextmanager
def google(folder: Path) -> Iterator[CloudScene]:
    with on_google(folder / "programme") as found:
        emulators: dict[str, GoogleEmulator | MicrosoftEmulator] = {"google": found.google}
        office = CloudOffice(found.programme, found.world, "google", emulators)
        yield _on_clouds(office, "google", "google")


@contextmanager
def microsoft(folder: Path) -> Iterator[CloudScene]:
    with on_microsoft(folder / "programme", options=_tireless()) as office:
        yield _on_clouds(office, "microsoft", "microsoft")


@contextmanager
def google_with_guests_on_microsoft(folder: Path) -> Iterator[CloudScene]:
    with _both(folder, "google") as scene:
        yield scene


@contextmanager
def microsoft_with_guests_on_google(folder: Path) -> Iterator[CloudScene]:
    with _both(folder, "microsoft") as scene:
        yield scene


@contextmanager
def _both(folder: Path, home: str) -> Iterator[CloudScene]:
    """Mentors are on Google, mentees on Microsoft 365."""
    with two_clouds(folder / "programme", home) as office:
        vars(office.microsoft.options).update(vars(_tireless()))
        yield _on_clouds(office, "google", "microsoft")


def _on_disk(folder: Path) -> World:
    """Return everybody with a local calendar, in no pair yet."""
    settings = {name: dict(table) for name, table in SETTINGS.items()}
    programme = World(folder / "programme", settings=settings, now=SATURDAY)
    for couple in COUPLES:
        for email in couple:
            programme.person(email, email.partition("@")[0].title(), site="London")
    return programme.site(*ROOMS)


def _on_clouds(office: CloudOffice, *clouds: str) -> CloudScene:
    """Return everybody in the clouds of mentors and of mentees, in no pair yet."""
    programme = office.programme
    programme.now = SATURDAY
    programme.people.clear()
    programme.pairs.clear()
    for couple in COUPLES:
        for email, cloud in zip(couple, clouds, strict=True):
            office.person(email, email.partition("@")[0].title(), cloud, site="London")
    rooms = ", ".join(f'"{room}"' for room in ROOMS)
    programme.tail += f'\n[[sites]]\nname = "London"\nrooms = [{rooms}]\n'
    for room in ROOMS:
        office.world.add_room(room, provider=office.home)
    programme.set("virtual", conference="auto")
    for server in office.emulators.values():
        if isinstance(server, GoogleEmulator):
            server.options.meet_reads = 0  # nobody waits here
    return CloudScene(office)


def _tireless() -> Options:
    """Let a mailbox be asked all day, and the server not judge its own answers meanwhile."""
    return Options(per_mailbox=1_000_000, judged=False)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _recipient(mail: EmailMessage) -> str:
    return str(mail["To"].addresses[0].addr_spec)


def _news(mail: EmailMessage) -> str:
    """Return what a mail tells, in the words of the clouds' own notices."""
    if all(part.get_content_type() != "text/calendar" for part in mail.walk()):
        return "digest"
    content = invitation(mail)
    methods = [line for line in content.decode().splitlines() if line.startswith("METHOD:")]
    if methods == ["METHOD:CANCEL"]:
        return "cancellation"
    return "invitation" if values(content, "SEQUENCE") == ["0"] else "update"
