import re
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.domain.meeting import Answer, Attendee
from slotfinder.invitations.vevent import event_calendar
from tests.invitations.examples import ORGANIZER, PRIYA, TOM, event
from tests.invitations.readers import read_with_ical, read_with_vobject


def lines(content: bytes) -> list[str]:
    """Return the content lines, unfolded."""
    return content.decode().replace("\r\n ", "").split("\r\n")


def attendee(email: str, content: bytes) -> str:
    (found,) = [
        line for line in lines(content) if line.startswith("ATTENDEE") and email in line.lower()
    ]
    return found


def test_an_invitation_says_everything_readers_need() -> None:
    content = lines(event_calendar(event(), "REQUEST"))

    assert content[:4] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//slotfinder//slotfinder//EN",
        "METHOD:REQUEST",
    ]
    assert {
        "UID:0d3b4f4e-6f0e-5d3c-9a54-6a6f2b1c7a11",
        "SEQUENCE:0",
        "DTSTAMP:20270104T060000Z",
        "DTSTART:20270107T111500Z",
        "DTEND:20270107T120000Z",
        "SUMMARY:Reverse mentoring: Tom Baker & Priya Sharma",
        r"DESCRIPTION:Thursday\nat eleven",
        "LOCATION:https://meet.example/abc",
        "ORGANIZER;CN=Mentoring:mailto:mentoring@acme.example",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "CLASS:PRIVATE",
        "URL:https://meet.example/abc",
        "CONFERENCE;FEATURE=AUDIO,VIDEO;VALUE=URI:https://meet.example/abc",
    } <= set(content)
    assert not {"BEGIN:VALARM", "BEGIN:VTIMEZONE"} & set(content)


def test_a_copy_for_a_calendar_has_no_method() -> None:
    assert b"METHOD" not in event_calendar(event())


def test_a_cancellation_frees_the_time() -> None:
    content = set(lines(event_calendar(event(sequence=2), "CANCEL")))

    assert {
        "METHOD:CANCEL",
        "SEQUENCE:2",
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
    } <= content


@pytest.mark.parametrize(
    ("answer", "partstat", "asks"),
    [
        (Answer.NONE, "NEEDS-ACTION", True),
        (Answer.ACCEPTED, "ACCEPTED", False),
        (Answer.TENTATIVE, "TENTATIVE", True),
        (Answer.DECLINED, "DECLINED", True),
    ],
)
def test_an_attendee_is_asked_until_accepted(answer: Answer, partstat: str, *, asks: bool) -> None:
    line = attendee("tom@", event_calendar(event(attendees=(replace(TOM, answer=answer), PRIYA))))

    assert line.startswith('ATTENDEE;CN="Tom Baker";CUTYPE=INDIVIDUAL;')
    assert f"PARTSTAT={partstat};ROLE=REQ-PARTICIPANT" in line
    assert ("RSVP=TRUE" in line) is asks


def test_an_attendee_who_organizes_chairs_and_is_not_asked() -> None:
    line = attendee("tom@", event_calendar(event(organizer=TOM)))

    assert line == (
        'ATTENDEE;CN="Tom Baker";CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:'
        "mailto:tom@acme.example"
    )


def test_the_room_takes_part_without_being_a_person() -> None:
    content = event_calendar(event(room=Attendee(email="room-a@acme.example", name="Room A")))

    assert attendee("room-a@", content) == (
        'ATTENDEE;CN="Room A";CUTYPE=ROOM;PARTSTAT=ACCEPTED;ROLE=NON-PARTICIPANT:'
        "mailto:room-a@acme.example"
    )


def test_in_person_and_public_leaves_out_link_and_class() -> None:
    content = event_calendar(event(join_url=None, location="", private=False))

    assert not re.search(rb"^(CONFERENCE|URL|CLASS|LOCATION)", content, re.MULTILINE)


def test_the_stamp_is_written_in_utc_whatever_its_zone() -> None:
    stamp = event().stamp.astimezone(ZoneInfo("Asia/Kathmandu"))

    assert event_calendar(event(stamp=stamp)) == event_calendar(event())


def test_two_independent_readers_agree() -> None:
    content = event_calendar(
        event(
            sequence=3,
            title="Café, «Ελλάδα»; 中文 & \N{GRINNING FACE} " + "very long " * 30,
            attendees=(
                Attendee(email="o'neil+x@acme.example", name='O\'Neil, Zoë; "Zo": 名前'),
                Attendee(email="priya@acme.example", name="Priya " + "Śharma-" * 40),
            ),
        ),
        "REQUEST",
    )

    understood = read_with_vobject(content)
    assert understood == read_with_ical(content)
    assert understood.uid == event().uid
    assert understood.sequence == 3
    assert (understood.start, understood.end) == (event().interval.start, event().interval.end)
    assert understood.start.tzinfo is UTC
    assert understood.organizer == ORGANIZER.email
    assert understood.attendees == {
        ("o'neil+x@acme.example", "O'Neil, Zoë; 'Zo': 名前"),
        ("priya@acme.example", "Priya " + "Śharma-" * 40),
    }


any_text = st.text() | st.text(st.sampled_from('\r\n\t\0\x85\u2028\\,;:"^=N\x1b a')).map(
    lambda text: text + "\r\nATTENDEE:mailto:eve@evil.example\nUID:evil"
)


@settings(deadline=None)  # a machine under load is no defect
@given(title=any_text, text=any_text, name=any_text, location=any_text, url=any_text)
def test_no_text_can_break_out_of_its_property(
    title: str, text: str, name: str, location: str, url: str
) -> None:
    example = event(
        title=title,
        text=text,
        location=location,
        join_url=f"https://meet.example/{url}",
        organizer=Attendee(email="mentoring@acme.example", name=name),
        attendees=(Attendee(email="tom@acme.example", name=name), PRIYA),
    )

    content = event_calendar(example, "REQUEST")

    assert content == event_calendar(example, "REQUEST")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    assert content.count(b"\r\nBEGIN:VEVENT\r\n") == 1
    for understood in (read_with_vobject(content), read_with_ical(content)):
        assert understood.uid == example.uid
        assert {address for address, _ in understood.attendees} == {TOM.email, PRIYA.email}


@pytest.mark.parametrize(
    "email",
    [
        "tom@acme.example\r\nATTENDEE:mailto:eve@evil.example",
        'a b";,:%0d<>\\@acme.example',
        "é@x.y",
    ],
)
def test_no_address_can_break_out_of_its_property(email: str) -> None:
    content = event_calendar(event(attendees=(Attendee(email=email, name="Tom"),)))

    assert len(re.findall(rb"^ATTENDEE", content, re.MULTILINE)) == 1
    assert {address for address, _ in read_with_vobject(content).attendees} == {email}


def test_what_an_encoding_cannot_hold_is_left_out() -> None:
    content = event_calendar(event(title="a\ud800b\x00c", text="x\u2028y\r\nz\\N"))

    assert r"DESCRIPTION:x\ny\nz/N" in lines(content)
    assert icalendar.Calendar.from_ical(content).events[0]["SUMMARY"] == "abc"
