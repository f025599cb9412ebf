"""A mail server in a thread, with real TLS and faults on demand."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What the server was given, and how it answers. A reply of None hangs up."""

    mail_reply: str = "250 OK"
    rcpt_reply: str | None = "250 OK"
    data_reply: str | None = "250 OK"
    farewell: bytes | None = None  # if set, what the server says when hanging up after a delivery
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)
    connections: int = 0

    @property
    def contents(self) -> list[Any]:
        return [envelope.content for envelope in self.envelopes]

    async def handle_MAIL(  # noqa: N802  aiosmtpd finds its hooks by these names
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        envelope.mail_from = address
        return self.mail_reply

    async def handle_RCPT(  # noqa: N802  likewise
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt_reply == "250 OK":
            envelope.rcpt_tos.append(address)
        return _reply(server, self.rcpt_reply)

    async def handle_DATA(  # noqa: N802  likewise
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        if self.farewell is not None:
            asyncio.get_running_loop().call_soon(_hang_up, server, self.farewell)
        return _reply(server, self.data_reply)

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: Any
    ) -> AuthResult:
        self.logins.append(login)
        # Not "handled": the server is to say 535 itself.
        return AuthResult(success=login.password == b"pass/word", handled=False)


def _hang_up(server: SMTP, farewell: bytes) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.write(farewell)
    server.transport.close()


def _reply(server: SMTP, reply: str | None) -> str:
    if reply is None:
        _hang_up(server, b"")
        return "250 never arrives"
    return reply


class _CountingController(Controller):
    def factory(self) -> Any:
        self.handler.connections += 1
        return super().factory()  # type: ignore[no-untyped-call]  # aiosmtpd's is untyped


def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def free_port() -> int:
    """Return a port nobody listens at; aiosmtpd cannot tell which one it was given."""
    with socket.create_server(("localhost", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    """Run the server and yield its port; the options are those of aiosmtpd's Controller."""
    port = free_port()
    controller = _CountingController(mailbox, hostname="localhost", port=port, **options)
    controller.start()
    mailbox.connections = 0  # the controller tries its own server at the start
    try:
        yield port
    finally:
        controller.stop()
