# ruff: noqa: RUF001  between two times stands an en dash, and the tests show what people see
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.domain.interval import Interval
from slotfinder.invitations.wording import (
    Body,
    Place,
    cancelled,
    event_location,
    event_text,
    invitation,
    local_time,
    moved,
)
from tests.invitations.examples import between, instant, occasion, person

LONDON = "Thursday 7 January 2027, 11:15–12:00 London time (GMT)"
KOLKATA = "Thursday 7 January 2027, 16:45–17:30 Kolkata time (GMT+5:30)"
TAGS = {"html", "body", "p", "strong", "br", "a"}
REASON = "It is the time that suits you both best."


class _Reader(HTMLParser):
    """Collects what a reader of the HTML sees, and which tags made it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert all(name in ("lang", "href") for name, _ in attrs)


def bodies(reason: str = REASON) -> list[Body]:
    about = occasion()
    was = between("2027-01-08T09:00", "2027-01-08T09:45")
    return [
        invitation(about, about.mentor, reason=reason),
        moved(about, about.mentor, was=was, reason=reason),
        cancelled(about, about.mentor, reason=reason),
    ]


def test_an_invitation_reads_well() -> None:
    body = bodies()[0]

    assert body.subject == (
        "Invitation: Reverse mentoring 2027 with Priya Sharma, Thursday 7 January 2027, 11:15"
    )
    assert (
        body.text
        == f"""Hello Tom Baker,
you are invited to a meeting with Priya Sharma.

When:
{LONDON}
For Priya Sharma: {KOLKATA}

Where:
Online
https://meet.example/abc

{REASON}

Please accept or decline in your calendar; nothing else is needed. If you decline, a new time \
is proposed by itself.

