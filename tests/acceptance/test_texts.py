"""Texts: each reader's language and clock, the occasion, and a coordinator's own wording."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from slotfinder.cli.main import run
from tests.acceptance.google.world import office as google_office
from tests.acceptance.microsoft.world import office as microsoft_office
from tests.acceptance.world import (
    PRIYA,
    ROOM_A,
    ROOM_B,
    TOM,
    World,
    couple,
    invitation,
    unfolded,
    values,
    with_rooms,
)
from tests.acceptance.world import words as text_of

EN, DE, JA = "When:", "Wann:", "日時\N{FULLWIDTH COLON}"
FIRST = "Your first meeting, and what to expect:"


def speaking(world: World, tom: str, priya: str) -> World:
    for person, language in zip(world.people, (tom, priya), strict=True):
        person["language"] = language
    return world.write()


def to(world: World, email: str) -> EmailMessage:
    [mail] = [each for each in world.mails() if each["To"] == email]
    return mail


def words(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    return text_of(mail).replace("\r\n", "\n")


def described(calendar: bytes) -> str:
    """Return the text of a calendar entry, unescaped."""
    [text] = values(calendar, "DESCRIPTION")
    return text.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")


def write(world: World, name: str, text: str) -> None:
    (world.folder / "templates").mkdir(exist_ok=True)
    (world.folder / "templates" / name).write_text(text, "utf-8")


def test_each_mail_has_its_readers_language_alone_and_the_copies_have_both(tmp_path: Path) -> None:
    world = speaking(couple(tmp_path), "de-AT", "ja")
    action = world.run().action
    tom, priya = to(world, TOM), to(world, PRIYA)

    assert DE in words(tom)
    assert "Dienstag, 5. Jänner 2027" in words(tom)
    assert JA in words(priya)
    assert "2027年1月5日火曜日" in words(priya)
    assert (DE in words(priya), JA in words(tom)) == (False, False)
    assert (DE in described(invitation(tom)), JA in described(invitation(tom))) == (True, False)
    assert (DE in described(invitation(priya)), JA in described(invitation(priya))) == (False, True)
    for email in (TOM, PRIYA):
        text = described(world.copy(email, action["uid"]).read_bytes())
        assert text.index(DE) < text.index(JA)
        assert EN not in text


def test_japanese_mails_open_everywhere(tmp_path: Path) -> None:
    world = speaking(couple(tmp_path), "ja", "ja")
    world.run()
    mail = to(world, TOM)

    assert str(mail["Subject"]).startswith("ご招待")
    plain, html = (mail.get_body([kind]) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    for part in (plain, html):
        assert part.get_content_charset() == "utf-8"
        assert "面談" in part.get_content()
    assert '<html lang="ja">' in html.get_content()
    assert (world.folder / "outbox" / world.outbox()[0]).read_bytes().isascii()
    assert any("面談" in line for line in unfolded(invitation(mail)))


def test_a_language_without_texts_is_warned_of_and_written_to_in_english(tmp_path: Path) -> None:
    world = speaking(couple(tmp_path), "pt-BR", "en")
    result = world.run()

    assert "no texts in 'pt-br'" in result.err
    assert EN in words(to(world, TOM))
    assert "5 January 2027" in words(to(world, TOM))


def test_only_the_first_meeting_says_what_to_expect(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="28d").write()
    result = world.run()

    assert len(result.actions) >= 2
    mails = [mail for mail in world.mails() if mail["To"] == TOM]
    assert sorted(FIRST in words(mail) for mail in mails) == [False] * (len(mails) - 1) + [True]
    [first] = [mail for mail in mails if FIRST in words(mail)]
    start = min(action["start"] for action in result.actions)
    assert values(invitation(first), "DTSTART") == [start.replace("-", "").replace(":", "")]
    assert FIRST in described(invitation(first))


def test_a_pair_that_lost_its_first_meeting_is_told_what_to_expect_again(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="14d", automatic_moves=0).write()
    world.answer(TOM, world.run().action["uid"], "DECLINED")
    assert world.run().action["reason_code"] == "budget-spent"
    before = world.outbox()
    world.run(now="2027-01-17T12:00:00Z")

    invitations = [mail for mail in world.mails_since(before) if "Invitation" in mail["Subject"]]
    assert len(invitations) == 2
    assert all(FIRST in words(mail) for mail in invitations)


def test_a_move_tells_the_old_time_and_the_new_one(tmp_path: Path) -> None:
    world = speaking(couple(tmp_path), "en", "de")
    action = world.run().action
    invited = {str(mail["To"]): str(mail["Message-ID"]) for mail in world.mails()}
    world.answer(PRIYA, action["uid"], "DECLINED")
    before = world.outbox()
    moved = world.run().action

    tom, priya = sorted(world.mails_since(before), key=lambda mail: mail["To"] != TOM)
    assert {str(mail["To"]): str(mail["In-Reply-To"]) for mail in (tom, priya)} == invited
    assert "Old time:\nTuesday, 5 January 2027" in words(tom)
    assert "The time planned so far was declined." in words(tom)
    assert "Bisheriger Termin:\nDienstag, 5. Januar 2027" in words(priya)
    text = described(world.copy(TOM, moved["uid"]).read_bytes())
    assert "Old time:" in text
    assert "Bisheriger Termin:" in text
    assert "declined" not in text
    assert "abgelehnt" not in text


def test_in_person_says_where_and_how_to_get_there(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A)
    world.tail = world.tail.replace(
        "travel = 15", 'travel = 15\ndirections = """\nLeft of the station.\nFirst door."""'
    )
    world.tail += f'\n[[rooms]]\nemail = "{ROOM_A}"\nfloor = "3"\n'
    world.write()
    assert world.run().action["format"] == "in-person"
    text = words(to(world, TOM))

    assert f"Where:\nLondon, 1 Example Street\nRoom: {ROOM_A}, floor 3\n" in text
    assert "How to get there:\nLeft of the station.\nFirst door.\n" in text
    assert "link" not in text
    assert "How to get there:" in described(invitation(to(world, TOM)))


def test_another_room_is_told_with_the_one_before(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    action = world.run().action
    world.copy(ROOM_A, action["uid"]).unlink()
    before = world.outbox()
    assert world.run().action["room"] == ROOM_B

    for mail in world.mails_since(before):
        assert mail["Subject"].startswith("Updated: ")
        assert f"Old place:\n{ROOM_A}, London, 1 Example Street\n" in words(mail)
        assert f"Room: {ROOM_B}\n" in words(mail)
        assert "The room is no longer available." in words(mail)


def test_another_format_is_one_cancellation_and_one_invitation_that_name_each_other(
    tmp_path: Path,
) -> None:
    world = with_rooms(tmp_path, ROOM_A, in_person="never").write()
    world.run()
    before = world.outbox()
    result = world.call("reschedule", "p01", "--format", "in-person", "--json")
    assert (result.status, result.kinds) == (0, ["move"])

    mails = [mail for mail in world.mails_since(before) if mail["To"] == TOM]
    [off] = [mail for mail in mails if mail["Subject"].startswith("Cancelled: ")]
    [on] = [mail for mail in mails if mail["Subject"].startswith("Invitation: ")]
    assert "You meet in person instead, and get an invitation to that." in words(off)
    assert "this time you meet in person" in words(on)
    assert "Cancelled:\nTuesday, 5 January 2027" in words(on)
    assert "A coordinator asked for the change." in words(on)
    assert FIRST in words(on), "the first one did not take place"
    assert FIRST not in words(off)


def test_what_is_owed_is_told_with_a_booking_and_not_with_a_cancellation(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    world.busy(ROOM_A, "20270101T000000Z", "20270201T000000Z")
    assert world.run().action["format"] == "virtual"
    assert "A meeting in person was due" in words(to(world, TOM))
    before = world.outbox()
    assert world.call("end", "p01").status == 0

    for mail in world.mails_since(before):
        assert mail["Subject"].startswith("Cancelled: ")
        assert "No meetings of the two of you are planned at present." in words(mail)
        assert "compromise" not in words(mail)
        assert "A meeting in person was due" not in words(mail)
        assert "This meeting will not take place" in described(invitation(mail))


def test_a_meeting_that_is_short_says_so(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="15d", short=30)
    world.set("preferences.mentor", **{"Mo-Fr 09:00-17:00": 1.0})
    world.set("preferences.mentee", **{"Mo-Fr 09:00-17:00": 1.0}).write()
    world.busy(TOM, "20270101T000000Z", "20270119T120000Z")
    world.busy(TOM, "20270119T123000Z", "20270201T000000Z", name="then")
    world.run()
    world.run(now="2027-01-18T06:00:00Z")

    mails = [mail for mail in world.mails() if mail["To"] == TOM]
    short = [mail for mail in mails if "It is shorter than usual" in words(mail)]
    assert [values(invitation(mail), "DTEND") for mail in short] == [["20270119T123000Z"]]


def test_another_wording_or_language_rewrites_nothing_that_stands(tmp_path: Path) -> None:
    world = speaking(couple(tmp_path), "en", "en")
    world.run()
    write(world, "closing.en.txt", "Another end.\n")
    speaking(world, "fr", "ja")
    before = world.snapshot()

    assert world.run().kinds == ["keep"]
    assert world.snapshot() == before


def test_own_wording_is_sent_and_said_by_doctor(tmp_path: Path) -> None:
    world = couple(tmp_path).write()
    write(world, "closing.en.txt", "Questions? Ask Ada.\n")
    findings = world.call("doctor", "--json").json["findings"]
    world.run()

    assert words(to(world, TOM)).rstrip().endswith("Questions? Ask Ada.")
    [ready] = [each for each in findings if each["code"] == "texts-ready"]
    assert ready["level"] == "ok"
    assert ready["message"].endswith("texts of your own: 1.")


@pytest.mark.parametrize("command", ["plan", "run", "status", "doctor"])
def test_bad_wording_ends_every_command_before_anything_is_touched(
    tmp_path: Path, command: str
) -> None:
    world = couple(tmp_path).write()
    world.people[0]["timezone"] = "Mars/Base"
    world.write()
    write(world, "closing.en.txt", "{{ nobody }}\n")
    write(world, "place.de.txt", "\n{% if %}\n")
    before = world.snapshot(store=True)
    result = world.call(command)

    assert (result.status, result.out) == (2, "")
    assert "templates/closing.en.txt, line 1: nothing here is called 'nobody'." in result.err
    assert "templates/place.de.txt, line 2: " in result.err
    assert "people.csv, row 2, timezone: " in result.err
    assert "Traceback" not in result.err
    assert world.snapshot(store=True) == before


def test_the_texts_of_a_fresh_programme_can_be_filled_in(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]) == 0
    readme = (tmp_path / "templates" / "README.md").read_text("utf-8")
    for section in readme.split("\n## ")[1:]:
        name, _, text = section.partition("\n\n```\n")
        (tmp_path / "templates" / name).write_text(text.rpartition("```")[0], "utf-8")

    assert run(["--config", str(tmp_path / "slotfinder.toml"), "plan"]) in {0, 3}


@pytest.mark.parametrize("cloud", [google_office, microsoft_office])
def test_a_cloud_event_has_both_languages_and_clocks_one_under_the_other(
    tmp_path: Path, cloud: object
) -> None:
    assert callable(cloud)
    with cloud(tmp_path) as found:
        speaking(found.programme, "en", "de")
        assert found.run().kinds == ["book"]
        text = found.meeting().extra["description"]

        assert text.index(EN) < text.index(DE)
        assert text.index(FIRST) < text.index("Ihr erstes Treffen")
        writes = found.writes()
        speaking(found.programme, "fr", "ja")
        write(found.programme, "closing.fr.txt", "Au revoir.\n")
        assert found.run().kinds == ["keep"]
        assert found.writes() == writes
        found.programme.now = "2027-01-03T13:00:00Z"
        assert found.run().kinds == ["keep"]
        assert found.writes() == writes


def test_a_time_a_person_chose_is_told_as_a_move(tmp_path: Path) -> None:
    world = couple(tmp_path).write()
    action = world.run().action
    world.shift(TOM, action["uid"], timedelta(days=1))
    before = world.outbox()
    assert world.run().kinds == ["adopt"]

    for mail in world.mails_since(before):
        assert mail["Subject"].startswith("Moved: ")
        assert "One of you had moved the meeting in the calendar." in words(mail)
