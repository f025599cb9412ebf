"""Life of a pair by pairs.csv, and who organizes (compromise.md §7, clouds.md, calendars.md)."""

from pathlib import Path

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    TOM,
    World,
    couple,
    invitation,
    lines_of,
    partstat,
    simple,
    utc,
    values,
)


def booked(folder: Path) -> tuple[World, str]:
    world = simple(folder)
    return world, world.run().action["uid"]


@pytest.mark.parametrize(
    ("column", "value", "hold"),
    [("status", "paused", "paused"), ("status", "ended", None), ("agreed", "no", "not-agreed")],
)
def test_a_pair_paused_ended_or_not_agreed_has_its_meeting_withdrawn(
    tmp_path: Path, column: str, value: str, hold: str | None
) -> None:
    world, uid = booked(tmp_path)
    before = world.outbox()
    world.pairs[0][column] = value
    result = world.write().run()
    assert result.status == 0
    assert result.kinds.count("cancel") == 1
    holds = [action for action in result.actions if action["kind"] == "hold"]
    assert [action["reason_code"] for action in holds] == ([hold] if hold else [])
    assert all(action["occurrence"] is None for action in holds)
    assert world.copies() == []
    mails = world.mails_since(before)
    assert sorted(str(mail["To"]) for mail in mails) == [PRIYA, TOM]
    for mail in mails:
        content = invitation(mail)
        assert lines_of(content, "METHOD") == ["METHOD:CANCEL"]
        assert values(content, "UID") == [uid]
        assert values(content, "STATUS") == ["CANCELLED"]
        assert int(values(content, "SEQUENCE")[0]) >= 1
    quiet = world.snapshot()
    assert "cancel" not in world.run().kinds
    assert world.snapshot() == quiet