Sent by slotfinder, the scheduling agent of Reverse mentoring 2027."""
    )


def test_each_reader_finds_the_own_time_first() -> None:
    text = invitation(occasion(), occasion().mentee, reason=REASON).text

    assert text.index(KOLKATA) < text.index(LONDON)
    assert text.startswith("Hello Priya Sharma,")
    assert f"For Tom Baker: {LONDON}" in text


def test_a_moved_meeting_names_the_old_time_too() -> None:
    body = bodies()[1]

    assert body.subject.startswith("Moved: Reverse mentoring 2027 with Priya Sharma, Thursday")
    assert LONDON in body.text
    assert "Old time:\nFriday 8 January 2027, 09:00–09:45 London time (GMT)\n" in body.text
    assert "accept or decline" in body.text


def test_a_change_that_leaves_the_time_says_so() -> None:
    about = occasion()
    body = moved(about, about.mentor, was=about.interval, reason=REASON)

    assert body.subject.startswith("Updated: ")
    assert "its time stays" in body.text
    assert "Old time" not in body.text


def test_a_cancelled_meeting_asks_nothing() -> None:
    body = bodies()[2]

    assert body.subject.startswith("Cancelled: ")
    assert "will not take place" in body.text
    assert LONDON in body.text
    assert "accept" not in body.text
    assert "https://" not in body.text


@pytest.mark.parametrize("body", bodies())
def test_the_html_says_the_same_in_few_tags(body: Body) -> None:
    html = _Reader(body.html)

    assert [word.rstrip(":") for word in html.words] == [
        word.rstrip(":") for word in body.text.split()
    ]
    assert html.tags <= TAGS


@pytest.mark.parametrize("body", bodies())
def test_every_mail_gives_the_reason_and_names_its_sender(body: Body) -> None:
    assert REASON in body.text
    assert "slotfinder, the scheduling agent of Reverse mentoring 2027" in body.text


def test_the_calendar_entry_tells_both_times() -> None:
    text = event_text(occasion())

    assert f"For Tom Baker: {LONDON}\nFor Priya Sharma: {KOLKATA}\n" in text
    assert "https://meet.example/abc" in text
    assert text.startswith("Reverse mentoring 2027: Tom Baker and Priya Sharma\n")


def test_one_zone_is_told_once() -> None:
    about = occasion(mentee=person("Priya Sharma", "Europe/London"))

    for text in (event_text(about), invitation(about, about.mentor, reason=REASON).text):
        assert text.count("11:15") == 1
        assert f"When:\n{LONDON}\n" in text


def test_without_a_link_the_two_are_asked_to_agree() -> None:
    about = occasion(join_url=None)

    assert "no link is set up: please agree on how to talk" in event_text(about)
    assert event_location(about) == ""


def test_a_link_is_the_location() -> None:
    assert event_location(occasion()) == "https://meet.example/abc"


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place(site="London", address="1 Example Street"), "London, 1 Example Street"),
        (Place(site="London", address="", room="Room A"), "Room A, London"),
    ],
)
def test_a_place_is_named_from_the_room_outwards(place: Place, shown: str) -> None:
    about = occasion(place=place, join_url=None)

    assert event_location(about) == shown
    assert f"Where:\n{shown}\n" in event_text(about)
    assert "link" not in event_text(about)


@pytest.mark.parametrize(
    ("start", "zone", "words"),
    [
        # London 15:00 the whole spring: New York is four hours behind for two weeks only.
        ("2027-03-12T15:00", "America/New_York", "Friday 12 March 2027, 10:00–10:45 New York"),
        ("2027-03-15T15:00", "Europe/London", "Monday 15 March 2027, 15:00–15:45 London"),
        ("2027-03-15T15:00", "America/New_York", "Monday 15 March 2027, 11:00–11:45 New York"),
        ("2027-03-29T14:00", "Europe/London", "Monday 29 March 2027, 15:00–15:45 London"),
        ("2027-03-29T14:00", "America/New_York", "Monday 29 March 2027, 10:00–10:45 New York"),
        ("2027-11-01T15:00", "America/New_York", "Monday 1 November 2027, 11:00–11:45 New York"),
        ("2027-11-08T15:00", "America/New_York", "Monday 8 November 2027, 10:00–10:45 New York"),
        ("2027-03-15T15:00", "Asia/Kathmandu", "Monday 15 March 2027, 20:45–21:30 Kathmandu"),
        ("2027-03-29T14:00", "Asia/Kathmandu", "Monday 29 March 2027, 19:45–20:30 Kathmandu"),
        ("2027-03-15T15:00", "Pacific/Apia", "Tuesday 16 March 2027, 04:00–04:45 Apia"),
        ("2027-04-02T22:00", "Australia/Lord_Howe", "Saturday 3 April 2027, 09:00–09:45 Lord Howe"),
        ("2027-04-04T22:30", "Australia/Lord_Howe", "Monday 5 April 2027, 09:00–09:45 Lord Howe"),
    ],
)
def test_local_times_across_changes_of_clocks(start: str, zone: str, words: str) -> None:
    interval = Interval(instant(start), instant(start) + timedelta(minutes=45))

    assert local_time(interval, ZoneInfo(zone)).startswith(f"{words} time (GMT")


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/London", "London time (GMT)", "London time (GMT+1)"),
        ("America/New_York", "New York time (GMT-5)", "New York time (GMT-4)"),
        ("America/St_Johns", "St Johns time (GMT-3:30)", "St Johns time (GMT-2:30)"),
        ("Asia/Kathmandu", "Kathmandu time (GMT+5:45)", "Kathmandu time (GMT+5:45)"),
        ("Australia/Lord_Howe", "Lord Howe time (GMT+11)", "Lord Howe time (GMT+10:30)"),
        ("America/Argentina/Buenos_Aires", *["Buenos Aires time (GMT-3)"] * 2),
        ("UTC", "GMT", "GMT"),
        ("Etc/GMT+5", "GMT-5", "GMT-5"),
    ],
)
def test_zones_are_named_by_place_and_offset(zone: str, winter: str, summer: str) -> None:
    for month, name in (("01", winter), ("07", summer)):
        interval = between(f"2027-{month}-07T12:00", f"2027-{month}-07T12:45")
        assert local_time(interval, ZoneInfo(zone)).split(" ", 5)[5] == name


def test_both_ends_are_spelled_out_over_midnight_and_over_a_change_of_clocks() -> None:
    london = ZoneInfo("Europe/London")

    assert local_time(between("2027-01-07T23:30", "2027-01-08T00:15"), london) == (
        "Thursday 7 January 2027, 23:30 London time (GMT)"
        " to Friday 8 January 2027, 00:15 London time (GMT)"
    )
    assert local_time(between("2027-10-31T00:30", "2027-10-31T01:15"), london) == (
        "Sunday 31 October 2027, 01:30 London time (GMT+1)"
        " to Sunday 31 October 2027, 01:15 London time (GMT)"
    )


@settings(deadline=None)  # a machine under load is no defect
@given(text=st.text())
def test_no_text_becomes_markup_or_a_line_of_its_own(text: str) -> None:
    plain = occasion()
    about = replace(plain, mentee=replace(plain.mentee, name=text), programme=text)
    body = invitation(about, about.mentor, reason=text)
    usual = invitation(plain, plain.mentor, reason="x")

    assert body.html.count("<p>") == usual.html.count("<p>")
    assert _Reader(body.html).tags <= TAGS
    assert body.text.count("\n") == usual.text.count("\n")
    assert len(body.subject.splitlines()) == 1


def test_markup_is_escaped() -> None:
    about = occasion(join_url='https://x.example/"><script>&')
    body = invitation(about, about.mentor, reason="<b>&")

    assert "&lt;b&gt;&amp;" in body.html
    assert '<a href="https://x.example/&quot;&gt;&lt;script&gt;&amp;">' in body.html
    assert "<script" not in body.html
