"""Checklist items 22-26: filters, views, pages, delta, mailboxes and places."""

from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.emulators import people
from tests.emulators.microsoft.desk import (
    KEY,
    ORGANIZER,
    ROOM,
    STABLE,
    TOM,
    Desk,
    at,
    code,
    guest,
    marked,
    point,
)
from tests.emulators.wire import Json

EVENTS = f"/users/{ORGANIZER}/events"
VIEW = f"/users/{ORGANIZER}/calendarView"
WEEK = {"startDateTime": "2027-01-04T00:00:00Z", "endDateTime": "2027-01-11T00:00:00Z"}


def by_mark(value: str, key: str = KEY) -> dict[str, str]:
    text = f"singleValueExtendedProperties/Any(ep: ep/id eq '{key}' and ep/value eq '{value}')"
    return {"$filter": text}


def found(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["subject"] for one in answer.json()["value"]]


def fill(desk: Desk, count: int) -> None:
    for number in range(count):
        start, end = at(4, 8 + number // 4, number % 4 * 15), at(4, 18)
        desk.world.add_item(ORGANIZER, start, end, title=f"n{number:02d}")


def test_23_events_are_found_by_their_mark(desk: Desk) -> None:
    desk.book(subject="A", **marked("k1"))
    desk.book(subject="B", **marked("k2"))
    assert found(desk.get(EVENTS, params=by_mark("k1"))) == ["A"]
    assert found(desk.get(EVENTS, params=by_mark("K2"))) == ["B"]
    assert found(desk.get(EVENTS, params=by_mark("k1", KEY.replace("slotf", "Slotf")))) == []


def test_23_a_cancelled_event_is_no_longer_listed(desk: Desk) -> None:
    made = desk.book(**marked("k1"))
    desk.call("POST", f"{desk.event(made['id'])}/cancel")
    assert found(desk.get(EVENTS, params=by_mark("k1"))) == []


def test_23_any_value_may_be_asked_for_where_that_is_allowed(desk: Desk) -> None:
    desk.book(**marked("k1"))
    text = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value ne null)"
    assert code(desk.get(EVENTS, params={"$filter": text})) == (400, "ErrorInvalidUrlQuery")
    desk.microsoft.options.filter_ne_null = True
    assert found(desk.get(EVENTS, params={"$filter": text})) == ["Mentoring"]


def test_23_conditions_are_joined_by_and(desk: Desk) -> None:
    fill(desk, 8)
    text = "start/dateTime ge '2027-01-04T08:30:00' and end/dateTime le '2027-01-04T18:00:00Z'"
    assert found(desk.get(EVENTS, params={"$filter": text}))[0] == "n02"
    made = desk.book()
    by_uid = {"$filter": f"iCalUId eq '{made['iCalUId']}'"}
    assert found(desk.get(EVENTS, params=by_uid)) == ["Mentoring"]


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "contains(subject,'x')"},
        {"$filter": ""},
        {"$filter": "iCalUId eq 'x' or iCalUId eq 'y'"},
        {"$filter": "singleValueExtendedProperties/Any(ep: ep/id eq 'mark' and ep/value eq 'k')"},
        {"$orderby": "mood"},
        {"$expand": "attachments"},
        {"$select": "mood"},
        {"$search": "x"},
        {"$top": "0"},
        {"$skip": "-1"},
        {"top": "5"},
        {"$apply": "x"},
    ],
)
def test_23_odata_that_is_not_documented_is_refused(desk: Desk, query: dict[str, str]) -> None:
    desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10))
    assert code(desk.get(EVENTS, params=query)) == (400, "ErrorInvalidUrlQuery")


def test_select_keeps_id_and_etag(desk: Desk) -> None:
    made = desk.book()
    selected = desk.get(desk.event(made["id"]), params={"$select": "start,subject"}).json()
    assert set(selected) == {"@odata.context", "@odata.etag", "id", "start", "subject"}
    assert desk.microsoft.log.of("users.events.get")[0].select == {"start", "subject"}


def test_a_link_is_shown_only_next_to_its_flag(desk: Desk) -> None:
    made = desk.book(isOnlineMeeting=True)
    name = desk.event(made["id"])
    assert desk.get(name, params={"$select": "onlineMeeting"}).json()["onlineMeeting"] is None
    both = desk.get(name, params={"$select": "onlineMeeting,isOnlineMeeting"}).json()
    assert both["onlineMeeting"]["joinUrl"]


def test_a_body_comes_as_text_if_that_is_preferred(desk: Desk) -> None:
    made = desk.book(body={"contentType": "HTML", "content": "<p>A &amp; B</p>"})
    headers = {"Prefer": 'outlook.body-content-type="text"'}
    body = desk.get(desk.event(made["id"]), headers=headers).json()["body"]
    assert body == {"contentType": "text", "content": "A & B"}


