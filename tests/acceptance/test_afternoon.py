"""A new user's afternoon: set up by the documents, doctor until all is well, then the timer."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.acceptance.checkups import doctor
from tests.acceptance.world import OFFICE, PRIYA, TOM, Json, Result, call
from tests.emulators import people
from tests.emulators.google import GoogleEmulator, service_account_file
from tests.emulators.microsoft import AppRegistration, MicrosoftEmulator
from tests.emulators.world import World as Clouds

ADA, KOFI, READER = "ada@acme.example", "kofi@acme.example", "reader@acme.example"
SYSTEMD = Path(__file__).parents[2] / "config" / "systemd"


@dataclass
class Afternoon:
    """The folder somebody fills, and the two clouds it is for."""

    folder: Path
    google: GoogleEmulator
    microsoft: MicrosoftEmulator
    app: AppRegistration
    now: str = "2027-01-03T12:00:00Z"

    @property
    def world(self) -> Clouds:
        return self.google.world

    def call(self, *arguments: str) -> Result:
        config = str(self.folder / "slotfinder.toml")
        return call("--config", config, "--now", self.now, *arguments)

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        """Change a file as an editor does; what is to be changed stands in it once."""
        file = self.folder / name
        text = file.read_text("utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        file.write_text(text, "utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file, which nobody else may read where it holds a secret."""
        (self.folder / name).write_text(text, "utf-8")
        if name.startswith("secrets/"):
            (self.folder / name).chmod(0o600)

    def findings(self, code: str, subject: str) -> list[Json]:
        _, findings = doctor(self)
        return [each for each in findings if (each["code"], each["subject"]) == (code, subject)]


@pytest.fixture
def afternoon(tmp_path: Path) -> Iterator[Afternoon]:
    folder = tmp_path / "programme"
    assert call("init", str(folder)).status == 0
    with MicrosoftEmulator() as microsoft, GoogleEmulator(microsoft.world) as google:
        made = Afternoon(folder, google, microsoft, microsoft.app())
        for email, name, provider, zone in (
            (OFFICE, "Mentoring", "google", "Europe/London"),
            (READER, "Reader", "microsoft", "Europe/London"),
            (TOM, "Tom Example", "google", "Europe/London"),
            (ADA, "Ada Example", "google", "Europe/Berlin"),
            (PRIYA, "Priya Example", "microsoft", "Europe/London"),
            (KOFI, "Kofi Example", "microsoft", "Europe/London"),
        ):
            made.world.add_mailbox(email, name=name, provider=provider, zone=zone)
        _fill_in(made)
        yield made
        assert not microsoft.complaints


def _fill_in(made: Afternoon) -> None:
    """Fill in the three files as the pages of the two clouds say."""
    (made.folder / "secrets").mkdir(mode=0o700)
    service_account_file(made.folder / "secrets" / "google.json", made.google).chmod(0o600)
    made.microsoft.write_ca(made.folder / "secrets" / "ca.pem")
    text = (made.folder / "slotfinder.toml").read_text("utf-8")
    text = re.sub(r"^(starts|ends) = \S+", r"\1 = @\1@", text, flags=re.MULTILINE)
    made.write("slotfinder.toml", text)
    made.edit(
        "slotfinder.toml",
        ("@starts@", "2027-01-04"),
        ("@ends@", "2027-06-25"),
        ('organizer_calendar = "local"', 'organizer_calendar = "google"'),
        ("# [calendars.google]", "[calendars.google]"),
        ("# service_account_file =", "service_account_file ="),
        ('# api_endpoint = "https://www.googleapis.com"', f'api_endpoint = "{made.google.url}"'),
        ("# [calendars.microsoft]", "[calendars.microsoft]"),
        ('# tenant = "acme.onmicrosoft.com"', f'tenant = "{made.app.tenant}"'),
        (
            '# client_id = "00000000-0000-0000-0000-000000000000"',
            f'client_id = "{made.app.client_id}"',
        ),
        ("# client_secret_file =", "client_secret_file ="),
        (
            '# authority = "https://login.microsoftonline.com"',
            f'authority = "{made.microsoft.authority}"',
        ),
        (
            '# graph = "https://graph.microsoft.com"',
            f'graph = "{made.microsoft.graph}"\nreader = "{READER}"\nca_file = "secrets/ca.pem"',
        ),
    )
    made.edit(
        "people.csv",
        ("Tom Example,local", "Tom Example,google"),
        ("Ada Example,local", "Ada Example,google"),
        ("Priya Example,local", "Priya Example,microsoft"),
        ("Kofi Example,local", "Kofi Example,microsoft"),
    )


@dataclass(frozen=True)
class Fault:
    """Something planted, what doctor says of it, and how one then mends it."""

    plant: Callable[[Afternoon], object]
    code: str
    subject: str
    remedy: str
    mend: Callable[[Afternoon], object]


def _unlike(made: Afternoon) -> None:
    made.world.calendars[ADA].zone = made.world.mailboxes[ADA].zone = "Asia/Tokyo"


def _as_listed(made: Afternoon) -> None:
    made.world.calendars[ADA].zone = made.world.mailboxes[ADA].zone = "Europe/Berlin"


