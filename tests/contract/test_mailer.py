"""What the port Mailer promises, asked of every adapter."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from slotfinder.errors import WriteError
from slotfinder.mail.outbox_folder import OutboxFolder
from slotfinder.mail.smtp import SmtpMailer
from slotfinder.ports import Mailer, Message
from tests.mail.smtp_server import Mailbox, running, server_tls


@dataclass(frozen=True)
class Subject:
    mailer: Mailer
    delivered: Callable[[], list[bytes]]
    break_down: Callable[[], None]


def _outbox(tmp_path: Path, _stack: ExitStack) -> Subject:
    folder = tmp_path / "outbox"

    def break_down() -> None:
        folder.touch()

    return Subject(
        mailer=OutboxFolder(folder),
        delivered=lambda: [file.read_bytes() for file in sorted(folder.glob("*.eml"))],
        break_down=break_down,
    )


def _smtp(tmp_path: Path, stack: ExitStack) -> Subject:
    authority, mailbox = trustme.CA(), Mailbox()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    port = stack.enter_context(running(mailbox, tls_context=server_tls(authority)))
    mailer = SmtpMailer(
        f"smtp://localhost:{port}",
        "mentoring@acme.example",
        password=None,
        ca_file=tmp_path / "ca.pem",
        timeout=5.0,
    )

    def break_down() -> None:
        mailbox.rcpt_reply = "550 no"

    return Subject(
        mailer=stack.enter_context(mailer),
        delivered=lambda: mailbox.contents,
        break_down=break_down,
    )


@pytest.fixture(params=[_outbox, _smtp])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    with ExitStack() as stack:
        yield request.param(tmp_path, stack)


def message(name: str, content: bytes = b"") -> Message:
    return Message(
        key=f"{name}.0.request.ab",
        recipient=f"{name}@acme.example",
        content=content or f"Subject: {name}\r\n\r\nHello {name}\r\n".encode(),
    )


def test_each_message_arrives_as_it_is(subject: Subject) -> None:
    subject.mailer.send(message("ann"))
    subject.mailer.send(message("bob"))

    assert subject.delivered() == [message("ann").content, message("bob").content]


@pytest.mark.parametrize(
    "body", [b".\r\n", b"..\r\n.x\r\n", b"\r\n\r\n", b"From me\r\n", b"x" * 900 + b"\r\n"]
)
def test_no_content_is_changed_on_the_way(subject: Subject, body: bytes) -> None:
    sent = message("ann", b"Subject: x\r\n\r\n" + body)

    subject.mailer.send(sent)

    assert subject.delivered() == [sent.content]


def test_sending_again_is_harmless(subject: Subject) -> None:
    """Nothing but copies of one message arrive, which its Message-ID tells the reader."""
    subject.mailer.send(message("ann"))
    subject.mailer.send(message("ann"))

    assert set(subject.delivered()) == {message("ann").content}


def test_what_cannot_be_handed_over_is_a_write_error(subject: Subject) -> None:
    subject.break_down()

    with pytest.raises(WriteError) as caught:
        subject.mailer.send(message("ann"))

    assert caught.value.code in {"provider-refused", "provider-unavailable"}
    assert "ann" not in str(caught.value)
    assert subject.delivered() == []
