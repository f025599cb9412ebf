"""A programme on each provider, at the moment before a run that books, moves and cancels."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, Final, Protocol

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
    values,
)
from tests.emulators import people
from tests.emulators.google import GoogleEmulator
from tests.emulators.microsoft import MicrosoftEmulator, Options
from tests.emulators.world import Item

GRACE, NOOR = "grace@acme.example", "noor@acme.example"
IVO, LENA = "ivo@acme.example", "lena@acme.example"

PAIRS: Final = {
    "declined": (TOM, PRIYA),
    "ended": (ADA, KOFI),
    "deleted": (IVO, LENA),
    "fresh": (GRACE, NOOR),
}
"""What became of each pair since the last run; the last one joined, and meets in person."""

NEWS: Final = {
    "declined": ("update",),
    "ended": ("cancellation",),
    "deleted": ("invitation",),
    "fresh": ("invitation",),
}
"""What both of each pair are told, once."""

Told = Counter[tuple[str, str, str]]
"""How often whom was told what of which pair."""


class Scene(Protocol):
    """A programme whose calendars can be set back to the same moment again and again."""

    programme: World

    def environment(self) -> Mapping[str, str]: ...

    def set_back(self) -> None:
        """Bring folder and calendars back to the moment before the run."""
        ...

    def settle(self) -> None:
        """Let answers that are under way arrive, as between two runs."""
        ...

    def shown(self) -> object:
        """Return all that calendars show, in a form that can be compared."""
        ...

    def told(self) -> Told:
        """Return whom the product has told what since the moment before the run."""
        ...

    def writes(self) -> int:
        """Return how often a calendar was written, or a mail."""
        ...


class _Folder:
    """What all scenes have: a programme's folder, kept as it was."""

    def __init__(self, programme: World, kept: Path) -> None:
        self.programme, self._kept = programme, kept
        shutil.copytree(programme.folder, kept)

    def set_back(self) -> None:
        shutil.rmtree(self.programme.folder)
        shutil.copytree(self._kept, self.programme.folder)


class LocalScene(_Folder):
    """Calendars and mails are files in the programme's folder."""

    def __init__(self, programme: World, kept: Path) -> None:
        super().__init__(programme, kept)
        self._before = programme.outbox()

    def environment(self) -> Mapping[str, str]:
        return {}

    def settle(self) -> None:
        """Files have all arrived."""

    def shown(self) -> object:
        """Return every file of calendars and mails, and whatever lies beside them."""
        return {
            str(path.relative_to(self.programme.folder)): path.read_text("utf-8")
            for path in sorted(self.programme.folder.rglob("*"))
            if path.is_file() and not path.name.startswith("slotfinder.db")
        }

    def told(self) -> Told:
        pair_of = {email: pair for pair, both in PAIRS.items() for email in both}
        told = Told()
        for mail in self.programme.mails_since(self._before):
            [method] = [
                line.partition(":")[2]
                for line in invitation(mail).decode().splitlines()
                if line.startswith("METHOD")
            ]
            first = values(invitation(mail), "SEQUENCE") == ["0"]
            kind = {"CANCEL": "cancellation"}.get(method, "invitation" if first else "update")
            told[mail["To"].addresses[0].addr_spec, kind, pair_of[_address(mail)]] += 1
        return told

    def writes(self) -> int:
        """Return when any file was last put where it is."""
        files = (each for each in self.programme.folder.rglob("*") if each.is_file())
        return max(
            each.stat().st_mtime_ns for each in files if not each.name.startswith("slotfinder.db")
        )


class CloudScene(_Folder):
    """Calendars are on emulated clouds, which outlive every killed run."""

    def __init__(self, office: CloudOffice, kept: Path) -> None:
        super().__init__(office.programme, kept)
        self._office = office
        self._state = deepcopy(self._whole())
        self._notices = len(office.world.notices)

    def environment(self) -> Mapping[str, str]:
        return self._office.environment()

    def set_back(self) -> None:
        super().set_back()
        for owner, state in zip(self._owners(), deepcopy(self._state), strict=True):
            vars(owner).update(state)
        for each in self._office.emulators.values():
            each.log.clear()

    def settle(self) -> None:
        self._office.settle()

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

    def told(self) -> Told:
        pair_of = {email: pair for pair, both in PAIRS.items() for email in both}
        return Told(
            (each.to, each.kind, pair_of[each.to])
            for each in self._office.world.notices[self._notices :]
        )

    def writes(self) -> int:
        return self._office.writes() + len(self._office.world.notices)

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
def local(folder: Path) -> Iterator[Scene]:
    programme = _on_disk(folder)
    _begin(programme)
    uids = _uids(programme)
    programme.answer(PRIYA, uids["declined"], "DECLINED")
    programme.copy(OFFICE, uids["deleted"]).unlink()
    _go_on(programme)
    yield LocalScene(programme, folder / "kept")


