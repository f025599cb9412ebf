"""Whole files: what is a calendar, what is none, and what is meant to do harm."""

from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.calendars.icalendar import OwnCopy, UnreadableCalendarError, read_own
from tests.calendars.ics import (
    NEW_YORK_RULES,
    NINE,
    TEN,
    calendar,
    entry_taken,
    event,
    read,
    taken,
    text,
)

AT_NINE = ["0323T0900/0323T1000"]
SOUND = calendar(*event(NINE, TEN))


def lines_of(content: bytes) -> list[bytes]:
    return content.split(b"\r\n")


@pytest.mark.parametrize(
    "content",
    [
        SOUND,
        b"\xef\xbb\xbf" + SOUND,
        SOUND.replace(b"\r\n", b"\n"),
        SOUND.replace(b"VEVENT", b"vevent").replace(b"BEGIN", b"begin"),
        SOUND.replace(b"DTSTART", b"DTS\r\n TART").replace(b"T100000Z", b"T1000\r\n\t00Z"),
        SOUND + b"\r\n\r\n",
        SOUND.replace(b"\r\n", b"\r\n\r\n").replace(b":2027", b"\r\n\r\n :2027"),
        SOUND.rstrip(),
        SOUND.replace(b"DTSTART", b"SUMMARY:\xff\xfe latin\r\nDTSTART"),
        SOUND.replace(b"DTSTART", b"junk without meaning\r\nX-JUNK\r\n:\r\nDTSTART"),
        SOUND.replace(b"DTSTART", b"DESCRIPTION:" + b"x" * 2_000_000 + b"\r\nDTSTART"),
    ],
)
def test_a_calendar_is_read_in_every_shape_it_comes_in(content: bytes) -> None:
    assert taken(content) == AT_NINE


def test_no_file_and_an_empty_calendar_are_free() -> None:
    assert read() == ()
    assert read(calendar()) == ()


def test_several_calendars_in_a_file_are_all_read() -> None:
    other = calendar(*event("DTSTART:20270324T090000Z", "DURATION:PT1H"))

    assert taken(SOUND.replace(b"UID:one", b"UID:two") + other) == [
        *AT_NINE,
        "0324T0900/0324T1000",
    ]


@pytest.mark.parametrize("name", ["VTODO", "VJOURNAL"])  # components of RFC 5545 3.6.2, 3.6.3
def test_tasks_and_journals_take_no_time_however_odd_they_are(name: str) -> None:
    task = (f"BEGIN:{name}", "DTSTART nonsense", "DTSTART:x", "RRULE:FREQ=SECONDLY", f"END:{name}")

    assert taken(calendar(*task, *event(NINE, TEN))) == AT_NINE


def test_an_alarm_in_an_entry_takes_no_time() -> None:
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "REPEAT:1", "END:VALARM")

    assert entry_taken(NINE, *alarm, TEN) == AT_NINE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"\xef\xbb\xbf",
        b"<!doctype html><html><body>Sign in</body></html>",
        b"\x00\x01\x02",
        SOUND.decode().encode("utf-16"),
        text("BEGIN:VCARD", "VERSION:4.0", "END:VCARD"),
        text(*event(NINE, TEN)),
        SOUND.replace(b"END:VCALENDAR\r\n", b""),
        SOUND.replace(b"END:VEVENT\r\n", b""),
        SOUND.replace(b"BEGIN:VEVENT\r\n", b""),
        SOUND.replace(b"BEGIN:VEVENT\r\n", b"").replace(b"END:VEVENT\r\n", b""),
        SOUND.replace(b"BEGIN:VCALENDAR\r\n", b""),
        SOUND + b"END:VCALENDAR\r\n",
        SOUND[: len(SOUND) // 2],
        SOUND.replace(b"\r\n", b"\r"),
        calendar("BEGIN:VTODO", *event(NINE, TEN), "END:VTODO"),  # an event within a task
        calendar("BEGIN:VEVENT", NINE, TEN, *event(NINE, TEN), "END:VEVENT"),
        calendar("BEGIN:VCALENDAR", "END:VCALENDAR"),
        calendar(*event(NINE, TEN), NINE),
    ],
)
def test_what_is_no_whole_calendar_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableCalendarError) as caught:
        read(SOUND, content)

    assert caught.value.file == 1


@pytest.mark.parametrize(
    "line",
    [
        "DTSTART",
        "DTSTART 20270323T090000Z",
        "dtend=1",
        "DURATION",
        "RRULE FREQ=DAILY",
        "RDATE",
        "RECURRENCE-ID",
        "FREEBUSY;",
    ],
)
def test_a_garbled_line_that_tells_a_time_is_not_passed_over(line: str) -> None:
    with pytest.raises(UnreadableCalendarError):
        taken(calendar(*event(NINE, TEN, line)))


