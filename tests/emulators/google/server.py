"""The emulator: routes a request through faults, quotas, tokens, scopes, schema and its room."""

import ssl
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.emulators import delivery
from tests.emulators.clock import Clock
from tests.emulators.faults import Fault
from tests.emulators.google import (
    batch,
    calendars,
    changes,
    conference,
    directory,
    fields,
    freebusy,
    reads,
    schema,
    writes,
)
from tests.emulators.google.auth import (
    Authority,
    ServiceAccount,
    Token,
    check_scopes,
    check_subject,
)
from tests.emulators.google.call import Call
from tests.emulators.google.control import control
from tests.emulators.google.errors import ApiError, not_found
from tests.emulators.google.faults import Faults
from tests.emulators.google.log import Entry, Log
from tests.emulators.google.options import Options
from tests.emulators.google.quotas import Quotas
from tests.emulators.tls import TestAuthority
from tests.emulators.wire import Reply, Request, Server
from tests.emulators.world import World

HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "calendar.freebusy.query": freebusy.query,
    "calendar.events.insert": writes.insert,
    "calendar.events.import": writes.import_,
    "calendar.events.patch": changes.patch,
    "calendar.events.update": changes.update,
    "calendar.events.delete": writes.delete,
    "calendar.events.move": writes.move,
    "calendar.events.get": reads.get,
    "calendar.events.list": reads.list_,
    "calendar.events.instances": reads.instances,
    "calendar.calendars.get": calendars.get,
    "calendar.calendarList.get": calendars.list_get,
    "calendar.calendarList.list": calendars.list_all,
    "calendar.settings.get": calendars.settings_get,
    "calendar.settings.list": calendars.settings_list,
    "directory.resources.calendars.list": directory.list_rooms,
}
SCOPES = frozenset(
    {
        "calendar.freebusy",
        "calendar.events.freebusy",
        "calendar.events.owned",
        "calendar.events",
        "calendar.calendars.readonly",
        "calendar.settings.readonly",
        "admin.directory.resource.calendar.readonly",
    }
)
"""What an administrator delegates if a test says nothing."""
_HIDDEN = ("authorization",)
Pairs = dict[str, str]


