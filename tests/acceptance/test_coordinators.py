"""What coordinators are told: what waits, what happened, figures, one mail when it is news."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from slotfinder.agent.digest import mark_of
from slotfinder.agent.waiting import NEW_TIME, Waiting
from tests.acceptance.world import PRIYA, TOM, Json, World, couple

COORDINATOR = "coordination@acme.example"


@pytest.fixture
def held(tmp_path: Path) -> World:
    """One pair whose meeting Tom declined, with no move left."""
    world = couple(tmp_path).set("meetings", automatic_moves=0)
    world.set("programme", coordinators=[COORDINATOR]).write()
    uid = world.run().action["uid"]
    world.answer(TOM, uid, "DECLINED")
    assert world.run().status == 3
    return world


def todo(world: World, now: str | None = None) -> list[Json]:
    result = world.call("todo", "--json", now=now)
    assert result.status == 0
    return list(result.json["todo"])


def digests(world: World) -> list[str]:
    return [str(each["Subject"]) for each in world.mails() if each["To"] == COORDINATOR]


class TestTodo:
    def test_it_names_the_command_that_settles_it_and_the_command_does(self, held: World) -> None:
        [row] = todo(held)
        assert (row["pair"], row["reason_code"]) == ("p01", "budget-spent")
        assert row["since"] == held.now
        assert row["command"][:3] == ["slotfinder", "reschedule", "p01"]

        assert held.call(*row["command"][1:], "--json").kinds == ["move"]
        assert todo(held) == []
        assert held.run().kinds == ["keep"]
        assert todo(held) == []

    def test_it_is_drawn_for_people(self, held: World) -> None:
        shown = held.call("todo").out
        assert "p01" in shown
        assert "--allow budget" in shown.replace("\n", "")

    def test_a_programme_where_all_is_well_has_none(self, tmp_path: Path) -> None:
        world = couple(tmp_path).write()
        assert todo(world) == []
        world.run()
        assert todo(world) == []
        assert "Nothing waits" in world.call("todo").out

    def test_two_meetings_lost_in_a_row_are_told(self, tmp_path: Path) -> None:
        world = couple(tmp_path).set("meetings", horizon="15d").write()
        for name in (TOM, PRIYA):
            world.busy(name, "20270101T000000Z", "20270201T000000Z")
        for now in ("2027-01-04T06:00:00Z", "2027-01-19T06:00:00Z", "2027-02-01T06:00:00Z"):
            world.run(now=now)
        assert "two-lost" in {row["reason_code"] for row in todo(world, "2027-02-01T06:00:00Z")}


class TestLog:
    def test_it_tells_who_did_what_when_and_why(self, held: World) -> None:
        on_the_phone = ("--allow", "budget", "--reason", "on the phone")
        held.call("reschedule", "p01", *on_the_phone, now="2027-01-04T06:00:00Z")
        held.call("pause", "p01", "--until", "2027-01-10", now="2027-01-04T07:00:00Z")
        rows = held.call("log", "p01", "--json").json["log"]

        told = [(row["who"], row["what"]) for row in rows]
        assert told == [
            ("agent", "book"),
            ("coordinator", "reschedule"),
            ("coordinator", "move"),
            ("coordinator", "pause"),
            ("coordinator", "cancel"),
        ]
        assert "on the phone" in rows[1]["reason"]
        assert "until 2027-01-10" in rows[3]["reason"]
        assert rows[0]["uid"] == rows[2]["uid"]
        assert "pause" in held.call("log", "p01").out

    def test_a_pair_nothing_happened_to_has_none(self, tmp_path: Path) -> None:
        world = couple(tmp_path).write()
        assert world.call("log", "p01", "--json").json == {"pair": "p01", "log": []}
        assert world.call("log", "p02").status == 2


def test_the_report_counts_the_periods_that_had_their_meeting(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="15d").write()
    for name in (TOM, PRIYA):
        world.busy(name, "20270118T000000Z", "20270201T000000Z")
    world.run()
    now = "2027-02-02T06:00:00Z"
    assert world.call("report", now=world.now).out.strip() == "No period is over yet."

    [month] = world.call("report", "--json", now=now).json["months"]
    counts = (month["month"], month["pairs"], month["periods"], month["met"], month["kept"])
    assert counts == ("2027-01", 1, 2, 1, 50.0)
    [row] = csv.DictReader(io.StringIO(world.call("report", "--csv", now=now).out))
    assert row == {name: "" if value is None else str(value) for name, value in month.items()}
    assert "50 %" in world.call("report", now=now).out


def test_the_report_tells_how_long_a_declined_meeting_had_no_new_time(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", horizon="14d").write()
    uid = world.run().action["uid"]
    world.answer(PRIYA, uid, "DECLINED")
    wall = world.busy(TOM, "20270104T000000Z", "20270118T000000Z")
    assert world.run(now="2027-01-04T06:00:00Z").kinds[:2] == ["cancel", "hold"]
    wall.unlink()
    assert world.run(now="2027-01-06T06:00:00Z").kinds[0] == "book"

    now = "2027-02-02T06:00:00Z"
    [month] = world.call("report", "--json", now=now).json["months"]
    assert month["hours_to_new_slot"] == 48.0
    assert "2.0 days" in world.call("report", now=now).out


class TestDigest:
    def test_it_is_no_news_that_something_would_help_but_another_proposal_is(self) -> None:
        row = Waiting(
            pair="p01",
            uid=None,
            since=datetime(2027, 1, 4, tzinfo=UTC),
            reason_code="no-common-wishes",
            reason="No time lies within the wishes of both.",
            relaxation_code=None,
            relaxation_text=None,
            command=("slotfinder", "explain", "p01"),
        )
        helped = replace(row, relaxation_code="wider-wishes", relaxation_text="It would help.")
        assert mark_of([row]) == mark_of([helped]) != mark_of([row, row])
        nine, ten = (
            replace(row, reason_code=NEW_TIME, relaxation_text=f"2027-01-05T{hour}:00:00Z")
            for hour in ("09", "10")
        )
        assert mark_of([nine]) != mark_of([ten])

    def test_what_waits_is_mailed_once_and_its_end_too(self, held: World) -> None:
        assert len(digests(held)) == 1
        held.run()
        assert len(digests(held)) == 1

        held.call("reschedule", "p01", "--allow", "budget")
        held.run()
        assert len(digests(held)) == 2
        held.run()
        assert len(digests(held)) == 2
        texts = [each.get_content() for each in held.mails() if each["To"] == COORDINATOR]
        assert {"settled" in text for text in texts} == {True, False}
        assert sum("--allow budget" in text for text in texts) == 1

    def test_where_all_is_well_no_coordinator_is_written_to(self, tmp_path: Path) -> None:
        world = couple(tmp_path).set("programme", coordinators=[COORDINATOR]).write()
        world.run()
        world.run()
        assert digests(world) == []

    def test_a_plan_tells_nobody(self, tmp_path: Path) -> None:
        world = couple(tmp_path).set("programme", coordinators=[COORDINATOR]).write()
        world.calendar(TOM).rmdir()
        assert world.plan().status == 3
        assert world.outbox() == []


class TestGuard:
    @pytest.fixture
    def many(self, tmp_path: Path) -> World:
        """Ten pairs with a meeting each, four of which lose theirs to something new."""
        world = couple(tmp_path)
        for number in range(2, 11):
            mentor, mentee = f"a{number}@acme.example", f"b{number}@acme.example"
            world.person(mentor, f"A {number}").person(mentee, f"B {number}")
            world.pair(f"p{number:02}", mentor, mentee)
        world.write()
        actions = world.run().json["actions"]
        assert [each["kind"] for each in actions] == ["book"] * 10
        for each in actions[:4]:
            start, end = (each[name].replace("-", "").replace(":", "") for name in ("start", "end"))
            world.busy(each["attendees"][0], start, end)
        return world

    def test_very_many_changes_at_once_are_not_made(self, many: World) -> None:
        before, told = many.snapshot(), many.outbox()
        planned, result = many.plan(), many.run()

        assert (planned.status, result.status) == (3, 3)
        assert result.json["refused"]["reason_code"] == "mass-change"
        assert {each["result"] for each in result.json["actions"]} == {"skipped"}
        assert (many.snapshot(), many.outbox()) == (before, told)
        [row] = todo(many)
        assert (row["pair"], row["reason_code"]) == (None, "mass-change")
        assert row["command"] == ["slotfinder", "run", "--force"]

    def test_they_are_made_when_it_is_said_so(self, many: World) -> None:
        many.run()
        result = many.run("--force")

        assert (result.status, result.kinds.count("move")) == (0, 4)
        assert todo(many) == []
        assert many.run().kinds == ["keep"] * 10

    def test_a_third_is_not_very_many(self, many: World) -> None:
        assert many.run("--pair", "p01").kinds == ["move"]
        assert many.run().kinds.count("move") == 3
