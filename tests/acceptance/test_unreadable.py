"""Unknown is never free (promise 2; calendars.md, Unreadable)."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    PRIYA,
    TOM,
    Result,
    World,
    calendar,
    couple,
    entry,
    simple,
)

GOOD = calendar(*entry("good", "DTSTART:20270104T090000Z", "DTEND:20270104T100000Z"))

BROKEN = {
    "empty": b"",
    "blank": b"\r\n\r\n",
    "not a calendar": b"hello\r\n",
    "html": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "binary": bytes(range(256)) * 4,
    "truncated": GOOD[: len(GOOD) // 2],
    "end missing": GOOD.replace(b"END:VCALENDAR\r\n", b""),
    "no start": calendar(*entry("x", "DTEND:20270104T100000Z")),
    "bad start": calendar(*entry("x", "DTSTART:yesterday", "DTEND:20270104T100000Z")),
    "bad rule": calendar(*entry("x", "DTSTART:20270104T090000Z", "RRULE:FREQ=SOMETIMES")),
    "every minute": calendar(*entry("x", "DTSTART:20270104T090000Z", "RRULE:FREQ=MINUTELY")),
    "every second": calendar(*entry("x", "DTSTART:20270104T090000Z", "RRULE:FREQ=SECONDLY")),
}


def two_pairs(folder: Path) -> World:
    world = couple(folder).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    return world.pair("p02", ADA, KOFI).write()


def by_pair(result: Result) -> dict[str, tuple[str, str]]:
    return {action["pair"]: (action["kind"], action["reason_code"]) for action in result.actions}


@pytest.mark.parametrize("content", BROKEN.values(), ids=list(BROKEN))
def test_one_bad_file_makes_the_person_unreadable_and_holds_the_pair_only(
    tmp_path: Path, content: bytes
) -> None:
    world = two_pairs(tmp_path)
    (world.calendar(PRIYA) / "good.ics").write_bytes(GOOD)
    (world.calendar(PRIYA) / "bad.ics").write_bytes(content)
    result = world.plan()
    found = by_pair(result)
    assert found["p01"] == ("hold", "calendar-unreadable")
    assert found["p02"][0] == "book"
    assert [each["person"] for each in result.json["unreadable"]] == [PRIYA]
    assert result.json["unreadable"][0]["reason_code"] == "malformed-answer"
    assert result.status == 3


def test_an_absent_folder_makes_the_person_unreadable(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    world.calendar(TOM).rmdir()
    result = world.run()
    assert by_pair(result)["p01"] == ("hold", "calendar-unreadable")
    assert by_pair(result)["p02"][0] == "book"
    assert result.json["unreadable"][0]["reason_code"] == "not-found"
    assert not world.calendar(TOM).exists(), "people's folders must exist: none is made"


def test_a_folder_where_a_file_should_be_makes_the_person_unreadable(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    (world.calendar(TOM) / "folder.ics").mkdir()
    assert by_pair(world.plan())["p01"] == ("hold", "calendar-unreadable")


def test_a_file_where_the_folder_should_be_makes_the_person_unreadable(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    world.calendar(TOM).rmdir()
    world.calendar(TOM).write_bytes(GOOD)
    assert by_pair(world.plan())["p01"] == ("hold", "calendar-unreadable")


def test_a_link_to_nowhere_makes_the_person_unreadable(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    (world.calendar(TOM) / "gone.ics").symlink_to(tmp_path / "nowhere.ics")
    assert by_pair(world.plan())["p01"] == ("hold", "calendar-unreadable")


def test_folders_that_differ_in_case_only_are_nobodys_to_choose(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    world.calendar(TOM.upper()).mkdir()
    assert by_pair(world.plan())["p01"] == ("hold", "calendar-unreadable")


def test_an_existing_folder_without_ics_is_free(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    (world.calendar(TOM) / "notes.txt").write_bytes(b"not a calendar")
    (world.calendar(TOM) / "backup.ics.bak").write_bytes(b"")
    assert by_pair(world.plan())["p01"][0] == "book"


def test_an_empty_calendar_object_is_free(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    (world.calendar(TOM) / "empty.ics").write_bytes(calendar())
    assert by_pair(world.plan())["p01"][0] == "book"


def test_the_calendars_directory_missing_holds_everybody_and_fails(tmp_path: Path) -> None:
    world = two_pairs(tmp_path)
    shutil.rmtree(tmp_path / "calendars")
    result = world.run()
    assert set(by_pair(result).values()) == {("hold", "calendar-unreadable")}
    assert len(result.json["unreadable"]) == 4
    assert result.status == 1, "nobody can be read"


def test_a_sound_meeting_of_an_unreadable_person_is_kept(tmp_path: Path) -> None:
    world = simple(tmp_path)
    uid = world.run().action["uid"]
    (world.calendar(PRIYA) / "bad.ics").write_bytes(b"")
    before = world.snapshot()
    result = world.run()
    assert result.action["kind"] == "keep"
    assert result.action["uid"] == uid
    assert [each["person"] for each in result.json["unreadable"]] == [PRIYA]
    assert result.status == 3
    assert world.snapshot() == before


def test_a_broken_meeting_of_an_unreadable_person_stays_as_a_hold(tmp_path: Path) -> None:
    world = simple(tmp_path)
    uid = world.run().action["uid"]
    world.answer(TOM, uid, "DECLINED")
    (world.calendar(PRIYA) / "bad.ics").write_bytes(b"")
    before = world.snapshot()
    result = world.run()
    assert result.action["kind"] == "hold"
    assert result.action["reason_code"] == "calendar-unreadable"
    assert result.status == 3
    assert world.snapshot() == before
    (world.calendar(PRIYA) / "bad.ics").unlink()
    assert world.run().kinds == ["move"]


def test_a_meeting_moved_by_a_person_waits_while_the_other_is_unreadable(tmp_path: Path) -> None:
    from datetime import timedelta  # noqa: PLC0415

    world = simple(tmp_path)
    uid = world.run().action["uid"]
    world.shift(TOM, uid, timedelta(days=1))
    (world.calendar(PRIYA) / "bad.ics").write_bytes(b"")
    before = world.snapshot()
    result = world.run()
    assert result.action["kind"] == "hold"
    assert result.action["reason_code"] == "calendar-unreadable"
    assert world.snapshot() == before


def test_the_own_copy_damaged_makes_its_owner_unreadable_not_free(tmp_path: Path) -> None:
    world = simple(tmp_path)
    uid = world.run().action["uid"]
    world.copy(PRIYA, uid).write_bytes(b"BEGIN:VCALENDAR\r\n")
    before = world.snapshot()
    result = world.run()
    assert result.action["kind"] in {"keep", "hold"}
    assert [each["person"] for each in result.json["unreadable"]] == [PRIYA]
    assert world.snapshot() == before


def test_somebody_elses_pair_of_the_same_mentor_is_held_too_but_no_other(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", TOM, KOFI).pair("p03", ADA, KOFI).write()
    (world.calendar(TOM) / "bad.ics").write_bytes(b"")
    result = world.run()
    assert {pair: kind for pair, (kind, _) in by_pair(result).items()} == {
        "p01": "hold",
        "p02": "hold",
        "p03": "book",
    }


def test_a_reason_names_the_file_and_nothing_in_it(tmp_path: Path) -> None:
    world = simple(tmp_path)
    secret = calendar(*entry("x", "SUMMARY:Redundancies", "DTSTART:Redundancies"))
    (world.calendar(TOM) / "bad.ics").write_bytes(secret)
    result = world.plan()
    assert "bad.ics" in result.json["unreadable"][0]["reason"]
    assert "Redundancies" not in result.out + result.err
