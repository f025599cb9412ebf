"""Programme folders as a coordinator would write them, and the command line as one would use it."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from slotfinder.cli.main import run

SUNDAY: Final = "2027-01-03T12:00:00Z"
"""The day before the programme begins; with a horizon of 14 days one period is in sight."""

TOM, PRIYA = "tom@acme.example", "priya@acme.example"
ADA, KOFI = "ada@acme.example", "kofi@acme.example"
OFFICE: Final = "mentoring@acme.example"
ROOM_A, ROOM_B = "room-a@acme.example", "room-b@acme.example"

Json = dict[str, Any]

SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "programme": {
        "name": "Reverse mentoring 2027",
        "timezone": "Europe/London",
        "starts": "=2027-01-04",
        "ends": "=2027-06-25",
        "people": "people.csv",
        "pairs": "pairs.csv",
        "organizer": OFFICE,
        "organizer_calendar": "local",
    },
    "meetings": {"horizon": "14d"},
    "cadence": {"every": "2 weeks", "in_person": "never"},
    "preferences.mentee": {"Mo-Fr 09:00-12:00": 1.0, "Mo-Fr 12:00-17:00": 0.4},
    "preferences.mentor": {"Mo-Fr 13:00-17:00": 1.0, "Mo-Fr 09:00-13:00": 0.5},
    "virtual": {"conference": "none"},
    "calendars.local": {"directory": "calendars"},
    "mail": {"sender": OFFICE},
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one call answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """Return the one document on standard output; anything before or after it is an error."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def actions(self) -> list[Json]:
        found = self.json["actions"]
        assert isinstance(found, list)
        return found

    @property
    def kinds(self) -> list[str]:
        return [action["kind"] for action in self.actions]

    @property
    def action(self) -> Json:
        """Return the only action."""
        [action] = self.actions
        return action


