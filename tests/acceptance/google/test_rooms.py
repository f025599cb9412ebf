"""Rooms on Google: only ever invited, their answers noticed by the next run."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.acceptance.google.world import Office, office
from tests.acceptance.world import PRIYA, ROOM_A, ROOM_B, TOM, Json, Result, utc
from tests.emulators import people
from tests.emulators.world import Attendee, Item
from tests.emulators.world import World as Clouds


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        programme = made.programme.set("cadence", in_person="always")
        for person in programme.people:
            person["site"] = "London"
        rooms = ", ".join(f'"{room}"' for room in (ROOM_A, ROOM_B))
        programme.tail += f'\n[[sites]]\nname = "London"\nrooms = [{rooms}]\n'
        for room in (ROOM_A, ROOM_B):
            made.world.add_room(room)
        programme.write()
        yield made


def answer_of(meeting: Item, email: str) -> str | None:
    return next((each.answer for each in meeting.attendees if each.email == email), None)


def test_a_room_is_invited_and_its_answer_is_not_waited_for(found: Office) -> None:
    found.world.answer_reads = 9
    result = found.run()

    assert (result.status, result.action["room"]) == (0, ROOM_A)
    assert answer_of(found.meeting(), ROOM_A) == "none"
    assert [each["code"] for each in result.json["drift"]] == ["room-pending"]
    assert found.status()["next"]["room_answer"] == "pending"

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
    assert {each.to for each in found.world.notices if each.kind == "update"} >= {TOM, PRIYA}
    assert [to for to in found.told("update") if to in {TOM, PRIYA}] == [PRIYA, TOM]
    found.settle()
    assert found.run().kinds == ["keep"]


def test_a_room_that_is_taken_is_not_chosen(found: Office) -> None:
    found.busy(ROOM_A, "2027-01-04T00:00", "2027-01-18T00:00")
    assert found.run().action["room"] == ROOM_B


def test_a_room_nobody_can_read_holds_nobody(found: Office) -> None:
    found.google.options.reasons = {ROOM_A: "internalError"}
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


def booked(found: Office, room: str) -> list[Item]:
    """Return what keeps a room from being free."""
    live = found.world.live(room)
    return [each for each in live if answer_of(each, room) not in {None, "declined"}]


def told(found: Office, kind: str) -> list[str]:
    """Return which of the two was told something since the last question."""
    heard = [to for to in found.told(kind) if to in {TOM, PRIYA}]
    found.world.notices.clear()
    return heard


def next_run(found: Office) -> Json:
    """Let rooms answer, and return what the next run does."""
    found.settle()
    result = found.run()
    assert result.status == 0
    return dict(result.action)


def test_rooms_that_refuse_lead_to_another_room_another_time_and_online(found: Office) -> None:
    """clouds.md, Writing: each run one step, and each step one notice to everybody."""
    for room in (ROOM_A, ROOM_B):
        found.world.mailboxes[room].bookable_by = frozenset()
    first = found.run().action
    assert (first["format"], first["room"], told(found, "invitation")) == (
        "in-person",
        ROOM_A,
        [PRIYA, TOM],
    )

    second = next_run(found)
    assert (second["room"], second["start"]) == (ROOM_B, first["start"])
    assert (second["uid"], second["reason_code"]) == (first["uid"], "room-lost")
    assert told(found, "update") == [PRIYA, TOM]

    third = next_run(found)
    assert (third["format"], third["room"]) == ("in-person", ROOM_A)
    assert third["start"] != first["start"]
    assert told(found, "update") == [PRIYA, TOM]

    fourth = next_run(found)
    assert (fourth["room"], fourth["start"]) == (ROOM_B, third["start"])
    assert told(found, "update") == [PRIYA, TOM]

    last = next_run(found)
    assert (last["kind"], last["format"], last["room"]) == ("move", "virtual", None)
    assert "next possible one will be in person" in last["reason"]
    assert last["uid"] != first["uid"], "another format is another event"
    assert sorted(found.told("invitation")) == [PRIYA, TOM]
    assert told(found, "cancellation") == [PRIYA, TOM]

    assert next_run(found)["kind"] == "keep"
    assert told(found, "update") == []
    assert [*booked(found, ROOM_A), *booked(found, ROOM_B)] == []


def test_what_is_owed_after_rooms_refused_is_had_as_soon_as_it_can_be(found: Office) -> None:
    found.programme.set("cadence", in_person="every 2").set("meetings", horizon="28d").write()
    found.busy(ROOM_B, "2027-01-01T00:00", "2027-07-01T00:00")
    found.world.mailboxes[ROOM_A].bookable_by = frozenset()
    assert [each["format"] for each in found.run().actions] == ["virtual", "in-person"]
    for _ in range(2):
        found.settle()
        found.run()
    found.world.mailboxes[ROOM_A].bookable_by = None

    later = found.run(now="2027-01-06T06:00:00Z").actions

    # By the cadence alone only every second one is in person.
    assert [(each["occurrence"], each["format"]) for each in later] == [
        (2, "virtual"),
        (3, "in-person"),
    ]


def test_a_meeting_withdrawn_frees_its_room(found: Office) -> None:
    found.run()
    found.settle()
    assert len(booked(found, ROOM_A)) == 1
    assert found.call("end", "p01").status == 0
    assert booked(found, ROOM_A) == []


def test_a_meeting_that_goes_online_frees_its_room(found: Office) -> None:
    found.run()
    found.settle()
    result = found.call("reschedule", "p01", "--format", "virtual", "--json")
    assert result.action["format"] == "virtual"
    assert booked(found, ROOM_A) == []
    assert found.status()["next"]["room_answer"] is None


def test_a_room_left_for_another_one_is_free_again(found: Office) -> None:
    found.run()
    found.settle()
    uid = found.meeting().uid
    people.set_room(found.world, uid, ROOM_A, "declined")
    assert found.run().action["room"] == ROOM_B
    assert booked(found, ROOM_A) == []


def invite_only(found: Office, *rooms: str) -> None:
    """Let a person change which rooms are invited, in the organizer's calendar."""
    main = found.meeting()
    main.attendees = [each for each in main.attendees if not each.room]
    main.attendees += [Attendee(room, "accepted", room=True) for room in rooms]
    found.world.put(main)


