"""Checklist items 7-14: getSchedule."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.emulators.microsoft import Fault
from tests.emulators.microsoft.desk import (
    ORGANIZER,
    OUTSIDER,
    PRIYA,
    ROOM,
    TOM,
    Desk,
    at,
    code,
    guest,
    point,
)
from tests.emulators.wire import Json
from tests.emulators.world import Attendee, Status

SCHEDULE = "users.calendar.getSchedule"


def names(count: int) -> list[str]:
    return [f"p{number}@acme.example" for number in range(count)]


def test_7_action_parameters_come_in_any_case(desk: Desk) -> None:
    body = {
        "Schedules": [TOM],
        "StartTime": point(at(4, 0)),
        "ENDTIME": point(at(5, 0)),
        "AvailabilityViewInterval": "60",
    }
    answer = desk.call("POST", f"/users/{ORGANIZER}/calendar/getSchedule", json=body)
    assert len(answer.json()["value"][0]["availabilityView"]) == 24


def test_7_statuses_may_come_capitalised(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10), "tentative")
    desk.microsoft.options.capitalised = True
    assert desk.items(TOM)[0][0] == "Tentative"


@pytest.mark.parametrize(("limit", "asked"), [(20, 21), (100, 101)])
def test_8_too_many_addresses_are_refused(desk: Desk, limit: Any, asked: int) -> None:
    desk.microsoft.options.max_schedules = limit
    assert desk.schedule(*names(limit)).status_code == 200
    answer = desk.schedule(*names(asked))
    assert code(answer) == (400, "ErrorMailboxDataArrayTooBig")
    assert f"size = {limit}; the actual size = {asked}." in answer.json()["error"]["message"]


def test_8_members_of_a_list_count_one_by_one(desk: Desk) -> None:
    desk.world.add_group("all@acme.example", [TOM, PRIYA])
    desk.world.add_item(PRIYA, at(4, 9), at(4, 10))
    assert desk.entry("all@acme.example", availabilityViewInterval=60)["availabilityView"][9] == "2"
    assert desk.schedule(*names(18), "all@acme.example").status_code == 200
    answer = desk.schedule(*names(19), "all@acme.example")
    assert code(answer) == (400, "ErrorMailboxDataArrayTooBig")


@pytest.mark.parametrize("wrong", [TOM, []])
def test_8_schedules_must_be_a_list_of_some(desk: Desk, wrong: object) -> None:
    assert desk.schedule(schedules=wrong).status_code == 400


def test_9_the_window_has_at_most_62_days(desk: Desk) -> None:
    start = at(4, 0)
    good = desk.schedule(TOM, endTime=point(start + timedelta(days=62)))
    assert good.status_code == 200
    answer = desk.schedule(TOM, endTime=point(start + timedelta(days=63)))
    assert code(answer) == (400, "ErrorTimeIntervalTooBig")
    assert answer.json()["error"]["message"].endswith("the actual limit = 63 days.")


@pytest.mark.parametrize("end", [point(at(4, 0)), {"dateTime": "soon", "timeZone": "UTC"}])
def test_9_an_end_must_be_a_time_after_the_start(desk: Desk, end: Json) -> None:
    assert code(desk.schedule(TOM, endTime=end)) == (400, "ErrorInvalidParameter")


@pytest.mark.parametrize("minutes", [4, 1441])
def test_10_intervals_out_of_bounds_are_refused(desk: Desk, minutes: int) -> None:
    answer = desk.schedule(TOM, availabilityViewInterval=minutes)
    assert code(answer) == (400, "ErrorInvalidMergedFreeBusyInterval")


def test_10_the_interval_must_not_exceed_the_window(desk: Desk) -> None:
    answer = desk.schedule(TOM, endTime=point(at(4, 0, 10)))
    assert code(answer) == (400, "ErrorInvalidMergedFreeBusyInterval")


def test_10_an_explicit_null_breaks_the_service(desk: Desk) -> None:
    assert desk.schedule(TOM, availabilityViewInterval=None).status_code == 500
    desk.microsoft.options.null_interval_breaks = False
    assert desk.schedule(TOM, availabilityViewInterval=None).status_code == 400


@pytest.mark.parametrize("zone", ["GMT Standard Time", "Europe/London", "europe/london"])
def test_11_zones_come_by_either_name(desk: Desk, zone: str) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10))
    start, end = point(at(4, 9), zone), point(at(4, 10), zone)
    assert desk.items(TOM, startTime=start, endTime=end)


def test_11_an_unknown_zone_is_refused_in_body_and_header(desk: Desk) -> None:
    wrong = desk.schedule(TOM, startTime=point(at(4, 0), "Mars/Base"))
    assert code(wrong) == (400, "TimeZoneNotSupportedException")
    assert "'Mars/Base'" in wrong.json()["error"]["message"]
    headers = {"Prefer": 'outlook.timezone=""'}
    assert code(desk.schedule(TOM, headers=headers)) == (400, "TimeZoneNotSupportedException")


@pytest.mark.parametrize(
    ("about", "number"),
    [
        (None, "5009"),
        ({"provider": "google"}, "5009"),
        ({"provider": "microsoft", "state": "unlicensed"}, "5016"),
    ],
)
def test_12_who_cannot_be_asked_is_an_error_without_a_view(
    desk: Desk, about: Json | None, number: str
) -> None:
    if about is not None:
        desk.world.add_mailbox("x@acme.example", **about)
    entry = desk.entry("x@acme.example")
    assert set(entry) == {"scheduleId", "error"}
    assert entry["error"]["responseCode"] == number


def test_12_another_tenant_s_address_does_not_resolve(desk: Desk) -> None:
    desk.people(OUTSIDER)
    assert desk.entry(OUTSIDER)["error"]["responseCode"] == "5009"
    desk.microsoft.options.tenant_domains = {"other.example"}
    assert "error" not in desk.entry(OUTSIDER)


def test_12_a_calendar_closed_to_everybody_is_an_error(desk: Desk) -> None:
    desk.world.calendars[TOM].everyone = "none"
    assert desk.entry(TOM)["error"]["responseCode"] == "ErrorNoFreeBusyAccess"


@pytest.mark.parametrize(
    ("reason", "number"),
    [("5006", "5006"), ("timeout", "ErrorTimeoutExpired"), ("ErrorNew", "ErrorNew")],
)
def test_12_errors_are_scripted_by_mailbox(desk: Desk, reason: str, number: str) -> None:
    desk.microsoft.options.reasons[TOM] = reason
    desk.microsoft.options.null_items = True
    found = {one["scheduleId"]: one for one in desk.schedule(TOM, PRIYA).json()["value"]}
    assert found[TOM]["error"]["responseCode"] == number
    assert found[TOM]["scheduleItems"] is None
    assert "error" not in found[PRIYA]


def test_12_more_than_a_thousand_entries_are_an_error(desk: Desk) -> None:
    desk.microsoft.options.max_entries = 2
    for hour in (9, 10, 11):
        desk.world.add_item(TOM, at(4, hour), at(4, hour + 1))
    assert desk.entry(TOM)["error"]["responseCode"] == "5006"


def test_12_entries_may_be_missing_or_in_another_order(desk: Desk) -> None:
    asked = [TOM, PRIYA, ROOM]
    desk.microsoft.options.shuffled = True
    found = [one["scheduleId"] for one in desk.schedule(*asked).json()["value"]]
    assert sorted(found) == sorted(asked)
    assert found != asked
    desk.microsoft.options.omitted = {TOM}
    found = [one["scheduleId"] for one in desk.schedule(*asked).json()["value"]]
    assert sorted(found) == sorted([PRIYA, ROOM])


def test_12_ids_are_answered_as_they_were_asked(desk: Desk) -> None:
    assert desk.entry("Tom@ACME.example")["scheduleId"] == "Tom@ACME.example"


@pytest.mark.parametrize(
    ("status", "shown", "digit"),
    [
        ("free", "free", "0"),
        ("elsewhere", "workingElsewhere", "0"),
        ("tentative", "tentative", "1"),
        ("busy", "busy", "2"),
        ("ooo", "oof", "3"),
    ],
)
def test_13_every_status_is_told_with_its_digit(
    desk: Desk, status: Status, shown: str, digit: str
) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10), status)
    entry = desk.entry(TOM, availabilityViewInterval=60)
    assert entry["scheduleItems"][0]["status"] == shown
    assert entry["availabilityView"][9] == digit


def test_13_a_status_of_unknown_blocks_in_the_view(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10), extra={"showAs": "unknown"})
    entry = desk.entry(TOM, availabilityViewInterval=60)
    assert entry["scheduleItems"][0]["status"] == "unknown"
    assert entry["availabilityView"][9] == "2"


def test_13_the_view_is_the_highest_of_what_touches_a_slot(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 9, 40), "tentative")
    desk.world.add_item(TOM, at(4, 9, 35), at(4, 10, 1))
    window = {"startTime": point(at(4, 8, 50)), "endTime": point(at(4, 10, 25))}
    entry = desk.entry(TOM, availabilityViewInterval=30, **window)
    assert entry["availabilityView"] == "1220"


def test_13_items_are_whole_and_may_overlap(desk: Desk) -> None:
    desk.world.add_item(TOM, at(3, 22), at(4, 2))
    desk.world.add_item(TOM, at(4, 1), at(4, 3), "tentative")
    assert desk.items(TOM) == [
        ("busy", "2027-01-03T22:00", "2027-01-04T02:00"),
        ("tentative", "2027-01-04T01:00", "2027-01-04T03:00"),
    ]


def test_13_cancelled_and_secondary_calendars_do_not_count(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10), cancelled=True)
    desk.world.add_calendar("second", TOM)
    desk.world.add_item("second", at(4, 9), at(4, 10))
    assert desk.items(TOM) == []


def test_13_series_are_expanded_on_the_wall_clock(desk: Desk) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=3"]
    desk.world.add_item(TOM, at(4, 9), at(4, 10), recurrence=rule)
    assert [start for _, start, _ in desk.items(TOM)] == [
        "2027-01-04T09:00",
        "2027-01-05T09:00",
        "2027-01-06T09:00",
    ]


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("none", ["tentative"]),
        ("tentative", ["tentative"]),
        ("accepted", ["busy"]),
        ("declined", []),
    ],
)
def test_13_an_invitation_shows_as_it_was_answered(
    desk: Desk, answer: Any, shown: list[str]
) -> None:
    desk.world.add_item(
        TOM, at(4, 9), at(4, 10), organizer=PRIYA, attendees=[Attendee(TOM, answer)]
    )
    assert [status for status, _, _ in desk.items(TOM)] == shown


def test_13_details_are_for_who_may_see_them_and_never_of_private_events(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10), title="Secret")
    assert set(desk.entry(TOM)["scheduleItems"][0]) == {"status", "start", "end"}
    desk.world.calendars[TOM].acl[ORGANIZER] = "reader"
    assert desk.entry(TOM)["scheduleItems"][0]["subject"] == "Secret"
    desk.world.add_item(PRIYA, at(4, 9), at(4, 10), title="Mine", extra={"visibility": "private"})
    desk.world.calendars[PRIYA].acl[ORGANIZER] = "reader"
    assert "subject" not in desk.entry(PRIYA)["scheduleItems"][0]


def test_14_times_are_utc_unless_a_zone_is_preferred(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10))
    start = desk.entry(TOM)["scheduleItems"][0]["start"]
    assert start == {"dateTime": "2027-01-04T09:00:00.0000000", "timeZone": "UTC"}
    zone = "W. Europe Standard Time"
    answer = desk.schedule(TOM, headers={"Prefer": f'outlook.timezone="{zone}"'})
    start = answer.json()["value"][0]["scheduleItems"][0]["start"]
    assert start == {"dateTime": "2027-01-04T10:00:00.0000000", "timeZone": zone}
    assert answer.headers["preference-applied"] == f'outlook.timezone="{zone}"'


def test_14_a_day_is_midnight_of_the_zone_that_was_preferred(desk: Desk) -> None:
    desk.world.add_item(TOM, date(2027, 1, 5), date(2027, 1, 6), "ooo")
    assert desk.items(TOM) == [("oof", "2027-01-05T00:00", "2027-01-06T00:00")]


@pytest.mark.parametrize("style", ["windows", "iana"])
def test_14_working_hours_name_their_zone(desk: Desk, style: Any) -> None:
    desk.microsoft.options.zone_style = style
    desk.world.mailboxes[TOM].hours = ((0, 540, 1020), (2, 600, 1080))
    assert desk.entry(TOM)["workingHours"] == {
        "daysOfWeek": ["monday", "wednesday"],
        "startTime": "09:00:00.0000000",
        "endTime": "18:00:00.0000000",
        "timeZone": {"name": "GMT Standard Time" if style == "windows" else "Europe/London"},
    }


def test_14_a_zone_of_one_s_own_making_has_a_bias_to_the_west(desk: Desk) -> None:
    desk.world.mailboxes[TOM].zone = "America/Los_Angeles"
    desk.microsoft.options.custom_zones = {TOM}
    zone = desk.entry(TOM)["workingHours"]["timeZone"]
    assert (zone["name"], zone["bias"]) == ("Customized Time Zone", 480)
    assert zone["daylightOffset"]["daylightBias"] == -60


def test_something_may_happen_between_two_readings(desk: Desk) -> None:
    desk.world.after("free-busy", lambda world: world.add_item(TOM, at(4, 9), at(4, 10)))
    assert [len(desk.items(TOM)) for _ in range(2)] == [0, 1]


def test_a_room_s_booking_shows_once_it_is_accepted(desk: Desk) -> None:
    desk.book(attendees=[guest(ROOM, "resource")])
    assert desk.items(ROOM) == []
    desk.microsoft.settle()
    assert desk.items(ROOM) == [("busy", "2027-01-04T11:00", "2027-01-04T12:00")]


def test_faults_befall_free_busy(desk: Desk) -> None:
    desk.microsoft.fault(SCHEDULE, Fault.missing("value"))
    assert "value" not in desk.schedule(TOM).json()
    desk.microsoft.fault(SCHEDULE, Fault.answer("{", 200))
    assert desk.schedule(TOM).text == "{"
    assert [one.fault for one in desk.microsoft.log.of(SCHEDULE)] == ["missing value", "answer"]
