# ruff: noqa: RUF001  between two times stands an en dash, and the tests show what people see
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.invitations.texts import MAILS, SHIPPED
from slotfinder.invitations.wording import Body, Occasion, Place, event_location, event_text, mail
from tests.invitations.examples import LONDON, between, occasion, person
from tests.invitations.test_layout import TAGS, Reader

IN_LONDON = "Thursday, 7 January 2027, 11:15 – 12:00 (London, GMT+00:00)"
IN_KOLKATA = "Thursday, 7 January 2027, 16:45 – 17:30 (Kolkata, GMT+05:30)"
BEFORE = between("2027-01-08T09:00", "2027-01-08T09:45")


def written(name: str, about: Occasion) -> Body:
    """Return a mail to the mentor."""
    return mail(SHIPPED, name, about, about.mentor)


def entry(about: Occasion) -> str:
    return event_text(SHIPPED, about, *about.people)


def bodies() -> list[Body]:
    return [
        written("invitation", occasion()),
        written("changed", occasion(old=BEFORE)),
        written("cancelled", occasion(is_cancelled=True)),
    ]


def test_an_invitation_reads_well() -> None:
    body = written("invitation", occasion())

    assert body.subject == (
        "Invitation: Reverse mentoring 2027 with Priya Sharma, Thursday, 7 January 2027, 11:15"
    )
    assert (
        body.text
        == f"""Hello Tom Baker,
you are invited to a meeting with Priya Sharma.

When:
{IN_LONDON}
For Priya Sharma: {IN_KOLKATA}

Where:
Online
https://meet.example/abc

This time is the best compromise that was found for the two of you.

Please accept or decline in your calendar; nothing else is needed. If you decline, a new time \
is proposed by itself.

Sent by slotfinder, the scheduling agent of Reverse mentoring 2027."""
    )


def test_each_reader_finds_the_own_time_first() -> None:
    text = mail(SHIPPED, "invitation", occasion(), occasion().mentee).text

    assert text.index(IN_KOLKATA) < text.index(IN_LONDON)
    assert text.startswith("Hello Priya Sharma,")
    assert f"For Tom Baker: {IN_LONDON}" in text


def test_a_first_meeting_says_what_to_expect() -> None:
    for text in (
        written("invitation", occasion(is_first=True)).text,
        entry(occasion(is_first=True)),
    ):
        assert text.count("Your first meeting, and what to expect:") == 1
        assert "Tom Baker shares what they know, and Priya Sharma learns from it." in text
        assert "What to expect from the agent:" in text
    assert "first meeting" not in written("invitation", occasion()).text
    assert "first meeting" not in written("changed", occasion(is_first=True, old=BEFORE)).text


def test_a_moved_meeting_names_the_old_time_too() -> None:
    body = written("changed", occasion(old=BEFORE))
    old = "Friday, 8 January 2027, 09:00 – 09:45 (London, GMT+00:00)"

    assert body.subject.startswith("Moved: Reverse mentoring 2027 with Priya Sharma, Thursday")
    assert IN_LONDON in body.text
    assert f"Old time:\n{old}\nFor Priya Sharma: Friday, 8 January 2027, 14:30" in body.text
    assert "accept or decline" in body.text
    assert f"Old time:\nFor Tom Baker: {old}\n" in entry(occasion(old=BEFORE))


def test_a_change_that_leaves_the_time_says_so_and_names_the_old_place() -> None:
    about = occasion(place=LONDON, join_url=None, old_location="room-b@acme.example, London")
    body = written("changed", about)

    assert body.subject.startswith("Updated: ")
    assert "its time stays" in body.text
    assert "Old time" not in body.text
    for text in (body.text, entry(about)):
        assert "Old place:\nroom-b@acme.example, London\n" in text


def test_a_cancelled_meeting_asks_nothing() -> None:
    about = occasion(is_cancelled=True)
    body = written("cancelled", about)

    assert body.subject.startswith("Cancelled: ")
    assert IN_LONDON in body.text
    for text in (body.text, entry(about)):
        assert "will not take place" in text
        assert "accept" not in text
        assert "https://" not in text


def test_a_pair_that_meets_no_more_is_promised_no_other_time() -> None:
    promise = "If another time is found"
    assert promise in entry(occasion(is_cancelled=True, cause="declined"))
    assert promise not in entry(occasion(is_cancelled=True, cause="pair-ended"))


def test_another_format_is_told_on_both_sides() -> None:
    off = occasion(is_cancelled=True, instead=BEFORE)
    on = occasion(place=LONDON, join_url=None, replaced=BEFORE)
    day = "Friday, 8 January 2027, 09:00 – 09:45 (London, GMT+00:00)"

    for text in (written("cancelled", off).text, entry(off)):
        assert "You meet in person instead, and get an invitation to that." in text
        assert day in text
    invited = written("invitation", on).text
    assert "this time you meet in person" in invited
    assert f"Cancelled:\n{day}" in invited


