"""What becomes of a meeting: declined, moved, deleted (promise 7; compromise.md §5)."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import (
    OFFICE,
    PRIYA,
    TOM,
    Result,
    World,
    couple,
    invitation,
    lines_of,
    partstat,
    simple,
    stamp,
    utc,
    values,
    words,
)


def booked(folder: Path) -> tuple[World, str, str]:
    """Return a world with one meeting, its uid and its start."""
    world = simple(folder)
    action = world.run().action
    return world, action["uid"], action["start"]


def kind_of_first(result: Result) -> list[str]:
    """Return what happens to the first period."""
    return [action["kind"] for action in result.actions if action["occurrence"] == 1]


@pytest.mark.parametrize("email", [TOM, PRIYA])
def test_a_declined_meeting_moves(tmp_path: Path, email: str) -> None:
    world, uid, start = booked(tmp_path)
    world.answer(email, uid, "DECLINED")
    result = world.run()
    action = result.action
    assert result.status == 0
    assert action["kind"] == "move"
    assert action["result"] == "done"
    assert action["uid"] == uid
    assert action["sequence"] == 1
    assert action["was"] == {
        "start": start,
        "end": f"{utc(start) + timedelta(minutes=45):%Y-%m-%dT%H:%M:%SZ}",
        "format": "virtual",
        "room": None,
        "uid": uid,
    }
    assert utc(action["start"]) >= utc(start) + timedelta(minutes=45) or (
        utc(action["end"]) <= utc(start)
    )


def test_a_moved_meeting_is_the_same_event_at_its_new_time_in_every_copy(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    action = world.run().action
    assert len(world.copies()) == 3
    for email in (OFFICE, TOM, PRIYA):
        content = world.copy(email, uid).read_bytes()
        assert values(content, "SEQUENCE") == ["1"]
        assert values(content, "DTSTART") == [stamp(action["start"])]
        assert values(content, "DTEND") == [stamp(action["end"])]
        assert partstat(content, TOM) == "NEEDS-ACTION"


def test_a_move_is_told_once_to_each_attendee(tmp_path: Path) -> None:
    world, uid, start = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    before = world.outbox()
    action = world.run().action
    mails = world.mails_since(before)
    assert sorted(str(mail["To"]) for mail in mails) == [PRIYA, TOM]
    for mail in mails:
        content = invitation(mail)
        assert lines_of(content, "METHOD") == ["METHOD:REQUEST"]
        assert values(content, "UID") == [uid]
        assert values(content, "SEQUENCE") == ["1"]
        assert values(content, "DTSTART") == [stamp(action["start"])]
        text = words(mail)
        assert f"{utc(start):%H:%M}" in text
        assert f"{utc(action['start']):%H:%M}" in text


def test_after_a_move_everything_is_quiet(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    moved = world.run().action
    before = world.snapshot()
    again = world.run()
    assert again.kinds == ["keep"]
    assert again.action["start"] == moved["start"]
    assert again.action["sequence"] == 1
    assert world.snapshot() == before


def test_an_answer_to_an_older_time_is_ignored(tmp_path: Path) -> None:
    """A calendar program that syncs late may write the old answer back."""
    world, uid, _ = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    old = world.copy(TOM, uid).read_bytes()
    world.run()
    world.copy(TOM, uid).write_bytes(old)
    assert world.run().kinds == ["keep"]


def test_a_slot_once_declined_is_not_offered_again(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.settings["preferences.mentee"] = {"Tu 09:00-09:45": 1.0}
    world.settings["preferences.mentor"] = {"Tu 09:00-09:45": 1.0}
    world.write()
    first = world.run().action
    assert first["start"] == "2027-01-05T09:00:00Z"
    world.answer(PRIYA, first["uid"], "DECLINED")
    second = world.run().action
    assert second["start"] == "2027-01-12T09:00:00Z"
    world.answer(PRIYA, first["uid"], "DECLINED")
    third = world.run()
    assert "move" not in third.kinds
    assert "hold" in third.kinds
    assert third.status == 3


def test_a_declined_meeting_without_a_new_slot_is_withdrawn_and_the_pair_held(
    tmp_path: Path,
) -> None:
    world = couple(tmp_path)
    world.settings["preferences.mentee"] = {"Tu 09:00-09:45": 1.0}
    world.write()
    world.busy(TOM, "20270112T000000Z", "20270113T000000Z")
    uid = world.run().action["uid"]
    world.answer(PRIYA, uid, "DECLINED")
    before = world.outbox()
    result = world.run()
    assert sorted(result.kinds) == ["cancel", "hold"]
    assert result.status == 3
    assert not any(world.copy(email, uid).exists() for email in (OFFICE, TOM, PRIYA))
    mails = world.mails_since(before)
    assert sorted(str(mail["To"]) for mail in mails) == [PRIYA, TOM]
    for mail in mails:
        content = invitation(mail)
        assert lines_of(content, "METHOD") == ["METHOD:CANCEL"]
        assert values(content, "STATUS") == ["CANCELLED"]
        assert values(content, "UID") == [uid]
        assert values(content, "SEQUENCE") == ["1"]
    again = world.snapshot()
    assert world.run().kinds == ["hold"]
    assert world.snapshot() == again


def test_accepting_changes_nothing_but_the_answer(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    world.answer(TOM, uid, "ACCEPTED")
    world.answer(PRIYA, uid, "TENTATIVE")
    before = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == before
    assert world.status()["next"]["answers"] == {TOM: "accepted", PRIYA: "tentative"}


def test_the_budget_of_automatic_moves_ends_in_the_coordinators_hands(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    for _ in range(2):
        world.answer(TOM, uid, "DECLINED")
        assert world.run().kinds == ["move"]
    world.answer(TOM, uid, "DECLINED")
    before = world.snapshot()
    result = world.run()
    assert result.status == 3
    [hold] = [action for action in result.actions if action["kind"] == "hold"]
    assert hold["reason_code"] == "budget-spent"
    assert hold["uid"] == uid
    assert world.snapshot() == before


def test_no_automatic_moves_means_none(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", automatic_moves=0).write()
    uid = world.run().action["uid"]
    world.answer(TOM, uid, "DECLINED")
    result = world.run()
    assert [a["reason_code"] for a in result.actions if a["kind"] == "hold"] == ["budget-spent"]
    assert world.copy(TOM, uid).exists()


def test_a_declined_meeting_within_freeze_is_left_alone(tmp_path: Path) -> None:
    world, uid, start = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    late = f"{utc(start) - timedelta(hours=19, minutes=59):%Y-%m-%dT%H:%M:%SZ}"
    before = world.snapshot()
    result = world.run(now=late)
    [hold] = [action for action in result.actions if action["kind"] == "hold"]
    assert hold["reason_code"] == "frozen"
    assert hold["uid"] == uid
    assert result.status == 3
    assert [name for name in before if world.snapshot().get(name) != before[name]] == []


def test_a_declined_meeting_exactly_at_freeze_is_moved(tmp_path: Path) -> None:
    """compromise.md §5: frozen is an old start < now + freeze."""
    world, uid, start = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    just = f"{utc(start) - timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"
    assert kind_of_first(world.run(now=just)) == ["move"]


def test_an_attendees_copy_removed_is_a_decline(tmp_path: Path) -> None:
    world, uid, start = booked(tmp_path)
    world.copy(PRIYA, uid).unlink()
    action = world.run().action
    assert action["kind"] == "move"
    assert action["uid"] == uid
    assert action["start"] != start
    assert values(world.copy(PRIYA, uid).read_bytes(), "DTSTART") == [stamp(action["start"])]


@pytest.mark.parametrize("email", [OFFICE, TOM, PRIYA])
def test_a_time_changed_in_any_copy_is_adopted_when_both_are_free(
    tmp_path: Path, email: str
) -> None:
    world, uid, start = booked(tmp_path)
    moved, end = world.shift(email, uid, timedelta(days=1, hours=2))
    before = world.outbox()
    result = world.run()
    action = result.action
    assert result.status == 0
    assert action["kind"] == "adopt"
    assert (action["start"], action["end"]) == (moved, end)
    assert action["uid"] == uid
    assert action["sequence"] == 1
    assert action["was"]["start"] == start
    assert set(action["was"]) == {"start", "end", "format", "room", "uid"}
    for who in (OFFICE, TOM, PRIYA):
        content = world.copy(who, uid).read_bytes()
        assert values(content, "DTSTART") == [stamp(moved)]
        assert values(content, "SEQUENCE") == ["1"]
    assert sorted(str(mail["To"]) for mail in world.mails_since(before)) == [PRIYA, TOM]
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet


def test_wishes_gap_and_period_are_not_asked_of_an_adopted_time(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    moved, _ = world.shift(TOM, uid, timedelta(days=18, hours=12))  # a Saturday evening, period 2
    action = world.run().action
    assert action["kind"] == "adopt"
    assert action["start"] == moved
    assert action["occurrence"] == 1


def test_an_adopted_meeting_keeps_its_period_and_the_next_is_booked_too(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    world.shift(TOM, uid, timedelta(days=18))
    world.run()
    result = world.run(now="2027-01-04T12:00:00Z")
    assert sorted(result.kinds) == ["book", "keep"]
    assert {action["occurrence"] for action in result.actions} == {1, 2}


@pytest.mark.parametrize("busy", [TOM, PRIYA])
def test_a_move_by_a_person_onto_a_busy_time_is_moved_on(tmp_path: Path, busy: str) -> None:
    world, uid, _ = booked(tmp_path)
    world.busy(busy, "20270107T080000Z", "20270107T180000Z")
    world.shift(TOM, uid, timedelta(days=2))
    result = world.run()
    action = result.action
    assert action["kind"] == "move"
    assert action["uid"] == uid
    assert not action["start"].startswith("2027-01-07")
    for email in (OFFICE, TOM, PRIYA):
        content = world.copy(email, uid).read_bytes()
        assert values(content, "DTSTART") == [stamp(action["start"])]
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet


def test_the_organizers_copy_removed_withdraws_and_rebooks_once(tmp_path: Path) -> None:
    world, uid, start = booked(tmp_path)
    world.copy(OFFICE, uid).unlink()
    before = world.outbox()
    result = world.run()
    [new] = [action for action in result.actions if action["kind"] in {"book", "move"}]
    assert new["uid"] != uid
    assert new["sequence"] == 0
    assert new["start"] != start, "the deleted slot is not offered again"
    assert not any(world.copy(email, uid).exists() for email in (OFFICE, TOM, PRIYA))
    assert all(world.copy(email, new["uid"]).exists() for email in (OFFICE, TOM, PRIYA))
    told = sorted(
        (str(mail["To"]), *lines_of(invitation(mail), "METHOD"), *values(invitation(mail), "UID"))
        for mail in world.mails_since(before)
    )
    assert told == sorted(
        (email, method, which)
        for email in (PRIYA, TOM)
        for method, which in (("METHOD:CANCEL", uid), ("METHOD:REQUEST", new["uid"]))
    )
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet


def test_an_event_cancelled_in_the_organizers_copy_is_deleted(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    path = world.copy(OFFICE, uid)
    path.write_bytes(path.read_bytes().replace(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"))
    result = world.run()
    [new] = [action for action in result.actions if action["kind"] in {"book", "move"}]
    assert new["uid"] != uid
    assert not world.copy(TOM, uid).exists()


def test_another_entry_now_on_a_meeting_moves_it(tmp_path: Path) -> None:
    world, uid, start = booked(tmp_path)
    world.busy(PRIYA, "20270105T091500Z", "20270105T093000Z")
    action = world.run().action
    assert action["kind"] == "move"
    assert action["uid"] == uid
    assert action["start"] != start


def test_a_foreign_entry_with_exactly_our_time_moves_it(tmp_path: Path) -> None:
    world, _, start = booked(tmp_path)
    world.busy(PRIYA, "20270105T090000Z", "20270105T094500Z")
    action = world.run().action
    assert action["kind"] == "move"
    assert action["start"] != start


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["STATUS:TENTATIVE"], id="tentative"),
        pytest.param(["TRANSP:TRANSPARENT"], id="free"),
        pytest.param(["STATUS:CANCELLED"], id="cancelled"),
        pytest.param(["X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"], id="elsewhere"),
    ],
)
def test_an_entry_that_does_not_block_breaks_no_meeting(tmp_path: Path, lines: list[str]) -> None:
    world, _, _ = booked(tmp_path)
    world.busy(PRIYA, "20270105T090000Z", "20270105T100000Z", *lines)
    assert world.run().kinds == ["keep"]


def test_changed_wishes_gap_and_floor_break_no_meeting(tmp_path: Path) -> None:
    world, _, _ = booked(tmp_path)
    world.settings["preferences.mentee"] = {"Fr 09:00-12:00": 1.0}
    world.set("compromise", floor=50, tentative="block").set("cadence", gap="10d").write()
    assert world.run().kinds == ["keep"]


def test_being_away_a_blackout_and_out_of_office_break_a_meeting(tmp_path: Path) -> None:
    for number, change in enumerate(("away", "blackout", "holiday", "out")):
        world, uid, _ = booked(tmp_path / str(number))
        if change == "away":
            world.people[1]["away"] = "2027-01-05..2027-01-06"
        elif change == "blackout":
            world.set("programme", blackouts=["2027-01-05..2027-01-05"])
        elif change == "holiday":
            world.people[0]["country"] = "BG"  # nothing on 5 January; 4 January is a substitute day
            world.people[0]["away"] = "2027-01-05"
        else:
            world.busy(
                TOM, "20270105T080000Z", "20270105T180000Z", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"
            )
        action = world.write().run().action
        assert action["kind"] == "move", change
        assert action["uid"] == uid
        assert not action["start"].startswith("2027-01-05"), change


def test_a_meeting_that_took_place_is_history(tmp_path: Path) -> None:
    world, uid, start = booked(tmp_path)
    result = world.run(now="2027-01-05T09:45:00Z")
    assert result.kinds == ["book"]
    assert result.action["occurrence"] == 2
    assert world.copy(TOM, uid).exists()
    status = world.status(now="2027-01-05T09:45:00Z")
    assert status["last"]["uid"] == uid
    assert status["last"]["start"] == start


def test_a_past_meeting_somebody_declined_did_not_take_place(tmp_path: Path) -> None:
    world, uid, _ = booked(tmp_path)
    world.answer(TOM, uid, "DECLINED")
    world.run(now="2027-01-05T08:00:00Z")  # frozen by then
    result = world.run(now="2027-01-05T10:00:00Z")
    assert kind_of_first(result) == ["cancel", "book"], "its period is open again"
    assert not world.copy(TOM, uid).exists(), "the standing event is withdrawn first"
    assert world.status(now="2027-01-05T10:00:00Z")["last"] is None


def test_people_in_the_copies_of_others_cannot_answer_for_them(tmp_path: Path) -> None:
    """An answer is the own ATTENDEE's PARTSTAT in the own copy."""
    world, uid, _ = booked(tmp_path)
    path = world.copy(TOM, uid)
    original = path.read_bytes()
    world.answer(TOM, uid, "ACCEPTED")
    mine = path.read_bytes()
    assert mine != original
    other = world.copy(PRIYA, uid)
    kept = other.read_bytes()
    lines = kept.replace(b"\r\n ", b"").split(b"\r\n")
    changed = [
        line.replace(b"PARTSTAT=NEEDS-ACTION", b"PARTSTAT=DECLINED")
        if TOM.encode() in line
        else line
        for line in lines
    ]
    other.write_bytes(b"\r\n".join(changed))
    assert world.run().kinds == ["keep"]
    assert world.status()["next"]["answers"] == {TOM: "accepted", PRIYA: "none"}
