"""What changes in a programme's files, or half-done runs, must not break or strand anybody."""

from datetime import timedelta
from pathlib import Path

import pytest

from slotfinder.store.sql import SqlStore
from tests.acceptance.world import ADA, OFFICE, PRIYA, TOM, World, simple


def booked(folder: Path) -> tuple[World, str]:
    world = simple(folder)
    return world, world.run().action["uid"]


def test_a_shorter_cadence_books_the_new_periods_around_a_late_meeting(tmp_path: Path) -> None:
    world = simple(tmp_path).set("cadence", every="4 weeks").set("meetings", horizon="28d").write()
    block = world.busy(TOM, "20270104T000000Z", "20270118T000000Z", name="away")
    first = world.run().action
    assert (first["kind"], first["start"] >= "2027-01-18") == ("book", True)
    block.unlink()
    world.set("cadence", every="2 weeks").write()

    result = world.run()

    assert result.status == 0
    kinds = [(action["period"][0], action["kind"]) for action in result.actions]
    assert kinds[:2] == [("2027-01-04", "book"), ("2027-01-18", "keep")]
    assert set(world.run().kinds) == {"keep"}


def test_mail_that_cannot_be_delivered_blinds_nobody_to_a_decline(tmp_path: Path) -> None:
    world = simple(tmp_path)
    outbox = world.folder / "outbox"
    outbox.write_text("a file where the folder should be", "utf-8")
    first = world.run()
    assert first.status == 1
    world.answer(PRIYA, first.action["uid"], "DECLINED")

    assert world.plan().action["kind"] == "move"
    outbox.unlink()
    assert world.run().action["kind"] == "move"


def test_other_people_in_a_pair_get_another_event_and_the_old_ones_are_told(
    tmp_path: Path,
) -> None:
    world, uid = booked(tmp_path)
    world.person(ADA, "Ada Example")
    world.pairs[0]["mentee"] = ADA
    world.write()
    before = world.outbox()

    actions = {action["kind"]: action for action in world.run().actions}

    assert actions["cancel"]["uid"] == uid
    assert actions["cancel"]["reason_code"] == "people-changed"
    assert actions["book"]["attendees"] == [TOM, ADA]
    assert actions["book"]["uid"] != uid
    assert not world.copy(PRIYA, uid).exists()
    told = {(mail["To"], str(mail["Subject"]).split(":")[0]) for mail in world.mails_since(before)}
    assert told == {
        (TOM, "Cancelled"),
        (PRIYA, "Cancelled"),
        (TOM, "Invitation"),
        (ADA, "Invitation"),
    }
    assert world.run().kinds == ["keep"]


def test_a_person_who_left_the_programme_is_still_told_that_the_meeting_is_off(
    tmp_path: Path,
) -> None:
    world, uid = booked(tmp_path)
    world.person(ADA, "Ada Example")
    world.people = [person for person in world.people if person["email"] != PRIYA]
    world.pairs[0] |= {"mentee": ADA, "status": "paused"}
    world.write()
    before = world.outbox()

    result = world.run()

    assert (result.status, result.kinds) == (0, ["cancel", "hold"])
    assert result.actions[0]["uid"] == uid
    assert PRIYA in {mail["To"] for mail in world.mails_since(before)}
    assert not world.copy(OFFICE, uid).exists()


def test_a_plan_that_waited_too_long_moves_no_meeting_inside_the_freeze(tmp_path: Path) -> None:
    world, uid = booked(tmp_path)
    world.answer(PRIYA, uid, "DECLINED")
    file = tmp_path / "plan.json"
    assert world.plan("--out", str(file)).action["kind"] == "move"

    result = world.run("--plan", str(file), now="2027-01-05T08:00:00Z")

    assert result.status == 3
    assert "too close" in result.json["refused"]["reason"]
    assert world.copy(OFFICE, uid).exists()


class KilledError(BaseException):
    """The process ends here, whatever it was doing."""


def test_a_move_made_before_a_killed_run_noted_its_writing_is_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KilledError

    world = simple(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "settle", die)
        with pytest.raises(KilledError):
            world.run()
    [copy] = world.calendar(PRIYA).glob("*.ics")
    start, _ = world.shift(PRIYA, copy.stem, timedelta(hours=1))

    world.run()
    action = world.run().action

    assert (action["start"], action["uid"]) == (start, copy.stem)
    assert len(world.mails()) == len(world.outbox())
    assert world.run().kinds == ["keep"]
