"""The promises of contract.md §4, as far as calendars in folders go, each by its number."""

import json
import os
import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    ROOM_A,
    ROOM_B,
    TOM,
    World,
    calendar,
    couple,
    entry,
    invitation,
    lines_of,
    simple,
    spawn,
    stamp,
    utc,
    values,
    with_rooms,
)

SECRET = "Redundancies-4711"


def crowd(folder: Path) -> World:
    """Return a busy programme of several pairs that share people and rooms, on many settings."""
    world = with_rooms(folder, ROOM_A, ROOM_B, in_person="every 2").set("meetings", horizon="42d")
    world.person(ADA, "Ada Example", site="London", timezone="Europe/Berlin", country="DE")
    world.person(KOFI, "Kofi Example", site="London", preference="Mo-Fr 08:00-16:00")
    world.pair("p02", ADA, PRIYA).pair("p03", KOFI, TOM).pair("p04", ADA, KOFI)
    world.write()
    for number, email in enumerate((TOM, PRIYA, ADA, KOFI, ROOM_A, ROOM_B)):
        for day in range(0, 42, 1 + number % 3):
            first = datetime(2027, 1, 4, 9, tzinfo=ZoneInfo("UTC")) + timedelta(days=day)
            start = first + timedelta(minutes=(day * 37 + number * 53) % 300)
            end = start + timedelta(minutes=30 + (day * 11) % 120)
            line = ("STATUS:CONFIRMED", "X-MICROSOFT-CDO-BUSYSTATUS:OOF")[day % 2]
            times = f"{start:%Y%m%dT%H%M%SZ}", f"{end:%Y%m%dT%H%M%SZ}"
            world.busy(email, *times, line, f"SUMMARY:{SECRET}", name=f"busy{day}")
    return world


def taken(world: World, email: str) -> list[tuple[str, str]]:
    """Return when somebody's own entries say they are taken, read from the files themselves."""
    found = []
    for path in sorted(world.calendar(email).glob("busy*.ics")):
        content = path.read_bytes()
        found.append((values(content, "DTSTART")[0], values(content, "DTEND")[0]))
    return found


@pytest.fixture(scope="module")
def lived(module_folder: Path) -> World:
    """Return a busy programme after a run, answers of people, and another run."""
    world = crowd(module_folder / "lived")
    booked = world.run("--verbose").actions
    world.answer(TOM, booked[0]["uid"], "DECLINED")
    world.run("--verbose")
    return world


def test_promise_1_no_meeting_lies_on_a_time_somebody_or_the_room_is_taken(
    lived: World,
) -> None:
    actions = [action for action in lived.run().actions if action["kind"] == "keep"]
    assert len(actions) >= 10
    assert {action["format"] for action in actions} == {"virtual", "in-person"}
    for action in actions:
        start, end = stamp(action["start"]), stamp(action["end"])
        margin = timedelta(minutes=15 if action["format"] == "in-person" else 0)
        for email in action["attendees"]:
            for first, last in taken(lived, email):
                assert shifted(last, margin) <= start or end <= shifted(first, -margin)
        if action["room"]:
            for first, last in taken(lived, action["room"]):
                assert last <= start or end <= first


def shifted(moment: str, by: timedelta) -> str:
    return f"{datetime.strptime(moment, '%Y%m%dT%H%M%SZ') + by:%Y%m%dT%H%M%SZ}"  # noqa: DTZ007


def test_promise_1_people_and_rooms_are_in_one_meeting_at_a_time(lived: World) -> None:
    actions = [action for action in lived.run().actions if action["kind"] == "keep"]
    for one in actions:
        for other in actions:
            if one["uid"] == other["uid"]:
                continue
            mine = {*one["attendees"], one["room"]} - {None}
            if mine & {*other["attendees"], other["room"]}:
                assert one["end"] <= other["start"] or other["end"] <= one["start"]


def test_promise_1_a_meeting_planned_but_not_written_does_not_lie_on_a_late_entry(
    tmp_path: Path,
) -> None:
    """What came between the plan somebody looked at and its run is seen."""
    world = simple(tmp_path)
    out = tmp_path / "plan.json"
    action = world.plan("--out", str(out)).action
    world.busy(PRIYA, stamp(action["start"]), stamp(action["end"]))
    assert world.run("--plan", str(out)).status == 3
    assert world.run().action["start"] != action["start"]