FAULTS = [
    Fault(
        lambda made: made.edit("slotfinder.toml", ('["coordination@acme.example"]', "[]")),
        "coordinators-missing",
        "programme.coordinators",
        "coordinators",
        lambda made: made.edit(
            "slotfinder.toml", ("coordinators = []", 'coordinators = ["coordination@acme.example"]')
        ),
    ),
    Fault(
        lambda made: made.write("slotfinder.db", "Notes on the programme\n" * 100),
        "store-unusable",
        "slotfinder.db",
        "[store] url",
        lambda made: (made.folder / "slotfinder.db").unlink(),
    ),
    Fault(
        lambda made: made.write("outbox", ""),
        "outbox-unwritable",
        "mail.outbox",
        "[mail] outbox",
        lambda made: (made.folder / "outbox").unlink(),
    ),
    Fault(
        lambda made: made.write("secrets/microsoft", "an older secret"),
        "nobody-readable",
        "microsoft",
        "secret",
        lambda made: made.write("secrets/microsoft", made.app.secret),
    ),
    Fault(
        lambda made: made.app.roles.clear(),
        "nobody-readable",
        "microsoft",
        "Calendars.Read",
        lambda made: made.app.roles.add("Calendars.ReadBasic.All"),
    ),
    Fault(
        lambda made: made.google.account.delegated.discard("calendar.freebusy"),
        "nobody-readable",
        "google",
        "Domain-wide delegation",
        lambda made: made.google.account.delegated.add("calendar.freebusy"),
    ),
    Fault(
        lambda made: made.google.account.delegated.discard("calendar.events.owned"),
        "organizer-unusable",
        OFFICE,
        "Domain-wide delegation",
        lambda made: made.google.account.delegated.add("calendar.events.owned"),
    ),
    Fault(
        lambda made: made.edit("people.csv", ("kofi@", "kofie@")),
        "calendar-unreadable",
        "kofie@acme.example",
        "admin center",
        lambda made: made.edit("people.csv", ("kofie@", "kofi@")),
    ),
    Fault(
        _unlike,
        "zone-differs",
        ADA,
        "people.csv",
        _as_listed,
    ),
    Fault(
        lambda made: setattr(made.google.options, "meet_allowed", False),
        "links-refused",
        OFFICE,
        "[virtual] fallback",
        lambda made: made.edit(
            "slotfinder.toml", ('fallback = ""', 'fallback = "https://meet.acme.example/{pair}"')
        ),
    ),
]


def test_what_the_files_say_wrong_is_told_at_once_before_anything_is_asked(
    afternoon: Afternoon,
) -> None:
    afternoon.edit(
        "people.csv", ("Priya Example,microsoft,Europe/London", "Priya,cloud,Europe/Lndon")
    )
    result = afternoon.call("doctor")
    assert (result.status, result.out) == (2, "")
    for word in ("client_secret_file", "row 3, timezone", "Europe/London", "row 3, calendar"):
        assert word in result.err
    assert not list(afternoon.google.log)


def test_doctor_finds_ten_faults_one_after_the_other_and_names_each_remedy(
    afternoon: Afternoon,
) -> None:
    assert len(FAULTS) == 10
    for fault in FAULTS:
        fault.plant(afternoon)
    afternoon.edit("pairs.csv", ("ada@acme.example,kofi@", "ada@acme.example,kofie@"))
    for fault in FAULTS:
        found = afternoon.findings(fault.code, fault.subject)
        assert found, (fault.code, fault.subject, doctor(afternoon)[1])
        assert fault.remedy in f"{found[0]['message']} {found[0]['remedy']}", found
        fault.mend(afternoon)
        if fault.subject.startswith("kofie"):
            afternoon.edit("pairs.csv", ("kofie@", "kofi@"))
        said = [each["message"] for each in afternoon.findings(fault.code, fault.subject)]
        assert found[0]["message"] not in said
    status, findings = doctor(afternoon)
    assert (status, [each for each in findings if each["level"] != "ok"]) == (0, [])


def test_then_the_timers_command_keeps_the_pairs_meeting_for_three_weeks(
    afternoon: Afternoon,
) -> None:
    afternoon.write("secrets/microsoft", afternoon.app.secret)
    service = (SYSTEMD / "slotfinder.service").read_text("utf-8")
    [command] = re.findall(r"^ExecStart=\S+/slotfinder (.*)$", service, re.MULTILINE)
    command = command.replace("/run/slotfinder", str(afternoon.folder))
    answered: set[str] = set()
    for moment in _due(date(2027, 1, 4), date(2027, 1, 22)):
        afternoon.now = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        result = afternoon.call(*command.split(), "--json")
        assert result.status == 0, (moment, result.err)
        afternoon.google.settle()
        afternoon.microsoft.settle()
        _answer(afternoon, moment, answered)

    rows = afternoon.call("status", "--json").json["pairs"]
    assert {each["health"] for each in rows} == {"ok"}
    assert all(each["last"] for each in rows)
    invited = [each for each in afternoon.world.notices if each.kind == "invitation"]
    assert len({(each.to, each.uid) for each in invited}) == len(invited)
    assert "declined" in afternoon.call("log", "p01").out
    assert (afternoon.folder / "slotfinder.prom").exists()


def _due(first: date, last: date) -> Iterator[datetime]:
    """Yield when the timer fires: the hours of its file, on working days."""
    timer = (SYSTEMD / "slotfinder.timer").read_text("utf-8")
    [hours] = re.findall(r"^OnCalendar=Mon\.\.Fri \*-\*-\* ([0-9,]+):00$", timer, re.MULTILINE)
    day = first
    while day <= last:
        if day.weekday() < 5:
            for hour in hours.split(","):
                yield datetime.combine(day, time(int(hour)), UTC)
        day += timedelta(days=1)


def _answer(made: Afternoon, moment: datetime, answered: set[str]) -> None:
    """Let everybody accept what is new to them; Priya declines once, on the first day."""
    for item in made.world.live(OFFICE):
        if item.uid in answered or item.start < moment:
            continue
        answered.add(item.uid)
        for guest in item.attendees:
            no = len(answered) == 1 and guest.email == PRIYA
            people.answer(made.world, guest.email, item.uid, "declined" if no else "accepted")