def call(*arguments: str) -> Result:
    """Run one command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(list(arguments))
    return Result(status, out.getvalue(), err.getvalue())


def spawn(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """Run one command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "slotfinder", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@dataclass(slots=True)
class World:
    """One programme folder; what is not said is as in SETTINGS, with one pair of Tom and Priya."""

    folder: Path
    people: list[dict[str, str]] = field(default_factory=list)
    pairs: list[dict[str, str]] = field(default_factory=list)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    tail: str = ""
    now: str = SUNDAY

    @property
    def config(self) -> Path:
        return self.folder / "slotfinder.toml"

    @property
    def store(self) -> Path:
        return self.folder / "slotfinder.db"

    def write(self) -> "World":
        """Write the files of the programme; calendars stay as they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(_toml(self.settings) + self.tail, "utf-8")
        (self.folder / "people.csv").write_text(_csv(self.people), "utf-8")
        (self.folder / "pairs.csv").write_text(_csv(self.pairs), "utf-8")
        return self

    def person(self, email: str, name: str, **more: str) -> "World":
        row = {"email": email, "name": name, "calendar": "local", "timezone": "Europe/London"}
        self.people.append(row | more)
        if self.people[-1]["calendar"] == "local":
            self.calendar(email).mkdir(parents=True, exist_ok=True)
        return self

    def pair(self, name: str, mentor: str, mentee: str, **more: str) -> "World":
        row = {"pair": name, "mentor": mentor, "mentee": mentee, "status": "active"}
        self.pairs.append(row | more)
        return self

    def set(self, table: str, **values: Any) -> "World":
        self.settings.setdefault(table, {}).update(values)
        return self

    def site(self, *rooms: str, name: str = "London", travel: int = 15) -> "World":
        """Add a site; the folders of its rooms are made."""
        listed = ", ".join(f'"{room}"' for room in rooms)
        self.tail += (
            f'\n[[sites]]\nname = "{name}"\naddress = "1 Example Street"\n'
            f"travel = {travel}\nrooms = [{listed}]\n"
        )
        for room in rooms:
            self.calendar(room).mkdir(parents=True, exist_ok=True)
        return self

    def calendar(self, email: str) -> Path:
        return self.folder / "calendars" / email

    def put(self, email: str, name: str, *lines: str) -> Path:
        """Put a calendar file of one entry into somebody's folder."""
        path = self.calendar(email) / f"{name}.ics"
        path.write_bytes(calendar(*entry(name, *lines)))
        return path

    def busy(self, email: str, start: str, end: str, *lines: str, name: str = "other") -> Path:
        """Make somebody busy between two UTC times like ``20270104T090000Z``."""
        return self.put(email, name, f"DTSTART:{start}", f"DTEND:{end}", *lines)

    def call(self, *arguments: str, now: str | None = None) -> Result:
        return call(
            "--config", str(self.config), "--now", self.now if now is None else now, *arguments
        )

    def plan(self, *arguments: str, now: str | None = None) -> Result:
        return self.call("plan", "--json", *arguments, now=now)

    def run(self, *arguments: str, now: str | None = None) -> Result:
        return self.call("run", "--json", *arguments, now=now)

    def status(self, now: str | None = None) -> Json:
        """Return the status of the only pair."""
        result = self.call("status", "--json", now=now)
        assert result.status == 0
        [pair] = result.json["pairs"]
        assert isinstance(pair, dict)
        return pair

    def copy(self, email: str, uid: str) -> Path:
        return self.calendar(email) / f"{uid}.ics"

    def copies(self) -> list[Path]:
        """Return the files of all calendars."""
        return sorted((self.folder / "calendars").rglob("*.ics"))

    def answer(self, email: str, uid: str, partstat: str) -> None:
        """Let somebody answer an invitation in the own copy, as a calendar program does."""
        path = self.copy(email, uid)
        lines = unfolded(path.read_bytes())
        changed = [_answered(line, email, partstat) for line in lines]
        assert changed != lines, f"{email} is no attendee in the own copy"
        path.write_bytes(folded(changed))

    def shift(self, email: str, uid: str, by: timedelta) -> tuple[str, str]:
        """Move a meeting in one copy, as a person would; return the new start and end."""
        path = self.copy(email, uid)
        times: list[str] = []
        changed: list[str] = []
        for line in unfolded(path.read_bytes()):
            name, _, value = line.partition(":")
            if name in {"DTSTART", "DTEND"}:
                moved = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + by
                times.append(f"{moved:%Y-%m-%dT%H:%M:%SZ}")
                changed.append(f"{name}:{moved:%Y%m%dT%H%M%SZ}")
            else:
                changed.append(line)
        path.write_bytes(folded(changed))
        start, end = sorted(times)
        return start, end

    def mails(self) -> list[EmailMessage]:
        return [read_mail(path) for path in sorted((self.folder / "outbox").glob("*.eml"))]

    def mails_since(self, before: Iterable[str]) -> list[EmailMessage]:
        known = set(before)
        outbox = sorted((self.folder / "outbox").glob("*.eml"))
        return [read_mail(path) for path in outbox if path.name not in known]

    def outbox(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "outbox").glob("*"))

    def snapshot(self, *, store: bool = False) -> dict[str, str]:
        """Return a digest of each file; the store's only when asked for."""
        return {
            str(path.relative_to(self.folder)): _digest(path)
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and (store or not path.name.startswith("slotfinder.db"))
        }


def simple(folder: Path, **pair: str) -> World:
    """Return a programme of one pair whose calendars are empty, written to disk."""
    return couple(folder, **pair).write()


def couple(folder: Path, **pair: str) -> World:
    """Return the same, not written yet."""
    world = World(folder, settings={name: dict(table) for name, table in SETTINGS.items()})
    world.person(TOM, "Tom Example").person(PRIYA, "Priya Example")
    return world.pair("p01", TOM, PRIYA, **pair)