def test_a_paused_pair_that_goes_on_gets_a_new_meeting(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.pairs[0]["status"] = "paused"
    world.write().run()
    world.pairs[0]["status"] = "active"
    action = world.write().run().action
    assert action["kind"] == "book"
    assert action["uid"] != uid, "a cancelled uid is not used again"
    assert world.copy(TOM, action["uid"]).exists()
    assert world.run().kinds == ["keep"]


@pytest.mark.parametrize("status", ["ended", "proposed"])
def test_an_ended_or_proposed_pair_has_no_action(tmp_path: Path, status: str) -> None:
    result = simple(tmp_path, status=status).run()
    assert result.actions == []
    assert result.status == 0


@pytest.mark.parametrize(
    ("row", "code"), [({"status": "paused"}, "paused"), ({"agreed": "no"}, "not-agreed")]
)
def test_a_paused_or_not_agreed_pair_is_one_hold_that_needs_nobody(
    tmp_path: Path, row: dict[str, str], code: str
) -> None:
    world = couple(tmp_path, **row).set("meetings", horizon="42d").write()
    result = world.run()
    assert result.action["kind"] == "hold"
    assert result.action["reason_code"] == code
    assert result.action["occurrence"] is None
    assert result.status == 0


def test_an_empty_agreed_is_a_yes(tmp_path: Path) -> None:
    assert simple(tmp_path, agreed="").run().kinds == ["book"]


def test_a_past_meeting_of_an_ended_pair_stays(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.pairs[0]["status"] = "ended"
    world.write()
    assert world.run(now="2027-01-05T10:00:00Z").actions == []
    assert world.copy(TOM, uid).exists()


def test_a_row_that_vanished_warns_and_leaves_its_meetings(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI).write()
    world.run()
    copies = world.copies()
    del world.pairs[0]
    result = world.write().run()
    assert world.copies() == copies
    assert [(action["pair"], action["kind"]) for action in result.actions] == [("p02", "keep")]
    assert "p01" in result.err
    assert result.status == 0


def test_the_meeting_of_a_vanished_row_still_blocks_its_people(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").write()
    first = world.run().action
    world.pairs = []
    world.pair("p02", TOM, ADA).write()
    action = world.run().action
    assert action["kind"] == "book"
    assert action["end"] <= first["start"] or first["end"] <= action["start"]


def test_an_own_cadence_format_and_duration(tmp_path: Path) -> None:
    own = {"every": "1 month", "duration": "60", "starts": "2027-01-06", "ends": "2027-03-05"}
    world = couple(tmp_path, **own).set("meetings", horizon="32d").write()
    actions = world.run(now="2027-01-05T00:00:00Z").actions
    assert [action["period"] for action in actions] == [
        ["2027-01-06", "2027-02-06"],
        ["2027-02-06", "2027-03-06"],
    ]
    for action in actions:
        assert (utc(action["end"]) - utc(action["start"])).total_seconds() == 60 * 60


@pytest.mark.parametrize(("role", "guest"), [("mentor", PRIYA), ("mentee", TOM)])
def test_a_person_who_organizes_gets_the_event_and_no_mail(
    tmp_path: Path, role: str, guest: str
) -> None:
    world = couple(tmp_path).set("programme", organizer=role).write()
    action = world.run().action
    me = TOM if role == "mentor" else PRIYA
    assert action["organizer"] == me
    assert action["attendees"] == [TOM, PRIYA], "still one of the two"
    assert [str(mail["To"]) for mail in world.mails()] == [guest]
    assert world.copies() == sorted(
        [world.copy(TOM, action["uid"]), world.copy(PRIYA, action["uid"])]
    )
    content = world.copy(me, action["uid"]).read_bytes()
    assert values(content, "ORGANIZER") == [f"mailto:{me}"]
    assert not world.calendar(OFFICE).exists()


@pytest.mark.parametrize("role", ["mentor", "mentee"])
def test_a_person_who_organizes_is_not_asked_to_answer(tmp_path: Path, role: str) -> None:
    world = couple(tmp_path).set("programme", organizer=role).write()
    action = world.run().action
    me = TOM if role == "mentor" else PRIYA
    content = world.copy(me, action["uid"]).read_bytes()
    if f"mailto:{me}" in values(content, "ATTENDEE"):
        assert partstat(content, me) == "ACCEPTED"


def test_the_guest_of_a_person_who_organizes_can_decline(tmp_path: Path) -> None:
    world = couple(tmp_path).set("programme", organizer="mentor").write()
    uid = world.run().action["uid"]
    world.answer(PRIYA, uid, "DECLINED")
    before = world.outbox()
    action = world.run().action
    assert (action["kind"], action["uid"]) == ("move", uid)
    assert [str(mail["To"]) for mail in world.mails_since(before)] == [PRIYA]


def test_a_person_who_organizes_and_declines_in_the_own_copy_declined(tmp_path: Path) -> None:
    world = couple(tmp_path).set("programme", organizer="mentor").write()
    uid = world.run().action["uid"]
    if f"mailto:{TOM}" not in values(world.copy(TOM, uid).read_bytes(), "ATTENDEE"):
        pytest.skip("the organizer is listed as such only")
    world.answer(TOM, uid, "DECLINED")
    assert world.run().kinds == ["move"]


def test_a_person_who_organizes_and_removes_the_event_deleted_it(tmp_path: Path) -> None:
    world = couple(tmp_path).set("programme", organizer="mentor").write()
    uid = world.run().action["uid"]
    world.copy(TOM, uid).unlink()
    world.run()
    assert not world.copy(PRIYA, uid).exists()
    assert len(world.copies()) == 2


def test_an_organizer_of_one_pair_in_its_row(tmp_path: Path) -> None:
    world = simple(tmp_path, organizer="mentee")
    assert world.run().action["organizer"] == PRIYA


def test_the_organizer_mailbox_is_not_asked_whether_it_is_busy(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.calendar(OFFICE).mkdir()
    world.busy(OFFICE, "20270101T000000Z", "20270201T000000Z")
    (world.calendar(OFFICE) / "bad.ics").write_bytes(b"")
    result = world.run()
    assert result.kinds == ["book"]
    assert result.json["unreadable"] == []
    assert world.run().kinds == ["keep"]


def test_people_in_many_pairs_and_both_roles_never_meet_twice_at_once(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", PRIYA, ADA).pair("p03", ADA, TOM).pair("p04", KOFI, TOM)
    world.set("meetings", buffer=15).write()
    actions = world.run().actions
    assert [action["kind"] for action in actions] == ["book"] * 4
    for one in actions:
        for other in actions:
            if one is not other and set(one["attendees"]) & set(other["attendees"]):
                assert one["end"] < other["start"] or other["end"] < one["start"]
