"""What coordinators command: another time, an agreed time, a period left out, a pause, an end."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.world import PRIYA, TOM, Result, World, couple, simple, utc, with_rooms

LATER = "2027-01-05T06:00:00Z"


@pytest.fixture
def booked(tmp_path: Path) -> World:
    """One pair that meets every two weeks, two meetings of which are booked."""
    world = couple(tmp_path).set("meetings", horizon="20d").write()
    assert world.run().kinds == ["book", "book"]
    return world


def act(world: World, *arguments: str, now: str | None = None) -> Result:
    return world.call(*arguments, "--json", now=now)


def first(world: World) -> dict[str, str]:
    found = world.plan().json["actions"][0]
    assert found["kind"] == "keep"
    return dict(found)


class TestReschedule:
    def test_the_next_meeting_gets_another_time_by_one_update(self, booked: World) -> None:
        before, told = first(booked), booked.outbox()
        result = act(booked, "reschedule", "p01", "--reason", "Tom is ill")

        assert (result.status, result.json["mode"], result.kinds) == (0, "reschedule", ["move"])
        action = result.action
        assert (action["uid"], action["sequence"]) == (before["uid"], 1)
        assert action["was"]["start"] == before["start"] != action["start"]
        assert action["result"] == "done"
        assert sorted(each["To"] for each in booked.mails_since(told)) == [PRIYA, TOM]
        assert first(booked)["start"] == action["start"]
        assert booked.run().kinds == ["keep", "keep"]

    def test_the_old_time_is_not_offered_again(self, booked: World) -> None:
        moved = [act(booked, "reschedule", "p01").action for _ in range(3)]
        starts = [moved[0]["was"]["start"], *(each["start"] for each in moved)]
        spans = [(utc(each), utc(each) + timedelta(minutes=45)) for each in starts]
        for number, (start, end) in enumerate(spans):
            assert all(end <= other or until <= start for other, until in spans[:number])

    def test_a_dry_run_shows_the_same_and_changes_nothing(self, booked: World) -> None:
        before = booked.snapshot(store=True)
        shown = act(booked, "reschedule", "p01", "--dry-run")

        assert (shown.json["mode"], shown.action["result"]) == ("plan", "planned")
        assert booked.snapshot(store=True) == before
        assert act(booked, "reschedule", "p01").action["start"] == shown.action["start"]

    def test_the_time_named_is_taken_whatever_the_wishes(self, booked: World) -> None:
        result = act(booked, "reschedule", "p01", "--at", "2027-01-09T21:00")

        assert (result.status, result.action["start"]) == (0, "2027-01-09T21:00:00Z")
        assert booked.run().kinds == ["keep", "keep"]

    def test_nobody_is_put_over_another_entry_unless_that_is_allowed(self, booked: World) -> None:
        booked.busy(TOM, "20270109T200000Z", "20270109T220000Z")
        before = booked.snapshot(store=True)
        at = ("reschedule", "p01", "--at", "2027-01-09T21:00")
        result = act(booked, *at)

        assert (result.status, result.kinds) == (3, ["hold"])
        assert result.action["reason_code"] == "no-common-free-time"
        assert booked.snapshot(store=True) == before
        assert act(booked, *at, "--allow", "busy").status == 0
        assert booked.run().kinds == ["keep", "keep"]

    def test_a_closed_day_has_to_be_allowed_and_is_then_kept(self, booked: World) -> None:
        booked.set("programme", blackouts=["2027-01-09..2027-01-09"]).write()
        at = ("reschedule", "p01", "--at", "2027-01-09T21:00")
        assert act(booked, *at).action["reason_code"] == "closed"
        assert act(booked, *at, "--allow", "closed").status == 0
        assert booked.run().kinds == ["keep", "keep"]

    def test_only_times_within_the_limits_are_chosen(self, booked: World) -> None:
        limits = ("--not-before", "2027-01-12", "--not-after", "2027-01-12")
        result = act(booked, "reschedule", "p01", *limits)

        assert result.action["start"].startswith("2027-01-12T")

    def test_nothing_within_the_limits_is_a_hold_and_changes_nothing(self, booked: World) -> None:
        before = booked.snapshot(store=True)
        result = act(booked, "reschedule", "p01", "--not-after", "2027-01-03")

        assert (result.status, result.kinds) == (3, ["hold"])
        assert booked.snapshot(store=True) == before

    def test_a_meeting_too_close_is_left_unless_that_is_allowed(self, booked: World) -> None:
        start = utc(first(booked)["start"])
        now = f"{start - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
        held = act(booked, "reschedule", "p01", now=now)
        assert (held.status, held.action["reason_code"]) == (3, "frozen")
        moved = act(booked, "reschedule", "p01", "--allow", "freeze", now=now)
        assert (moved.status, moved.kinds) == (0, ["move"])
        assert utc(moved.action["start"]) >= utc(now) + timedelta(hours=24)

    def test_a_spent_budget_forbids_it_unless_that_is_allowed(self, tmp_path: Path) -> None:
        world = couple(tmp_path).set("meetings", automatic_moves=0).write()
        world.run()
        assert act(world, "reschedule", "p01").action["reason_code"] == "budget-spent"
        assert act(world, "reschedule", "p01", "--allow", "budget").kinds == ["move"]

    def test_the_meeting_named_is_moved_and_no_other(self, booked: World) -> None:
        keep, second = booked.plan().json["actions"]
        result = act(booked, "reschedule", "p01", "--meeting", second["uid"])

        assert result.action["was"]["uid"] == second["uid"]
        assert first(booked)["start"] == keep["start"]

    def test_another_format_is_another_event(self, tmp_path: Path) -> None:
        world = with_rooms(tmp_path, "room-a@acme.example", in_person="never").write()
        world.run()
        before = first(world)
        result = act(world, "reschedule", "p01", "--format", "in-person")

        action = result.action
        assert (result.status, action["kind"], action["format"]) == (0, "move", "in-person")
        assert (action["room"], action["join_url"]) == ("room-a@acme.example", None)
        assert action["uid"] != action["was"]["uid"] == before["uid"]
        assert len({path.name for path in world.copies()}) == 1
        assert world.run().kinds == ["keep"]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("reschedule", "p02"), "no pair 'p02'"),
            (("reschedule", "p01", "--meeting", "x"), "no meeting x ahead"),
            (("reschedule", "p01", "--at", "2026-12-01"), "over already"),
            (("reschedule", "p01", "--at", "2029-12-01"), "outside of all periods"),
            (("reschedule", "p01", "--at", "2027-01-20T10:00"), "has a meeting in the period"),
            (("reschedule", "p01", "--at", "soon"), "is not a time"),
            (("reschedule", "p01", "--at", "2027-01-09", "--not-after", "2027-01-09"), "idle"),
            (("reschedule", "p01", "--format", "in-person"), "share no site"),
            (("reschedule", "p01", "--allow", "wishes"), "allow"),
            (("book", "p01", "--at", "2027-01-09T10:00"), "has a meeting in the period"),
            (("skip", "p01", "--occurrence", "99"), "no occurrence 99"),
            (("pause", "p01", "--until", "2026-12-01"), "over already"),
            (("mark", "p01", "--meeting", "x", "--held"), "no meeting x"),
            (("mark", "p01", "--meeting", "x"), "--held or --missed"),
        ],
    )
    def test_what_cannot_be_meant_is_told_and_changes_nothing(
        self, booked: World, arguments: tuple[str, ...], says: str
    ) -> None:
        before = booked.snapshot(store=True)
        result = act(booked, *arguments)

        assert (result.status, result.out) == (2, "")
        assert says in result.err
        assert booked.snapshot(store=True) == before


class TestBook:
    def test_a_period_without_a_meeting_gets_one_at_the_time_agreed_on(self, booked: World) -> None:
        result = act(booked, "book", "p01", "--at", "2027-02-06T21:00")

        assert (result.status, result.json["mode"], result.kinds) == (0, "book", ["book"])
        assert (result.action["start"], result.action["occurrence"]) == ("2027-02-06T21:00:00Z", 3)
        assert booked.run().kinds == ["keep", "keep", "keep"]

    def test_a_time_closer_than_the_notice_has_to_be_allowed(self, tmp_path: Path) -> None:
        world = simple(tmp_path)
        at = ("book", "p01", "--at", "2027-01-05T21:00")
        assert act(world, *at, now=LATER).kinds == ["hold"]
        result = act(world, *at, "--allow", "notice", now=LATER)
        assert (result.status, result.kinds) == (0, ["book"])


class TestSkip:
    def test_a_period_that_is_left_out_loses_its_meeting_and_gets_no_other(
        self, booked: World
    ) -> None:
        uid, second = (each["uid"] for each in booked.plan().json["actions"])
        told = booked.outbox()
        result = act(booked, "skip", "p01")

        assert (result.status, result.json["mode"], result.kinds) == (0, "skip", ["cancel", "keep"])
        assert result.json["actions"][0]["uid"] == uid
        assert len(booked.mails_since(told)) == 2
        assert booked.run().json["actions"][0]["uid"] == second
        assert booked.run().kinds == ["keep"]

    def test_the_occurrence_is_named_by_its_number(self, booked: World) -> None:
        result = act(booked, "skip", "p01", "--occurrence", "2")
        assert result.kinds == ["keep", "cancel"]
        assert booked.status()["health"] == "ok"


class TestPauseAndEnd:
    def test_a_paused_pair_loses_its_meetings_until_it_is_resumed(self, booked: World) -> None:
        paused = act(booked, "pause", "p01")
        assert (paused.status, paused.kinds) == (0, ["cancel", "cancel", "hold"])
        assert paused.json["actions"][-1]["reason_code"] == "paused"
        assert booked.copies() == []
        assert booked.run().kinds == ["hold"]
        assert booked.status()["status"] == "paused"

        resumed = act(booked, "resume", "p01")
        assert (resumed.status, resumed.kinds) == (0, ["book", "book"])
        assert booked.run().kinds == ["keep", "keep"]

    def test_a_pause_ends_by_itself_after_its_last_day(self, booked: World) -> None:
        act(booked, "pause", "p01", "--until", "2027-01-05")
        assert booked.run(now="2027-01-05T22:00:00Z").kinds == ["hold"]
        assert booked.run(now="2027-01-06T06:00:00Z").kinds == ["book", "book"]

    def test_what_the_file_pauses_no_command_resumes_and_that_is_said(self, booked: World) -> None:
        booked.pairs[0]["status"] = "paused"
        booked.write()
        result = act(booked, "resume", "p01")

        assert result.kinds == ["cancel", "cancel", "hold"]
        assert "pairs file still says" in result.err

    def test_an_ended_pair_is_left_alone_for_good(self, booked: World) -> None:
        result = act(booked, "end", "p01")
        assert (result.status, result.kinds) == (0, ["cancel", "cancel"])
        assert booked.copies() == []
        assert booked.run().kinds == []
        assert act(booked, "resume", "p01").status == 2

    def test_an_order_for_a_paused_pair_is_refused(self, booked: World) -> None:
        act(booked, "pause", "p01")
        result = act(booked, "book", "p01", "--at", "2027-01-09T10:00")
        assert result.status == 2
        assert "is paused" in result.err


class TestMark:
    def test_a_meeting_that_was_missed_does_not_count(self, booked: World) -> None:
        action = first(booked)
        after = "2027-01-18T06:00:00Z"
        booked.run(now=after)
        assert booked.status(now=after)["last"]["uid"] == action["uid"]

        result = act(booked, "mark", "p01", "--meeting", action["uid"], "--missed", now=after)
        assert result.json == {"pair": "p01", "uid": action["uid"], "held": False}
        assert booked.status(now=after)["last"] is None

        act(booked, "mark", "p01", "--meeting", action["uid"], "--held", now=after)
        assert booked.status(now=after)["last"]["uid"] == action["uid"]


def test_a_command_waits_for_nobody_unless_told_to(booked: World) -> None:
    from filelock import FileLock  # noqa: PLC0415

    with FileLock(f"{booked.store}.lock"):
        assert act(booked, "pause", "p01").status == 75
        assert act(booked, "pause", "p01", "--wait", "0.1").status == 75
        assert booked.call("status", "--json").status == 0


class TestShort:
    """``[meetings] short``: rather a short meeting than two lost in a row."""

    @pytest.fixture
    def lost(self, tmp_path: Path) -> World:
        """One pair that lost its first meeting, and has half an hour in the second period."""
        world = couple(tmp_path).set("meetings", horizon="15d", short=30)
        world.set("preferences.mentor", **{"Mo-Fr 09:00-17:00": 1.0})
        world.set("preferences.mentee", **{"Mo-Fr 09:00-17:00": 1.0}).write()
        world.busy(TOM, "20270101T000000Z", "20270119T120000Z")
        world.busy(TOM, "20270119T123000Z", "20270201T000000Z", name="then")
        return world

    def test_a_short_one_is_booked_after_a_lost_one_where_nothing_longer_fits(
        self, lost: World
    ) -> None:
        assert "book" not in lost.run().kinds
        result = lost.run(now="2027-01-18T06:00:00Z")

        action = result.json["actions"][0]
        assert (action["kind"], action["start"], action["end"]) == (
            "book",
            "2027-01-19T12:00:00Z",
            "2027-01-19T12:30:00Z",
        )
        assert "shorter than usual" in action["reason"]
        assert lost.run(now="2027-01-18T06:00:00Z").kinds[0] == "keep"

    def test_without_the_setting_or_a_lost_meeting_none_is_short(self, lost: World) -> None:
        assert lost.run(now="2027-01-18T06:00:00Z").kinds[0] == "hold"  # no meeting lost yet
        del lost.settings["meetings"]["short"]
        lost.write()
        lost.store.unlink()
        lost.run()
        assert lost.run(now="2027-01-18T06:00:00Z").kinds[0] == "hold"