def with_rooms(folder: Path, *rooms: str, in_person: str = "always") -> World:
    """Return a pair that meets in person at London, not written yet."""
    world = couple(folder).set("cadence", in_person=in_person)
    for person in world.people:
        person["site"] = "London"
    return world.site(*rooms)


def entry(uid: str, *lines: str) -> list[str]:
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261201T000000Z", *lines, "END:VEVENT"]


def calendar(*lines: str) -> bytes:
    return folded(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a test//EN", *lines, "END:VCALENDAR"]
    )


def folded(lines: Iterable[str]) -> bytes:
    """Return content lines, folded at 75 octets (ASCII is enough here or folding is lossless)."""
    found = []
    for line in lines:
        data = line.encode()
        while len(data) > 74:
            cut = 74
            while (data[cut] & 0xC0) == 0x80:
                cut -= 1
            found.append(data[:cut])
            data = b" " + data[cut:]
        found.append(data)
    return b"".join(line + b"\r\n" for line in found)


def unfolded(content: bytes) -> list[str]:
    """Return content lines; a line that RFC 5545 does not allow fails the test."""
    physical = content.split(b"\r\n")
    assert physical[-1] == b"", "the last line does not end"
    lines: list[bytes] = []
    for line in physical[:-1]:
        assert len(line) <= 75, "a line is longer than 75 octets"
        assert b"\n" not in line, "a bare line feed"
        assert b"\r" not in line, "a bare carriage return"
        if line.startswith(b" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return [line.decode() for line in lines]


def values(content: bytes, name: str) -> list[str]:
    """Return the values of a property of the VEVENT, in order."""
    lines = unfolded(content)
    inside = lines[lines.index("BEGIN:VEVENT") : lines.index("END:VEVENT")]
    return [
        line.partition(":")[2]
        for line in inside
        if line.partition(":")[0].partition(";")[0].upper() == name
    ]


def lines_of(content: bytes, name: str) -> list[str]:
    """Return the whole lines of a property."""
    return [
        line
        for line in unfolded(content)
        if line.replace(";", ":", 1).partition(":")[0].upper() == name
    ]


def partstat(content: bytes, email: str) -> str:
    """Return somebody's answer in a copy."""
    [line] = [
        line for line in lines_of(content, "ATTENDEE") if line.lower().endswith(f"mailto:{email}")
    ]
    [answer] = [part for part in line.split(";") if part.upper().startswith("PARTSTAT=")]
    return answer.partition("=")[2].partition(":")[0]


def read_mail(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def calendar_part(message: EmailMessage) -> EmailMessage:
    """Return the text/calendar part, of which there is one."""
    [part] = [each for each in message.walk() if each.get_content_type() == "text/calendar"]
    assert isinstance(part, EmailMessage)
    return part


def invitation(message: EmailMessage) -> bytes:
    """Return the iCalendar object of a mail."""
    payload = calendar_part(message).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def words(message: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert isinstance(text, str)
    return text


def utc(text: str) -> datetime:
    """Read an instant of the JSON, which ends in Z and has whole seconds."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def stamp(text: str) -> str:
    """Return an instant of the JSON as RFC 5545 writes it."""
    return f"{utc(text):%Y%m%dT%H%M%SZ}"


def _answered(line: str, email: str, partstat: str) -> str:
    if not line.startswith("ATTENDEE") or not line.lower().endswith(f"mailto:{email}"):
        return line
    parameters, _, address = line.partition(":")
    kept = [part for part in parameters.split(";") if not part.startswith("PARTSTAT=")]
    return ";".join([*kept, f"PARTSTAT={partstat}"]) + f":{address}"


def _toml(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Return TOML; a text that begins with "=" is written as it is (dates)."""
    text = ""
    for table, entries in settings.items():
        text += f"\n[{table}]\n"
        for key, value in entries.items():
            bare = isinstance(value, str) and value.startswith("=")
            text += f'"{key}" = {value[1:] if bare else json.dumps(value)}\n'
    return text


def _csv(rows: list[dict[str, str]]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
