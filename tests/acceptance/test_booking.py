"""The first pass: what `plan` shows and `run` does (issue 1; contract.md §2 and §4)."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.acceptance.world import (
    ADA,
    KOFI,
    OFFICE,
    PRIYA,
    SUNDAY,
    TOM,
    Result,
    World,
    couple,
    lines_of,
    partstat,
    simple,
    stamp,
    unfolded,
    utc,
    values,
)


@pytest.fixture(scope="module")
def booked(module_folder: Path) -> tuple[World, Result]:
    world = simple(module_folder / "booked")
    return world, world.run()


def test_plan_shows_a_booking_and_changes_no_file(tmp_path: Path) -> None:
    world = simple(tmp_path)
    before = world.snapshot(store=True)
    result = world.plan()
    assert result.status == 0
    assert result.action["kind"] == "book"
    assert result.action["result"] == "planned"
    assert world.snapshot(store=True) == before


def test_plan_after_a_run_changes_no_file_either(booked: tuple[World, Result]) -> None:
    world, _ = booked
    before = world.snapshot(store=True)
    assert world.plan().kinds == ["keep"]
    assert world.snapshot(store=True) == before


def test_plan_for_people_shows_both_local_times_who_gives_way_and_why(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[1]["timezone"] = "Europe/Berlin"
    world.settings["preferences.mentee"] = {"Mo-Fr 10:00-13:00": 1.0}
    world.settings["preferences.mentor"] = {"Mo-Fr 13:00-17:00": 1.0, "Mo-Fr 09:00-13:00": 0.2}
    world.write()
    world.busy(TOM, "20270111T130000Z", "20270111T140000Z")
    planned = world.plan().action
    start = utc(planned["start"])
    out = world.call("plan").out
    assert f"{start:%H:%M}" in out, "London"
    assert f"{start + timedelta(hours=1):%H:%M}" in out, "Berlin"
    assert "Gives way" in out
    assert "Why" in out


def test_plan_for_people_names_who_gives_way(tmp_path: Path) -> None:
    """(50 + 20)(50 + 100) beats (50 + 100)(50 + 10); Tom's 20 % are below half of Priya's 100 %."""
    world = couple(tmp_path)
    world.settings["preferences.mentor"] = {"Tu 10:00-10:45": 0.2, "We 10:00-10:45": 1.0}
    world.settings["preferences.mentee"] = {"Tu 10:00-10:45": 1.0, "We 10:00-10:45": 0.1}
    assert world.write().plan().action["share"] == {"mentor": 20, "mentee": 100}
    [line] = [line for line in world.call("plan").out.splitlines() if "p01" in line]
    assert "mentor" in line.split()
    assert "mentee" not in line.split()


def test_run_does_what_plan_showed(tmp_path: Path) -> None:
    world = simple(tmp_path)
    planned, done = world.plan().action, world.run().action
    assert done == planned | {"result": "done"}


def test_a_booking_is_a_file_in_the_folders_of_organizer_and_attendees(
    booked: tuple[World, Result],
) -> None:
    world, result = booked
    uid = result.action["uid"]
    assert world.copies() == sorted(world.copy(email, uid) for email in (OFFICE, TOM, PRIYA))


@pytest.mark.parametrize("email", [OFFICE, TOM, PRIYA])
def test_a_copy_is_an_event_by_rfc_5545(booked: tuple[World, Result], email: str) -> None:
    world, result = booked
    action = result.action
    content = world.copy(email, action["uid"]).read_bytes()
    lines = unfolded(content)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert lines.count("BEGIN:VEVENT") == 1
    assert "VERSION:2.0" in lines
    assert lines_of(content, "PRODID")
    assert not lines_of(content, "METHOD"), "RFC 4791 §4.1: no METHOD in a stored object"
    assert values(content, "UID") == [action["uid"]]
    assert values(content, "SEQUENCE") == ["0"]
    assert lines_of(content, "DTSTART") == [f"DTSTART:{stamp(action['start'])}"]
    assert lines_of(content, "DTEND") == [f"DTEND:{stamp(action['end'])}"]
    assert values(content, "ORGANIZER") == [f"mailto:{OFFICE}"]
    assert sorted(values(content, "ATTENDEE")) == [f"mailto:{PRIYA}", f"mailto:{TOM}"]
    assert {partstat(content, TOM), partstat(content, PRIYA)} == {"NEEDS-ACTION"}
    assert values(content, "CLASS") == ["PRIVATE"]
    assert values(content, "SUMMARY") == ["Reverse mentoring: Tom Example & Priya Example"]


def test_a_public_programme_marks_no_event_private(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", private=False, title="{pair}: {mentor}/{mentee}")
    action = world.write().run().action
    content = world.copy(TOM, action["uid"]).read_bytes()
    assert values(content, "CLASS") in ([], ["PUBLIC"])
    assert values(content, "SUMMARY") == ["p01: Tom Example/Priya Example"]


def test_no_half_written_file_stays_anywhere(booked: tuple[World, Result]) -> None:
    world, _ = booked
    everything = [path for path in (world.folder / "calendars").rglob("*") if path.is_file()]
    assert sorted(everything) == world.copies()
    assert all(name.endswith(".eml") for name in world.outbox())


def test_a_meeting_starts_on_the_grid_after_the_notice_within_the_period(
    booked: tuple[World, Result],
) -> None:
    _, result = booked
    action = result.action
    start, end = utc(action["start"]), utc(action["end"])
    assert start.minute % 15 == 0
    assert (end - start).total_seconds() == 45 * 60
    assert (start - utc(SUNDAY)).total_seconds() >= 24 * 3600
    assert action["period"] == ["2027-01-04", "2027-01-18"]


def test_only_the_named_pairs_are_booked(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
    world.pair("p02", ADA, KOFI).pair("p03", ADA, PRIYA).write()
    result = world.run("--pair", "p02", "--pair", "p03")
    assert {action["pair"] for action in result.actions} == {"p02", "p03"}
    assert world.run().kinds == ["book", "keep", "keep"]


def test_a_pair_booked_alone_stays_when_all_are_run(tmp_path: Path) -> None:
    world = couple(tmp_path).person(ADA, "Ada Example").pair("p02", ADA, PRIYA).write()
    first = world.run("--pair", "p02").action
    again = world.run()
    kinds = {action["pair"]: action["kind"] for action in again.actions}
    assert kinds == {"p01": "book", "p02": "keep"}
    starts = {action["pair"]: action["start"] for action in again.actions}
    assert starts["p02"] == first["start"]
    assert starts["p01"] != first["start"], "Priya cannot be in two meetings"


def test_every_period_within_the_horizon_is_booked(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="42d").write()
    result = world.run()
    assert [action["occurrence"] for action in result.actions] == [1, 2, 3]
    assert [action["period"][0] for action in result.actions] == [
        "2027-01-04",
        "2027-01-18",
        "2027-02-01",
    ]


def test_a_period_comes_into_sight_when_time_goes_by(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.run()
    assert world.run(now="2027-01-03T23:59:59Z").kinds == ["keep"]
    assert world.run(now="2027-01-04T00:00:00Z").kinds == ["keep", "book"]


def test_gap_is_kept_between_meetings_of_a_pair(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="42d").set("cadence", gap="12d").write()
    starts = [utc(action["start"]) for action in world.run().actions]
    assert len(starts) == 3
    gaps = [(b - a).total_seconds() / 86400 for a, b in pairwise(starts)]
    assert min(gaps) >= 12


def test_the_store_is_where_the_settings_say(tmp_path: Path) -> None:
    world = couple(tmp_path).set("store", url="sqlite:///state/kept.sqlite")
    world.write().run()
    assert (tmp_path / "state" / "kept.sqlite").exists()
    assert not world.store.exists()
    assert world.run().kinds == ["keep"]
