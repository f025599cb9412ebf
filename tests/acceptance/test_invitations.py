"""Mails: RFC 5545, 5546 and 6047, one recipient a transaction, times of both in words."""

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.acceptance.world import (
    OFFICE,
    PRIYA,
    TOM,
    Result,
    World,
    calendar_part,
    couple,
    invitation,
    lines_of,
    simple,
    stamp,
    unfolded,
    values,
    words,
)


@pytest.fixture(scope="module")
def invited(module_folder: Path) -> tuple[World, Result]:
    world = couple(module_folder / "invited")
    world.people[1]["timezone"] = "Europe/Berlin"
    world.write()
    return world, world.run()


def to(world: World, email: str) -> EmailMessage:
    [mail] = [mail for mail in world.mails() if email in str(mail["To"])]
    return mail


def test_each_attendee_gets_one_mail_of_their_own(invited: tuple[World, Result]) -> None:
    world, _ = invited
    assert sorted(str(mail["To"]) for mail in world.mails()) == [PRIYA, TOM]
    assert all(mail["Cc"] is None and mail["Bcc"] is None for mail in world.mails())


def test_mails_come_from_the_sender(invited: tuple[World, Result]) -> None:
    world, _ = invited
    assert all(OFFICE in str(mail["From"]) for mail in world.mails())


@pytest.mark.parametrize("email", [TOM, PRIYA])
def test_the_calendar_part_names_its_method(invited: tuple[World, Result], email: str) -> None:
    world, _ = invited
    part = calendar_part(to(world, email))
    assert part.get_param("method") == "REQUEST"
    assert str(part.get_param("charset")).lower() == "utf-8"
    assert lines_of(invitation(to(world, email)), "METHOD") == ["METHOD:REQUEST"]


@pytest.mark.parametrize("email", [TOM, PRIYA])
def test_the_invitation_is_the_event_in_utc(invited: tuple[World, Result], email: str) -> None:
    world, result = invited
    action = result.action
    content = invitation(to(world, email))
    assert lines_of(content, "DTSTART") == [f"DTSTART:{stamp(action['start'])}"]
    assert lines_of(content, "DTEND") == [f"DTEND:{stamp(action['end'])}"]
    assert values(content, "UID") == [action["uid"]]
    assert values(content, "SEQUENCE") == ["0"]
    assert values(content, "ORGANIZER") == [f"mailto:{OFFICE}"]
    assert f"mailto:{email}" in values(content, "ATTENDEE")
    [stamped] = values(content, "DTSTAMP")
    assert re.fullmatch(r"\d{8}T\d{6}Z", stamped)
    assert all("RSVP=TRUE" in line for line in lines_of(content, "ATTENDEE"))
    assert "TZID" not in "".join(unfolded(content))


@pytest.mark.parametrize("email", [TOM, PRIYA])
def test_the_times_of_both_people_stand_in_words_in_the_body(
    invited: tuple[World, Result], email: str
) -> None:
    world, result = invited
    assert result.action["start"] == "2027-01-05T09:00:00Z"
    text = words(to(world, email))
    assert "5 January 2027" in text
    assert "09:00" in text
    assert "London" in text
    assert "10:00" in text
    assert "Berlin" in text


def test_a_clock_shared_by_both_is_named_once(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    assert words(world.mails()[0]).count("09:00") == 1


def test_message_ids_are_deterministic_and_different(tmp_path: Path) -> None:
    one, other = simple(tmp_path / "one"), simple(tmp_path / "other")
    one.run()
    other.run()
    ids = [str(mail["Message-ID"]) for mail in one.mails()]
    assert len(set(ids)) == 2
    assert ids == [str(mail["Message-ID"]) for mail in other.mails()]
    assert all(re.fullmatch(r"<[^<>\s@]+@[^<>\s@]+>", found) for found in ids)


def test_equal_programmes_send_equal_mails_byte_for_byte(tmp_path: Path) -> None:
    one, other = simple(tmp_path / "one"), simple(tmp_path / "other")
    one.run()
    other.run()
    mails = {name for name in one.snapshot() if name.startswith("outbox")}
    assert len(mails) == 2
    assert one.snapshot() == other.snapshot()


def test_lines_of_a_mail_are_short_and_seven_bit(invited: tuple[World, Result]) -> None:
    world, _ = invited
    for path in sorted((world.folder / "outbox").iterdir()):
        content = path.read_bytes()
        assert content.isascii()
        assert max(map(len, content.splitlines())) <= 998
        assert b"\r\n" in content
        assert b"\n" not in content.replace(b"\r\n", b"")


def test_names_that_would_break_a_mail_arrive_as_they_are(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["name"] = 'Tóm "T;,\\" Exämple'
    world.people[1]["name"] = "李小龍 😀"
    world.write()
    action = world.run().action
    text = words(to(world, TOM))
    assert "李小龍 😀" in text
    [summary] = values(invitation(to(world, TOM)), "SUMMARY")
    assert "李小龍 😀" in summary
    assert world.run().kinds == ["keep"]
    assert values(world.copy(TOM, action["uid"]).read_bytes(), "UID") == [action["uid"]]


def test_a_line_break_in_a_name_plants_no_header(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["name"] = "Tom\r\nBcc: spy@evil.example"
    world.write()
    result = world.run()
    assert "Traceback" not in result.err
    for mail in world.mails():
        assert mail["Bcc"] is None
        for line in unfolded(invitation(mail)):
            assert not line.startswith("Bcc")


def test_no_password_is_needed_where_mails_are_files(invited: tuple[World, Result]) -> None:
    _, result = invited
    assert result.json["summary"]["failed"] == 0