@pytest.mark.parametrize("body", bodies())
def test_the_html_says_the_same_in_few_tags(body: Body) -> None:
    html = Reader(body.html)

    assert html.words == body.text.split()
    assert set(html.tags) <= TAGS
    assert '<html lang="en">' in body.html


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_gives_the_reason_and_the_entry_gives_none(name: str) -> None:
    about = occasion(cause="declined", is_owed=True, is_shorter=True)
    reasons = ("declined", "due", "shorter than usual")

    assert all(reason in written(name, about).text for reason in reasons)
    text = entry(about)
    assert "The time planned so far was declined." not in text
    assert "in person" not in text
    assert "shorter" not in text
    assert text == entry(occasion())


@pytest.mark.parametrize("body", bodies())
def test_every_mail_names_its_sender(body: Body) -> None:
    assert "slotfinder, the scheduling agent of Reverse mentoring 2027" in body.text


def test_the_calendar_entry_tells_both_times() -> None:
    text = entry(occasion())

    assert f"When:\nFor Tom Baker: {IN_LONDON}\nFor Priya Sharma: {IN_KOLKATA}\n" in text
    assert "https://meet.example/abc" in text
    assert text.startswith("Reverse mentoring 2027: Tom Baker and Priya Sharma\n")


def test_one_zone_is_told_once() -> None:
    about = occasion(mentee=person("Priya Sharma", "Europe/London"))

    for text in (entry(about), written("invitation", about).text):
        assert text.count("11:15") == 1
        assert f"When:\n{IN_LONDON}\n" in text


def test_an_entry_has_each_language_once_and_a_mail_only_its_readers() -> None:
    priya = person("Priya Sharma", "Asia/Kolkata", "de-at")
    about = occasion(mentee=priya)
    text = entry(about)

    assert text.index("When:") < text.index("———") < text.index("Wann:")
    assert IN_KOLKATA in text
    assert "Donnerstag, 7. Jänner 2027, 16:45 – 17:30 (Kalkutta, GMT+05:30)" in text
    german = mail(SHIPPED, "invitation", about, priya)
    assert "Jänner" in german.text
    assert "January" not in german.text
    assert '<html lang="de">' in german.html
    same = entry(replace(about, mentor=person("Tom Baker", "Europe/London", "de")))
    assert "———" not in same
    assert "When" not in same


def test_a_language_without_texts_is_english_in_its_dates_too() -> None:
    text = mail(SHIPPED, "invitation", occasion(), person("Priya", "Asia/Kolkata", "pt-br")).text

    assert "you are invited" in text
    assert "7 January 2027" in text


def test_without_a_link_the_two_are_asked_to_agree() -> None:
    about = occasion(join_url=None)

    assert "no link is set up: please agree on how to talk" in entry(about)
    assert event_location(about) == ""


def test_a_link_is_the_location() -> None:
    assert event_location(occasion()) == "https://meet.example/abc"


def test_a_link_of_the_calendars_own_is_pointed_to() -> None:
    about = occasion(join_url=None, link_in_entry=True)

    assert "the link to join is in this calendar entry" in entry(about)


def test_a_place_says_how_to_get_there_and_has_no_link() -> None:
    about = occasion(place=LONDON, join_url=None)

    assert event_location(about) == "room-a@acme.example, London, 1 Example Street"
    for text in (entry(about), written("invitation", about).text):
        assert (
            "Where:\nLondon, 1 Example Street\nRoom: room-a@acme.example, floor 3\n\n"
            "How to get there:\nLeft of the station.\nFirst door.\n" in text
        )
        assert "link" not in text
        assert "nline" not in text


def test_a_place_of_which_little_is_known_leaves_no_gaps() -> None:
    about = occasion(place=Place(site="London", address=""), join_url=None)

    assert event_location(about) == "London"
    assert "Where:\nLondon\n\nPlease" in entry(about)


@settings(deadline=None)  # a machine under load is no defect
@given(text=st.text() | st.text(st.sampled_from("\r\n\x85\u2028{}%#<>&:a ")))
def test_no_name_becomes_markup_a_template_or_a_line_of_its_own(text: str) -> None:
    plain = occasion(place=LONDON)
    place = replace(LONDON, site=f"x{text}", address=text, room=f"x{text}", floor=text)
    mentee = replace(plain.mentee, name=f"x{text}")
    about = replace(plain, mentee=mentee, programme=text, place=place)
    body, usual = (written("invitation", each) for each in (about, plain))

    assert body.html.count("<p>") == usual.html.count("<p>")
    assert set(Reader(body.html).tags) <= TAGS
    assert body.text.count("\n") == usual.text.count("\n")
    assert len(body.subject.splitlines()) == 1