def test_lists_are_ordered_and_cut_into_pages(desk: Desk) -> None:
    fill(desk, 12)
    query = {"$orderby": "start/dateTime desc", "$select": "subject", "$count": "true"}
    first = desk.get(EVENTS, params=query)
    assert found(first)[0] == "n11"
    assert (len(found(first)), first.json()["@odata.count"]) == (10, 12)
    link = first.json()["@odata.nextLink"]
    assert parse_qs(urlsplit(link).query)["$orderby"] == ["start/dateTime desc"]
    rest = desk.get(link)
    assert found(rest) == ["n01", "n00"]
    assert "@odata.nextLink" not in rest.json()


@pytest.mark.parametrize("missing", ["startDateTime", "endDateTime"])
def test_24_a_view_needs_both_bounds(desk: Desk, missing: str) -> None:
    query = {name: value for name, value in WEEK.items() if name != missing}
    answer = desk.get(VIEW, params=query)
    assert code(answer) == (400, "ErrorInvalidParameter")
    assert "StartDateTime and EndDateTime" in answer.json()["error"]["message"]


def test_24_a_view_of_more_than_five_years_is_refused(desk: Desk) -> None:
    query = {**WEEK, "endDateTime": "2032-01-04T00:00:00Z"}
    assert code(desk.get(VIEW, params=query)) == (400, "ErrorInvalidRequest")


def test_24_a_view_expands_series_and_comes_in_tens(desk: Desk) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=30"]
    desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10), title="daily", recurrence=rule)
    query = {**WEEK, "endDateTime": "2027-01-24T00:00:00Z"}
    first = desk.get(VIEW, params=query)
    rows = first.json()["value"]
    assert len(rows) == 10
    assert {one["type"] for one in rows} == {"occurrence"}
    assert len(found(desk.get(first.json()["@odata.nextLink"]))) == 10
    listed = desk.get(EVENTS).json()["value"]
    assert [one["type"] for one in listed] == ["seriesMaster"]
    assert {one["seriesMasterId"] for one in rows} == {listed[0]["id"]}
    assert desk.get(desk.event(rows[3]["id"])).json()["start"] == rows[3]["start"]


def test_24_a_preferred_zone_does_not_move_the_window(desk: Desk) -> None:
    desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10), title="A")
    query = {"startDateTime": "2027-01-04T09:00:00", "endDateTime": "2027-01-04T10:00:00"}
    headers = {"Prefer": 'outlook.timezone="Tokyo Standard Time"'}
    answer = desk.get(VIEW, params=query, headers=headers)
    assert answer.json()["value"][0]["start"]["dateTime"] == "2027-01-04T18:00:00.0000000"
    shifted = {
        "startDateTime": "2027-01-04T18:00:00+09:00",
        "endDateTime": "2027-01-04T19:00:00+09:00",
    }
    assert found(desk.get(VIEW, params=shifted)) == ["A"]


def test_24_days_are_matched_as_utc_midnights(desk: Desk) -> None:
    desk.world.mailboxes[ORGANIZER].zone = "America/New_York"
    desk.world.add_item(ORGANIZER, date(2027, 1, 5), date(2027, 1, 6), title="day")
    early = {"startDateTime": "2027-01-05T00:00:00Z", "endDateTime": "2027-01-05T01:00:00Z"}
    late = {"startDateTime": "2027-01-06T01:00:00Z", "endDateTime": "2027-01-06T02:00:00Z"}
    assert found(desk.get(VIEW, params=early)) == ["day"]
    assert found(desk.get(VIEW, params=late)) == []


def rows_of(desk: Desk, url: str, **more: Any) -> tuple[list[Json], str]:
    """Follow a delta round to its end."""
    rows: list[Json] = []
    while True:
        answer = desk.get(url, **more)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["value"]
        if link := answer.json().get("@odata.deltaLink"):
            return rows, link
        url, more = answer.json()["@odata.nextLink"], {"headers": more.get("headers", {})}


def test_25_delta_tells_what_changed_and_what_is_gone(desk: Desk) -> None:
    first = desk.book(subject="A")
    desk.book(subject="B")
    rows, link = rows_of(desk, f"{VIEW}/delta", params=WEEK)
    assert [one["subject"] for one in rows] == ["A", "B"]
    assert rows_of(desk, link)[0] == []
    desk.call("DELETE", desk.event(first["id"]))
    desk.book(subject="C")
    rows, _ = rows_of(desk, link)
    assert rows[0] == {"id": first["id"], "@removed": {"reason": "deleted"}}
    assert rows[1]["subject"] == "C"


