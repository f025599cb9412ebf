"""Checklist items 9-13: freebusy.query, asked by the real client."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.emulators import people
from tests.emulators.google.desk import (
    EVENT,
    ORGANIZER,
    OUTSIDER,
    PRIYA,
    READ,
    ROOM,
    TOM,
    Desk,
    at,
    refusal,
    refused,
)
from tests.emulators.wire import Json
from tests.emulators.world import Answer, Attendee, Status

TEN = ("2027-01-04T10:00:00Z", "2027-01-04T11:00:00Z")
ELEVEN = ("2027-01-04T11:00:00Z", "2027-01-04T12:00:00Z")


def query(desk: Desk, **body: Any) -> Any:
    return desk.calendar(ORGANIZER, *READ).freebusy().query(body=body)


@pytest.mark.parametrize("missing", ["timeMin", "timeMax"])
def test_9_a_missing_bound_is_required(desk: Desk, missing: str) -> None:
    body = {"timeMin": "2027-01-04T00:00:00Z", "timeMax": "2027-01-05T00:00:00Z"}
    del body[missing]
    message = f"Missing {missing} parameter."
    assert refused(query(desk, **body)) == (400, "required", "global", message)


@pytest.mark.parametrize(
    "bound", ["2027-01-04T00:00:00", "2027-01-04", "soon", "2027-13-04T00:00Z"]
)
def test_9_a_time_without_offset_is_a_bad_request(desk: Desk, bound: str) -> None:
    request = query(desk, timeMin=bound, timeMax="2027-01-05T00:00:00Z")
    assert refusal(request) == (400, "badRequest")


def test_9_an_empty_range_is_refused(desk: Desk) -> None:
    same = "2027-01-04T00:00:00Z"
    request = query(desk, timeMin=same, timeMax=same)
    message = "The specified time range is empty."
    assert refused(request) == (400, "timeRangeEmpty", "calendar", message)


@pytest.mark.parametrize("days", [31, 60])
def test_10_a_range_over_the_limit_is_too_long(desk: Desk, days: int) -> None:
    desk.google.options.max_range = timedelta(days=days)
    start = at(4, 0)
    for more, status in ((timedelta(), 200), (timedelta(seconds=1), 400)):
        end = start + timedelta(days=days) + more
        body = {"timeMin": start.isoformat(), "timeMax": end.isoformat()}
        answer = desk.raw("POST", "/calendar/v3/freeBusy", desk.token(), json=body)
        assert answer.status_code == status
    assert answer.json()["error"]["errors"][0]["reason"] == "timeRangeTooLong"


def test_11_over_fifty_calendars_are_errors_next_to_empty_lists(desk: Desk) -> None:
    names = [f"p{number}@acme.example" for number in range(51)]
    desk.people(*names)
    assert all("errors" not in one for one in desk.busy(*names[:50])["calendars"].values())
    entries = desk.busy(*names)["calendars"].values()
    assert [one["busy"] for one in entries] == [[]] * 51
    assert {one["errors"][0]["reason"] for one in entries} == {"tooManyCalendarsRequested"}


def test_11_a_smaller_expansion_is_obeyed(desk: Desk) -> None:
    found = desk.busy(TOM, PRIYA, calendarExpansionMax=1)["calendars"]
    assert found[TOM]["errors"][0]["reason"] == "tooManyCalendarsRequested"


def test_11_an_unknown_calendar_is_not_found_with_status_200(desk: Desk) -> None:
    found = desk.busy("nobody@acme.example", TOM)["calendars"]
    error = {"domain": "global", "reason": "notFound"}
    assert found["nobody@acme.example"] == {"errors": [error], "busy": []}
    assert found[TOM] == {"busy": []}


def test_11_another_domain_is_not_found_unless_shared(desk: Desk) -> None:
    desk.people(OUTSIDER)
    assert "errors" in desk.busy(OUTSIDER)["calendars"][OUTSIDER]
    desk.world.calendars[OUTSIDER].acl[ORGANIZER] = "freeBusyReader"
    assert desk.busy(OUTSIDER)["calendars"][OUTSIDER] == {"busy": []}


@pytest.mark.parametrize("state", ["suspended", "unlicensed", "no-calendar"])
def test_11_a_mailbox_without_calendar_is_not_found(desk: Desk, state: Any) -> None:
    desk.world.mailboxes[TOM].state = state
    assert desk.busy(TOM)["calendars"][TOM]["errors"][0]["reason"] == "notFound"


@pytest.mark.parametrize("reason", ["internalError", "somethingNew"])
def test_11_any_reason_can_be_injected(desk: Desk, reason: str) -> None:
    desk.google.options.reasons[TOM] = reason
    found = desk.busy(TOM)["calendars"][TOM]
    assert (found["errors"][0]["reason"], found["busy"]) == (reason, [])


def test_11_groups_are_expanded_up_to_a_maximum(desk: Desk) -> None:
    desk.world.add_group("all@acme.example", [TOM, PRIYA])
    found = desk.busy("all@acme.example")
    assert found["groups"]["all@acme.example"]["calendars"] == [TOM, PRIYA]
    assert set(found["calendars"]) == {TOM, PRIYA}
    small = desk.busy("all@acme.example", groupExpansionMax=1)["groups"]["all@acme.example"]
    assert small["errors"][0]["reason"] == "groupTooBig"


@pytest.mark.parametrize(
    ("status", "blocks"),
    [("busy", [TEN]), ("tentative", [TEN]), ("ooo", [TEN]), ("free", []), ("elsewhere", [])],
)
def test_12_what_a_status_blocks(desk: Desk, status: Status, blocks: list[Any]) -> None:
    desk.world.add_item(TOM, at(4, 10), at(4, 11), status, title="secret")
    assert desk.blocks(TOM) == blocks


def test_12_a_cancelled_item_is_free(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 10), at(4, 11)).cancelled = True
    assert desk.blocks(TOM) == []


@pytest.mark.parametrize(
    ("answer", "blocks"),
    [("accepted", [TEN]), ("none", [TEN]), ("tentative", [TEN]), ("declined", [])],
)
def test_12_what_an_answer_blocks(desk: Desk, answer: Answer, blocks: list[Any]) -> None:
    guests = [Attendee(TOM, answer)]
    desk.world.add_item(TOM, at(4, 10), at(4, 11), attendees=guests, organizer=PRIYA)
    assert desk.blocks(TOM) == blocks


def test_12_what_an_answer_blocks_can_be_switched(desk: Desk) -> None:
    item = desk.world.add_item(TOM, at(4, 10), at(4, 11), organizer=PRIYA)
    item.attendees = [Attendee(TOM, "declined")]
    desk.google.options.declined_is_busy = True
    assert desk.blocks(TOM) == [TEN]
    item.attendees[0].answer = "none"
    desk.google.options.needs_action_is_busy = False
    assert desk.blocks(TOM) == []


def test_12_all_day_is_from_midnight_to_midnight_of_the_calendar(desk: Desk) -> None:
    desk.world.add_mailbox("kai@acme.example", zone="Asia/Singapore")
    desk.world.add_item("kai@acme.example", date(2027, 1, 5), date(2027, 1, 6))
    assert desk.blocks("kai@acme.example") == [("2027-01-04T16:00:00Z", "2027-01-05T16:00:00Z")]


def test_12_series_are_expanded_on_the_wall_clock(desk: Desk) -> None:
    rule = ["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20270331T080000Z"]
    desk.world.add_item(TOM, _march(24), _march(24, 10), recurrence=rule)
    body = {"timeMin": "2027-03-20T00:00:00Z", "timeMax": "2027-04-20T00:00:00Z"}
    found = query(desk, **body, items=[{"id": TOM}]).execute()["calendars"][TOM]["busy"]
    assert [one["start"] for one in found] == ["2027-03-24T09:00:00Z", "2027-04-07T08:00:00Z"]


def _march(day: int, hour: int = 9) -> Any:
    return at(1, hour).replace(month=3, day=day)


def test_12_only_the_calendars_asked_for(desk: Desk) -> None:
    desk.world.add_calendar("team@group.calendar.google.com", TOM)
    desk.world.add_item("team@group.calendar.google.com", at(4, 10), at(4, 11))
    assert desk.blocks(TOM) == []


def test_12_blocks_are_merged_clipped_and_sorted(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 11), at(4, 12))
    desk.world.add_item(TOM, at(4, 10), at(4, 11))
    desk.world.add_item(TOM, at(10, 23), at(11, 3))
    assert desk.blocks(TOM) == [
        (TEN[0], ELEVEN[1]),
        ("2027-01-10T23:00:00Z", "2027-01-11T00:00:00Z"),
    ]
    desk.google.options.merged = False
    assert desk.blocks(TOM)[:2] == [TEN, ELEVEN]


def test_12_hostile_blocks_are_unsorted_unmerged_and_unclipped(desk: Desk) -> None:
    desk.google.options.hostile = True
    desk.world.add_item(TOM, at(4, 10), at(4, 11))
    desk.world.add_item(TOM, at(10, 23), at(11, 3))
    found = desk.blocks(TOM)
    assert len(found) == 4
    assert found != sorted(found)
    assert max(end for _, end in found) == "2027-01-11T03:00:00Z"


def test_12_times_come_in_the_zone_asked_for(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 10), at(4, 11))
    found = desk.blocks(TOM, timeZone="Asia/Kolkata")
    assert found == [("2027-01-04T15:30:00+05:30", "2027-01-04T16:30:00+05:30")]


def test_12_no_title_is_in_the_answer(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 10), at(4, 11), title="Secret merger")
    assert "merger" not in str(desk.busy(TOM))


def test_13_keys_are_as_asked_or_in_lower_case(desk: Desk) -> None:
    assert list(desk.busy("Tom@Acme.example", PRIYA)["calendars"]) == ["Tom@Acme.example", PRIYA]
    desk.google.options.lower_keys = True
    assert list(desk.busy("Tom@Acme.example")["calendars"]) == [TOM]


def test_13_a_calendar_can_be_missing_and_a_list_too(desk: Desk) -> None:
    desk.google.options.omitted = {TOM}
    desk.google.options.without_busy = {PRIYA}
    assert desk.busy(TOM, PRIYA)["calendars"] == {PRIYA: {}}


def test_17_a_foreign_event_slips_in_after_the_answer(desk: Desk) -> None:
    desk.world.after("free-busy", lambda world: world.add_item(TOM, at(4, 11), at(4, 12)))
    assert desk.blocks(TOM) == []
    desk.insert()
    assert desk.blocks(TOM) == [ELEVEN]
    assert len(desk.world.live(TOM)) == 2


def test_27_a_room_is_busy_once_it_has_accepted(desk: Desk) -> None:
    desk.world.answer_reads = 2
    desk.insert(attendees=[{"email": ROOM}])
    assert desk.blocks(ROOM) == []
    get = desk.calendar().events().get(calendarId=ORGANIZER, eventId=EVENT)
    answers = [get.execute()["attendees"][0]["responseStatus"] for _ in range(2)]
    assert answers == ["needsAction", "accepted"]
    assert desk.blocks(ROOM) == [ELEVEN]


def test_27_a_taken_room_declines_and_a_later_change_is_its_own(desk: Desk) -> None:
    desk.world.add_item(ROOM, at(4, 11, 30), at(4, 13))
    made = desk.insert(attendees=[{"email": ROOM}])
    desk.google.settle()
    assert _answers(desk, made) == ["declined"]
    people.set_room(desk.world, made["iCalUID"], ROOM, "accepted")
    assert _answers(desk, made) == ["accepted"]
    assert desk.world.told(ROOM) == []


def test_27_a_room_declines_whom_it_does_not_serve(desk: Desk) -> None:
    desk.world.mailboxes[ROOM].bookable_by = frozenset({PRIYA})
    made = desk.insert(attendees=[{"email": ROOM}])
    desk.google.settle()
    assert _answers(desk, made) == ["declined"]


def _answers(desk: Desk, made: Json) -> list[Answer]:
    main = desk.world.main_of(made["iCalUID"])
    return [one.answer for one in main.attendees] if main else []
