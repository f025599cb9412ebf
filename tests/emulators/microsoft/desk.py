"""The real clients at the emulator: msal for tokens, httpx for Graph, on loopback."""

import ssl
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msal

from tests.emulators.microsoft import AppRegistration, MicrosoftEmulator
from tests.emulators.wire import Json
from tests.emulators.world import Mailbox, World

ORGANIZER = "org@acme.example"
TOM = "tom@acme.example"
PRIYA = "priya@acme.example"
OUTSIDER = "mia@other.example"
ROOM = "room-a@acme.example"
KEY = "String {8b1d6a0e-5f0c-4c53-9d0a-51f0f1a6c3de} Name slotfinder_key"
STABLE = {"Prefer": 'IdType="ImmutableId"'}
CREATE = "users.events.create"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Name an instant of January 2027."""
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


def point(when: datetime, zone: str = "UTC") -> Json:
    return {"dateTime": f"{when:%Y-%m-%dT%H:%M:%S}", "timeZone": zone}


ELEVEN, NOON = at(4, 11), at(4, 12)


def guest(email: str, kind: str = "required") -> Json:
    return {"emailAddress": {"address": email}, "type": kind}


def meeting(**more: Any) -> Json:
    """Write the body of a meeting of Tom and Priya."""
    body = {"subject": "Mentoring", "start": point(ELEVEN), "end": point(NOON)}
    return {**body, "attendees": [guest(TOM), guest(PRIYA)], **more}


def marked(value: str) -> Json:
    return {"singleValueExtendedProperties": [{"id": KEY, "value": value}]}


@cache
def _roots() -> ssl.SSLContext:
    """Load the usual roots once a process: it takes its time, and Graph is http here."""
    return ssl.create_default_context()


class Desk:
    """Asks for tokens and calls Graph as a client would."""

    def __init__(self, microsoft: MicrosoftEmulator, folder: Path) -> None:
        self.microsoft = microsoft
        self.ca = microsoft.write_ca(folder / "ca.pem")
        self.app = microsoft.app()
        self.client = httpx.Client(
            base_url=f"{microsoft.graph}/v1.0", verify=_roots(), trust_env=False
        )
        self._token = ""

    @property
    def world(self) -> World:
        return self.microsoft.world

    @property
    def scope(self) -> str:
        return f"{self.microsoft.graph}/.default"

    def people(self, *emails: str) -> list[Mailbox]:
        return [self.microsoft.add_mailbox(one) for one in emails]

    def msal(self, app: AppRegistration | None = None, credential: Any = None) -> Any:
        """Make msal's client; it asks for the tenant's configuration at once."""
        who = app or self.app
        return msal.ConfidentialClientApplication(
            who.client_id,
            client_credential=credential or who.secret,
            authority=f"{self.microsoft.authority}/{who.tenant}",
            instance_discovery=False,
            verify=str(self.ca),
        )

    def acquire(self, app: AppRegistration | None = None, credential: Any = None) -> Json:
        answer: Json = self.msal(app, credential).acquire_token_for_client([self.scope])
        return answer

    @property
    def token(self) -> str:
        if not self._token:
            self._token = self.acquire()["access_token"]
        return self._token

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.call("GET", path, **more)

    def event(self, name: str, mailbox: str = ORGANIZER) -> str:
        return f"/users/{mailbox}/events/{quote(name)}"

    def book(self, mailbox: str = ORGANIZER, headers: Any = None, **more: Any) -> Json:
        """Book the meeting; it must succeed."""
        answer = self.call(
            "POST", f"/users/{mailbox}/events", json=meeting(**more), headers=headers or {}
        )
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    def schedule(self, *names: str, reader: str = ORGANIZER, **more: Any) -> httpx.Response:
        """Ask free/busy of the first week of January 2027."""
        headers = more.pop("headers", {})
        body = {"schedules": list(names), "startTime": point(at(4, 0)), "endTime": point(at(11, 0))}
        path = f"/users/{reader}/calendar/getSchedule"
        return self.call("POST", path, json={**body, **more}, headers=headers)

    def entry(self, name: str, **more: Any) -> Json:
        """Ask for one address: its entry."""
        answer = self.schedule(name, **more)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["value"]
        return dict(found)

    def items(self, name: str, **more: Any) -> list[tuple[str, str, str]]:
        found = self.entry(name, **more)["scheduleItems"]
        return [
            (one["status"], one["start"]["dateTime"][:16], one["end"]["dateTime"][:16])
            for one in found
        ]

    def close(self) -> None:
        self.client.close()


def code(answer: httpx.Response) -> tuple[int, str]:
    """Tell status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]
