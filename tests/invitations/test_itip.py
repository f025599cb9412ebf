import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.domain.meeting import Attendee, Event
from slotfinder.invitations.itip import cancel_message, request_message
from slotfinder.invitations.texts import SHIPPED
from slotfinder.invitations.wording import Body, event_text, mail
from slotfinder.ports import Message
from tests.invitations.examples import ORGANIZER, PRIYA, TOM, event, occasion
from tests.invitations.readers import Understood, read_with_ical, read_with_vobject

SENDER = "mentoring@acme.example"
BODY = Body(subject="Invitation: Tea", text="Hello Tom", html="<p>Hello Tom</p>")


def request(
    example: Event, recipient: Attendee = TOM, *, body: Body = BODY, first: bool = True
) -> Message:
    return request_message(example, recipient, sender=SENDER, body=body, first=first)


def cancel(example: Event, recipient: Attendee = TOM) -> Message:
    return cancel_message(example, recipient, sender=SENDER, body=BODY)


def opened(message: Message) -> EmailMessage:
    mail = message_from_bytes(message.content, policy=SMTP)
    assert not any(part.defects for part in mail.walk())
    return mail


def calendars(mail: EmailMessage) -> list[bytes]:
    """Return the calendar part and the attached one."""
    kinds = ("text/calendar", "application/ics")
    contents = [p.get_payload(decode=True) for p in mail.walk() if p.get_content_type() in kinds]
    return [content for content in contents if isinstance(content, bytes)]


def test_the_mail_has_the_shape_that_shows_buttons() -> None:
    mail = opened(request(event()))

    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    *_, calendar, attachment = mail.walk()
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_param("charset") == "UTF-8"
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert attachment.get_filename() == "invite.ics"
    inside, attached = calendars(mail)
    assert inside == attached


def test_the_headers_address_one_person() -> None:
    mail = opened(request(event()))

    assert mail["From"] == SENDER
    assert mail["To"] == TOM.email
    assert mail["Cc"] is None
    assert mail["Subject"] == BODY.subject
    assert mail["Date"].datetime == datetime(2027, 1, 4, 6, tzinfo=UTC)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(
        r"<[0-9a-f]{16}\.0\.request\.[0-9a-f]{16}@acme\.example>", mail["Message-ID"]
    )
    assert mail["In-Reply-To"] is None


def test_what_people_read_is_in_both_texts() -> None:
    body = mail(SHIPPED, "invitation", occasion(), occasion().mentor)
    message = opened(request(event(), body=body))

    plain, html = (message.get_body([kind]) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == body.text.split()
    assert html.get_content().split() == body.html.split()


@pytest.mark.parametrize("build", [lambda e: request(e, first=False), cancel])
def test_changes_and_cancellations_answer_the_first_invitation(
    build: Callable[[Event], Message],
) -> None:
    first = opened(request(event()))["Message-ID"]
    mail = opened(build(event(sequence=2)))

    assert mail["In-Reply-To"] == mail["References"] == first
    assert ".2." in mail["Message-ID"]


def test_a_repeated_first_invitation_does_not_answer_itself() -> None:
    assert opened(request(event(), first=False))["In-Reply-To"] is None


def test_a_cancellation_keeps_the_uid_and_says_so_in_both_places() -> None:
    mail = opened(cancel(event(sequence=1)))

    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "CANCEL"
    inside, attached = calendars(mail)
    assert inside == attached
    assert b"METHOD:CANCEL\r\n" in inside
    assert read_with_vobject(inside).uid == event().uid
    assert read_with_vobject(inside).sequence == 1


def test_every_message_has_its_own_key_and_message_id() -> None:
    messages = [
        request(event()),
        request(event(), PRIYA),
        request(event(sequence=1)),
        cancel(event(sequence=1)),
        request(event(uid="another")),
    ]

    assert len({message.key for message in messages}) == len(messages)
    assert len({opened(message)["Message-ID"] for message in messages}) == len(messages)
    assert [message.recipient for message in messages[:2]] == [TOM.email, PRIYA.email]


@pytest.mark.parametrize(
    "uid", ["0D3B-x@google.com", "../../etc/passwd", "a b\r\nc", ".hidden", "x" * 500, "ü", "A/b"]
)
def test_the_key_is_safe_as_a_file_name(uid: str) -> None:
    key = request(event(uid=uid)).key

    assert re.fullmatch(r"[a-z0-9][a-z0-9@._-]*\.0\.request\.[0-9a-f]{16}", key)
    assert len(f"{key}.eml") < 255


def test_the_key_of_our_own_uids_shows_them() -> None:
    assert request(event()).key.startswith(f"{event().uid}.0.request.")


def test_same_input_same_bytes_and_other_words_other_boundaries() -> None:
    assert request(event()) == request(event())
    others = request(event(), body=replace(BODY, text="Hello Priya"))
    assert opened(request(event())).get_boundary() != opened(others).get_boundary()


def test_independent_readers_agree_with_the_event() -> None:
    example = event(sequence=4)

    (inside, _) = calendars(opened(request(example, first=False)))

    assert (
        read_with_vobject(inside)
        == read_with_ical(inside)
        == Understood(
            uid=example.uid,
            sequence=4,
            start=example.interval.start,
            end=example.interval.end,
            summary=example.title,
            organizer=ORGANIZER.email,
            attendees=frozenset((who.email, who.name) for who in (TOM, PRIYA)),
        )
    )


any_text = (
    st.text()
    | st.text(st.sampled_from('\r\n\t\0\x85\u2028é=?.,"<>@ --a'))
    | st.text(st.sampled_from("aé名"), min_size=200)
)


@settings(deadline=None)  # a machine under load is no defect
@given(
    name=any_text,
    title=any_text,
    programme=any_text,
    language=st.sampled_from(sorted(SHIPPED.languages)),
)
def test_whatever_people_are_called_the_mail_opens_as_built(
    name: str, title: str, programme: str, language: str
) -> None:
    tom = replace(occasion().mentor, name=name)
    priya = replace(occasion().mentee, language=language)
    about = occasion(mentor=tom, mentee=priya, programme=programme)
    body = mail(SHIPPED, "invitation", about, about.mentee)
    text = event_text(SHIPPED, about, *about.people)
    example = event(title=title, text=text, attendees=(replace(TOM, name=name), PRIYA))

    message = request(example, PRIYA, body=body)

    assert b"\n" not in message.content.replace(b"\r\n", b"")
    assert b"\r" not in message.content.replace(b"\r\n", b"")
    assert message.content.isascii()
    assert max(map(len, message.content.split(b"\r\n"))) <= 998
    built = opened(message)
    assert built["To"] == PRIYA.email
    assert set(built.keys()) == set(opened(request(event())).keys())
    assert [part.get_content_type() for part in built.walk()].count("text/calendar") == 1
    for content in calendars(built):
        assert read_with_vobject(content).uid == read_with_ical(content).uid == example.uid
