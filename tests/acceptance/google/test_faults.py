"""Every way a write can fail: in the end there is one meeting, and one invitation a person."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slotfinder.store.sql import read_ledger
from tests.acceptance.google.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, TOM, utc
from tests.emulators import people
from tests.emulators.google import Fault
from tests.emulators.world import Moment
from tests.emulators.world import World as Clouds

BOTH = [PRIYA, TOM]
FAULTS = {
    "5xx before": Fault.backend_error(),
    "5xx after": Fault.backend_error(when="after"),
    "dropped before": Fault.dropped("before"),
    "dropped after": Fault.dropped("after"),
    "truncated": Fault.truncated(),
    "html before": Fault.html(),
    "html after": Fault.html(when="after"),
    "401": Fault.unauthorized(),
    "rate limit": Fault.rate_limited(),
    "without an id": Fault.missing("id"),
    "without a uid": Fault.missing("iCalUID"),
    "empty": Fault.answer({}, when="after"),
}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses between tries take no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        made.programme.set("virtual", conference="auto").write()
        yield made


def assert_settled(found: Office, *, invitations: int = 1) -> None:
    """Check that calendars, people and store agree, and that nothing is left to be done."""
    last = found.run()
    assert (last.status, last.kinds) == (0, ["keep"]), last.err
    meeting = found.meeting()
    assert last.action["uid"] == meeting.uid
    assert last.action["start"] == f"{meeting.start:%Y-%m-%dT%H:%M:%SZ}"
    assert found.told("invitation") == sorted(BOTH * invitations)
    assert found.leaks(last) == []


@pytest.mark.parametrize("times", [1, 2, 9])
@pytest.mark.parametrize("name", FAULTS)
def test_a_booking(found: Office, name: str, times: int) -> None:
    found.google.fault("calendar.events.insert", FAULTS[name], times=times)
    first = found.run()

    if times < 5 and (name, times) != ("401", 2):  # one fresh token is all that is asked for
        assert (first.status, first.action["result"]) == (0, "done"), first.action["reason"]
    found.google.faults.clear()
    assert_settled(found)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("route", ["calendar.events.get", "calendar.events.list", "token"])
def test_what_is_read_around_a_booking(found: Office, name: str, route: str) -> None:
    found.google.fault(route, FAULTS[name], times=1)
    found.run()
    found.google.faults.clear()
    assert_settled(found)


@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("name", FAULTS)
def test_a_move(found: Office, name: str, times: int) -> None:
    found.run()
    people.answer(found.world, PRIYA, found.meeting().uid, "declined")
    found.google.fault("calendar.events.patch", FAULTS[name], times=times)
    result = found.run()
    assert result.kinds == ["move"]
    if times == 1:
        assert (result.status, result.action["result"]) == (0, "done"), result.action["reason"]
    found.google.faults.clear()

    assert_settled(found)
    assert found.told("update") == BOTH


@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("name", [each for each in FAULTS if "without" not in each])
def test_a_cancellation(found: Office, name: str, times: int) -> None:
    found.run()
    found.programme.pairs[0]["status"] = "ended"
    found.programme.write()
    found.google.fault("calendar.events.delete", FAULTS[name], times=times)
    found.run()
    found.google.faults.clear()
    found.run()

    assert found.meetings() == []
    assert found.told("cancellation") == BOTH


def test_httplib2_sends_twice_by_itself_and_the_id_makes_it_one(found: Office) -> None:
    found.google.fault("calendar.events.insert", Fault.dropped("after"))
    assert found.run().status == 0

    inserts = found.google.log.of("calendar.events.insert")
    assert [each.status for each in inserts][1:] == [409]
    assert len({each.body["id"] for each in inserts}) == 1
    assert_settled(found)


def test_a_token_is_fetched_anew_once_and_no_oftener(found: Office) -> None:
    found.google.fault("calendar.events.insert", Fault.unauthorized(), times=99)
    result = found.run()

    assert (result.status, result.action["result"]) == (1, "failed")
    assert result.action["reason_code"] == "provider-refused"
    assert found.google.log.count("calendar.events.insert") == 2


def test_at_the_invitation_limit_no_more_is_written_in_this_run(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        for number in range(3):
            mentor, mentee = f"m{number}@acme.example", f"n{number}@acme.example"
            found.person(mentor, "M").person(mentee, "N")
            found.programme.pair(f"q{number}", mentor, mentee)
        found.programme.write()
        limit = Fault.refused(
            403, "quotaExceeded", "Calendar usage limits exceeded.", "usageLimits"
        )
        found.google.fault("calendar.events.insert", limit, times=99, skip=1)
        result = found.run()

        assert result.status == 1
        assert [each["result"] for each in result.actions] == [
            "done",
            "failed",
            "skipped",
            "skipped",
        ]
        assert {each.get("reason_code") for each in result.actions[1:]} == {"write-limit"}
        assert found.google.log.count("calendar.events.insert") == 2
        found.google.faults.clear()
        assert found.run().status == 0
        assert len(found.meetings()) == 4
        assert len(found.told("invitation")) == 8


def test_a_provider_that_is_down_is_left_alone_after_three_calls(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        for number in range(5):
            mentor, mentee = f"m{number}@acme.example", f"n{number}@acme.example"
            found.person(mentor, "M").person(mentee, "N")
            found.programme.pair(f"q{number}", mentor, mentee)
        found.programme.write()
        found.google.fault("calendar.events.insert", Fault.backend_error(), times=999)
        found.google.fault("calendar.events.get", Fault.backend_error(), times=999)
        result = found.run()

        assert result.status == 1
        assert {each["result"] for each in result.actions} == {"failed"}
        assert found.google.log.count("calendar.events.get") == 3 * 5
        found.google.faults.clear()
        assert found.run().status == 0
        assert len(found.told("invitation")) == 12


def test_a_move_by_a_person_at_the_same_moment_wins(found: Office) -> None:
    found.run()
    meeting = found.meeting()
    people.answer(found.world, PRIYA, meeting.uid, "declined")
    chosen = meeting.start.replace(day=14), meeting.end.replace(day=14)

    def drag(world: Clouds) -> None:
        people.move(world, meeting.uid, *chosen)

    found.world.before("update", drag)
    result = found.run()
    assert result.action["result"] == "skipped"
    assert result.action["reason_code"] == "changed-meanwhile"
    assert (found.meeting().start, found.meeting().end) == chosen


def test_an_answer_at_the_same_moment_does_not_stop_a_move(found: Office) -> None:
    found.run()
    uid = found.meeting().uid
    people.answer(found.world, PRIYA, uid, "declined")
    found.world.before("update", lambda world: people.answer(world, TOM, uid, "accepted"))
    result = found.run()

    assert (result.status, result.action["result"]) == (0, "done")
    assert found.told("update") == BOTH


def test_a_deletion_at_the_same_moment_stays_one(found: Office) -> None:
    found.run()
    uid = found.meeting().uid
    people.answer(found.world, PRIYA, uid, "declined")
    found.world.before("update", lambda world: people.delete(world, uid))
    found.run()
    found.run()

    assert uid not in {each.uid for each in found.meetings()}
    assert len(found.meetings()) == 1


@pytest.mark.parametrize("moment", ["insert", "read", "update"])
def test_a_killed_run_is_finished_by_the_next(tmp_path: Path, moment: Any) -> None:
    """The store knows what was decided; what arrived is looked up, never guessed."""
    with office(tmp_path) as found:
        found.programme.write()
        if moment == "update":
            found.run()
            people.answer(found.world, PRIYA, found.meeting().uid, "declined")
        arguments = ("--config", str(found.programme.config), "--now", found.programme.now, "run")
        process = subprocess.Popen(
            [sys.executable, "-m", "slotfinder", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **found.google.environment()},
        )
        found.world.after(moment, lambda _world: process.send_signal(signal.SIGKILL))
        process.wait(30)
        assert process.returncode == -signal.SIGKILL

        found.run()
        assert_settled(found)


def _at_work(found: Office) -> subprocess.Popen[str]:
    """Start a run as a process of its own."""
    options = ("--config", str(found.programme.config), "--now", found.programme.now)
    return subprocess.Popen(
        [sys.executable, "-m", "slotfinder", *options, "run", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **found.google.environment()},
    )


@pytest.mark.parametrize(("horizon", "results"), [("28d", ["done", "skipped"]), ("14d", ["done"])])
def test_a_run_that_is_asked_to_end_finishes_the_call_in_hand_and_notes_it(
    tmp_path: Path, horizon: str, results: list[str]
) -> None:
    with office(tmp_path) as found:
        found.programme.set("meetings", horizon=horizon).write()
        process = _at_work(found)
        found.world.after("insert", lambda _world: process.send_signal(signal.SIGTERM))
        shown, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Stopped as asked" in said
        actions = json.loads(shown)["actions"]
        assert [each["result"] for each in actions] == results
        assert actions[-1]["reason_code"] in {"best-compromise", "stopped"}
        assert actions[0]["uid"] == found.meeting().uid

        assert set(found.run().kinds) == {"keep"}
        assert len(found.meetings()) == len(results)
        assert found.told("invitation") == sorted(BOTH * len(results))


def test_without_meet_the_fallback_is_the_link(tmp_path: Path) -> None:
    for number, silently in enumerate((False, True)):
        with office(tmp_path / str(number)) as found:
            link = "https://talk.acme.example/{pair}"
            found.programme.set("virtual", conference="auto", fallback=link).write()
            found.google.options.meet_allowed = False
            if silently:
                found.google.account.delegated.discard("calendar.calendars.readonly")
            result = found.run()

            assert (result.status, result.action["result"]) == (0, "done")
            assert result.action["join_url"] == "https://talk.acme.example/p01"
            assert "https://talk.acme.example/p01" in found.meeting().extra["description"]
            assert found.meeting().extra["location"] == "https://talk.acme.example/p01"
            assert found.run().action["join_url"] == "https://talk.acme.example/p01"
            assert_settled(found)


def test_without_meet_and_fallback_the_reason_says_so(found: Office) -> None:
    found.google.options.meet_allowed = False
    result = found.run()

    assert (result.status, result.action["join_url"]) == (0, None)
    assert "Google Meet is not allowed" in result.action["reason"]
    assert "Google Meet is not allowed" in found.run().action["reason"]
    assert_settled(found)


def test_a_link_that_is_late_is_fetched_by_the_next_run_and_nobody_is_told(
    found: Office,
) -> None:
    found.google.options.meet_reads = 1000
    result = found.run()
    assert (result.status, result.action["join_url"]) == (0, None)
    [drift] = result.json["drift"]
    assert (drift["code"], drift["person"]) == ("link-missing", OFFICE)

    writes = found.writes()
    found.google.settle()
    later = found.run()
    assert later.json["drift"] == []
    assert later.action["join_url"].startswith("https://meet.google.com/")
    assert found.writes() == writes
    assert_settled(found)


def test_a_mailbox_without_meet_is_asked_for_a_link_once_a_run(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.person("ada@acme.example", "Ada").person("kofi@acme.example", "Kofi")
        found.programme.pair("p02", "ada@acme.example", "kofi@acme.example")
        found.programme.set("virtual", conference="auto").write()
        found.google.options.meet_allowed = False
        found.google.account.delegated.discard("calendar.calendars.readonly")

        assert found.run().status == 0
        inserts = found.google.log.of("calendar.events.insert")
        assert [each.status for each in inserts] == [400, 200, 200]


def _slips_in(found: Office, moment: Moment, days: range = range(4, 9)) -> None:
    """Let somebody take Tom's mornings, Tuesday to Friday, when a request of that kind arrives."""

    def take(world: Clouds) -> None:
        for day in days:
            start = datetime(2027, 1, day, 8, tzinfo=UTC)
            world.add_item(TOM, start, start + timedelta(hours=4))

    found.world.after(moment, take)


