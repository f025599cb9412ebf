"""The real client at the emulator: google-api-python-client and google-auth, on loopback."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httplib2
import httpx
import pytest
from google.auth.crypt import RSASigner
from google.oauth2.service_account import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.emulators.google import GoogleEmulator, ServiceAccount, service_account_file
from tests.emulators.google.schema import SCOPE
from tests.emulators.wire import Json
from tests.emulators.world import Mailbox, World

ORGANIZER = "org@acme.example"
TOM = "tom@acme.example"
PRIYA = "priya@acme.example"
OUTSIDER = "mia@other.example"
ROOM = "room-a@acme.example"
READ = ("calendar.freebusy",)
WRITE = ("calendar.events.owned",)
BOTH = (*READ, *WRITE)
EVENT = "abcde01234"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Name an instant of January 2027."""
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


def point(when: datetime) -> Json:
    return {"dateTime": when.isoformat()}


ELEVEN, NOON = at(4, 11), at(4, 12)


def meeting(**more: Any) -> Json:
    """Write the body of a meeting of Tom and Priya."""
    guests = [{"email": TOM}, {"email": PRIYA}]
    body = {"id": EVENT, "summary": "Mentoring", "start": point(ELEVEN), "end": point(NOON)}
    return {**body, "attendees": guests, **more}


@cache
def _signer(key: str, key_id: str) -> Any:
    """Load a key once a process: OpenSSL takes its time to check one."""
    return RSASigner.from_string(key, key_id)  # type: ignore[no-untyped-call]


class Desk:
    """Makes clients for tests and closes them."""

    def __init__(self, google: GoogleEmulator, folder: Path) -> None:
        self.google, self.folder = google, folder
        self._open: list[Any] = []
        self._services: dict[Any, Any] = {}

    @property
    def world(self) -> World:
        return self.google.world

    def people(self, *emails: str) -> list[Mailbox]:
        return [self.world.add_mailbox(one) for one in emails]

    def credentials(
        self,
        subject: str | None = ORGANIZER,
        scopes: Iterable[str] = BOTH,
        account: ServiceAccount | None = None,
    ) -> Credentials:
        path = service_account_file(self.folder / "google.json", self.google, account)
        about = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(  # type: ignore[no-untyped-call]
            _signer(about["private_key"], about["private_key_id"]),
            about["client_email"],
            about["token_uri"],
            scopes=[f"{SCOPE}{one}" for one in scopes],
            subject=subject,
        )

    def transport(self, subject: str | None, scopes: Iterable[str]) -> Any:
        plain = httplib2.Http(timeout=5)
        self._open.append(plain)
        return AuthorizedHttp(self.credentials(subject, scopes), http=plain)

    def calendar(self, subject: str | None = ORGANIZER, *scopes: str) -> Any:
        key = (subject, scopes)
        if key not in self._services:
            options = {"api_endpoint": f"{self.google.url}/calendar/v3/"}
            http = self.transport(subject, scopes or BOTH)
            self._services[key] = build("calendar", "v3", http=http, client_options=options)
        return self._services[key]

    def directory(self, subject: str | None = ORGANIZER) -> Any:
        http = self.transport(subject, ["admin.directory.resource.calendar.readonly"])
        options = {"api_endpoint": self.google.url}
        return build("admin", "directory_v1", http=http, client_options=options)

    def token(self, subject: str | None = ORGANIZER, *scopes: str) -> str:
        """Obtain a token as google-auth does, for requests the client cannot send."""
        transport = self.transport(subject, scopes or BOTH)
        transport.credentials.refresh(transport._request)  # noqa: SLF001 - as in its own request()
        return str(transport.credentials.token)

    def raw(self, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        url = f"{self.google.url}{path}"
        return httpx.request(method, url, headers=headers, trust_env=False, **more)

    def busy(self, *names: str, subject: str = ORGANIZER, **more: Any) -> Json:
        """Ask free/busy of the first week of January 2027."""
        body: Json = {"timeMin": "2027-01-04T00:00:00Z", "timeMax": "2027-01-11T00:00:00Z"}
        body |= {"items": [{"id": one} for one in names], **more}
        answer: Json = self.calendar(subject, *READ).freebusy().query(body=body).execute()
        return answer

    def blocks(self, name: str, **more: Any) -> list[tuple[str, str]]:
        found = self.busy(name, **more)["calendars"][name]["busy"]
        return [(one["start"], one["end"]) for one in found]

    def insert(self, subject: str = ORGANIZER, calendar: str = ORGANIZER, **more: Any) -> Json:
        """Book the meeting; parameters of the call are told by their names."""
        names = ("sendUpdates", "conferenceDataVersion", "supportsAttachments")
        params = {name: more.pop(name) for name in names if name in more}
        params.setdefault("sendUpdates", "all")
        events = self.calendar(subject, *WRITE).events()
        made: Json = events.insert(calendarId=calendar, body=meeting(**more), **params).execute()
        return made

    def close(self) -> None:
        for one in self._open:
            one.close()


def refusal(request: Any) -> tuple[int, str]:
    """Run a request that is refused; tell status and reason."""
    return refused(request)[:2]


def refused(request: Any) -> tuple[int, str, str, str]:
    """Run a request that is refused; tell status, reason, domain and message."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    error = json.loads(caught.value.content)["error"]
    first = error["errors"][0]
    return caught.value.status_code, first["reason"], first["domain"], first["message"]
