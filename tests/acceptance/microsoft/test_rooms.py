"""Rooms on Microsoft 365: only ever invited, their answers noticed by the next run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.google.test_rooms import (
    answer_of,
    test_a_directory_that_fails_costs_only_itself,
    test_a_directory_that_may_not_be_seen_costs_only_itself,
    test_a_meeting_that_goes_online_frees_its_room,
    test_a_meeting_withdrawn_frees_its_room,
    test_a_room_for_one_is_never_taken,
    test_a_room_left_for_another_one_is_free_again,
    test_a_room_people_put_in_place_of_ours_is_left_and_ours_is_not_confirmed,
    test_a_room_people_took_out_of_the_event_is_replaced,
    test_a_room_that_is_taken_is_not_chosen,
    test_doctor_names_a_listed_room_the_directory_does_not_know,
    test_doctor_says_where_the_directory_cannot_be_seen,
    test_nothing_is_ever_written_into_a_rooms_own_calendar,
    test_rooms_that_refuse_lead_to_another_room_another_time_and_online,
    test_the_directory_tells_how_many_a_room_seats,
    test_the_directory_tells_what_the_settings_leave_open,
    test_the_event_says_where_to_meet_down_to_the_floor_and_has_no_link,
    test_what_is_owed_after_rooms_refused_is_had_as_soon_as_it_can_be,
    test_what_the_settings_say_counts_more_and_needs_no_asking,
    test_where_no_room_has_it_the_meeting_is_online_and_doctor_says_so,
    test_who_needs_something_meets_in_a_room_that_has_it,
)
from tests.acceptance.microsoft.world import Office, office
from tests.acceptance.world import PRIYA, ROOM_A, ROOM_B, TOM
from tests.emulators import people

__all__ = [
    "test_a_directory_that_fails_costs_only_itself",
    "test_a_directory_that_may_not_be_seen_costs_only_itself",
    "test_a_meeting_that_goes_online_frees_its_room",
    "test_a_meeting_withdrawn_frees_its_room",
    "test_a_room_for_one_is_never_taken",
    "test_a_room_left_for_another_one_is_free_again",
    "test_a_room_people_put_in_place_of_ours_is_left_and_ours_is_not_confirmed",
    "test_a_room_people_took_out_of_the_event_is_replaced",
    "test_a_room_that_is_taken_is_not_chosen",
    "test_doctor_names_a_listed_room_the_directory_does_not_know",
    "test_doctor_says_where_the_directory_cannot_be_seen",
    "test_nothing_is_ever_written_into_a_rooms_own_calendar",
    "test_rooms_that_refuse_lead_to_another_room_another_time_and_online",
    "test_the_directory_tells_how_many_a_room_seats",
    "test_the_directory_tells_what_the_settings_leave_open",
    "test_the_event_says_where_to_meet_down_to_the_floor_and_has_no_link",
    "test_what_is_owed_after_rooms_refused_is_had_as_soon_as_it_can_be",
    "test_what_the_settings_say_counts_more_and_needs_no_asking",
    "test_where_no_room_has_it_the_meeting_is_online_and_doctor_says_so",
    "test_who_needs_something_meets_in_a_room_that_has_it",
]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        programme = made.programme.set("cadence", in_person="always")
        for person in programme.people:
            person["site"] = "London"
        rooms = ", ".join(f'"{room}"' for room in (ROOM_A, ROOM_B))
        programme.tail += f'\n[[sites]]\nname = "London"\nrooms = [{rooms}]\n'
        for room in (ROOM_A, ROOM_B):
            made.microsoft.add_room(room, days_ahead=None)
        programme.write()
        yield made


def test_a_room_is_invited_and_its_answer_is_not_waited_for(found: Office) -> None:
    found.world.answer_reads = 9
    result = found.run()

    assert (result.status, result.action["room"]) == (0, ROOM_A)
    assert answer_of(found.meeting(), ROOM_A) == "none"
    assert [each["code"] for each in result.json["drift"]] == ["room-pending"]
    assert found.status()["next"]["room_answer"] == "pending"
    [entry] = found.microsoft.log.of("users.events.create")
    assert entry.remarks == []
    assert {each.mailbox for each in found.microsoft.log if each.mailbox} == {entry.mailbox}

    found.settle()
    later = found.run()
    assert (later.status, later.kinds, later.json["drift"]) == (0, ["keep"], [])
    assert found.status()["next"]["room_answer"] == "accepted"


def test_a_refused_room_is_replaced_at_the_same_time_with_one_notice(found: Office) -> None:
    found.run()
    meeting = found.meeting()
    start = meeting.start
    people.answer(found.world, TOM, meeting.uid, "accepted")
    people.set_room(found.world, meeting.uid, ROOM_A, "declined")
    result = found.run()

    assert (result.status, result.kinds) == (0, ["move"])
    assert result.action["room"] == ROOM_B
    after = found.meeting()
    assert after.start == start
    assert answer_of(after, ROOM_A) is None
    assert answer_of(after, TOM) == "accepted", "guests are sent with their answers"
    assert [to for to in found.told("update") if to in {TOM, PRIYA}] == [PRIYA, TOM]
    assert ROOM_B in str(after.extra["locations"])
    found.settle()
    assert found.run().kinds == ["keep"]


def test_a_room_nobody_can_read_holds_nobody(found: Office) -> None:
    found.microsoft.options.reasons = {ROOM_A: "5016"}
    result = found.run()

    assert (result.status, result.action["room"]) == (3, ROOM_B)
    assert [each["person"] for each in result.json["unreadable"]] == [ROOM_A]


def test_a_meeting_that_moves_takes_its_room_along(found: Office) -> None:
    found.run()
    people.answer(found.world, PRIYA, found.meeting().uid, "declined")
    result = found.run()

    assert (result.kinds, result.action["room"]) == (["move"], ROOM_A)
    found.settle()
    assert answer_of(found.meeting(), ROOM_A) == "accepted"
    assert found.run().kinds == ["keep"]


def test_who_works_elsewhere_meets_in_person_on_another_day_or_online(found: Office) -> None:
    found.busy(PRIYA, "2027-01-04T00:00", "2027-01-13T00:00", status="elsewhere")
    action = found.plan().action
    assert (action["format"], action["start"] >= "2027-01-13") == ("in-person", True)
    found.busy(PRIYA, "2027-01-13T00:00", "2027-01-18T00:00", status="elsewhere")
    assert found.plan().action["format"] == "virtual"
