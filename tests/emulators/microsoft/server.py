"""The emulator: routes a request through faults, limits, tokens, permissions, schema, its room."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from uuid import uuid4

from tests.emulators import delivery, faults
from tests.emulators.clock import Clock
from tests.emulators.microsoft import (
    batch,
    mailboxes,
    reads,
    schedule,
    schema,
    teams,
    writes,
)
from tests.emulators.microsoft.call import Call, check_permission, find_mailbox, preferences
from tests.emulators.microsoft.control import control
from tests.emulators.microsoft.errors import GraphError, not_offered, token_refused
from tests.emulators.microsoft.faults import Faults
from tests.emulators.microsoft.identity import (
    TENANT,
    AppRegistration,
    Certificate,
    Federation,
    Identity,
    IdentityError,
    Token,
)
from tests.emulators.microsoft.limits import Limits
from tests.emulators.microsoft.log import Entry, Log
from tests.emulators.microsoft.options import Options
from tests.emulators.microsoft.transactions import Transactions
from tests.emulators.tls import TestAuthority
from tests.emulators.wire import Reply, Request, Server
from tests.emulators.world import Mailbox, World

HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "users.calendar.getSchedule": schedule.query,
    "users.calendar.get": mailboxes.calendar,
    "users.events.list": reads.list_,
    "users.events.get": reads.get,
    "users.events.create": writes.create,
    "users.events.update": writes.update,
    "users.events.delete": writes.delete,
    "users.events.cancel": writes.cancel,
    "users.calendarView.list": reads.view,
    "users.calendarView.delta": reads.delta,
    "users.mailboxSettings.get": mailboxes.settings,
    "places.rooms.list": mailboxes.rooms,
    "places.roomLists.list": mailboxes.room_lists,
    "places.roomList.rooms.list": mailboxes.rooms_of_list,
}
_HIDDEN = ("authorization", "x-identity-header")
_TOKEN = re.compile(r"/(?P<tenant>[^/]+)/oauth2/v2\.0/token")
_DISCOVERY = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration")
Pairs = dict[str, str]
Work = Callable[[], Reply]


class _Door:
    """One of the emulator's addresses: Graph's, or the identity platform's."""

    def __init__(self, server: "MicrosoftEmulator", name: Literal["graph", "identity"]) -> None:
        self._server, self._name = server, name

    def handle(self, request: Request) -> Reply:
        return self._server.handle(request, identity=self._name == "identity")

    def escaped(self, target: str) -> None:
        self._server.log.escaped.append(target)