def test_a_time_somebody_takes_before_it_is_written_is_not_booked(found: Office) -> None:
    chosen = found.plan().action["start"]
    _slips_in(found, "free-busy")
    result = found.run()

    assert (result.status, result.kinds, result.action["result"]) == (0, ["book"], "done")
    assert result.action["start"] != chosen
    assert "Somebody took the time chosen first" in result.action["reason"]
    assert_settled(found)


def test_a_time_somebody_takes_before_a_move_is_not_moved_to(found: Office) -> None:
    found.run()
    uid = found.meeting().uid
    people.answer(found.world, PRIYA, uid, "declined")
    _slips_in(found, "read")
    first = found.run()

    assert first.action["result"] == "skipped"
    assert found.told("update") == []
    for _ in range(3):
        last = found.run()
    assert (last.status, last.kinds) == (0, ["keep"])
    assert found.meeting().uid == uid
    assert found.told("update") == BOTH


def test_after_a_race_the_other_entry_stays_and_ours_moves_in_the_same_run(found: Office) -> None:
    chosen = found.plan().action["start"]
    _slips_in(found, "insert")
    result = found.run()

    assert (result.status, result.kinds, result.action["result"]) == (0, ["book"], "done")
    assert found.meeting().start.isoformat() == result.action["start"].replace("Z", "+00:00")
    assert result.action["start"] != chosen
    assert result.action["reason_code"] == "best-compromise"
    assert "Somebody took the time chosen first" in result.action["reason"]
    assert found.told("update") == BOTH
    assert_settled(found)