def test_promise_2_the_unknown_is_never_free(tmp_path: Path) -> None:
    world = crowd(tmp_path)
    (world.calendar(TOM) / "half.ics").write_bytes(calendar()[:40])
    result = world.run()
    for action in result.actions:
        if TOM in action["attendees"]:
            assert (action["kind"], action["reason_code"]) == ("hold", "calendar-unreadable")
        else:
            assert action["kind"] == "book"
    assert not list(world.calendar(TOM).glob("*-*.ics"))
    assert all(str(mail["To"]) != TOM for mail in world.mails())


def test_promise_4_a_second_run_writes_nothing_and_sends_nothing(lived: World) -> None:
    lived.run()
    before = lived.snapshot()
    times = {path: path.stat().st_mtime_ns for path in lived.copies()}
    result = lived.run()
    assert set(result.kinds) <= {"keep", "hold"}
    assert lived.snapshot() == before
    assert {path: path.stat().st_mtime_ns for path in lived.copies()} == times


def test_promise_4_holds_a_minute_an_hour_and_a_few_hours_later(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    before = world.snapshot()
    for now in ("2027-01-03T12:01:00Z", "2027-01-03T13:00:00Z", "2027-01-03T20:00:00Z"):
        assert world.run(now=now).kinds == ["keep"]
    assert world.snapshot() == before


def test_promise_4_holds_for_holds(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    world.run()
    before = world.snapshot()
    assert world.run().kinds == ["hold"]
    assert world.snapshot() == before


def test_promise_5_one_invitation_and_one_notice_a_change_for_each_attendee(
    lived: World,
) -> None:
    told: dict[tuple[str, str, str], int] = {}
    for mail in lived.mails():
        content = invitation(mail)
        [uid], [sequence] = values(content, "UID"), values(content, "SEQUENCE")
        key = (str(mail["To"]), uid, sequence)
        told[key] = told.get(key, 0) + 1
    assert set(told.values()) == {1}
    for action in lived.run().actions:
        if action["kind"] == "keep":
            for email in action["attendees"]:
                sequences = {key[2] for key in told if key[:2] == (email, action["uid"])}
                assert sequences == {str(n) for n in range(action["sequence"] + 1)}


def test_promise_6_titles_of_others_are_stored_and_told_nowhere(tmp_path: Path) -> None:
    world = crowd(tmp_path)
    (world.calendar(PRIYA) / "secret.ics").write_bytes(
        calendar(
            *entry(
                f"uid-{SECRET}",
                f"SUMMARY:{SECRET}",
                f"DESCRIPTION:{SECRET}",
                f"LOCATION:{SECRET}",
                f"ATTENDEE;CN={SECRET}:mailto:{SECRET}@acme.example",
                "DTSTART:20270104T090000Z",
                "DTEND:20270104T100000Z",
            )
        )
    )
    said = ""
    for arguments in (
        ["--verbose", "plan"],
        ["--verbose", "run", "--json"],
        ["status"],
        ["explain", "p01"],
        ["explain", "p02", "--json"],
        ["freebusy", PRIYA, "--json"],
        ["freebusy", PRIYA],
    ):
        result = world.call(*arguments)
        said += result.out + result.err
    assert SECRET not in said
    for path in tmp_path.rglob("*"):
        if path.is_file() and not re.match(r"busy\d+|secret", path.name):
            assert SECRET.encode() not in path.read_bytes(), path.name


def test_promise_6_the_store_keeps_no_uid_of_others_either(tmp_path: Path) -> None:
    world = simple(tmp_path)
    busy = entry("uid-of-a-stranger", "DTSTART:20270104T090000Z", "DTEND:20270106T100000Z")
    (world.calendar(TOM) / "stranger.ics").write_bytes(calendar(*busy))
    world.run()
    with sqlite3.connect(world.store) as store:
        dump = "\n".join(store.iterdump())
    store.close()
    assert "stranger" not in dump
    assert "p01" in dump


def test_promise_7_declined_moved_and_deleted_are_noticed_by_the_next_run(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="42d").write()
    declined, moved, deleted = world.run().actions
    world.answer(PRIYA, declined["uid"], "DECLINED")
    start, _ = world.shift(TOM, moved["uid"], timedelta(hours=3))
    world.copy(OFFICE, deleted["uid"]).unlink()
    result = world.run()
    by_period: dict[int, list[str]] = {}
    for action in result.actions:
        by_period.setdefault(action["occurrence"], []).append(action["kind"])
    assert by_period[1] == ["move"]
    assert by_period[2] == ["adopt"]
    assert set(by_period[3]) <= {"cancel", "book", "move"}
    [adopted] = [action for action in result.actions if action["kind"] == "adopt"]
    assert adopted["start"] == start
    assert not world.copy(TOM, deleted["uid"]).exists()
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"] * 3
    assert world.snapshot() == quiet


def test_promise_7_a_meeting_put_off_is_noticed_even_when_its_old_time_is_over(
    tmp_path: Path,
) -> None:
    """People put a meeting off just before it begins; the next run comes a day later."""
    world = simple(tmp_path)
    booked = world.run().action
    start, _ = world.shift(TOM, booked["uid"], timedelta(days=2))
    now = f"{utc(booked['end']) + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}"
    adopted = world.run(now=now).actions[0]
    assert (adopted["kind"], adopted["start"]) == ("adopt", start)
    assert world.run(now=now).kinds[0] == "keep"
    assert world.status(now=now)["next"]["start"] == start


def test_promise_7_deleted_twice_is_rebooked_within_the_budget_only(tmp_path: Path) -> None:
    """compromise.md §5: automatic_moves counts a rebooking after deletion too."""
    world = couple(tmp_path).set("meetings", automatic_moves=1).write()
    first = world.run().action
    world.copy(OFFICE, first["uid"]).unlink()
    second = next(action for action in world.run().actions if action["kind"] != "cancel")
    world.copy(OFFICE, second["uid"]).unlink()
    result = world.run()
    assert "book" not in result.kinds
    assert "move" not in result.kinds
    assert [a["reason_code"] for a in result.actions if a["kind"] == "hold"] == ["budget-spent"]
    assert result.status == 3


def test_promise_8_formats_alternate_over_runs_as_over_one(tmp_path: Path) -> None:
    at_once = with_rooms(tmp_path / "a", ROOM_A, in_person="every 3").set("meetings", horizon="80d")
    bit_by_bit = with_rooms(tmp_path / "b", ROOM_A, in_person="every 3")
    expected = [action["format"] for action in at_once.write().run().actions]
    bit_by_bit.write()
    found: dict[int, str] = {}
    for days in range(0, 70, 14):
        now = f"{utc('2027-01-04T00:00:00Z') + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        for action in bit_by_bit.run(now=now).actions:
            found[action["occurrence"]] = action["format"]
    assert [found[k] for k in sorted(found)] == expected[: len(found)]
    assert expected[2] == "in-person"


def test_promise_9_wishes_hold_on_the_wall_clock_of_both_zones_across_the_changes(
    tmp_path: Path,
) -> None:
    """New York changes on 14 March 2027, London on 28 March: for two weeks they are nearer."""
    world = couple(tmp_path).set("meetings", horizon="42d").set("cadence", every="1 week", gap="2d")
    world.people[1]["timezone"] = "America/New_York"
    world.settings["preferences.mentor"] = {"Mo-Fr 13:00-15:00": 1.0}
    world.settings["preferences.mentee"] = {"Mo-Fr 09:00-10:00": 1.0}
    world.write()
    actions = world.run(now="2027-03-01T00:00:00Z").actions
    london, new_york = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
    assert {action["kind"] for action in actions} == {"book"}
    assert len(actions) == 7
    for action in actions:
        start, end = utc(action["start"]), utc(action["end"])
        assert f"{start.astimezone(london):%H:%M}" >= "13:00"
        assert f"{end.astimezone(london):%H:%M}" <= "15:00"
        assert f"{start.astimezone(new_york):%H:%M}" >= "09:00"
        assert f"{end.astimezone(new_york):%H:%M}" <= "10:00"
    offsets = {utc(action["start"]).astimezone(london).hour for action in actions}
    assert offsets == {13, 14}


def test_promise_9_the_hour_that_is_there_twice_is_a_wish_twice(tmp_path: Path) -> None:
    """On 31 October 2027 London's 01:00 comes twice; both are 01:00 on the wall."""
    world = couple(tmp_path).set("programme", starts="=2027-10-25", ends="=2027-11-21")
    world.settings["preferences.mentor"] = {"Su 01:00-02:00": 1.0}
    world.settings["preferences.mentee"] = {"Su 01:00-02:00": 1.0}
    world.write()
    for minute in ("07T010000Z/07T020000Z",):
        start, end = minute.split("/")
        world.busy(TOM, f"202711{start}", f"202711{end}")
    world.busy(TOM, "20271031T000000Z", "20271031T010000Z", name="first")
    action = world.run(now="2027-10-24T12:00:00Z").action
    assert action["start"] == "2027-10-31T01:00:00Z"


def test_promise_9_the_hour_that_is_not_there_is_nobodys_wish(tmp_path: Path) -> None:
    """On 28 March 2027 London's clock goes from 01:00 to 02:00."""
    world = couple(tmp_path).set("programme", starts="=2027-03-22", ends="=2027-04-04")
    world.settings["preferences.mentor"] = {"Su 01:00-02:00": 1.0}
    world.settings["preferences.mentee"] = {"Su 01:00-02:00": 1.0}
    world.write()
    world.busy(TOM, "20270403T230000Z", "20270404T120000Z")
    result = world.run(now="2027-03-21T12:00:00Z")
    assert result.kinds == ["hold"]


def test_promise_10_same_inputs_give_the_same_plan_byte_for_byte(tmp_path: Path) -> None:
    one, other = crowd(tmp_path / "one"), crowd(tmp_path / "other")
    first = one.plan().out
    assert other.plan().out == first
    assert one.plan().out == first
    arguments = ("plan", "--json", "--now", one.now)
    spawned = spawn(*arguments, cwd=one.folder, env={"PYTHONHASHSEED": "17", "TZ": "Asia/Tokyo"})
    assert spawned.out == first


def test_promise_10_the_order_of_files_on_disk_does_not_matter(tmp_path: Path) -> None:
    one, other = crowd(tmp_path / "one"), crowd(tmp_path / "other")
    files = sorted(other.calendar(PRIYA).iterdir())
    contents = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    for path, content in reversed(list(zip(files, contents, strict=True))):
        path.write_bytes(content)
        os.utime(path, (0, 0))
    assert other.plan().out == one.plan().out


def test_promise_10_equal_lives_leave_equal_calendars_and_mails(tmp_path: Path) -> None:
    snapshots = []
    for name in ("one", "other"):
        world = crowd(tmp_path / name)
        uid = world.run().actions[0]["uid"]
        world.answer(TOM, uid, "DECLINED")
        world.run()
        snapshots.append(world.snapshot())
    assert snapshots[0] == snapshots[1]


def test_promise_3_one_live_meeting_a_pair_and_period_after_a_kill_in_the_midst(
    tmp_path: Path,
) -> None:
    """A store that remembers and calendars that miss a copy: the next run completes them."""
    world = simple(tmp_path)
    blocker = world.folder / "calendars" / OFFICE
    blocker.write_bytes(b"")
    world.run()
    blocker.unlink()
    world.run()
    undisturbed = simple(tmp_path / "other")
    undisturbed.run()
    calendars = {name: d for name, d in world.snapshot().items() if name.startswith("calendars")}
    assert calendars == {
        name: d for name, d in undisturbed.snapshot().items() if name.startswith("calendars")
    }
    assert json.loads(world.call("status", "--json").out)["pairs"][0]["health"] == "ok"
    assert [lines_of(invitation(mail), "METHOD") for mail in world.mails()] == [
        ["METHOD:REQUEST"]
    ] * 2
