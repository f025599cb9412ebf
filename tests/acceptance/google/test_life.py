"""A pair on Google from the first plan on: booked, declined, moved and deleted by people."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.google.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, TOM, utc
from tests.emulators import people

BOTH = [PRIYA, TOM]


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        found.programme.set("virtual", conference="auto").write()
        found.busy(TOM, "2027-01-05T09:00", "2027-01-05T12:00")
        assert found.run().status == 0
        yield found


def test_a_plan_writes_nothing_and_names_nothing_google_has_not_named(tmp_path: Path) -> None:
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
    [entry] = [each for each in booked.google.log if each.method == "calendar.events.insert"]
    assert entry.subject == OFFICE
    assert entry.scopes == {"calendar.events.owned"}


def test_the_uid_and_link_are_those_google_gave(booked: Office) -> None:
    action = booked.run().action
    following = booked.status()["next"]

    assert action["uid"] == following["uid"] == booked.meeting().uid
    assert action["join_url"] == following["join_url"]
    assert action["join_url"].startswith("https://meet.google.com/")


def test_a_second_run_writes_nothing_and_tells_nobody(booked: Office) -> None:
    writes, notices = booked.writes(), len(booked.world.notices)
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["keep"])
    assert booked.writes() == writes
    assert len(booked.world.notices) == notices


def test_a_declined_meeting_is_moved_and_both_are_told_once(booked: Office) -> None:
    before = booked.meeting()
    uid, start = before.uid, before.start
    people.answer(booked.world, PRIYA, uid, "declined")
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["move"])
    assert result.action["uid"] == result.action["was"]["uid"] == uid
    after = booked.meeting()
    assert after.start == utc(result.action["start"]) != start
    assert booked.told("update") == BOTH
    assert booked.told("invitation") == BOTH
    assert booked.run().kinds == ["keep"], "the answer was to the older time"


@pytest.mark.parametrize("resets", [False, True])
def test_a_second_decline_counts_where_google_asks_anew_and_an_old_one_never_does(
    booked: Office, *, resets: bool
) -> None:
    booked.google.options.time_change_resets_answers = resets
    uid = booked.meeting().uid
    people.answer(booked.world, PRIYA, uid, "declined")
    booked.run()
    assert booked.run().kinds == ["keep"]

    people.answer(booked.world, PRIYA, uid, "accepted")
    assert booked.run().kinds == ["keep"]
    people.answer(booked.world, TOM, uid, "declined")
    assert booked.run().kinds == ["move"]
    assert booked.run().kinds == ["keep"]


def test_declining_anew_counts_where_google_asked_anew(booked: Office) -> None:
    booked.google.options.time_change_resets_answers = True
    uid = booked.meeting().uid
    for _ in range(2):
        people.answer(booked.world, PRIYA, uid, "declined")
        assert booked.run().kinds == ["move"]
    assert booked.told("update") == sorted(BOTH * 2)


def test_a_time_a_person_chose_is_adopted_and_nobody_is_told_again(booked: Office) -> None:
    meeting = booked.meeting()
    later = timedelta(hours=24)
    people.move(booked.world, meeting.uid, meeting.start + later, meeting.end + later)
    told = len(booked.world.notices)
    result = booked.run()

    assert (result.status, result.kinds) == (0, ["adopt"])
    assert utc(result.action["start"]) == booked.meeting().start
    assert f"{booked.meeting().start:%A}" in booked.meeting().extra["description"]
    assert len(booked.world.notices) == told
    assert booked.run().kinds == ["keep"]


def test_an_adopted_time_does_not_bring_an_old_answer_back(booked: Office) -> None:
    meeting = booked.meeting()
    people.answer(booked.world, PRIYA, meeting.uid, "declined")
    booked.run()
    later = timedelta(hours=24)
    people.move(booked.world, meeting.uid, meeting.start + later, meeting.end + later)
    assert booked.run().kinds == ["adopt"]
    assert booked.run().kinds == ["keep"]


def test_a_deleted_meeting_is_withdrawn_and_booked_anew_once(booked: Office) -> None:
    old = booked.meeting()
    people.delete(booked.world, old.uid)
    result = booked.run()

    assert result.status == 0
    new = booked.meeting()
    assert new.uid != old.uid
    assert new.start != old.start
    assert booked.told("invitation") == sorted(BOTH * 2)
    assert booked.told("cancellation") == BOTH, "Google told of the deletion, we did not again"
    assert booked.run().kinds == ["keep"]


def test_a_deleted_meeting_whose_bin_was_emptied_is_noticed_too(booked: Office) -> None:
    people.delete(booked.world, booked.meeting().uid)
    people.empty_bin(booked.world, OFFICE)
    booked.run()

    assert len(booked.meetings()) == 1


def test_an_ended_pair_s_meeting_is_cancelled_and_both_are_told_once(booked: Office) -> None:
    uid = booked.meeting().uid
    booked.programme.pairs[0]["status"] = "ended"
    booked.programme.write()
    result = booked.run()

    assert result.kinds == ["cancel"]
    assert result.action["uid"] == uid
    assert booked.meetings() == []
    assert booked.told("cancellation") == BOTH
    booked.run()
    assert booked.told("cancellation") == BOTH


def test_a_lost_store_ends_with_the_meeting_that_is_there(booked: Office) -> None:
    booked.programme.store.unlink()
    booked.run()
    booked.run()
    last = booked.run()

    assert last.kinds == ["keep"]
    assert last.action["uid"] == booked.meeting().uid
    assert booked.told("invitation") == BOTH


def test_no_mail_of_our_own_is_sent(booked: Office) -> None:
    people.answer(booked.world, PRIYA, booked.meeting().uid, "declined")
    booked.run()

    assert booked.programme.mails() == []


@pytest.mark.parametrize("organizer", ["mentor", "mentee"])
def test_a_person_organizes_as_an_own_accepted_attendee(tmp_path: Path, organizer: str) -> None:
    with office(tmp_path, reader=OFFICE) as found:
        found.programme.set("programme", organizer=organizer).write()
        result = found.run()
        host, guest = (TOM, PRIYA) if organizer == "mentor" else (PRIYA, TOM)

        assert result.status == 0, result.err
        [meeting] = found.meetings(host)
        answers = {each.email: each.answer for each in meeting.attendees}
        assert answers == {host: "accepted", guest: "none"}
        assert found.told("invitation") == [guest]
        assert result.action["attendees"] == [TOM, PRIYA]
        assert found.run().kinds == ["keep"]


def test_titles_of_other_entries_are_seen_nowhere(booked: Office) -> None:
    people.answer(booked.world, PRIYA, booked.meeting().uid, "declined")
    results = [booked.run(), booked.plan(), booked.call("status"), booked.call("explain", "p01")]

    assert booked.leaks(*results) == []
    for entry in booked.google.log:
        assert not entry.fields & {"summary", "description"}
        assert entry.unknown == []
        if entry.method.startswith("calendar.events") and entry.verb == "GET":
            assert entry.fields


def test_what_somebody_enters_where_a_deleted_meeting_was_is_not_taken_for_it(
    booked: Office,
) -> None:
    """Google's answer shows the same block as before; nobody may be booked over it."""
    meeting = booked.meeting()
    people.delete(booked.world, meeting.uid)
    booked.world.add_item(TOM, meeting.start, meeting.end)
    ada = "ada@acme.example"
    booked.person(ada, "Ada Example")
    booked.programme.pair("p02", TOM, ada).write()
    result = booked.run()

    starts = [utc(each["start"]) for each in result.json["actions"] if each["pair"] == "p02"]
    assert starts
    assert meeting.start not in starts


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