def test_a_move_that_met_somebody_goes_on_in_the_same_run(found: Office) -> None:
    found.run()
    uid, start = found.meeting().uid, found.meeting().start
    people.answer(found.world, PRIYA, uid, "declined")
    _slips_in(found, "update", range(4, 12))
    result = found.run()

    assert (result.status, result.kinds, result.action["result"]) == (0, ["move"], "done")
    assert datetime.fromisoformat(result.action["was"]["start"]) == start
    assert result.action["reason_code"] == "declined"
    assert found.meeting().uid == uid
    assert found.meeting().start == datetime.fromisoformat(result.action["start"])
    assert result.action["start"] >= "2027-01-12"
    assert found.told("update") == sorted([*BOTH, *BOTH])
    assert found.run().kinds == ["keep"]


def test_a_race_that_leaves_no_other_time_is_told_to_a_coordinator(found: Office) -> None:
    def take(world: Clouds) -> None:
        for day in range(4, 18):
            start = datetime(2027, 1, day, tzinfo=UTC)
            world.add_item(TOM, start, start + timedelta(hours=24))

    found.world.after("insert", take)
    result = found.run()

    assert (result.status, result.kinds) == (3, ["book", "hold"])
    assert result.json["actions"][1]["reason_code"] == "no-common-free-time"
    assert found.told("update") == []
    again = found.run()
    assert (again.status, again.kinds) == (3, ["hold"])
    assert found.told("invitation") == BOTH


