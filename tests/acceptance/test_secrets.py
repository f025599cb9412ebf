"""No secret is ever told: a canary stands in every secret place, and nothing anywhere repeats it.

Who is asked echoes all it was sent, secrets included, in answers of every kind.
"""

import json
import logging
import os
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, Final

import pytest
import trustme
import typer
from aiosmtpd.smtp import AuthResult

from slotfinder.cli.main import app
from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    SETTINGS,
    TOM,
    Result,
    World,
    couple,
    simple,
)
from tests.emulators.google import GoogleEmulator, service_account_file
from tests.emulators.microsoft import Certificate
from tests.mail.smtp_server import Mailbox, running, server_tls

CANARY: Final = "c4n4ry-7d1f93a0"
"""Is part of every secret; what is shown of a secret in whatever way shows it."""

COMMANDS: Final[dict[str, Any]] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@dataclass
class Echo:
    """A web server that answers with what it was sent, under a ``status``.

    With ``gives_tokens`` it lets everybody in first, by a token that is a secret as well.
    """

    url: str
    status: int = 500
    gives_tokens: bool = True
    heard: list[str] = field(default_factory=list)


class _Echoing(BaseHTTPRequestHandler):
    echo: ClassVar[Echo]

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        said = f"{self.requestline}\n{self.headers}\n{self.rfile.read(length).decode()}"
        self.echo.heard.append(said)
        self._send(*self._found(said))

    def _found(self, said: str) -> tuple[int, object]:
        token = f"{self.echo.url}/token"
        if ".well-known" in self.path:
            names = ("token_endpoint", "authorization_endpoint", "issuer")
            return 200, dict.fromkeys(names, token)
        if self.path == "/token" and self.echo.gives_tokens:
            return 200, {
                "access_token": f"{CANARY}-token",
                "expires_in": 3600,
                "token_type": "Bearer",
            }
        return self.echo.status, {"error": {"code": said, "message": said}, "value": [said]}

    def _send(self, status: int, found: object) -> None:
        body = json.dumps(found).encode()
        self.send_response(status, CANARY)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", f"https://{CANARY}.invalid/")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - their names are given

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echoing(tls: ssl.SSLContext | None = None) -> Iterator[Echo]:
    """Yield an echo on loopback."""
    echo = Echo(url="")
    handler = type("Handler", (_Echoing,), {"echo": echo})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        echo.url = f"http{'s' if tls else ''}://localhost:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield echo
        finally:
            server.shutdown()
            thread.join()


class EchoingMailbox(Mailbox):
    """A mail server that refuses everybody, with the password in its words."""

    def authenticate(self, *arguments: Any) -> AuthResult:
        login = arguments[-1]
        self.logins.append(login)
        message = f"535 5.7.8 not {login.password.decode()}"
        return AuthResult(success=False, handled=False, message=message)


@dataclass
class Betrayed:
    """A programme whose every partner repeats secrets. Tom is on Google, Priya on Microsoft 365."""

    world: World
    echoes: dict[str, Echo]
    mailbox: EchoingMailbox
    planted: set[Path]

    def answer(self, status: int, *, gives_tokens: bool) -> None:
        for each in self.echoes.values():
            each.status, each.gives_tokens = status, gives_tokens

    def call(self, name: str) -> Result:
        return self.world.call("--verbose", *words(name, self))

    def betrayals(self, results: Sequence[Result], logged: str) -> list[str]:
        """Return where a secret came out."""
        told = {"output": "".join(each.out + each.err for each in results), "log": logged}
        for path in self.world.folder.rglob("*"):
            if path.is_file() and path not in self.planted:
                told[path.name] = path.read_bytes().decode("latin-1")
        return [where for where, text in told.items() if any(each in text for each in forms())]


def forms() -> list[str]:
    """Return the canary as it stands in a text, and within base64 at every offset."""
    return [
        CANARY,
        *(b64encode(b"x" * offset + CANARY.encode())[4:-4].decode() for offset in range(3)),
    ]


def words(name: str, betrayed: Betrayed) -> list[str]:
    """Return a call of a command with all its options that may tell something."""
    folder = betrayed.world.folder
    values = {
        "pair": ["p01"],
        "person": [TOM],
        "folder": [str(folder / f"new-{name}")],
        "at": ["--at", "2027-01-07T10:00"],
        "meeting": ["--meeting", "unknown"],
        "held": ["--held"],
        "send": ["--send"],
        "out": ["--out", str(folder / "out.json")],
        "metrics": ["--metrics", str(folder / "run.prom")],
        "weeks": ["--weeks", "1"],
        "as_json": ["--json"],
    }
    left_out = {"pair"} if name in {"plan", "run"} else set()
    left_out |= {"at", "meeting"} if name == "reschedule" else set()
    parts = (
        values.get(each.name, []) for each in COMMANDS[name].params if each.name not in left_out
    )
    return [name, *(word for part in parts for word in part)]