class MicrosoftEmulator:
    """Serves a world as Microsoft would, on loopback, until it is closed.

    The identity platform is at `authority`, always https (msal insists); Graph at `graph`, http
    unless `tls` is given. `world.clock` is the domain's time (stamps of events), `clock` the
    machine's (tokens), `limit_clock` that of limits; each can be set or advanced.
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
        self.log: Log[Entry] = Log()
        self.faults = Faults()
        self.limits = Limits(self.options, self.limit_clock)
        self.transactions = Transactions()
        self.identity = Identity(self.options, self.clock)
        self.complaints: list[str] = []
        """Answers of ours the OpenAPI document does not allow, and failures of our own."""
        self.epoch = 0
        self.tls = tls or TestAuthority()
        context = self.tls.server_context()
        self._graph = Server(_Door(self, "graph"), port, context if tls else None)
        self._identity = Server(_Door(self, "identity"), 0, context)
        self._trap = Server(_Door(self, "graph")) if tls else self._graph
        self.graph = self.identity.graph = self._graph.url
        self.authority = self.identity.authority = self._identity.url
        self.port = self._graph.port

    def __enter__(self) -> Self:
        for one in self._servers():
            one.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def _servers(self) -> list[Server]:
        return list(dict.fromkeys((self._graph, self._identity, self._trap)))

    def close(self) -> None:
        self.faults.release()
        for one in self._servers():
            one.stop()

    # What tests say

    def app(
        self,
        client_id: str = "",
        *,
        tenant: str = TENANT,
        secret: str = "app-secret~1",
        certificate: Certificate | None = None,
        federation: Federation | None = None,
        managed: str = "",
        mailboxes: set[str] | None = None,
    ) -> AppRegistration:
        """Register an app: with a secret, a certificate, a federation, as a managed identity.

        `managed` is "system" or a client id; `mailboxes` are those it is left with.
        """
        name = client_id or f"00000000-0000-0000-0000-{len(self.identity.apps) + 1:012d}"
        one = AppRegistration(name, tenant, secret, mailboxes=mailboxes)
        if certificate:
            one.certificates.append(certificate)
        if federation:
            one.federations.append(federation)
        if managed:
            self.identity.managed[managed] = name
        self.identity.apps[name] = one
        return one

    def add_mailbox(self, email: str, **about: object) -> Mailbox:
        """Add a person of this provider (or, with room=True, a room with Exchange's limits)."""
        if about.get("room"):
            about = {"days_ahead": 180, "longest": 1440, **about}
        return self.world.add_mailbox(email, provider="microsoft", **about)

    def add_room(self, email: str, **about: object) -> Mailbox:
        return self.add_mailbox(email, room=True, **about)

    def fault(self, route: str, fault: faults.Fault, times: int = 1, skip: int = 0) -> faults.Fault:
        """Let the next requests of a route fail: an operation id, `token`, or `*`."""
        return self.faults.plan(route, fault, times, skip)

    def settle(self) -> None:
        """Let pending answers and links arrive now."""
        with self.world.lock:
            delivery.settle(self.world)
            teams.settle(self.world)

    def expire_deltas(self) -> None:
        """Let every delta token that was given out be forgotten (item 25)."""
        self.epoch += 1

    def environment(self) -> Pairs:
        """Give a subprocess variables that lead every request off loopback into our log."""
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        local = "127.0.0.1,localhost"
        proxies = dict.fromkeys(names, self._trap.url)
        return {**proxies, "NO_PROXY": local, "no_proxy": local}

    def managed_environment(self) -> Pairs:
        """Give the variables by which a managed identity finds its token endpoint."""
        return {
            "IDENTITY_ENDPOINT": f"{self.graph}/msi/token",
            "IDENTITY_HEADER": self.identity.managed_secret,
        }

    def write_ca(self, path: Path) -> Path:
        """Write the test CA, for `ca_file`."""
        return self.tls.write(path)

    # What requests meet

    def handle(self, request: Request, *, identity: bool = False) -> Reply:
        """Answer a request of the wire; parts of a batch come back here."""
        if request.segments[0] == "_emulator" and not identity:
            return control(self, request)
        entry = self._entry(request)
        work = self._identity_route(request, entry) if identity else self._route(request, entry)
        with self.world.lock:
            self.log.entries.append(entry)
        reply = self._guarded(entry, work)
        entry.status = reply.status
        entry.retry_after = reply.headers.get("Retry-After", "")
        return reply

    def _entry(self, request: Request) -> Entry:
        headers = {key: value for key, value in request.headers.items() if key not in _HIDDEN}
        entry = Entry("", request.method, request.path, request.query, headers)
        entry.prefer = headers.get("prefer", "")
        entry.immutable = preferences(entry.prefer).get("idtype", "").lower() == "immutableid"
        entry.client_request_id = headers.get("client-request-id", "") or str(uuid4())
        token = self._token(request)
        entry.app = token.app if token else ""
        return entry

    def _guarded(self, entry: Entry, work: Work) -> Reply:
        """Hold a slot of the mailbox while the request is under way, faults included."""
        limited = bool(entry.app and entry.mailbox)
        slot = self.limits.slot((entry.app, entry.mailbox)) if limited else nullcontext()

        def answer() -> Reply:
            return self._answer(entry, work)

        def guarded() -> Reply:
            with slot:
                fault = self.faults.take(entry.method)
                entry.fault = fault.name if fault else ""
                return self._dressed(entry, fault.around(answer) if fault else answer())

        try:
            return guarded()
        except GraphError as error:
            return self._dressed(entry, self._refusal(entry, error))

    def _answer(self, entry: Entry, work: Work) -> Reply:
        try:
            if entry.method == "batch":
                return work()
            with self.world.lock:
                return work()
        except GraphError as error:
            return self._refusal(entry, error)
        except IdentityError as error:
            entry.reason = error.error
            return error.reply(self.clock.now())
        except Exception as error:  # noqa: BLE001 - a fault of ours must show in every test
            self.complaints.append(f"{entry.method}: {error!r}")
            return self._refusal(entry, GraphError(500, "EmulatorFailure", repr(error)))

    def _refusal(self, entry: Entry, error: GraphError) -> Reply:
        entry.reason = error.code
        if not self.options.inner_errors:
            return error.reply()
        ids = {"request-id": str(uuid4()), "client-request-id": entry.client_request_id}
        return error.reply(ids, self.clock.now())

    def _dressed(self, entry: Entry, reply: Reply) -> Reply:
        """Add the headers every answer has (item 2)."""
        reply.headers.setdefault("Date", format_datetime(self.clock.now(), usegmt=True))
        reply.headers.setdefault("request-id", str(uuid4()))
        reply.headers.setdefault("client-request-id", entry.client_request_id)
        return reply

    # The identity platform's routes

    def _identity_route(self, request: Request, entry: Entry) -> Work:
        if request.path.lower() == "/common/discovery/instance" and request.method == "GET":
            entry.method = "instance-discovery"
            return lambda: self.identity.instances(request)
        if (found := _DISCOVERY.fullmatch(request.path)) and request.method == "GET":
            entry.method, tenant = "discovery", found["tenant"]
            return lambda: self.identity.configuration(tenant)
        if (found := _TOKEN.fullmatch(request.path)) and request.method == "POST":
            entry.method, tenant = "token", found["tenant"]
            return lambda: self._signed(entry, *self.identity.exchange(request, tenant))
        return lambda: Reply.of({"error": "not_found"}, 404)

    def _signed(self, entry: Entry, reply: Reply, app: str) -> Reply:
        entry.app = app
        if not app:
            entry.reason = str(reply.json.get("error", "refused"))
        return reply

    # Graph's routes

    def _route(self, request: Request, entry: Entry) -> Work:
        if request.path == "/msi/token" and request.method == "GET":
            entry.method = "managed-identity"
            return lambda: self._signed(entry, *self.identity.managed_token(request))
        version, *segments = request.segments
        found = schema.find(request.method, tuple(segments)) if version == "v1.0" else None
        if found is None:
            return lambda: self._nowhere(request)
        operation, path = found
        entry.method = operation.id
        named = path.get("user-id", "")
        box = find_mailbox(self.world, named) if named else None
        entry.mailbox = box.email if box else named.lower()
        return lambda: self._call(request, operation, path, entry)

    def _nowhere(self, request: Request) -> Reply:
        self._bearer(request)
        raise not_offered(f"{request.method} {request.path}")

    def _token(self, request: Request) -> Token | None:
        _, _, text = request.headers.get("authorization", "").partition(" ")
        return self.identity.tokens.get(text)

    def _bearer(self, request: Request) -> Token:
        """Find what the Authorization header stands for (item 1)."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not text:
            raise token_refused("Access token is empty.")
        token = self._token(request)
        if token is None:
            raise token_refused("CompactToken parsing failed with error code: 80049217")
        if token.expires <= self.clock.now():
            raise token_refused("Lifetime validation failed, the token is expired.")
        if token.audience != self.graph:
            raise token_refused("Access token validation failure. Invalid audience.")
        return token

    def _call(
        self, request: Request, operation: schema.Operation, path: Pairs, entry: Entry
    ) -> Reply:
        token = self._bearer(request)
        if operation.id == "batch":
            body = entry.body = schema.body(operation, request)
            reply = batch.answer(request, body, self.options, self._part)
            return self._checked(operation, reply)
        params = schema.parameters(operation, request)
        app = self.identity.apps[token.app]
        call = Call(
            operation, request, path, params, {}, app, entry, self.world, self.options,
            self.transactions, self.graph, self.epoch,
        )  # fmt: skip
        check_permission(call)
        _ = call.mailbox if "user-id" in path else None
        schedule.check_null_interval(call, request)
        call.body = schema.body(operation, request)
        entry.body = call.body or None
        _ = call.zone
        reply = self._checked(operation, HANDLERS[operation.id](call))
        for change in call.distortions:
            reply.body = Reply.of(change(reply.json)).body
        reply.headers.update(call.applied())
        return reply

    def _part(self, request: Request, others: list[Request]) -> Reply:
        """Answer one request of a batch while others are under way (item 28)."""
        with self.limits.busy(self._key(one) for one in others):
            return self.handle(request)

    def _key(self, request: Request) -> tuple[str, str]:
        entry = self._entry(request)
        self._route(request, entry)
        return entry.app, entry.mailbox

    def _checked(self, operation: schema.Operation, reply: Reply) -> Reply:
        """Judge our own answer by the document; tests look whether anything was said."""
        if reply.status != 304 and self.options.judged:
            self.complaints += schema.complaints(operation, reply)
        return reply