def test_a_room_people_took_out_of_the_event_is_replaced(found: Office) -> None:
    found.run()
    found.settle()
    invite_only(found)
    result = found.run()
    assert (result.kinds, result.action["room"]) == (["move"], ROOM_B)
    assert answer_of(found.meeting(), ROOM_B) is not None


def test_a_room_people_put_in_place_of_ours_is_left_and_ours_is_not_confirmed(
    found: Office,
) -> None:
    found.run()
    found.settle()
    assert found.run().kinds == ["keep"]
    invite_only(found, "room-z@acme.example")
    assert found.run().kinds == ["keep"]
    assert found.status()["next"]["room_answer"] == "pending"


def test_nothing_is_ever_written_into_a_rooms_own_calendar(found: Office) -> None:
    found.run()
    people.answer(found.world, PRIYA, found.meeting().uid, "declined")
    next_run(found)
    assert len(found.written()) == 2
    assert all("/mentoring@acme.example/" in unquote(path) for path in found.written())


# --- what a room is, told by hand and by the directory --------------------------------------------


def describe(found: Office, room: str, **about: str) -> None:
    """Describe a room in the settings."""
    lines = [f"{key} = {value}" for key, value in about.items()]
    found.programme.tail += "\n".join(["\n[[rooms]]", f'email = "{room}"', *lines, ""])
    found.programme.write()


def need(found: Office, email: str, what: str) -> None:
    for row in found.programme.people:
        row["needs"] = what if row["email"] == email else ""
    found.programme.write()


def test_a_room_for_one_is_never_taken(found: Office) -> None:
    describe(found, ROOM_A, capacity="1")
    assert found.run().action["room"] == ROOM_B


def test_who_needs_something_meets_in_a_room_that_has_it(found: Office) -> None:
    describe(found, ROOM_B, features='["quiet", "Step-free"]')
    need(found, PRIYA, "step-free")
    assert found.run().action["room"] == ROOM_B


def test_where_no_room_has_it_the_meeting_is_online_and_doctor_says_so(found: Office) -> None:
    need(found, PRIYA, "step-free")
    assert found.run().action["format"] == "virtual"
    [finding] = [
        each
        for each in found.call("doctor", "--json").json["findings"]
        if each["code"] == "needs-unmet"
    ]
    assert (finding["subject"], finding["level"]) == (PRIYA, "warning")
    assert "step-free" in finding["message"]


def directory_requests(result: Result) -> int:
    """Return how many directories of rooms were asked."""
    asked = {"google.directory", "microsoft.places"} & result.json["requests"].keys()
    return len(asked)


def test_the_directory_tells_what_the_settings_leave_open(found: Office) -> None:
    found.open_directory()
    found.world.mailboxes[ROOM_B].features = ("step-free",)
    need(found, PRIYA, "step-free")
    planned, result = found.plan(), found.run()
    assert result.action["room"] == ROOM_B
    assert directory_requests(planned) == directory_requests(result) == 1


def test_the_directory_tells_how_many_a_room_seats(found: Office) -> None:
    found.open_directory()
    found.world.mailboxes[ROOM_A].capacity = 1
    assert found.run().action["room"] == ROOM_B


def test_what_the_settings_say_counts_more_and_needs_no_asking(found: Office) -> None:
    found.open_directory()
    for room in (ROOM_A, ROOM_B):
        found.world.mailboxes[room].capacity = 1
        describe(found, room, capacity="4", floor='"3"', features='["quiet"]')
    result = found.run()
    assert result.action["room"] == ROOM_A
    assert directory_requests(result) == 0


def test_a_directory_that_may_not_be_seen_costs_only_itself(found: Office) -> None:
    found.world.mailboxes[ROOM_A].capacity = 1
    found.close_directory()
    result = found.run()
    assert (result.status, result.action["room"]) == (0, ROOM_A)
    assert result.json["unreadable"] == []


def test_a_directory_that_fails_costs_only_itself(found: Office) -> None:
    found.open_directory()
    found.break_directory()
    result = found.run()
    assert (result.status, result.action["room"]) == (0, ROOM_A)
    assert result.json["unreadable"] == []


def findings(found: Office) -> dict[str, str]:
    """Return what doctor says of rooms, by code: whom it concerns."""
    listed = found.call("doctor", "--json").json["findings"]
    return {each["code"]: each["subject"] for each in listed if "room" in each["code"]}


def test_doctor_names_a_listed_room_the_directory_does_not_know(found: Office) -> None:
    found.open_directory()
    assert findings(found) == {"rooms-compared": found.home}
    found.programme.tail = found.programme.tail.replace(ROOM_B, "room-z@acme.example")
    found.programme.write()
    assert findings(found)["room-unlisted"] == "room-z@acme.example"


def test_doctor_says_where_the_directory_cannot_be_seen(found: Office) -> None:
    found.close_directory()
    assert findings(found) == {"rooms-unseen": found.home}


def test_the_event_says_where_to_meet_down_to_the_floor_and_has_no_link(found: Office) -> None:
    found.open_directory()
    found.world.mailboxes[ROOM_A].floor = "7"
    found.programme.set("virtual", conference="auto").write()
    action = found.run().action
    told = str(found.meeting().extra)
    assert (action["room"], action["join_url"]) == (ROOM_A, None)
    assert "floor 7" in told
    assert "London" in told
    assert "meet.google.com" not in told
    assert "teams.microsoft.com" not in told


def test_what_this_run_booked_is_booked_wherever_it_moved_on_to(found: Office) -> None:
    """One meeting meets somebody; the other one, planned anew with it, has lost its room."""
    found.programme.set("cadence", in_person="every 2").set("meetings", horizon="28d").write()
    found.world.mailboxes[ROOM_A].bookable_by = frozenset()
    [virtual] = [each for each in found.plan().json["actions"] if each["format"] == "virtual"]
    start = utc(virtual["start"])
    inserted = iter(range(9))

    def slips_in(world: Clouds) -> None:
        if next(inserted) == 1:
            world.add_item(TOM, start, start + timedelta(hours=1))

    found.world.after("insert", slips_in, times=9)
    result = found.run()

    assert (result.status, result.kinds) == (0, ["book", "book"])
    assert {each["room"] for each in result.json["actions"]} == {None, ROOM_B}
    assert set(found.run().kinds) == {"keep"}


def test_one_agreed_on_in_person_stays_so_at_another_time_when_its_room_refuses(
    found: Office,
) -> None:
    found.programme.set("cadence", in_person="never").write()
    for calendar in (ROOM_A, ROOM_B):
        found.world.mailboxes[calendar].bookable_by = None
    at = "2027-01-06T10:00:00Z"
    assert found.call("book", "p01", "--at", at, "--format", "in-person", "--json").status == 0
    people.answer(found.world, ROOM_A, found.meeting().uid, "declined")
    found.busy(ROOM_B, "2027-01-06T10:00", "2027-01-06T11:00")
    result = found.run()

    assert (result.status, result.kinds, result.action["format"]) == (0, ["move"], "in-person")
    assert result.action["start"] != at
