"""A pair on Microsoft 365 from the first plan on: booked, declined, moved and deleted by people.

What is asked of every cloud alike is asked by the tests of Google's module, in this office.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.google.test_life import (
    test_a_declined_meeting_is_moved_and_both_are_told_once,
    test_a_deleted_meeting_is_withdrawn_and_booked_anew_once,
    test_a_deleted_meeting_whose_bin_was_emptied_is_noticed_too,
    test_a_lost_store_ends_with_the_meeting_that_is_there,
    test_a_second_run_writes_nothing_and_tells_nobody,
    test_an_adopted_time_does_not_bring_an_old_answer_back,
    test_an_ended_pair_s_meeting_is_cancelled_and_both_are_told_once,
    test_no_mail_of_our_own_is_sent,
)
from tests.acceptance.microsoft.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, TOM, utc
from tests.emulators import people

__all__ = [
    "test_a_declined_meeting_is_moved_and_both_are_told_once",
    "test_a_deleted_meeting_is_withdrawn_and_booked_anew_once",
    "test_a_deleted_meeting_whose_bin_was_emptied_is_noticed_too",
    "test_a_lost_store_ends_with_the_meeting_that_is_there",
    "test_a_second_run_writes_nothing_and_tells_nobody",
    "test_an_adopted_time_does_not_bring_an_old_answer_back",
    "test_an_ended_pair_s_meeting_is_cancelled_and_both_are_told_once",
    "test_no_mail_of_our_own_is_sent",
]

BOTH = [PRIYA, TOM]


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        found.programme.set("virtual", conference="auto").write()
        found.busy(TOM, "2027-01-05T09:00", "2027-01-05T12:00")
        result = found.run()
        assert result.status == 0, result.err
        yield found


def test_a_marked_event_the_store_does_not_know_is_adopted_and_never_doubled(
    booked: Office,
) -> None:
    before, writes = booked.run().action, booked.writes()
    booked.programme.store.unlink()
    result = booked.run()

    action = result.action
    assert (result.status, action["kind"], action["reason_code"]) == (0, "adopt", "found")
    same = ("uid", "start", "join_url", "satisfaction", "share", "sequence")
    assert {name: action[name] for name in same} == {name: before[name] for name in same}
    assert (booked.writes(), booked.told("invitation")) == (writes, BOTH)
    assert booked.run().kinds == ["keep"]


def test_a_plan_writes_nothing_and_names_nothing_exchange_has_not_named(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.set("virtual", conference="auto").write()
        action = found.plan().action

        assert (action["kind"], action["uid"], action["join_url"]) == ("book", None, None)
        assert found.writes() == 0
        assert not found.programme.store.exists()


def test_both_are_invited_once_to_a_private_meeting_with_a_link_of_its_own(booked: Office) -> None:
    meeting = booked.meeting()

    assert booked.told("invitation") == BOTH
    assert meeting.extra["visibility"] == "private"
    assert meeting.status == "busy"
    assert {each.email for each in meeting.attendees} == set(BOTH)
    assert "the link to join is in this calendar entry" in meeting.extra["description"]
    [entry] = booked.microsoft.log.of("users.events.create")
    assert entry.mailbox == OFFICE
    assert entry.remarks == entry.unknown == []


def test_the_uid_and_link_are_those_exchange_gave(booked: Office) -> None:
    action = booked.run().action
    following = booked.status()["next"]

    assert action["uid"] == following["uid"] == booked.meeting().uid
    assert action["join_url"] == following["join_url"]
    assert action["join_url"].startswith("https://teams.microsoft.com/")


def test_a_move_keeps_the_link_and_what_people_wrote_beside_our_text(booked: Office) -> None:
    meeting = booked.meeting()
    link = booked.run().action["join_url"]
    meeting.extra["body"]["content"] += "<p>Bring the slides</p>"
    people.answer(booked.world, PRIYA, meeting.uid, "declined")
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["move"])
    assert result.action["join_url"] == link
    content = booked.meeting().extra["body"]["content"]
    assert content.count('class="slotfinder"') == 1
    assert content.count("Bring the slides") == 1
    assert f"{booked.meeting().start:%A}, {booked.meeting().start.day} January" in content
    for entry in booked.microsoft.log.of("users.events.update"):
        assert entry.remarks == []
        assert "if-match" in entry.headers


@pytest.mark.parametrize("resets", [False, True])
def test_a_second_decline_counts_and_an_old_one_never_does(booked: Office, *, resets: bool) -> None:
    booked.microsoft.options.time_change_resets_answers = resets
    uid = booked.meeting().uid
    people.answer(booked.world, PRIYA, uid, "declined")
    assert booked.run().kinds == ["move"]
    assert booked.run().kinds == ["keep"]

    people.answer(booked.world, PRIYA, uid, "accepted")
    assert booked.run().kinds == ["keep"]
    people.answer(booked.world, PRIYA, uid, "declined")
    assert booked.run().kinds == ["move"]
    assert booked.run().kinds == ["keep"]
    assert booked.told("update").count(TOM) >= 2


def test_a_time_a_person_chose_is_adopted_and_nobody_is_told_again(booked: Office) -> None:
    meeting = booked.meeting()
    later = timedelta(hours=24)
    people.move(booked.world, meeting.uid, meeting.start + later, meeting.end + later)
    told = len(booked.world.notices)
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["adopt"])
    assert utc(result.action["start"]) == booked.meeting().start
    assert len(booked.world.notices) == told
    assert booked.run().kinds == ["keep"]


def test_guests_read_a_kind_word_when_a_meeting_is_withdrawn(booked: Office) -> None:
    booked.programme.pairs[0]["status"] = "ended"
    booked.programme.write()
    booked.run()

    [comment] = {each.comment for each in booked.world.notices if each.kind == "cancellation"}
    assert "This meeting will not take place, and you need do nothing." in comment


@pytest.mark.parametrize("organizer", ["mentor", "mentee"])
def test_a_person_organizes_and_is_no_guest_of_their_own(tmp_path: Path, organizer: str) -> None:
    with office(tmp_path, reader=OFFICE) as found:
        found.programme.set("programme", organizer=organizer).write()
        result = found.run()
        host, guest = (TOM, PRIYA) if organizer == "mentor" else (PRIYA, TOM)

        assert result.status == 0, result.err
        [meeting] = found.meetings(host)
        assert {each.email: each.answer for each in meeting.attendees} == {guest: "none"}
        assert found.told("invitation") == [guest]
        assert result.action["attendees"] == [TOM, PRIYA]
        assert found.run().kinds == ["keep"]
        assert found.status()["next"]["answers"] == {host: "accepted", guest: "none"}


def test_titles_of_other_entries_are_seen_nowhere(booked: Office) -> None:
    booked.world.calendars[TOM].acl[OFFICE] = "reader"
    people.answer(booked.world, PRIYA, booked.meeting().uid, "declined")
    results = [booked.run(), booked.plan(), booked.call("status"), booked.call("explain", "p01")]

    assert booked.leaks(*results) == []
    for entry in booked.microsoft.log:
        if entry.method.startswith("users.events") and entry.verb == "GET":
            assert entry.select
            assert not entry.select & {"subject", "bodyPreview", "location"}


def test_every_request_prefers_ids_that_stay_and_times_in_utc(booked: Office) -> None:
    booked.run()
    asked = [each for each in booked.microsoft.log if each.method.startswith("users.")]
    assert asked
    assert {each.immutable for each in asked} == {True}
    assert all('outlook.timezone="UTC"' in each.prefer for each in asked)
    assert len({each.client_request_id for each in asked}) == len(asked)
    assert {each.mailbox for each in asked} == {OFFICE}


def test_four_requests_are_never_under_way_for_one_mailbox(booked: Office) -> None:
    assert 0 < max(booked.microsoft.limits.peak.values()) <= 3