@contextmanager
def unbegun(folder: Path) -> Iterator[Scene]:
    """Yield local calendars before the first run: there is no store, nor a calendar of our own."""
    programme = _on_disk(folder)
    programme.pair("declined", *PAIRS["declined"])
    programme.pair("fresh", *PAIRS["fresh"], in_person="always")
    yield LocalScene(programme.write(), folder / "kept")


def _on_disk(folder: Path) -> World:
    """Return everybody with a local calendar, in no pair yet."""
    settings = {name: dict(table) for name, table in SETTINGS.items()}
    programme = World(folder / "programme", settings=settings)
    for email in _everybody():
        programme.person(email, email.partition("@")[0].title(), site="London")
    return programme.site(ROOM_A, ROOM_B)


@contextmanager
def google(folder: Path) -> Iterator[Scene]:
    with on_google(folder / "programme") as found:
        emulators: dict[str, GoogleEmulator | MicrosoftEmulator] = {"google": found.google}
        office = CloudOffice(found.programme, found.world, "google", emulators)
        yield _on_clouds(office, folder, dict.fromkeys(_everybody(), "google"))


@contextmanager
def microsoft(folder: Path) -> Iterator[Scene]:
    with on_microsoft(folder / "programme", options=_tireless()) as office:
        yield _on_clouds(office, folder, dict.fromkeys(_everybody(), "microsoft"))


@contextmanager
def both_from_google(folder: Path) -> Iterator[Scene]:
    with _both(folder, "google") as scene:
        yield scene


@contextmanager
def both_from_microsoft(folder: Path) -> Iterator[Scene]:
    with _both(folder, "microsoft") as scene:
        yield scene


SCENES: Final = {
    "local": local,
    "google": google,
    "microsoft": microsoft,
    "google and a guest on microsoft": both_from_google,
    "microsoft and a guest on google": both_from_microsoft,
}


@contextmanager
def _both(folder: Path, home: str) -> Iterator[Scene]:
    """Mentors are on Google, mentees on Microsoft 365."""
    with two_clouds(folder / "programme", home) as office:
        vars(office.microsoft.options).update(vars(_tireless()))
        clouds = {
            email: cloud
            for pair in PAIRS.values()
            for email, cloud in zip(pair, ("google", "microsoft"), strict=True)
        }
        yield _on_clouds(office, folder, clouds)


def _tireless() -> Options:
    """Let a mailbox be asked all day, and the server not judge its own answers meanwhile."""
    return Options(per_mailbox=1_000_000, judged=False)


def _on_clouds(office: CloudOffice, folder: Path, clouds: Mapping[str, str]) -> CloudScene:
    programme = office.programme
    programme.people.clear()
    programme.pairs.clear()
    for email, cloud in clouds.items():
        office.person(email, email.partition("@")[0].title(), cloud, site="London")
    rooms = ", ".join(f'"{room}"' for room in (ROOM_A, ROOM_B))
    programme.tail += f'\n[[sites]]\nname = "London"\nrooms = [{rooms}]\n'
    for room in (ROOM_A, ROOM_B):
        office.world.add_room(room, provider=office.home)
    programme.set("virtual", conference="auto")
    for server in office.emulators.values():
        if isinstance(server, GoogleEmulator):
            server.options.meet_reads = 0  # nobody waits here
    _begin(programme)
    office.settle()
    uids = _uids(programme)
    people.answer(office.world, PRIYA, uids["declined"], "declined")
    people.delete(office.world, uids["deleted"])
    _go_on(programme)
    return CloudScene(office, folder / "kept")


def _begin(programme: World) -> None:
    """Let the pairs that are there from the beginning be booked."""
    for name, (mentor, mentee) in PAIRS.items():
        if name != "fresh":
            programme.pair(name, mentor, mentee)
    result = programme.write().run()
    assert (result.status, result.kinds) == (0, ["book"] * 3), result.err


def _go_on(programme: World) -> None:
    """Let the files say what is new: a pair ended, another joined."""
    programme.pairs[1]["status"] = "ended"
    programme.pair("fresh", *PAIRS["fresh"], in_person="always")
    programme.write()


def _uids(programme: World) -> dict[str, str]:
    return {each["pair"]: each["uid"] for each in programme.run().actions}


def _everybody() -> list[str]:
    return [email for pair in PAIRS.values() for email in pair]


def _address(mail: Any) -> str:
    return str(mail["To"].addresses[0].addr_spec)