@pytest.mark.parametrize("line", ["garbage", "STATUS", "ATTENDEE;PARTSTAT:x", 'UID;"', "SUMMARY"])
def test_any_other_garbled_line_is(line: str) -> None:
    assert entry_taken(NINE, TEN, line) == AT_NINE


def test_the_reason_never_says_what_is_in_the_calendar() -> None:
    secret = ("SUMMARY:Redundancy talks", "ATTENDEE:mailto:boss@acme.example", "DTSTART:SECRET")

    with pytest.raises(UnreadableCalendarError) as caught:
        taken(calendar(*event(*secret)))

    said = repr(caught.value) + repr(caught.value.__cause__)
    assert not any(word in said for word in ("Redundancy", "boss", "SECRET"))


SIXTY = ",".join(map(str, range(60)))
HOSTILE = [
    "FREQ=SECONDLY",
    "FREQ=MINUTELY;COUNT=1",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYSETPOS=366",
    "FREQ=HOURLY;COUNT=1000000000",
    f"FREQ=HOURLY;BYMINUTE={SIXTY};BYSECOND={SIXTY}",
    f"FREQ=YEARLY;BYSETPOS={','.join(map(str, range(1, 367)))};BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=1",
]
MALFORMED = [
    "",
    "FREQ",
    "FREQ=",
    "FREQ=FORTNIGHTLY",
    "INTERVAL=2",
    "FREQ=DAILY;FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;INTERVAL=100000000000",
    "FREQ=DAILY;INTERVAL=x",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;COUNT=" + "9" * 5_000,
    "FREQ=DAILY;UNTIL=soon",
    "FREQ=DAILY;UNTIL=20270230",
    "FREQ=DAILY;BYMONTH=13",
    "FREQ=DAILY;BYMONTHDAY=0",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=YEARLY;BYDAY=XX",
    "FREQ=YEARLY;BYDAY=99MO",
    "FREQ=YEARLY;BYDAY=0MO",
    "FREQ=DAILY;BYEASTER=0",
    "FREQ=DAILY;WKST=0",
    "RSCALE=HEBREW;FREQ=YEARLY",
    "FREQ=DAILY;;COUNT=1",
    "FREQ=DAILY;BYSETPOS=367",
    "FREQ=DAILY,WEEKLY",
]


@pytest.mark.parametrize("rule", HOSTILE + MALFORMED)
def test_a_rule_without_end_or_sense_makes_the_calendar_unreadable(rule: str) -> None:
    with pytest.raises(UnreadableCalendarError):
        entry_taken("DTSTART:20200101T090000Z", "DURATION:PT30M", f"RRULE:{rule}")


def test_a_thousand_costly_rules_are_given_up_together() -> None:
    """Each alone is within its limit: it is the calendar's own that ends it."""
    costly = ("DTSTART:19700101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=20000")
    entries = [line for number in range(1_000) for line in event(*costly, uid=str(number))]

    with pytest.raises(UnreadableCalendarError):
        taken(calendar(*entries))


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("FREQ=HOURLY", 1464),
        ("FREQ=DAILY", 61),
        ("FREQ=WEEKLY;INTERVAL=2", 4),
        ("FREQ=MONTHLY;BYDAY=-1FR", 2),
        ("FREQ=YEARLY", 1),
        ("FREQ=YEARLY;INTERVAL=2", 0),
        ("FREQ=DAILY;INTERVAL=99999", 0),
    ],
)
def test_old_series_are_followed_without_walking_through_the_past(rule: str, number: int) -> None:
    """From 1700 on, far more than a rule's hundred thousand steps by the hour."""
    start = ("DTSTART:17000323T090000Z", "DURATION:PT30M")

    assert len(entry_taken(*start, f"RRULE:{rule}")) == number


@pytest.mark.parametrize(
    "content",
    [
        b"BEGIN:VCALENDAR\r\n" + b"X:1\r\n" * 600_000 + b"END:VCALENDAR\r\n",
        calendar("X:" + "x" * 10_000_001),
        calendar(*event(NINE, TEN) * 50_001),
        calendar(*["BEGIN:X"] * 50_001, *["END:X"] * 50_001),
    ],
    ids=["lines", "bytes", "entries", "nesting"],
)
def test_a_calendar_has_a_size(content: bytes) -> None:
    with pytest.raises(UnreadableCalendarError):
        read(content)


