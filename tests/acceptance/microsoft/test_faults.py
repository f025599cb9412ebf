"""Every way a write can fail: in the end there is one meeting, and one invitation a person."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.google.test_faults import (
    no_waiting,
    test_a_deletion_at_the_same_moment_stays_one,
    test_a_move_by_a_person_at_the_same_moment_wins,
    test_a_move_that_met_somebody_goes_on_in_the_same_run,
    test_a_move_that_overlaps_its_own_old_time_is_not_in_its_own_way,
    test_a_race_that_leaves_no_other_time_is_told_to_a_coordinator,
    test_after_a_race_the_other_entry_stays_and_ours_moves_in_the_same_run,
    test_an_answer_at_the_same_moment_does_not_stop_a_move,
)
from tests.acceptance.microsoft.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, TOM
from tests.emulators import people
from tests.emulators.microsoft import Fault

__all__ = [
    "no_waiting",
    "test_a_deletion_at_the_same_moment_stays_one",
    "test_a_move_by_a_person_at_the_same_moment_wins",
    "test_a_move_that_met_somebody_goes_on_in_the_same_run",
    "test_a_move_that_overlaps_its_own_old_time_is_not_in_its_own_way",
    "test_a_race_that_leaves_no_other_time_is_told_to_a_coordinator",
    "test_after_a_race_the_other_entry_stays_and_ours_moves_in_the_same_run",
    "test_an_answer_at_the_same_moment_does_not_stop_a_move",
]

BOTH = [PRIYA, TOM]
CREATE, UPDATE, CANCEL = (f"users.events.{each}" for each in ("create", "update", "cancel"))
FAULTS = {
    "503 before": Fault.backend_error(),
    "503 after": Fault.backend_error(when="after"),
    "504 before": Fault.backend_error(504),
    "500 after": Fault.backend_error(500, when="after"),
    "dropped before": Fault.dropped("before"),
    "dropped after": Fault.dropped("after"),
    "truncated": Fault.truncated(),
    "html before": Fault.html(),
    "html after": Fault.html(when="after"),
    "401": Fault.unauthorized(),
    "rate limit": Fault.rate_limited(2.128),
    "rate limit with a date": Fault.rate_limited("Fri, 01 Jan 2100 00:00:00 GMT"),
    "rate limit without a word": Fault.rate_limited(),
    "too many at once": Fault.over_concurrency(),
    "without an id": Fault.missing("id"),
    "without a uid": Fault.missing("iCalUId"),
    "without inner error": Fault.without_inner_error(503, "ServiceUnavailable", "Gone fishing."),
    "empty": Fault.answer({}, when="after"),
}
FINAL = {"rate limit with a date"}
"""What asks for a longer wait than a run has patience."""


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        made.programme.set("virtual", conference="auto").write()
        yield made


def clear(found: Office) -> None:
    for each in found.emulators.values():
        each.faults.clear()


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
    found.microsoft.fault(CREATE, FAULTS[name], times=times)
    first = found.run()

    # One fresh token is all that is asked for.
    if times < 5 and (name, times) != ("401", 2) and name not in FINAL:
        assert (first.status, first.action["result"]) == (0, "done"), first.action["reason"]
    if times > 5:
        assert "result" in first.action
    bodies = {str(each.body) for each in found.microsoft.log.of(CREATE) if each.body}
    assert len(bodies) <= 1, "every try sends the same"
    clear(found)
    assert_settled(found)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(
    "route", ["users.events.get", "users.events.list", "users.calendar.get", "token", "discovery"]
)
def test_what_is_read_around_a_booking(found: Office, name: str, route: str) -> None:
    found.microsoft.fault(route, FAULTS[name], times=1)
    first = found.run()
    clear(found)
    if first.kinds != ["book"]:
        assert (first.kinds, found.writes()) == (["hold"], 0)
        found.run()
    assert_settled(found)


@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("name", FAULTS)
def test_a_move(found: Office, name: str, times: int) -> None:
    found.run()
    people.answer(found.world, PRIYA, found.meeting().uid, "declined")
    found.microsoft.fault(UPDATE, FAULTS[name], times=times)
    result = found.run()
    assert result.kinds == ["move"]
    if times == 1 and name not in FINAL:
        assert (result.status, result.action["result"]) == (0, "done"), result.action["reason"]
    clear(found)

    assert_settled(found)
    assert found.told("update") == BOTH
    assert found.run().action["join_url"].startswith("https://teams.microsoft.com/")


@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("name", [each for each in FAULTS if "without a" not in each])
def test_a_cancellation(found: Office, name: str, times: int) -> None:
    found.run()
    found.programme.pairs[0]["status"] = "ended"
    found.programme.write()
    found.microsoft.fault(CANCEL, FAULTS[name], times=times)
    result = found.run()
    if times == 1 and name not in FINAL:
        assert (result.status, result.action["result"]) == (0, "done"), result.action["reason"]
    clear(found)
    found.run()

    assert found.meetings() == []
    assert found.told("cancellation") == BOTH


def test_a_token_is_fetched_anew_once_and_no_oftener(found: Office) -> None:
    found.microsoft.fault(CREATE, Fault.unauthorized(), times=99)
    result = found.run()

    assert (result.status, result.action["result"]) == (1, "failed")
    assert result.action["reason_code"] == "provider-refused"
    assert found.microsoft.log.count(CREATE) == 2


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("names_existing", [False, True])
def test_an_event_that_arrived_with_another_text_is_found_and_kept(
    found: Office, status: Any, *, names_existing: bool
) -> None:
    options = found.microsoft.options
    options.duplicate_status, options.names_existing = status, names_existing
    found.microsoft.fault(CREATE, Fault.backend_error(when="after"), times=9)
    assert found.run().action["result"] == "failed"
    clear(found)
    # The look-up finds nothing for a while, and Teams is allowed no more: the body is another.
    options.without_teams = {OFFICE}
    found.microsoft.fault("users.events.list", Fault.answer({"value": []}), times=1)
    found.run()
    assert {each.reason for each in found.microsoft.log.of(CREATE)} >= {
        "ErrorDuplicateTransactionId"
    }
    assert_settled(found)


def test_a_provider_that_is_down_is_left_alone_after_three_calls(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        for number in range(5):
            mentor, mentee = f"m{number}@acme.example", f"n{number}@acme.example"
            found.person(mentor, "M").person(mentee, "N")
            found.programme.pair(f"q{number}", mentor, mentee)
        found.programme.write()
        found.microsoft.fault(CREATE, Fault.backend_error(), times=999)
        result = found.run()

        assert result.status == 1
        assert {each["result"] for each in result.actions} == {"failed"}
        assert found.microsoft.log.count(CREATE) <= 6 * 5
        clear(found)
        assert found.run().status == 0
        assert len(found.told("invitation")) == 12


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
            env={**os.environ, **found.environment()},
        )
        found.world.after(moment, lambda _world: process.send_signal(signal.SIGKILL))
        process.wait(30)
        assert process.returncode == -signal.SIGKILL

        found.run()
        assert_settled(found)


def test_an_event_deleted_before_anybody_knew_of_it_is_booked_anew_once(found: Office) -> None:
    found.microsoft.fault(CREATE, Fault.backend_error(when="after"), times=9)
    found.run()
    clear(found)
    people.delete(found.world, found.meeting().uid)
    for _ in range(3):
        last = found.run()

    assert (last.status, last.kinds) == (0, ["keep"])
    assert len(found.meetings()) == 1
    assert found.told("invitation") == sorted(BOTH * 2)


def test_without_teams_the_fallback_is_the_link(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        link = "https://talk.acme.example/{pair}"
        found.programme.set("virtual", conference="auto", fallback=link).write()
        found.microsoft.options.without_teams = {OFFICE}
        result = found.run()

        assert (result.status, result.action["result"]) == (0, "done")
        assert result.action["join_url"] == "https://talk.acme.example/p01"
        assert "https://talk.acme.example/p01" in found.meeting().extra["description"]
        assert found.meeting().extra["location"] == "https://talk.acme.example/p01"
        assert found.told("update") == []
        assert found.run().action["join_url"] == "https://talk.acme.example/p01"
        assert_settled(found)


def test_a_flag_that_is_silently_dropped_is_noticed_after_the_write(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        link = "https://talk.acme.example/{pair}"
        found.programme.set("virtual", conference="auto", fallback=link).write()
        found.microsoft.options.without_teams = {OFFICE}
        forbidden = Fault.refused(403, "ErrorAccessDenied", "Access is denied.")
        found.microsoft.fault("users.calendar.get", forbidden)
        result = found.run()

        assert (result.status, result.action["result"]) == (0, "done")
        assert result.action["join_url"] == "https://talk.acme.example/p01"
        assert "https://talk.acme.example/p01" in found.meeting().extra["description"]
        assert "in this calendar entry" not in found.meeting().extra["description"]
        assert_settled(found)


def test_without_teams_and_fallback_the_reason_says_so(found: Office) -> None:
    found.microsoft.options.without_teams = {OFFICE}
    result = found.run()

    assert (result.status, result.action["join_url"]) == (0, None)
    assert "Teams is not allowed" in result.action["reason"]
    assert "Teams is not allowed" in found.run().action["reason"]
    assert_settled(found)


def test_a_link_that_is_late_is_fetched_by_the_next_run_and_nobody_is_told(found: Office) -> None:
    found.microsoft.options.teams_reads = 1000
    result = found.run()
    assert (result.status, result.action["join_url"]) == (0, None)
    assert [each["code"] for each in result.json["drift"]] == ["link-missing"]

    found.settle()
    told = len(found.world.notices)
    later = found.run()
    assert later.action["join_url"].startswith("https://teams.microsoft.com/")
    assert (later.json["drift"], len(found.world.notices)) == ([], told)
