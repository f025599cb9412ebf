"""Mail through a server (RFC 5321), over verified TLS only.

No error text quotes the server: its replies repeat addresses, sometimes content.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from slotfinder.errors import UsageError, WriteError
from slotfinder.ports import Message

_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}  # submission, RFC 6409 §3.1 and RFC 8314 §3.3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    host: str
    port: int
    implicit_tls: bool
    user: str | None
    password: str | None = field(repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        try:
            parts = urlsplit(url)
            default_port = _DEFAULT_PORTS[parts.scheme]
            port = parts.port or default_port
        except (KeyError, ValueError):
            parts, port = urlsplit(""), 0
        if not parts.hostname:
            # Not chained and not quoted: what failed to parse may be part of a password.
            raise UsageError(
                "The mail server's address is not of the form smtp://user@host:587 "
                "or smtps://user@host:465; special characters in it are percent-encoded."
            )
        return cls(
            host=parts.hostname,
            port=port,
            implicit_tls=parts.scheme == "smtps",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


class SmtpMailer:
    """A Mailer over SMTP: ``smtp://`` demands STARTTLS, ``smtps://`` is TLS from the start.

    The connection is kept from message to message: use it as a context manager, or close it.
    ``password`` counts before one in the URL; it is used only if the URL names a user.
    ``ca_file`` holds the certificates to trust instead of the system's.
    """

    def __init__(
        self, url: str, sender: str, *, password: str | None, ca_file: Path | None, timeout: float
    ) -> None:
        self._server = _Server.from_url(url)
        self._password = password or self._server.password or ""
        self._sender = sender
        self._timeout = timeout
        self._connection: smtplib.SMTP | None = None
        try:
            self._tls = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise UsageError(
                f"The file of certificates to trust cannot be used: {error.strerror}."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take leave of the server, if there is a connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            _quit(connection)

    def send(self, message: Message) -> None:
        try:
            connection = self._take_connection()
            try:
                _announce(connection, self._sender, message.recipient)
                _transmit(connection, message.content)
            except BaseException:
                connection.close()
                raise
        # ValueError (a UnicodeError): smtplib puts nothing but ASCII into commands.
        except (OSError, ValueError) as error:
            # Not chained: the errors of smtplib quote the server, and commands.
            raise _failure(error) from None
        # Kept only after success, so that no conversation starts in the middle of another.
        self._connection = connection

    def _take_connection(self) -> smtplib.SMTP:
        connection, self._connection = self._connection, None
        if connection is None:
            return self._connect()
        # Servers hang up on idle clients, some with a 421 that lies waiting to be read.
        try:
            code, _ = connection.noop()
        except smtplib.SMTPServerDisconnected:
            code = 421
        if code == 250:
            return connection
        connection.close()
        return self._connect()

    def _connect(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.implicit_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=self._timeout, context=self._tls
            )
        else:
            connection = smtplib.SMTP(host, port, timeout=self._timeout)
        try:
            if not self._server.implicit_tls:
                # Without a context of ours smtplib would trust any certificate.
                connection.starttls(context=self._tls)
            connection.ehlo_or_helo_if_needed()
            if self._server.user is not None:
                connection.login(self._server.user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection


def _quit(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except OSError:
        connection.close()


def _announce(connection: smtplib.SMTP, sender: str, recipient: str) -> None:
    code, answer = connection.mail(sender)
    if code != 250:
        raise smtplib.SMTPResponseException(code, answer)
    code, answer = connection.rcpt(recipient)
    if code not in (250, 251):  # 251: the server forwards it, RFC 5321 §3.4
        raise smtplib.SMTPResponseException(code, answer)


def _transmit(connection: smtplib.SMTP, content: bytes) -> None:
    try:
        code, answer = connection.data(content)
    except smtplib.SMTPDataError:  # the server did not ask for the content
        raise
    except OSError:
        code, answer = -1, b""
    if code // 100 in (4, 5):
        raise smtplib.SMTPDataError(code, answer)
    if code // 100 != 2:
        raise WriteError(
            "outcome-unknown",
            "The connection to the mail server broke off while it took the message: "
            "whether it will be delivered is not known.",
        )


def _failure(error: OSError | ValueError) -> WriteError:
    """Say what happened in words of our own, with the server's code but not with its text."""
    if isinstance(error, smtplib.SMTPResponseException):
        what = "the login" if isinstance(error, smtplib.SMTPAuthenticationError) else "the mail"
        code = _code(error.smtp_code, error.smtp_error)
        if error.smtp_code // 100 == 5:
            return WriteError("provider-refused", f"The mail server refused {what} ({code}).")
        return WriteError("provider-unavailable", f"The mail server put off {what} ({code}).")
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return WriteError(
            "provider-refused",
            "An address, user name or password has characters that cannot be sent over SMTP.",
        )
    return WriteError("provider-unavailable", _trouble(error))


def _trouble(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The mail server's certificate is not trusted: {error.verify_message}."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server does not offer what is needed: STARTTLS, and login with a user."
    return "The mail server cannot be reached, does not answer, or hung up."


def _code(code: int, answer: bytes | str) -> str:
    """Return the reply code, with the enhanced one (RFC 3463) where the answer starts with it."""
    text = answer if isinstance(answer, bytes) else answer.encode()
    enhanced = re.match(rb"[245]\.\d{1,3}\.\d{1,3}\b", text)
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)