# --- other people's calendars ---------------------------------------------------------------------

SHIPPED = sorted((Path(icalendar.__path__[0]) / "tests").rglob("*.ics"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_calendars_shipped_with_icalendar_are_read_or_refused_in_silence(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with suppress(UnreadableCalendarError):
        read(path.read_bytes())

    assert capfd.readouterr() == ("", "")


def test_most_of_the_shipped_calendars_are_readable() -> None:
    """The others are broken on purpose, without DTSTART, or no VCALENDAR at all."""
    readable = 0
    for path in SHIPPED:
        with suppress(UnreadableCalendarError):
            read(path.read_bytes())
            readable += 1

    assert len(SHIPPED) > 150
    assert readable > 75


RICH = calendar(
    "X-WR-TIMEZONE:Europe/Berlin",
    *NEW_YORK_RULES,
    *event(
        "DTSTART;TZID=Customized Time Zone:20270315T090000",
        "DURATION:PT1H",
        "SEQUENCE:1",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20270501T000000Z",
        "EXDATE:20270322T130000Z",
        "RDATE;VALUE=PERIOD:20270320T090000Z/PT1H",
        "ATTENDEE;PARTSTAT=TENTATIVE:mailto:tom@acme.example",
    ),
    *event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20270329T130000Z",
        "DTSTART:20270330T120000",
        "DTEND:20270330T130000",
    ),
    *event("DTSTART;VALUE=DATE:20270402", "STATUS:TENTATIVE", uid="two"),
    "BEGIN:VFREEBUSY",
    "FREEBUSY;FBTYPE=BUSY:20270410T090000Z/PT2H",
    "END:VFREEBUSY",
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    lines = lines_of(RICH)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "twice", "swap", "byte", "cut", "word"])):
            case "drop":
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "byte":
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(st.binary(max_size=3)) + lines[at][place + 1 :]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case _:
                words = [
                    b"99991231T235959Z",
                    b"00010101",
                    b"-P1000000W",
                    b"FREQ=HOURLY",
                    b";",
                    b"\x00",
                ]
                name = lines[at].partition(b":")[0]
                lines[at] = name + b":" + draw(st.sampled_from(words))
        if not lines:
            break
    return b"\r\n".join(lines)


@given(damaged())
@settings(max_examples=400, deadline=None)
def test_a_damaged_calendar_is_read_or_refused(content: bytes) -> None:
    with suppress(UnreadableCalendarError):
        read(content)
    with suppress(UnreadableCalendarError):
        read_own(content, "one", ZoneInfo("Europe/London"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for whole in (content, calendar(*event(NINE)).replace(NINE.encode(), content)):
        with suppress(UnreadableCalendarError):
            read(whole)


# --- copies of our own meetings -------------------------------------------------------------------


def own(content: bytes) -> OwnCopy | None:
    return read_own(content, "one", ZoneInfo("Europe/London"))


def test_a_copy_tells_time_sequence_answers_and_whether_it_stands() -> None:
    copy = own(
        calendar(
            *event(
                NINE,
                TEN,
                "SEQUENCE:3",
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:Tom@acme.example",
                "ATTENDEE;PARTSTAT=declined:mailto:priya@acme.example",
                "ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@acme.example",
                "ATTENDEE:mailto:b@acme.example",
                "ATTENDEE;PARTSTAT=DECLINED:mailto:a@acme.example",
            )
        )
    )

    assert copy is not None
    assert f"{copy.interval.start:%H%M}-{copy.interval.end:%H%M}" == "0900-1000"
    assert copy.sequence == 3
    assert not copy.cancelled
    assert copy.answers == {
        "tom@acme.example": "accepted",
        "priya@acme.example": "declined",
        "a@acme.example": "tentative",
        "b@acme.example": "none",
    }


def test_a_copy_may_be_cancelled_or_missing() -> None:
    cancelled = own(calendar(*event(NINE, TEN, "STATUS:CANCELLED")))

    assert cancelled is not None
    assert cancelled.cancelled
    assert own(calendar(*event(NINE, TEN, uid="two"))) is None


def test_the_newest_of_two_copies_counts() -> None:
    copy = own(calendar(*event(NINE, TEN, "SEQUENCE:2"), *event(NINE, "SEQUENCE:1")))

    assert copy is not None
    assert copy.sequence == 2


def test_a_copy_whose_time_cannot_be_told_is_refused() -> None:
    with pytest.raises(UnreadableCalendarError):
        own(calendar(*event("DTSTART;TZID=Nowhere:20270323T090000", "DURATION:PT1H")))