def test_25_delta_comes_in_pages_of_the_size_that_is_preferred(desk: Desk) -> None:
    fill(desk, 5)
    headers = {"Prefer": "odata.maxpagesize=2"}
    rows, _ = rows_of(desk, f"{VIEW}/delta", params=WEEK, headers=headers)
    assert len(rows) == 5
    assert desk.microsoft.log.count("users.calendarView.delta") == 3


@pytest.mark.parametrize("name", ["$select", "$filter", "$orderby", "$expand", "$search"])
def test_25_delta_takes_no_odata_options(desk: Desk, name: str) -> None:
    answer = desk.get(f"{VIEW}/delta", params={**WEEK, name: "subject"})
    assert code(answer) == (400, "ErrorInvalidUrlQuery")


def test_25_a_forgotten_token_asks_for_a_full_round(desk: Desk) -> None:
    _, link = rows_of(desk, f"{VIEW}/delta()", params=WEEK)
    desk.microsoft.expire_deltas()
    answer = desk.get(link)
    assert answer.status_code == 410
    assert "delta" in answer.headers["location"]
    desk.microsoft.options.delta_reset = "syncStateNotFound"
    assert code(desk.get(link)) == (400, "syncStateNotFound")
    for token in ("x", "bnVsbA==", "e30="):
        wrong = desk.get(f"{VIEW}/delta", params={"$deltatoken": token})
        assert code(wrong) == (400, "syncStateInvalid")


def test_26_mailbox_settings_tell_zone_hours_and_purpose(desk: Desk) -> None:
    desk.world.mailboxes[TOM].settings |= {"automaticReplies": "scheduled", "locale": "de-DE"}
    desk.microsoft.options.capitalised = True
    mine = desk.get(f"/users/{TOM}/mailboxSettings").json()
    assert (mine["timeZone"], mine["userPurpose"]) == ("GMT Standard Time", "user")
    assert mine["automaticRepliesSetting"]["status"] == "Scheduled"
    assert mine["language"]["locale"] == "de-DE"
    some = desk.get(f"/users/{ROOM}/mailboxSettings?$select=userPurpose").json()
    assert (some["userPurpose"], "timeZone" in some) == ("room", False)


def test_26_rooms_and_lists_of_rooms(desk: Desk) -> None:
    desk.microsoft.add_room("room-b@acme.example", capacity=8, floor="3", features=("step-free",))
    desk.world.add_group("london@acme.example", ["room-b@acme.example"])
    desk.world.add_group("staff@acme.example", [TOM])
    rooms = desk.get("/places/microsoft.graph.room").json()["value"]
    assert [(one["emailAddress"], one["capacity"]) for one in rooms] == [
        (ROOM, 4),
        ("room-b@acme.example", 8),
    ]
    assert (rooms[1]["floorNumber"], rooms[1]["isWheelChairAccessible"]) == (3, True)
    (only,) = desk.get("/places/microsoft.graph.roomList").json()["value"]
    assert only["emailAddress"] == "london@acme.example"
    path = "/places/{}/microsoft.graph.roomList/rooms"
    inside = desk.get(path.format("london@acme.example")).json()["value"]
    assert [one["emailAddress"] for one in inside] == ["room-b@acme.example"]
    assert desk.get(path.format(only["id"])).status_code == 404


def test_26_rooms_come_in_pages_and_know_little(desk: Desk) -> None:
    desk.microsoft.options.places_page = 1
    desk.microsoft.options.nulls_in_places = True
    desk.microsoft.add_room("room-b@acme.example", capacity=8)
    first = desk.get("/places/microsoft.graph.room").json()
    assert first["value"][0]["capacity"] is None
    rest = desk.get(first["@odata.nextLink"]).json()
    assert [one["emailAddress"] for one in rest["value"]] == ["room-b@acme.example"]


def test_an_unchanged_event_need_not_be_sent_again(desk: Desk) -> None:
    made = desk.book()
    headers = {"If-None-Match": made["@odata.etag"]}
    assert desk.get(desk.event(made["id"]), headers=headers).status_code == 304


def test_a_person_s_move_is_read_back(desk: Desk) -> None:
    made = desk.book(attendees=[guest(TOM)], headers=STABLE)
    people.move(desk.world, made["iCalUId"], at(6, 9), at(6, 10))
    after = desk.get(desk.event(made["id"]), headers=STABLE).json()
    assert after["start"]["dateTime"][:19] == point(at(6, 9))["dateTime"]
    assert desk.items(TOM) == [("tentative", "2027-01-06T09:00", "2027-01-06T10:00")]
