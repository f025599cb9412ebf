import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from slotfinder.errors import UsageError, WriteError
from slotfinder.mail.smtp import SmtpMailer
from slotfinder.ports import Message
from tests.mail.smtp_server import Mailbox, free_port, running, server_tls

SENDER = "mentoring@acme.example"
RECIPIENT = "tom.baker@acme.example"
PASSWORD = "pass/word"
MESSAGE = Message(
    key="u1.0.request.ab", recipient=RECIPIENT, content=b"Subject: Tea\r\n\r\n.Hello secret\r\n"
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def starttls(authority: trustme.CA, mailbox: Mailbox) -> Iterator[int]:
    tls = server_tls(authority)
    with running(
        mailbox, tls_context=tls, require_starttls=True, authenticator=mailbox.authenticate
    ) as port:
        yield port


def mailer(url: str, ca_file: Path | None, **options: Any) -> SmtpMailer:
    return SmtpMailer(
        url, SENDER, **{"password": None, "ca_file": ca_file, "timeout": 5.0} | options
    )


def failure(url: str, ca_file: Path | None, **options: Any) -> WriteError:
    """Send and return the error, having checked that it gives nothing away."""
    with (
        mailer(url, ca_file, **options) as connected,
        pytest.raises(WriteError) as caught,
    ):
        connected.send(MESSAGE)
    for secret in (RECIPIENT, "tom.baker", PASSWORD, "pass%2Fword", "secret"):
        assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_starttls_delivers_the_very_bytes_to_one_recipient(
    starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    with mailer(f"smtp://localhost:{starttls}", ca_file) as connected:
        connected.send(MESSAGE)

    (envelope,) = mailbox.envelopes
    assert envelope.content == MESSAGE.content
    assert envelope.mail_from == SENDER
    assert envelope.rcpt_tos == [RECIPIENT]
    assert mailbox.logins == []


def test_tls_from_the_start(authority: trustme.CA, mailbox: Mailbox, ca_file: Path) -> None:
    with (
        running(mailbox, ssl_context=server_tls(authority)) as port,
        mailer(f"smtps://localhost:{port}", ca_file) as connected,
    ):
        connected.send(MESSAGE)

    assert mailbox.contents == [MESSAGE.content]


def test_one_connection_serves_many_messages(
    starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    with mailer(f"smtp://localhost:{starttls}", ca_file) as connected:
        connected.send(MESSAGE)
        connected.send(MESSAGE)

    assert len(mailbox.envelopes) == 2
    assert mailbox.connections == 1


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle too long\r\n"])
def test_a_connection_the_server_closed_meanwhile_is_made_anew(
    farewell: bytes, starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    mailbox.farewell = farewell
    with mailer(f"smtp://localhost:{starttls}", ca_file) as connected:
        connected.send(MESSAGE)
        connected.send(MESSAGE)

    assert len(mailbox.envelopes) == 2
    assert mailbox.connections == 2


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_of_an_unknown_authority_is_refused(
    scheme: str, authority: trustme.CA, mailbox: Mailbox
) -> None:
    tls = server_tls(authority)
    options = {"smtp": {"tls_context": tls}, "smtps": {"ssl_context": tls}}[scheme]
    with running(mailbox, **options) as port:
        error = failure(f"{scheme}://localhost:{port}", ca_file=None)

    assert error.code == "provider-unavailable"
    assert "certificate" in str(error)
    assert mailbox.envelopes == []


def test_a_certificate_for_another_name_is_refused(mailbox: Mailbox, ca_file: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(tls)
    with running(mailbox, tls_context=tls) as port:
        error = failure(f"smtp://localhost:{port}", ca_file)

    assert error.code == "provider-unavailable"
    assert "certificate" in str(error)


def test_nothing_is_said_in_clear_to_a_server_without_starttls(
    mailbox: Mailbox, ca_file: Path
) -> None:
    with running(mailbox, authenticator=mailbox.authenticate, auth_require_tls=False) as port:
        error = failure(f"smtp://user@localhost:{port}", ca_file, password=PASSWORD)

    assert error.code == "provider-unavailable"
    assert "STARTTLS" in str(error)
    assert mailbox.logins == []
    assert mailbox.envelopes == []


@pytest.mark.parametrize(
    ("userinfo", "password"),
    [("user%40acme", PASSWORD), ("user%40acme:pass%2Fword", None), ("user%40acme:x", PASSWORD)],
)
def test_logs_in_with_the_decoded_user_and_password(
    userinfo: str, password: str | None, starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    with mailer(f"smtp://{userinfo}@localhost:{starttls}", ca_file, password=password) as connected:
        connected.send(MESSAGE)

    (login,) = mailbox.logins
    assert (login.login, login.password) == (b"user@acme", PASSWORD.encode())


def test_a_wrong_password_is_refused_and_not_repeated(starttls: int, ca_file: Path) -> None:
    error = failure(f"smtp://user:pass%2Fword1@localhost:{starttls}", ca_file)

    assert error.code == "provider-refused"
    assert "login" in str(error)
    assert "535" in str(error)


@pytest.mark.parametrize(
    ("reply", "code", "shown"),
    [
        (f"550 5.1.1 <{RECIPIENT}> unknown", "provider-refused", "(550 5.1.1)"),
        (f"451 <{RECIPIENT}> greylisted", "provider-unavailable", "(451)"),
        (None, "provider-unavailable", "hung up"),
    ],
)
def test_a_recipient_that_is_not_taken(
    reply: str | None, code: str, shown: str, starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    mailbox.rcpt_reply = reply

    error = failure(f"smtp://localhost:{starttls}", ca_file)

    assert error.code == code
    assert shown in str(error)
    assert mailbox.envelopes == []


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("554 5.7.1 secret is spam", "provider-refused"),
        ("451 try later", "provider-unavailable"),
        (None, "outcome-unknown"),
    ],
)
def test_what_the_server_says_to_the_content(
    reply: str | None, code: str, starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    mailbox.data_reply = reply

    assert failure(f"smtp://localhost:{starttls}", ca_file).code == code


def test_a_sender_that_is_not_taken(starttls: int, mailbox: Mailbox, ca_file: Path) -> None:
    mailbox.mail_reply = "550 5.7.1 not from here"

    assert failure(f"smtp://localhost:{starttls}", ca_file).code == "provider-refused"
    assert mailbox.envelopes == []


def test_a_server_that_does_not_ask_for_the_content_has_refused(
    starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    mailbox.rcpt_reply = "250 OK, but forgotten"  # so that DATA is answered with 503

    assert failure(f"smtp://localhost:{starttls}", ca_file).code == "provider-refused"


def test_the_next_message_goes_out_after_one_that_failed(
    starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    with mailer(f"smtp://localhost:{starttls}", ca_file) as connected:
        mailbox.rcpt_reply = "550 no"
        with pytest.raises(WriteError):
            connected.send(MESSAGE)
        mailbox.rcpt_reply = "250 OK"
        connected.send(MESSAGE)

    assert mailbox.contents == [MESSAGE.content]


def test_a_server_that_is_not_there(ca_file: Path) -> None:
    assert failure(f"smtp://localhost:{free_port()}", ca_file).code == "provider-unavailable"


def test_a_server_that_never_answers(ca_file: Path) -> None:
    with socket.create_server(("localhost", 0)) as silent:
        port = silent.getsockname()[1]
        error = failure(f"smtp://localhost:{port}", ca_file, timeout=0.1)

    assert error.code == "provider-unavailable"


def test_an_address_that_no_command_can_hold_is_refused(
    starttls: int, mailbox: Mailbox, ca_file: Path
) -> None:
    message = Message(key="k", recipient="jörg@acme.example", content=MESSAGE.content)
    with (
        mailer(f"smtp://localhost:{starttls}", ca_file) as connected,
        pytest.raises(WriteError) as caught,
    ):
        connected.send(message)

    assert caught.value.code == "provider-refused"
    assert "jörg" not in str(caught.value)
    assert mailbox.envelopes == []


@pytest.mark.parametrize(
    "url", ["", "http://host:80", "smtp://", "smtp://user:pass/word@host", "smtp://host:99999"]
)
def test_an_address_that_is_no_mail_server_is_told_without_quoting_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        mailer(url, None)

    assert "pass" not in str(caught.value)
    assert caught.value.__context__ is None


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="certificates"):
        mailer("smtp://host", tmp_path / "absent.pem")


def test_the_ports_of_submission_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(address: Any, *_rest: Any) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    for url in ("smtp://host", "smtps://host"):
        assert failure(url, None).code == "provider-unavailable"

    assert asked == [("host", 587), ("host", 465)]