@pytest.fixture
def betrayed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Betrayed]:
    caplog.set_level(logging.DEBUG)
    with ExitStack() as stack:
        yield _betrayed(tmp_path / "programme", stack)


def _betrayed(folder: Path, stack: ExitStack) -> Betrayed:
    authority = trustme.CA()
    tls = server_tls(authority)
    echoes = {
        "google": stack.enter_context(echoing()),
        "microsoft": stack.enter_context(echoing(tls)),
        "feed": stack.enter_context(echoing()),
    }
    mailbox = EchoingMailbox()
    port = stack.enter_context(
        running(mailbox, tls_context=tls, authenticator=mailbox.authenticate)
    )
    world = World(folder, settings={name: dict(table) for name, table in SETTINGS.items()})
    folder.mkdir()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    planted = _plant(folder, echoes["google"])
    world.set("programme", coordinators=["boss@acme.example"])
    world.set("mail", url=f"smtp://me@localhost:{port}", password_file="mail", ca_file="ca.pem")
    world.set("calendars", timeout=2, patience=0.2)
    world.set("calendars.feeds", allow=["127.0.0.1", "localhost"])
    world.set("calendars.google", service_account_file="google.json", reader=OFFICE)
    world.set("calendars.google", api_endpoint=echoes["google"].url)
    world.set("calendars.microsoft", tenant="acme.example", client_id="app", reader=OFFICE)
    world.set("calendars.microsoft", authority=echoes["microsoft"].url, ca_file="ca.pem")
    world.set("calendars.microsoft", graph=echoes["microsoft"].url, client_secret_file="microsoft")
    feed = echoes["feed"].url.replace("://", f"://me:{CANARY}-user@") + f"/{CANARY}-feed.ics"
    world.person(TOM, "Tom", calendar="google").person(PRIYA, "Priya", calendar="microsoft")
    world.person(ADA, "Ada", calendar=feed).person(KOFI, "Kofi")
    world.person("eve@acme.example", "Eve").pair("p01", TOM, PRIYA).pair("p02", ADA, KOFI)
    world.pair("p03", KOFI, "eve@acme.example").write()
    return Betrayed(world, echoes, mailbox, {*planted, folder / "people.csv"})


def _plant(folder: Path, google: Echo) -> set[Path]:
    """Write the files with secrets."""
    with GoogleEmulator() as emulator:
        key = service_account_file(folder / "google.json", emulator)
        content = key.read_text("utf-8").replace(emulator.token_uri, f"{google.url}/token")
    content = re.sub(r'"private_key_id": "[^"]*"', f'"private_key_id": "{CANARY}-key"', content)
    key.write_text(content, "utf-8")
    for name in ("mail", "microsoft"):
        (folder / name).write_text(f"{CANARY}-{name}", "utf-8")
        (folder / name).chmod(0o600)
    return {key, folder / "mail", folder / "microsoft"}


def test_no_command_tells_a_secret_though_everybody_asked_repeats_it(
    betrayed: Betrayed, caplog: pytest.LogCaptureFixture
) -> None:
    # The demo has a programme of its own, with no secret in it.
    results = [betrayed.call(name) for name in ("run", *COMMANDS) if name != "demo"]
    assert betrayed.betrayals(results, caplog.text) == []
    assert {each.status for each in results} <= {0, 1, 2, 3}
    assert not [each for each in results if "Traceback" in each.err]
    heard = {name: "".join(each.heard) for name, each in betrayed.echoes.items()}
    # Otherwise nothing was at stake. Of Google's key only what it signs is sent.
    assert f"{CANARY}-microsoft" in heard["microsoft"]
    assert f"{CANARY}-feed" in heard["feed"]
    assert "assertion=" in heard["google"]
    assert f"Bearer {CANARY}-token" in heard["google"]
    assert f"Bearer {CANARY}-token" in heard["microsoft"]
    assert betrayed.mailbox.logins


@pytest.mark.parametrize("gives_tokens", [True, False])
@pytest.mark.parametrize(
    "status",
    [
        200,
        *(
            pytest.param(each, marks=pytest.mark.exhaustive)
            for each in (302, 400, 401, 403, 404, 429)
        ),
    ],
)
def test_no_answer_of_any_kind_makes_it_told(
    betrayed: Betrayed, caplog: pytest.LogCaptureFixture, status: int, *, gives_tokens: bool
) -> None:
    betrayed.answer(status, gives_tokens=gives_tokens)
    results = [betrayed.call(name) for name in ("plan", "run", "doctor")]
    assert betrayed.betrayals(results, caplog.text) == []
    assert not [each for each in results if "Traceback" in each.err]
    assert {each.status for each in results} <= {1, 3}


