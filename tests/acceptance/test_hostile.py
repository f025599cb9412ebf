"""Hostile input: an answer, never a traceback, and no calendar believed to be free."""

import os
from pathlib import Path

import pytest

from tests.acceptance.world import (
    PRIYA,
    TOM,
    calendar,
    couple,
    entry,
    invitation,
    simple,
    unfolded,
    values,
    words,
)

START = "DTSTART:20270104T090000Z"
SPAN = ("--from", "2027-01-04", "--to", "2027-01-17")

STRANGE = {
    "far future": entry("x", "DTSTART:99991231T235959Z", "DURATION:PT1H"),
    "far past": entry("x", "DTSTART:00010101T000000Z", "DTEND:00010101T010000Z"),
    "year 0": entry("x", "DTSTART:00000101T000000Z"),
    "last day": entry("x", "DTSTART;VALUE=DATE:99991231"),
    "first day": entry("x", "DTSTART;VALUE=DATE:00010101"),
    "endless": entry("x", START, "DURATION:P99999999999W"),
    "negative": entry("x", START, "DURATION:-P99999999999W"),
    "since ever": entry("x", "DTSTART:00010101T000000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY"),
    "interval 0": entry("x", START, "RRULE:FREQ=DAILY;INTERVAL=0"),
    "interval huge": entry("x", START, "RRULE:FREQ=DAILY;INTERVAL=99999999999999999999"),
    "count huge": entry("x", START, "RRULE:FREQ=DAILY;COUNT=99999999999999999999"),
    "count negative": entry("x", START, "RRULE:FREQ=DAILY;COUNT=-1"),
    "never": entry("x", START, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "setpos": entry("x", START, "RRULE:FREQ=HOURLY;BYMINUTE=0;BYSECOND=0;BYSETPOS=366"),
    "bymonth": entry("x", START, "RRULE:FREQ=YEARLY;BYMONTH=99"),
    "until nonsense": entry("x", START, "RRULE:FREQ=DAILY;UNTIL=99999999T999999Z"),
    "two rules": entry("x", START, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
    "two starts": entry("x", START, "DTSTART:20270105T090000Z"),
    "leap second": entry("x", "DTSTART:20270104T235960Z"),
    "sequence": entry("x", START, "SEQUENCE:99999999999999999999999999"),
    "sequence word": entry("x", START, "SEQUENCE:many"),
    "no uid": ["BEGIN:VEVENT", START, "END:VEVENT"],
    "tzid path": entry("x", "DTSTART;TZID=../../../../etc/passwd:20270104T090000"),
    "tzid nul": entry("x", "DTSTART;TZID=a\0b:20270104T090000"),
    "tzid long": entry("x", f"DTSTART;TZID={'z' * 5000}:20270104T090000"),
    "nested": ["BEGIN:VEVENT"] * 3000 + ["END:VEVENT"] * 3000,
    "unclosed": ["BEGIN:VEVENT"] * 100,
    "crossed": ["BEGIN:VEVENT", START, "BEGIN:VALARM", "END:VEVENT", "END:VALARM"],
    "long line": entry("x", START, "DESCRIPTION:" + "y" * 300_000),
    "rdate": entry("x", START, "RDATE:nonsense"),
    "exdate": entry("x", START, "RRULE:FREQ=DAILY", "EXDATE:nonsense"),
    "recurrence-id": entry("x", START, "RECURRENCE-ID:nonsense"),
    "freebusy": ["BEGIN:VFREEBUSY", "UID:f", "FREEBUSY:nonsense/PT", "END:VFREEBUSY"],
    "own wild zone": [
        "BEGIN:VTIMEZONE",
        "TZID:Wild",
        "BEGIN:STANDARD",
        "DTSTART:nonsense",
        "TZOFFSETFROM:+9999",
        "TZOFFSETTO:-9999",
        "RRULE:FREQ=SECONDLY",
        "END:STANDARD",
        "END:VTIMEZONE",
        *entry("x", "DTSTART;TZID=Wild:20270104T090000"),
    ],
}


@pytest.mark.parametrize("lines", STRANGE.values(), ids=list(STRANGE))
def test_a_strange_entry_is_read_or_makes_its_owner_unreadable(
    tmp_path: Path, lines: list[str]
) -> None:
    world = simple(tmp_path)
    (world.calendar(TOM) / "strange.ics").write_bytes(calendar(*lines))
    result = world.call("freebusy", TOM, *SPAN, "--json")
    assert result.status in {0, 3}
    assert result.json["complete"] is (result.status == 0)
    assert "Traceback" not in result.err
    assert world.plan().status in {0, 1, 3}


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    world = simple(tmp_path)
    os.mkfifo(world.calendar(TOM) / "pipe.ics")
    assert world.plan().action["reason_code"] == "calendar-unreadable"


def test_a_calendar_too_large_is_unreadable(tmp_path: Path) -> None:
    world = simple(tmp_path)
    with (world.calendar(TOM) / "large.ics").open("wb") as file:
        file.truncate(200_000_000)
    assert world.plan().action["reason_code"] == "calendar-unreadable"


@pytest.mark.parametrize(
    "name",
    [
        "[bold]Tom[/nonsense]",
        "[/]",
        "Tom [red",
        "{0} {mentor.__class__}",
        "%s %d %(name)s",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "x" * 5000,
        "Tom\tExample",
        "a\u202eb\u2066c",
        "  ",
        "Tom;CN=x:mailto:spy@evil.example",
        'Tom "the Boss" Example',
        "Tom\\nBcc: x",
    ],
)
def test_a_strange_name_breaks_nothing(tmp_path: Path, name: str) -> None:
    world = couple(tmp_path)
    world.people[0]["name"] = name
    world.write()
    done = world.run()
    assert "Traceback" not in done.err
    if done.status == 2:
        assert "name" in done.err
        return
    assert done.status == 0
    for arguments in (["plan"], ["run"], ["status"], ["explain", "p01"]):
        result = world.call(*arguments)
        assert result.status == 0
        assert "Traceback" not in result.err
    assert world.run().kinds == ["keep"]
    for mail in world.mails():
        content = invitation(mail)
        unfolded(content)
        assert len(values(content, "ATTENDEE")) == 2
        assert "<script>" not in str(mail.get_body(("html",)))
        assert words(mail)


def test_control_characters_never_reach_the_terminal(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["name"] = "Tom \x1b[2J\x1b]0;title\x07 Example"
    world.write()
    for arguments in (["plan"], ["run"], ["status"], ["explain", "p01"]):
        result = world.call(*arguments)
        assert "\x1b" not in result.out + result.err
        assert "Traceback" not in result.err


@pytest.mark.parametrize("pair", ["p/1", "../p", "p 1", "päär", "[red]", "%s", "x" * 300, "--all"])
def test_a_strange_pair_id_breaks_nothing(tmp_path: Path, pair: str) -> None:
    world = couple(tmp_path)
    world.pairs[0]["pair"] = pair
    world.write()
    result = world.run()
    assert "Traceback" not in result.err
    if result.status == 0:
        assert result.action["pair"] == pair
        assert world.call("plan").status == 0
        assert world.call("status").status == 0
        assert world.call("explain", "--json", "--", pair).status == 0
        assert world.run().kinds == ["keep"]
    else:
        assert result.status == 2


@pytest.mark.parametrize("email", ["o'brien+x@acme.example", "t.o_m-1@sub.acme.example"])
def test_unusual_addresses_work(tmp_path: Path, email: str) -> None:
    world = couple(tmp_path)
    world.people[0]["email"] = email
    world.pairs[0]["mentor"] = email
    world.calendar(TOM).rename(world.calendar(email))
    uid = world.write().run().action["uid"]
    assert world.copy(email, uid).exists()
    world.answer(email, uid, "ACCEPTED")
    assert world.run().kinds == ["keep"]
    assert world.status()["next"]["answers"][email] == "accepted"


@pytest.mark.parametrize("column", ["duration", "every", "in_person"])
def test_huge_numbers_in_a_row_are_told(tmp_path: Path, column: str) -> None:
    value = {"duration": "9" * 30, "every": "9" * 30 + " weeks", "in_person": "every " + "9" * 30}
    world = simple(tmp_path, **{column: value[column]})
    result = world.run()
    assert "Traceback" not in result.err
    assert result.status in {0, 2}


@pytest.mark.parametrize("person", ["", "nobody", "\0", "../..", "x" * 10_000, "*"])
def test_an_unknown_person_is_2(tmp_path: Path, person: str) -> None:
    result = simple(tmp_path).call("freebusy", person, "--json")
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err


@pytest.mark.parametrize("pair", ["", "nobody", "\0", "../..", "x" * 10_000, "*"])
def test_an_unknown_pair_is_2(tmp_path: Path, pair: str) -> None:
    world = simple(tmp_path)
    for arguments in (["explain", pair], ["status", pair or "?"], ["plan", "--pair", pair]):
        result = world.call(*arguments, "--json")
        assert result.status == 2
        assert result.out == ""
        assert "Traceback" not in result.err


def test_status_of_an_empty_pair_is_2(tmp_path: Path) -> None:
    assert simple(tmp_path).call("status", "", "--json").status == 2


def test_an_organizers_copy_of_nonsense_is_not_taken_for_deleted(tmp_path: Path) -> None:
    world = simple(tmp_path)
    uid = world.run().action["uid"]
    for content in (b"", b"nonsense", calendar()[:20]):
        world.copy("mentoring@acme.example", uid).write_bytes(content)
        before = world.outbox()
        result = world.run()
        assert set(result.kinds) <= {"keep", "hold"}
        assert world.outbox() == before
        assert world.copy(TOM, uid).exists()


def test_a_folder_that_became_read_only_is_a_failure_or_unreadable(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may do anything")
    world = simple(tmp_path)
    world.calendar(PRIYA).chmod(0)
    try:
        assert world.run().status == 3
    finally:
        world.calendar(PRIYA).chmod(0o755)
