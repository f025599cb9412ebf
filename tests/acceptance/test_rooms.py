"""Formats and rooms (promise 8; compromise.md §3, calendars.md)."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    ROOM_A,
    ROOM_B,
    TOM,
    Json,
    World,
    invitation,
    lines_of,
    partstat,
    stamp,
    utc,
    values,
    with_rooms,
)

WHOLE_PERIOD = ("20270104T000000Z", "20270118T000000Z")


def test_an_in_person_meeting_takes_the_first_free_room(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    action = world.run().action
    assert (action["format"], action["room"]) == ("in-person", ROOM_A)


def test_a_busy_room_is_left_for_the_next_one(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    world.busy(ROOM_A, *WHOLE_PERIOD)
    assert world.run().action["room"] == ROOM_B


@pytest.mark.parametrize(
    "line",
    [
        "STATUS:TENTATIVE",
        "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
        "STATUS:CONFIRMED",
    ],
)
def test_tentative_blocks_a_room_as_busy_does(tmp_path: Path, line: str) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    world.busy(ROOM_A, *WHOLE_PERIOD, line)
    assert world.run().action["room"] == ROOM_B


def test_the_rooms_copy_says_accepted(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    action = world.run().action
    content = world.copy(ROOM_A, action["uid"]).read_bytes()
    assert partstat(content, ROOM_A) == "ACCEPTED"
    assert values(content, "DTSTART") == [stamp(action["start"])]
    assert len(world.copies()) == 4
    assert all(str(mail["To"]) != ROOM_A for mail in world.mails())


def test_the_invitation_says_where_to_meet(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    world.run()
    for mail in world.mails():
        [location] = values(invitation(mail), "LOCATION")
        assert "1 Example Street" in location.replace("\\", "")


def test_the_room_moves_with_its_meeting(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    uid = world.run().action["uid"]
    world.answer(TOM, uid, "DECLINED")
    action = world.run().action
    assert action["kind"] == "move"
    assert action["room"] == ROOM_A
    assert values(world.copy(ROOM_A, uid).read_bytes(), "DTSTART") == [stamp(action["start"])]


def test_a_room_given_up_is_given_back(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    first = world.run().action
    world.busy(ROOM_A, *WHOLE_PERIOD)
    world.answer(TOM, first["uid"], "DECLINED")
    action = world.run().action
    assert action["room"] == ROOM_B
    assert action["was"]["room"] == ROOM_A
    assert not world.copy(ROOM_A, first["uid"]).exists()
    assert world.copy(ROOM_B, action["uid"]).exists()
    assert world.run().kinds == ["keep"]


def test_two_pairs_never_share_a_room_at_one_time(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A)
    world.person(ADA, "Ada Example", site="London").person(KOFI, "Kofi Example", site="London")
    world.pair("p02", ADA, KOFI).write()
    one, other = world.run().actions
    assert one["room"] == other["room"] == ROOM_A
    assert one["end"] <= other["start"] or other["end"] <= one["start"]


def test_a_room_booked_by_an_earlier_run_is_taken(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A)
    world.person(ADA, "Ada Example", site="London").person(KOFI, "Kofi Example", site="London")
    world.pair("p02", ADA, KOFI).write()
    one = world.run("--pair", "p01").action
    other = world.run("--pair", "p02").action
    assert one["end"] <= other["start"] or other["end"] <= one["start"]


def test_no_room_makes_the_meeting_virtual_and_owed(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, in_person="every 2").set("meetings", horizon="42d")
    world.write()
    world.busy(ROOM_A, "20270118T000000Z", "20270201T000000Z")
    formats = [action["format"] for action in world.run().actions]
    assert formats == ["virtual", "virtual", "in-person"], "owed by 2, so 3 is due"


def test_a_fall_back_and_the_debt_stand_in_the_reason(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    world.busy(ROOM_A, *WHOLE_PERIOD)
    action = world.run().action
    assert action["format"] == "virtual"
    assert "In person: no room is free at a time that both could take" in action["reason"]


def test_the_debt_is_remembered_by_the_next_run(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, in_person="every 4")
    world.set("programme", starts="=2026-11-23").write()  # 4 Jan begins occurrence 4
    world.busy(ROOM_A, *WHOLE_PERIOD)
    first = [action for action in world.run().actions if action["period"][0] == "2027-01-04"]
    assert [action["format"] for action in first] == ["virtual"]
    later = world.run(now="2027-01-04T06:00:00Z")
    fifth = [action for action in later.actions if action["occurrence"] == 5]
    assert [action["format"] for action in fifth] == ["in-person"]


def test_an_unreadable_room_is_never_free_is_listed_and_holds_nobody(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    (world.calendar(ROOM_A) / "bad.ics").write_bytes(b"")
    result = world.run()
    assert result.action["kind"] == "book"
    assert result.action["room"] == ROOM_B
    assert [each["person"] for each in result.json["unreadable"]] == [ROOM_A]
    assert result.status == 3


def test_only_unreadable_rooms_make_it_virtual(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    world.calendar(ROOM_A).rmdir()
    result = world.run()
    assert (result.action["kind"], result.action["format"]) == ("book", "virtual")
    assert not world.calendar(ROOM_A).exists(), "rooms' folders must exist: none is made"


def test_a_site_without_rooms_needs_none(tmp_path: Path) -> None:
    world = with_rooms(tmp_path).write()
    action = world.run().action
    assert (action["format"], action["room"]) == ("in-person", None)


def test_people_of_different_sites_never_meet_in_person(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).site(name="Berlin")
    world.people[1]["site"] = "Berlin"
    assert world.write().run().action["format"] == "virtual"


def test_meetings_in_person_are_on_both_peoples_site_days(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A)
    world.people[0]["site_days"] = "Tu,We"
    world.people[1]["site_days"] = "We,Th"
    action = world.write().run().action
    assert action["format"] == "in-person"
    assert action["start"][:10] in {"2027-01-06", "2027-01-13"}


def test_travel_is_kept_free_on_both_sides_in_person_only(tmp_path: Path) -> None:
    for in_person, expected in (
        ("always", "2027-01-05T10:15:00Z"),
        ("never", "2027-01-05T10:00:00Z"),
    ):
        world = with_rooms(tmp_path / in_person, in_person=in_person)
        world.settings["preferences.mentee"] = {"Tu 09:00-11:00": 1.0}
        world.settings["preferences.mentor"] = {"Tu 09:00-11:00": 1.0}
        world.write()
        world.busy(TOM, "20270105T080000Z", "20270105T100000Z")
        world.busy(TOM, "20270112T080000Z", "20270112T120000Z", name="next")
        assert world.run().action["start"] == expected


def test_working_elsewhere_blocks_meetings_in_person_only(tmp_path: Path) -> None:
    for in_person, expected in (("always", "virtual"), ("never", "virtual")):
        world = with_rooms(tmp_path / in_person, in_person=in_person).write()
        world.busy(TOM, *WHOLE_PERIOD, "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE")
        action = world.run().action
        assert (action["kind"], action["format"]) == ("book", expected)


@pytest.mark.parametrize(
    ("in_person", "formats"),
    [
        ("never", "vvvvvv"),
        ("always", "iiiiii"),
        ("alternate", "vivivi"),
        ("every 2", "vivivi"),
        ("every 3", "vvivvi"),
        ("monthly", "iviviv"),
        ("quarterly", "ivvvvv"),
    ],
)
def test_formats_alternate_as_configured(tmp_path: Path, in_person: str, formats: str) -> None:
    """Periods begin on 4 and 18 January, 1 and 15 February, 1 and 15 March."""
    world = with_rooms(tmp_path, ROOM_A, in_person=in_person).set("meetings", horizon="80d")
    actions = world.write().run().actions
    assert "".join(action["format"][0] for action in actions) == formats


def test_booked_meetings_keep_their_format(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    assert world.run().action["format"] == "in-person"
    world.set("cadence", in_person="never").write()
    action = world.run().action
    assert (action["kind"], action["format"]) == ("keep", "in-person")


def test_a_meeting_in_person_moved_by_a_person_takes_its_room_along(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    first = world.run().action
    start, _ = world.shift(OFFICE, first["uid"], timedelta(days=1))
    action = world.run().action
    assert (action["kind"], action["start"], action["room"]) == ("adopt", start, ROOM_A)
    assert values(world.copy(ROOM_A, first["uid"]).read_bytes(), "DTSTART") == [stamp(start)]
    assert world.run().kinds == ["keep"]


def refuse(world: World, action: Json) -> Json:
    """Let the room of a meeting say no, and return what the next run does; all are told once."""
    world.answer(action["room"], action["uid"], "DECLINED")
    before = world.outbox()
    result = world.run()
    assert (result.status, result.action["kind"]) == (0, "move")
    assert result.action["reason_code"] == "room-lost"
    told = [str(mail["To"]) for mail in world.mails_since(before)]
    cancelled = result.action["uid"] != action["uid"]
    assert sorted(told) == sorted([PRIYA, TOM] * (1 + cancelled))
    return dict(result.action)


def test_rooms_that_decline_lead_to_another_room_another_time_and_online(tmp_path: Path) -> None:
    """clouds.md, Writing: the next room at the same time, then another time, then virtual."""
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    first = world.run().action
    second = refuse(world, first)
    assert (second["room"], second["start"]) == (ROOM_B, first["start"])
    third = refuse(world, second)
    assert (third["format"], third["room"]) == ("in-person", ROOM_A)
    assert third["start"] != first["start"]
    fourth = refuse(world, third)
    assert (fourth["room"], fourth["start"]) == (ROOM_B, third["start"])
    last = refuse(world, fourth)
    assert (last["format"], last["room"]) == ("virtual", None)
    assert "next possible one will be in person" in last["reason"]
    assert world.run().kinds == ["keep"]
    assert list(world.calendar(ROOM_A).iterdir()) == list(world.calendar(ROOM_B).iterdir()) == []


def test_a_room_that_declined_is_not_asked_by_another_pair_for_that_time(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B)
    world.person(ADA, "Ada Example", site="London").person(KOFI, "Kofi Example", site="London")
    world.pair("p02", ADA, KOFI).write()
    first = world.run("--pair", "p01").action
    world.answer(ROOM_A, first["uid"], "DECLINED")
    one, other = world.run().actions
    assert (one["room"], one["start"]) == (ROOM_B, first["start"])
    is_apart = other["end"] <= first["start"] or first["end"] <= other["start"]
    assert is_apart or other["room"] is None


def test_a_room_lost_too_late_is_reported_until_somebody_decides(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    first = world.run().action
    world.answer(ROOM_A, first["uid"], "DECLINED")
    late = world.run(now=f"{utc(first['start']) - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")
    assert (late.status, late.actions[0]["reason_code"]) == (3, "frozen")
    assert late.actions[0]["reason"].startswith("The room is no longer to be had.")
    lost = {"pair": "p01", "uid": first["uid"], "person": ROOM_A, "code": "room-lost"}
    assert late.json["drift"] == [{**lost, "done": "reported"}]


def test_status_tells_whether_the_room_has_said_yes(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    uid = world.run().action["uid"]
    assert world.status()["next"]["room_answer"] == "accepted"
    assert "■" in world.call("status").out.partition("\n● ")[0]
    world.answer(ROOM_A, uid, "NEEDS-ACTION")
    assert world.run().kinds == ["keep"]
    assert world.status()["next"]["room_answer"] == "pending"
    table = world.call("status").out.partition("\n● ")[0]
    assert "□" in table
    assert "■" not in table


def test_another_entry_now_in_the_room_moves_the_meeting(tmp_path: Path) -> None:
    """Promise 1 for rooms, and compromise.md §5: another entry now on it."""
    world = with_rooms(tmp_path, ROOM_A, ROOM_B).write()
    first = world.run().action
    world.busy(ROOM_A, stamp(first["start"]), stamp(first["end"]))
    action = world.run().action
    assert action["kind"] == "move"
    assert (action["room"], action["start"]) != (ROOM_A, first["start"])


def test_a_meeting_that_becomes_virtual_is_another_event(tmp_path: Path) -> None:
    """clouds.md, Writing: format changed: cancel, then create, with a new uid."""
    world = with_rooms(tmp_path, ROOM_A).write()
    old = world.run().action
    world.busy(ROOM_A, *WHOLE_PERIOD)
    world.answer(TOM, old["uid"], "DECLINED")
    before = world.outbox()
    result = world.run()
    [new] = [action for action in result.actions if action["kind"] in {"move", "book"}]
    assert new["format"] == "virtual"
    assert new["uid"] != old["uid"]
    assert not any(path.name == f"{old['uid']}.ics" for path in world.copies())
    told = sorted(
        (str(mail["To"]), *lines_of(invitation(mail), "METHOD"), *values(invitation(mail), "UID"))
        for mail in world.mails_since(before)
    )
    assert told == sorted(
        (email, method, uid)
        for email in (PRIYA, TOM)
        for method, uid in (("METHOD:CANCEL", old["uid"]), ("METHOD:REQUEST", new["uid"]))
    )
    if new["kind"] == "move":
        assert new["was"]["uid"] == old["uid"]
        assert new["was"]["format"] == "in-person"
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet
