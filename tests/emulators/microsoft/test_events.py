"""Checklist items 15-23: creating, changing, cancelling, deleting events."""

from datetime import timedelta
from typing import Any

import pytest

from tests.emulators import people
from tests.emulators.microsoft.desk import (
    CREATE,
    ELEVEN,
    KEY,
    NOON,
    ORGANIZER,
    PRIYA,
    ROOM,
    STABLE,
    TOM,
    Desk,
    at,
    code,
    guest,
    marked,
    meeting,
    point,
)
from tests.emulators.microsoft.ids import event_id
from tests.emulators.wire import Json
from tests.emulators.world import Item

EVENTS = f"/users/{ORGANIZER}/events"
TEAMS: Json = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}


def main(desk: Desk, event: Json) -> Item:
    found = desk.world.main_of(event["iCalUId"])
    assert found is not None
    return found


def patch(desk: Desk, event: Json, body: Json, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return desk.call("PATCH", desk.event(event["id"]), json=body, headers=named)


def read(desk: Desk, event: Json) -> Json:
    answer = desk.get(desk.event(event["id"]))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def told(desk: Desk, email: str = TOM) -> list[str]:
    return [one.kind for one in desk.world.told(email)]


def test_15_an_event_is_made_and_everybody_invited_once(desk: Desk) -> None:
    answer = desk.call("POST", EVENTS, json=meeting())
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"{EVENTS}/{made['id']}")
    assert made["@odata.etag"] == answer.headers["etag"] == f'W/"{made["changeKey"]}"'
    assert made["organizer"]["emailAddress"]["address"] == ORGANIZER
    assert [one["status"]["response"] for one in made["attendees"]] == ["none", "none"]
    assert made["responseStatus"]["time"] == "0001-01-01T00:00:00Z"
    assert (told(desk), told(desk, PRIYA), told(desk, ORGANIZER)) == (
        ["invitation"],
        ["invitation"],
        [],
    )
    assert desk.microsoft.log.of(CREATE)[0].committed


def test_15_copies_have_other_ids_and_the_same_uid(desk: Desk) -> None:
    made = desk.book()
    copy = desk.world.copy_of(made["iCalUId"], TOM)
    assert copy is not None
    name = event_id(copy, immutable=False)
    found = desk.get(desk.event(name, TOM)).json()
    assert (found["iCalUId"], found["isOrganizer"]) == (made["iCalUId"], False)
    assert found["responseStatus"]["response"] == "notResponded"
    assert found["id"] != made["id"]
    assert code(desk.get(desk.event(made["id"], TOM))) == (404, "ErrorItemNotFound")


def test_15_an_organizer_in_the_body_is_ignored_and_noted(desk: Desk) -> None:
    made = desk.book(organizer={"emailAddress": {"address": TOM}}, isOrganizer=False)
    assert made["isOrganizer"]
    assert desk.microsoft.log.of(CREATE)[0].unknown == ["organizer", "isOrganizer"]


def test_15_properties_that_do_not_exist_are_refused(desk: Desk) -> None:
    answer = desk.call("POST", EVENTS, json=meeting(colour="red"))
    assert code(answer) == (400, "RequestBodyRead")
    assert "'colour'" in answer.json()["error"]["message"]
    assert not desk.microsoft.log.writes()


@pytest.mark.parametrize("wrong", [{"subject": 7}, {"showAs": "party"}, {"attendees": {}}])
def test_15_wrong_types_and_values_are_refused(desk: Desk, wrong: Json) -> None:
    assert code(desk.call("POST", EVENTS, json=meeting(**wrong))) == (400, "RequestBodyRead")


def test_7_enum_values_of_a_body_come_in_any_case(desk: Desk) -> None:
    made = desk.book(showAs="OOF", sensitivity="Private", attendees=[guest(TOM, "Optional")])
    assert (made["showAs"], made["sensitivity"]) == ("oof", "private")
    assert made["attendees"][0]["type"] == "optional"


def test_16_the_same_id_and_body_is_the_same_event(desk: Desk) -> None:
    first, second = (desk.book(transactionId="t1") for _ in range(2))
    assert first["id"] == second["id"]
    assert told(desk) == ["invitation"]
    assert [one.committed for one in desk.microsoft.log.of(CREATE)] == [True, False]


@pytest.mark.parametrize("status", [400, 409])
def test_16_the_same_id_and_another_body_is_refused(desk: Desk, status: Any) -> None:
    desk.microsoft.options.duplicate_status = status
    made = desk.book(transactionId="t1")
    answer = desk.call("POST", EVENTS, json=meeting(transactionId="t1", subject="Other"))
    assert code(answer) == (status, "ErrorDuplicateTransactionId")
    assert answer.json()["error"]["@event.existingEventId"] == made["id"]


def test_16_a_used_id_outlives_its_event_or_not(desk: Desk) -> None:
    made = desk.book(transactionId="t1")
    desk.call("DELETE", desk.event(made["id"]))
    answer = desk.call("POST", EVENTS, json=meeting(transactionId="t1"))
    assert code(answer) == (400, "ErrorDuplicateTransactionId")
    desk.microsoft.options.transaction_outlives = False
    assert desk.book(transactionId="t1")["iCalUId"] != made["iCalUId"]


def test_16_a_used_id_cannot_be_changed(desk: Desk) -> None:
    made = desk.book(transactionId="t1")
    assert patch(desk, made, {"transactionId": "t2"}).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": None},
        {"end": None},
        {"end": point(at(4, 10))},
        {"start": {"dateTime": "soon", "timeZone": "UTC"}},
        {"isAllDay": True},
        {"attendees": [guest(f"p{one}@acme.example") for one in range(501)]},
        {"attendees": [guest("nobody")]},
        {"singleValueExtendedProperties": [{"id": "mark", "value": "k"}]},
        {"singleValueExtendedProperties": [{"value": "k"}]},
    ],
)
def test_17_what_makes_no_event_fails_validation(desk: Desk, wrong: Json) -> None:
    answer = desk.call("POST", EVENTS, json=meeting(**wrong))
    assert code(answer) == (400, "ErrorPropertyValidationFailure")
    assert not desk.world.told()


def test_17_an_unknown_zone_is_refused_by_its_own_code(desk: Desk) -> None:
    answer = desk.call("POST", EVENTS, json=meeting(start=point(ELEVEN, "GMT+6:30")))
    assert code(answer) == (400, "TimeZoneNotSupportedException")


def test_17_a_day_runs_from_midnight_to_midnight(desk: Desk) -> None:
    zone = "W. Europe Standard Time"
    made = desk.book(isAllDay=True, start=point(at(5, 0), zone), end=point(at(6, 0), zone))
    assert made["isAllDay"]
    assert main(desk, made).all_day


def test_17_wall_times_are_read_in_their_zone(desk: Desk) -> None:
    zone = "Eastern Standard Time"
    made = desk.book(start=point(at(4, 6), zone), end=point(at(4, 7), zone))
    assert made["start"] == {"dateTime": "2027-01-04T11:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == zone
    assert main(desk, made).zone == "America/New_York"


def test_18_a_teams_meeting_has_its_link_at_once(desk: Desk) -> None:
    made = desk.book(**TEAMS, body={"contentType": "html", "content": "<p>Hello</p>"})
    link = made["onlineMeeting"]["joinUrl"]
    assert link.startswith("https://teams.microsoft.com/")
    assert link in made["body"]["content"]
    assert made["onlineMeetingProvider"] == "teamsForBusiness"


def test_18_the_flag_is_dropped_silently_where_teams_is_not_allowed(desk: Desk) -> None:
    desk.microsoft.options.without_teams = {ORGANIZER}
    made = desk.book(**TEAMS)
    assert (made["isOnlineMeeting"], made["onlineMeetingProvider"]) == (False, "unknown")
    assert made["onlineMeeting"] is None
    assert desk.microsoft.log.of(CREATE)[0].remarks == ["isOnlineMeeting dropped"]
    calendar = desk.get(f"/users/{ORGANIZER}/calendar").json()
    assert calendar["allowedOnlineMeetingProviders"] == []
    other = desk.get(f"/users/{TOM}/calendar?$select=allowedOnlineMeetingProviders").json()
    assert other["allowedOnlineMeetingProviders"] == ["teamsForBusiness"]


def test_18_a_link_may_come_later(desk: Desk) -> None:
    desk.microsoft.options.teams_reads = 2
    made = desk.book(**TEAMS)
    assert (made["isOnlineMeeting"], made["onlineMeeting"]) == (True, None)
    assert read(desk, made)["onlineMeeting"] is None
    assert read(desk, made)["onlineMeeting"]["joinUrl"]


def test_18_the_flag_cannot_be_changed_later(desk: Desk) -> None:
    made = desk.book(**TEAMS)
    assert patch(desk, made, {"isOnlineMeeting": False}).json()["isOnlineMeeting"]
    plain = desk.book()
    assert not patch(desk, plain, TEAMS).json()["isOnlineMeeting"]


def test_18_a_body_without_the_teams_block_ends_the_link(desk: Desk) -> None:
    made = desk.book(**TEAMS)
    kept = patch(desk, made, {"body": {**made["body"], "content": "x" + made["body"]["content"]}})
    assert kept.json()["onlineMeeting"] == made["onlineMeeting"]
    lost = patch(desk, made, {"body": {"contentType": "text", "content": "new"}})
    assert lost.json()["onlineMeeting"] is None


def test_19_a_room_answers_after_a_while(desk: Desk) -> None:
    desk.world.answer_reads = 2
    made = desk.book(attendees=[guest(TOM), guest(ROOM, "resource")])
    found = [read(desk, made)["attendees"][1]["status"]["response"] for _ in range(2)]
    assert found == ["none", "accepted"]
    assert not desk.world.told(ROOM)


@pytest.mark.parametrize(
    ("start", "length"), [(at(4, 11), 60), (at(1, 0) + timedelta(days=200), 60), (at(5, 0), 1500)]
)
def test_19_a_room_declines_conflicts_and_what_exceeds_its_limits(
    desk: Desk, start: Any, length: int
) -> None:
    desk.world.clock.set(at(1, 6))
    desk.world.add_item(ROOM, at(4, 11, 30), NOON)
    end = start + timedelta(minutes=length)
    made = desk.book(
        start=point(start), end=point(end), attendees=[guest(TOM), guest(ROOM, "resource")]
    )
    status = read(desk, made)["attendees"][1]["status"]
    assert status == {"response": "declined", "time": "2027-01-01T06:00:00.0000000Z"}


def test_19_who_writes_into_a_room_s_own_calendar_books_twice(desk: Desk) -> None:
    for _ in range(2):
        assert desk.book(ROOM, attendees=[])["isOrganizer"]
    assert len(desk.items(ROOM)) == 2


def test_20_if_match_refuses_a_stale_write(desk: Desk) -> None:
    made = desk.book()
    people.answer(desk.world, TOM, made["iCalUId"], "accepted")
    body = {"subject": "New"}
    stale = patch(desk, made, body, If_Match=made["@odata.etag"])
    assert code(stale) == (412, "ErrorIrresolvableConflict")
    now = read(desk, made)["@odata.etag"]
    assert patch(desk, made, body, If_Match=now).status_code == 200
    gone = desk.call("DELETE", desk.event(made["id"]), headers={"If-Match": now})
    assert gone.status_code == 412


def test_20_the_change_key_changes_with_every_write_and_answer(desk: Desk) -> None:
    made = desk.book()
    people.answer(desk.world, TOM, made["iCalUId"], "declined")
    after = read(desk, made)
    patched = patch(desk, made, {"categories": ["x"]}).json()
    assert len({made["changeKey"], after["changeKey"], patched["changeKey"]}) == 3


def test_21_a_cancelled_meeting_leaves_and_everybody_is_told_why(desk: Desk) -> None:
    made = desk.book()
    answer = desk.call("POST", f"{desk.event(made['id'])}/cancel", json={"Comment": "Ill"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert code(desk.get(desk.event(made["id"]))) == (404, "ErrorItemNotFound")
    notices = desk.world.told(TOM, "cancellation")
    assert [one.comment for one in notices] == ["Ill"]
    assert desk.items(TOM) == []


def test_21_a_comment_is_optional(desk: Desk) -> None:
    made = desk.book()
    assert desk.call("POST", f"{desk.event(made['id'])}/cancel").status_code == 202


def test_21_only_the_organizer_cancels(desk: Desk) -> None:
    made = desk.book()
    copy = desk.world.copy_of(made["iCalUId"], TOM)
    assert copy is not None
    name = desk.event(event_id(copy, immutable=False), TOM)
    assert code(desk.call("POST", f"{name}/cancel", json={})) == (400, "ErrorInvalidRequest")
    assert desk.call("DELETE", name).status_code == 204
    assert read(desk, made)["attendees"][0]["status"]["response"] == "declined"


def test_21_a_deleted_event_is_gone_and_cancelled(desk: Desk) -> None:
    made = desk.book()
    assert desk.call("DELETE", desk.event(made["id"])).status_code == 204
    assert code(desk.call("DELETE", desk.event(made["id"]))) == (404, "ErrorItemNotFound")
    assert told(desk) == ["invitation", "cancellation"]


def test_22_a_cancelled_event_keeps_only_its_immutable_id(desk: Desk) -> None:
    made = desk.book(headers=STABLE)
    name = desk.event(made["id"])
    desk.call("POST", f"{name}/cancel", json={}, headers=STABLE)
    found = desk.get(name, headers=STABLE)
    assert found.json()["isCancelled"]
    assert found.headers["preference-applied"] == 'IdType="ImmutableId"'
    again = desk.call("POST", f"{name}/cancel", json={}, headers=STABLE)
    assert code(again) == (400, "ErrorInvalidRequest")
    people.empty_bin(desk.world, ORGANIZER)
    assert desk.get(name, headers=STABLE).status_code == 404


def test_22_a_deleted_event_may_be_found_by_its_immutable_id(desk: Desk) -> None:
    name = desk.event(desk.book(headers=STABLE)["id"])
    desk.call("DELETE", name, headers=STABLE)
    assert desk.get(name, headers=STABLE).status_code == 404
    desk.microsoft.options.deleted_is_found = True
    assert desk.get(name, headers=STABLE).status_code == 200


def test_22_case_counts_in_ids(desk: Desk) -> None:
    made = desk.book()
    assert code(desk.get(desk.event(made["id"].swapcase())))[0] == 404


def test_22_formats_of_ids_are_not_mixed(desk: Desk) -> None:
    made = desk.book(headers=STABLE)
    assert code(desk.get(desk.event(made["id"]))) == (400, "ErrorInvalidIdMalformed")
    desk.microsoft.options.mixed_ids = True
    assert desk.get(desk.event(made["id"])).status_code == 200


def test_23_extended_properties_stay_on_the_addressed_copy(desk: Desk) -> None:
    made = desk.book(**marked("k1"))
    assert "singleValueExtendedProperties" not in made
    expand = {"$expand": f"singleValueExtendedProperties($filter=id eq '{KEY}')"}
    found = desk.get(desk.event(made["id"]), params=expand).json()
    assert found["singleValueExtendedProperties"] == [{"id": KEY, "value": "k1"}]
    copy = desk.world.copy_of(made["iCalUId"], TOM)
    assert copy is not None
    assert copy.private == {}


def test_a_patch_of_the_guest_list_tells_only_those_it_concerns(desk: Desk) -> None:
    made = desk.book(attendees=[guest(TOM)])
    people.answer(desk.world, TOM, made["iCalUId"], "accepted")
    after = patch(desk, made, {"attendees": [guest(TOM), guest(PRIYA)]}).json()
    assert [one["status"]["response"] for one in after["attendees"]] == ["accepted", "none"]
    assert (told(desk), told(desk, PRIYA)) == (["invitation"], ["invitation"])
    patch(desk, made, {"attendees": [guest(PRIYA)]})
    assert told(desk) == ["invitation", "cancellation"]
    assert desk.items(TOM) == []


def test_a_move_tells_everybody_once_and_asks_anew(desk: Desk) -> None:
    made = desk.book(attendees=[guest(TOM), guest(ROOM, "resource")])
    people.answer(desk.world, TOM, made["iCalUId"], "accepted")
    desk.microsoft.settle()
    moved = patch(desk, made, {"start": point(at(5, 11)), "end": point(at(5, 12))}).json()
    assert [one["status"]["response"] for one in moved["attendees"]] == ["none", "none"]
    assert told(desk) == ["invitation", "update"]
    assert desk.items(TOM) == [("tentative", "2027-01-05T11:00", "2027-01-05T12:00")]
    desk.microsoft.settle()
    assert read(desk, made)["attendees"][1]["status"]["response"] == "accepted"


def test_answers_may_survive_a_move(desk: Desk) -> None:
    desk.microsoft.options.time_change_resets_answers = False
    made = desk.book()
    people.answer(desk.world, TOM, made["iCalUId"], "accepted")
    moved = patch(desk, made, {"start": point(at(4, 10))}).json()
    assert moved["attendees"][0]["status"]["response"] == "accepted"


@pytest.mark.parametrize("quiet", [{"categories": ["x"]}, marked("k"), {"showAs": "free"}])
def test_nobody_is_told_of_what_does_not_concern_them(desk: Desk, quiet: Json) -> None:
    made = desk.book()
    assert patch(desk, made, quiet).status_code == 200
    assert told(desk) == ["invitation"]


@pytest.mark.parametrize(
    ("notifies", "kinds"), [(True, ["invitation", "update"]), (False, ["invitation"])]
)
def test_the_same_values_may_be_told_again(desk: Desk, notifies: Any, kinds: list[str]) -> None:
    desk.microsoft.options.same_values_notify = notifies
    made = desk.book()
    patch(desk, made, {"subject": "Mentoring"})
    assert told(desk) == kinds


def test_an_update_brings_back_a_copy_that_was_removed_without_an_answer(desk: Desk) -> None:
    made = desk.book()
    people.remove_copy(desk.world, TOM, made["iCalUId"], None)
    assert desk.items(TOM) == []
    patch(desk, made, {"categories": ["x"]})
    assert desk.items(TOM) == []
    patch(desk, made, {"subject": "Mentoring again"})
    assert [status for status, _, _ in desk.items(TOM)] == ["tentative"]


def test_location_wipes_earlier_locations(desk: Desk) -> None:
    made = desk.book(locations=[{"displayName": "A"}, {"displayName": "B"}])
    assert made["location"]["displayName"] == "A"
    after = patch(desk, made, {"location": {"displayName": "C"}}).json()
    assert [one["displayName"] for one in after["locations"]] == ["C"]


def test_a_guest_s_patch_stays_on_the_own_copy(desk: Desk) -> None:
    made = desk.book()
    copy = desk.world.copy_of(made["iCalUId"], TOM)
    assert copy is not None
    name = desk.event(event_id(copy, immutable=False), TOM)
    assert desk.call("PATCH", name, json={"subject": "Mine"}).status_code == 200
    assert read(desk, made)["subject"] == "Mentoring"
    patch(desk, made, {"subject": "Ours"})
    assert desk.get(name).json()["subject"] == "Ours"


def test_a_proposal_of_another_time_stands_at_the_attendee(desk: Desk) -> None:
    made = desk.book()
    people.propose(desk.world, TOM, made["iCalUId"], at(5, 9), at(5, 10))
    tom, priya = read(desk, made)["attendees"]
    assert tom["status"]["response"] == "tentativelyAccepted"
    assert tom["proposedNewTime"]["start"]["dateTime"] == "2027-01-05T09:00:00.0000000"
    assert "proposedNewTime" not in priya
    patch(desk, made, {"start": point(at(5, 9)), "end": point(at(5, 10))})
    assert "proposedNewTime" not in read(desk, made)["attendees"][0]


def test_a_guest_sees_a_withdrawn_meeting_as_cancelled(desk: Desk) -> None:
    made = desk.book()
    copy = desk.world.copy_of(made["iCalUId"], TOM)
    assert copy is not None
    people.delete(desk.world, made["iCalUId"])
    found = desk.get(f"/users/{TOM}/events").json()["value"]
    assert [(one["isCancelled"], one["subject"]) for one in found] == [
        (True, "Canceled: Mentoring")
    ]
    assert desk.get(EVENTS).json()["value"] == []


def test_series_are_not_written_here(desk: Desk) -> None:
    recurrence = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}}
    answer = desk.call("POST", EVENTS, json=meeting(recurrence=recurrence))
    assert code(answer) == (501, "NotImplemented")