def test_a_move_that_overlaps_its_own_old_time_is_not_in_its_own_way(found: Office) -> None:
    found.run()
    meeting = found.meeting()
    late = timedelta(minutes=15)
    found.world.add_item(PRIYA, meeting.start - late, meeting.start + late)
    result = found.run()
    assert (result.status, result.kinds, result.action["result"]) == (0, ["move"], "done")


def test_a_run_that_stops_after_a_time_was_taken_says_that_nothing_is_booked(
    tmp_path: Path,
) -> None:
    with office(tmp_path) as found:
        found.programme.set("meetings", horizon="14d").write()
        _slips_in(found, "free-busy")
        process = _at_work(found)
        looks = iter(range(9))

        def stop(_world: Clouds) -> None:
            if next(looks) == 1:
                process.send_signal(signal.SIGTERM)

        found.world.after("free-busy", stop, times=9)
        shown, said = process.communicate(timeout=60)

        [action] = json.loads(shown)["actions"]
        assert (process.returncode, action["result"]) == (1, "skipped")
        assert action["reason_code"] == "changed-meanwhile"
        assert json.loads(said.splitlines()[-2])["status"] == 1
        assert found.meetings() == []
        assert found.run().kinds == ["book"]


def _meets_in_person_next(found: Office) -> None:
    """Let a declined meeting online have to become one in person, all of Tom's time going first."""
    programme = found.programme.set("cadence", in_person="never")
    for person in programme.people:
        person["site"] = "London"
    programme.tail += '\n[[sites]]\nname = "London"\nrooms = []\n'
    programme.write()
    found.run()
    people.answer(found.world, PRIYA, found.meeting().uid, "declined")
    programme.set("cadence", in_person="always").write()

    def take(world: Clouds) -> None:
        for day in range(4, 18):
            start = datetime(2027, 1, day, tzinfo=UTC)
            world.add_item(TOM, start, start + timedelta(hours=24))

    found.world.after("free-busy", take)


def test_an_event_that_went_for_one_that_came_to_nothing_is_reported(found: Office) -> None:
    _meets_in_person_next(found)
    was = found.meeting().uid
    result = found.run()

    assert (result.status, result.kinds) == (3, ["cancel", "hold"])
    assert result.json["actions"][0]["uid"] == was
    assert result.json["summary"]["cancel"] == 1
    assert found.meetings() == []
    assert found.told("cancellation") == BOTH
    assert found.run().kinds == ["hold"]


def test_an_order_that_lost_a_race_leaves_nothing_behind(found: Office) -> None:
    start = utc(found.run().action["start"])
    at = start + timedelta(days=1)
    found.world.after("read", lambda world: world.add_item(TOM, at, at + timedelta(hours=1)))
    result = found.call("reschedule", "p01", "--at", f"{at:%Y-%m-%dT%H:%M:%SZ}", "--json")
    assert (result.status, result.action["reason_code"]) == (1, "changed-meanwhile")

    assert read_ledger(found.programme.store).refusals == ()
    assert found.run().kinds == ["keep"]