KEY: Final = {"type": "service_account", "client_email": "a@b.example"}

WRONG: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "a password in a wrong address": ("mail", {"url": f"smtp://me:{CANARY}@host:99999"}),
    "an address that is none": ("mail", {"url": f"smtp//me:{CANARY}@host"}),
    "a password that is a list": ("mail", {"password": [CANARY]}),
    "a key without its end": ("calendars.google", {"service_account_file": "half.json"}),
    "a key that is none": ("calendars.google", {"service_account_file": "none.json"}),
    "a key of nonsense": ("calendars.google", {"service_account_file": "odd.json"}),
    "a wrong password": (
        "calendars.microsoft",
        {"certificate_file": "locked.pem", "certificate_password": CANARY},
    ),
    "two ways to sign in": (
        "calendars.microsoft",
        {"client_secret": CANARY, "managed_identity": "system"},
    ),
    "a store with a password": ("store", {"url": f"postgresql://me:{CANARY}@host/x"}),
    "a sender with a password": ("mail", {"sender": f"smtp://me:{CANARY}@host"}),
    "a fallback with a password": ("virtual", {"fallback": f"https://me:{CANARY}@[host"}),
    "an endpoint with a password": (
        "calendars.google",
        {"api_endpoint": f"https://me:{CANARY}@gateway.example"},
    ),
}


def test_a_heartbeat_that_fails_does_not_tell_its_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = simple(tmp_path / "programme")
    with echoing() as echo:
        results = [world.call("run", "--heartbeat", f"{echo.url}/{CANARY}")]
    assert CANARY in echo.heard[0]
    results.append(world.call("run", "--heartbeat", f"{echo.url}/{CANARY}"))
    assert all("heartbeat" in each.err for each in results)
    assert CANARY not in caplog.text + "".join(each.out + each.err for each in results)


@pytest.mark.parametrize(("table", "values"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_secret_is_told_of_and_not_told(
    tmp_path: Path, table: str, values: dict[str, Any]
) -> None:
    world = couple(tmp_path).set(table, **values).write()
    (tmp_path / "half.json").write_text(json.dumps({**KEY, "private_key": CANARY}), "utf-8")
    (tmp_path / "none.json").write_text(f'{{"private_key": "{CANARY}', "utf-8")
    odd = {**KEY, "private_key": f"-----BEGIN {CANARY}", "token_uri": f"http://{CANARY}.example"}
    (tmp_path / "odd.json").write_text(json.dumps(odd), "utf-8")
    Certificate.make("app").write(tmp_path / "locked.pem", "another password")
    for command in ("plan", "doctor"):
        result = world.call("--verbose", command)
        assert (result.status, result.out) == (2, "")
        assert CANARY not in result.err
        assert "slotfinder.toml, line" in result.err


@pytest.mark.skipif(os.name != "posix", reason="modes say who may read on POSIX alone")
def test_a_secret_file_that_others_may_read_is_told_at_each_start_and_by_doctor(
    tmp_path: Path,
) -> None:
    world = couple(tmp_path).set("mail", password_file="mail password").write()
    (tmp_path / "mail password").write_text(CANARY, "utf-8")
    (tmp_path / "mail password").chmod(0o644)
    remedy = "chmod 600 'mail password'"
    for result in (world.plan(), world.run()):
        assert result.status == 0
        assert remedy in result.err
    told = [each for each in world.call("doctor", "--json").json["findings"] if each["remedy"]]
    assert remedy in told[0]["remedy"]
    assert (told[0]["level"], told[0]["code"]) == ("warning", "settings-doubtful")
    (tmp_path / "mail password").chmod(0o600)
    assert "chmod" not in world.plan().err


@pytest.mark.parametrize(
    "address",
    [
        f"https://me:{CANARY}@host:nowhere/x",
        f"calendar.example/{CANARY}.ics",
        f"htps://calendar.example/{CANARY}.ics",
        f"webcal://calendar.example/{CANARY}.ics",
        f"https:/calendar.example/{CANARY}.ics",
    ],
)
def test_a_wrong_feed_is_told_of_and_not_told(tmp_path: Path, address: str) -> None:
    world = couple(tmp_path).person(ADA, "Ada", calendar=address).write()
    result = world.call("--verbose", "plan")
    assert result.status == 2
    assert "people.csv, row 4, calendar" in result.err
    assert CANARY not in result.err


@pytest.mark.parametrize("column", ["email", "name", "timezone", "site", "language", "preference"])
def test_a_feed_in_a_wrong_column_is_not_told(tmp_path: Path, column: str) -> None:
    world = couple(tmp_path)
    world.people[0][column] = f"https://calendar.example/private-{CANARY}/basic.ics"
    result = world.write().call("--verbose", "doctor")
    assert CANARY not in result.err
    assert column == "name" or f"people.csv, row 2, {column}" in result.err