class GoogleEmulator:
    """Serves a world as Google would, on loopback, until it is closed.

    `world.clock` is the domain's time (stamps of events), `clock` the machine's (tokens),
    `limit_clock` that of quotas and locks; each can be set or advanced.
    """

    def __init__(
        self,
        world: World | None = None,
        options: Options | None = None,
        *,
        port: int = 0,
        tls: TestAuthority | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.world = world or World()
        self.options = options or Options()
        self.clock = clock or Clock()
        self.limit_clock = Clock()
        self.log = Log[Entry]()
        self.faults = Faults()
        self.quotas = Quotas(self.options, self.limit_clock)
        self.authority = Authority(self.world, self.clock)
        self.account = self.add_account("slotfinder@slotfinder-test.iam.gserviceaccount.com")
        self.tls = tls
        context: ssl.SSLContext | None = tls.server_context() if tls else None
        self._server = Server(self, port, context)
        self._trap = Server(self) if tls else self._server
        self.url, self.port = self._server.url, self._server.port
        self.token_uri = f"{self.url}/token"

    def __enter__(self) -> Self:
        self._server.start()
        if self._trap is not self._server:
            self._trap.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.faults.release()
        self._server.stop()
        if self._trap is not self._server:
            self._trap.stop()

    # What tests say

    def add_account(self, email: str, delegated: frozenset[str] = SCOPES) -> ServiceAccount:
        """Add a service account with an own, empty calendar (item 4)."""
        self.world.add_mailbox(email, zone="UTC")
        return self.authority.add(ServiceAccount(email, delegated=set(delegated)))

    def fault(self, route: str, fault: Fault, times: int = 1, skip: int = 0) -> Fault:
        """Let the next requests of a route fail: a discovery id, `token`, or `*`."""
        return self.faults.plan(route, fault, times, skip)

    def settle(self) -> None:
        """Let pending answers and links arrive now."""
        with self.world.lock:
            delivery.settle(self.world)
            conference.settle(self.options, self.world)

    def environment(self) -> Pairs:
        """Give a subprocess variables that lead every request off loopback into our log (35)."""
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        local = "127.0.0.1,localhost"
        proxies = dict.fromkeys(names, self._trap.url)
        return {**proxies, "NO_PROXY": local, "no_proxy": local}

    def write_ca(self, path: Path) -> Path:
        """Write the test CA, for `ca_file`."""
        if self.tls is None:
            raise ValueError("this server speaks plain http")
        return self.tls.write(path)

    # What requests meet

    def escaped(self, target: str) -> None:
        self.log.escaped.append(target)

    def handle(self, request: Request) -> Reply:
        """Answer a request of the wire; parts of a batch come back here."""
        request = _overridden(request)
        if request.path == "/batch/calendar/v3":
            return self._batch(request)
        if request.segments[0] == "_emulator":
            return control(self, request)
        with self.world.lock:
            entry, work = self._route(request)
            self.log.entries.append(entry)
        fault = self.faults.take(entry.method)
        entry.fault = fault.name if fault else ""

        def locked() -> Reply:
            with self.world.lock:
                return self._answer(entry, work)

        reply = fault.around(locked) if fault else locked()
        reply.headers.setdefault("Date", format_datetime(self.clock.now(), usegmt=True))
        entry.status = reply.status
        return reply

    def _batch(self, request: Request) -> Reply:
        entry = Entry("batch", request.method, request.path, request.query)
        self.log.entries.append(entry)
        reply = self._answer(entry, lambda: batch.answer(request, self.handle))
        entry.status = reply.status
        return reply

    def _answer(self, entry: Entry, work: Callable[[], Reply]) -> Reply:
        try:
            return work()
        except ApiError as error:
            entry.reason = error.reason
            return error.reply()

    def _route(self, request: Request) -> tuple[Entry, Callable[[], Reply]]:
        headers = {key: value for key, value in request.headers.items() if key not in _HIDDEN}
        entry = Entry("", request.method, request.path, request.query, headers)
        if request.path == "/token" and request.method == "POST":
            entry.method = "token"
            return entry, lambda: self._token(request, entry)
        if request.path.startswith("/v1/projects/-/serviceAccounts/"):
            account, _, what = request.segments[-1].partition(":")
            if what in ("signJwt", "signBlob"):
                entry.method = f"iam.{what}"
                return entry, lambda: self.authority.sign(request, account, what)
        found = schema.find(request.method, request.segments)
        if found is None:
            return entry, _nowhere
        method, path = found
        entry.method = method.id
        return entry, lambda: self._call(request, method, path, entry)

    def _token(self, request: Request, entry: Entry) -> Reply:
        reply, token = self.authority.exchange(request)
        if token is not None:
            _sign(entry, token)
        return reply

    def _call(self, request: Request, method: schema.Method, path: Pairs, entry: Entry) -> Reply:
        handler = HANDLERS.get(method.id)
        if handler is None:
            raise ApiError(501, "notImplemented", f"This emulator does not offer {method.id}.")
        token = self.authority.bearer(request)
        _sign(entry, token)
        check_scopes(token, method)
        params = schema.parameters(method, request, path)
        entry.quota_user = params.get("quotaUser", request.headers.get("x-goog-quota-user", ""))
        self.quotas.charge(
            self.authority.accounts[token.account].project, entry.quota_user or token.account
        )
        check_subject(self.world, token)
        body, entry.unknown = schema.body(method, request.body)
        entry.body = body if method.body else None
        tree = fields.parse(params["fields"]) if "fields" in params else {}
        fields.check(tree, method.api, method.response)
        call = Call(
            method, request, params, body, token, entry, self.world, self.options, self.quotas
        )
        reply = handler(call)
        if tree and reply.body:
            reply.body = Reply.of(fields.select(tree, reply.json)).body
        return reply


def _nowhere() -> Reply:
    raise not_found()


def _sign(entry: Entry, token: Token) -> None:
    entry.account, entry.subject, entry.scopes = token.account, token.subject, token.scopes


def _overridden(request: Request) -> Request:
    """Take a long GET that came as a POST for what it is (item 7)."""
    if request.method == "POST" and request.headers.get("x-http-method-override") == "GET":
        return Request("GET", f"{request.path}?{request.body.decode()}", request.headers)
    return request
