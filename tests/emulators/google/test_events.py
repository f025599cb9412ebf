"""Checklist items 14-25, 29: events, written and read by the real client."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.emulators import people
from tests.emulators.google.desk import (
    BOTH,
    EVENT,
    ORGANIZER,
    PRIYA,
    READ,
    ROOM,
    TOM,
    WRITE,
    Desk,
    at,
    meeting,
    point,
    refusal,
    refused,
)
from tests.emulators.google.options import AVAILABILITY
from tests.emulators.wire import Json

MEET = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}


def insertion(desk: Desk, **more: Any) -> Any:
    return desk.calendar().events().insert(calendarId=ORGANIZER, body=meeting(**more))


def get(desk: Desk, calendar: str = ORGANIZER, subject: str = "", **more: Any) -> Json:
    events = desk.calendar(subject or calendar, *WRITE).events()
    found: Json = events.get(calendarId=calendar, eventId=EVENT, **more).execute()
    return found


def patch(desk: Desk, body: Json, calendar: str = ORGANIZER, **more: Any) -> Any:
    events = desk.calendar(calendar, *WRITE).events()
    return events.patch(calendarId=calendar, eventId=EVENT, body=body, **more)


def delete(desk: Desk, calendar: str = ORGANIZER, **more: Any) -> Any:
    events = desk.calendar(calendar, *WRITE).events()
    return events.delete(calendarId=calendar, eventId=EVENT, **more)


def listed(desk: Desk, subject: str = ORGANIZER, **more: Any) -> Json:
    events = desk.calendar(subject, *WRITE).events()
    found: Json = events.list(calendarId=subject, **more).execute()
    return found


@pytest.mark.parametrize("name", ["abcd", "ABCDE", "abcde-0", "wxyz0123", "a" * 1025])
def test_14_bad_ids_are_invalid(desk: Desk, name: str) -> None:
    message = "Invalid resource id value."
    assert refused(insertion(desk, id=name)) == (400, "invalid", "global", message)


def test_14_a_taken_id_is_a_duplicate_even_when_deleted(desk: Desk) -> None:
    desk.insert()
    message = "The requested identifier already exists."
    assert refused(insertion(desk)) == (409, "duplicate", "global", message)
    delete(desk).execute()
    assert refusal(insertion(desk)) == (409, "duplicate")


def test_14_the_server_makes_ids_and_uids(desk: Desk) -> None:
    body = meeting()
    del body["id"]
    made = desk.calendar().events().insert(calendarId=ORGANIZER, body=body).execute()
    assert len(made["id"]) == 26
    assert made["iCalUID"] == f"{made['id']}@google.com"


NAIVE = {"dateTime": "2027-01-04T11:00:00"}
DAY = {"date": "2027-01-04"}


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"end": None, "start": None}, "required", "Missing end time."),
        ({"start": None}, "required", "Missing start time."),
        (
            {"start": DAY},
            "invalid",
            "Start and end times must either both be date or both be dateTime.",
        ),
        ({"start": NAIVE}, "required", "Missing time zone definition for start time."),
        ({"end": point(at(4, 10))}, "timeRangeEmpty", "The specified time range is empty."),
        (
            {"start": NAIVE | {"timeZone": "Mars/Olympus"}},
            "invalid",
            "Invalid time zone definition for start time.",
        ),
        (
            {"recurrence": ["RRULE:FREQ=WEEKLY"]},
            "required",
            "Missing time zone definition for start time.",
        ),
        ({"recurrence": ["DTSTART:20270104T110000Z"]}, "invalid", "Invalid recurrence rule."),
        ({"attendees": [{"displayName": "Tom"}]}, "required", "Missing attendee email."),
        (
            {"reminders": {"overrides": [{"method": "popup", "minutes": 40321}]}},
            "invalid",
            "Invalid reminder.",
        ),
        (
            {"reminders": {"overrides": [{"method": "popup", "minutes": 1}] * 6}},
            "invalid",
            "Too many override reminders.",
        ),
    ],
)
def test_15_16_what_a_body_is_refused_for(
    desk: Desk, change: Json, reason: str, message: str
) -> None:
    assert refused(insertion(desk, **change))[1::2] == (reason, message)
    assert not desk.google.log.writes()


def test_15_a_naive_time_with_a_zone_is_that_wall_time(desk: Desk) -> None:
    made = desk.insert(
        start={"dateTime": "2027-07-05T11:00:00", "timeZone": "Europe/London"},
        end={"dateTime": "2027-07-05T12:00:00", "timeZone": "Europe/London"},
    )
    assert made["start"] == {
        "dateTime": "2027-07-05T11:00:00+01:00",
        "timeZone": "Europe/London",
    }


def test_16_long_properties_are_dropped_or_cut(desk: Desk) -> None:
    properties = {"k" * 45: "x", "key": "v" * 2000}
    made = desk.insert(extendedProperties={"private": properties})
    assert made["extendedProperties"]["private"] == {"key": "v" * 1024}


def test_16_attachments_need_a_client_that_says_so(desk: Desk) -> None:
    files = [{"fileUrl": "https://files.example/1"}]
    assert "attachments" not in desk.insert(attachments=files)
    made = desk.insert(id="abcde99999", attachments=files, supportsAttachments=True)
    assert made["attachments"] == files
    many = desk.calendar().events().insert(
        calendarId=ORGANIZER, body=meeting(id="abcde88888", attachments=files * 26),
        supportsAttachments=True,
    )  # fmt: skip
    assert refusal(many) == (400, "invalid")


def test_17_overlaps_are_not_refused(desk: Desk) -> None:
    desk.world.add_item(ORGANIZER, at(4, 11), at(4, 12))
    desk.world.before("insert", lambda world: world.add_item(TOM, at(4, 11), at(4, 12)))
    desk.insert()
    assert len(desk.world.live(TOM)) == 2


def test_18_attendees_need_a_subject(desk: Desk) -> None:
    request = desk.calendar(None, "calendar.events").events()
    path = "/calendar/v3/calendars/primary/events"
    token = desk.token(desk.google.account.email, "calendar.events")
    error = desk.raw("POST", path, token, json=meeting()).json()["error"]["errors"][0]
    assert (error["domain"], error["reason"]) == ("calendar", "forbiddenForServiceAccounts")
    assert request is not None


def test_19_no_access_is_not_found(desk: Desk) -> None:
    desk.world.calendars[TOM].everyone = "none"
    events = desk.calendar(ORGANIZER, "calendar.events").events()
    assert refused(events.list(calendarId=TOM)) == (404, "notFound", "global", "Not Found")
    assert refusal(events.insert(calendarId=TOM, body=meeting())) == (404, "notFound")


def test_19_a_reader_may_not_write(desk: Desk) -> None:
    desk.world.calendars[TOM].acl[ORGANIZER] = "reader"
    events = desk.calendar(ORGANIZER, "calendar.events").events()
    message = "You need to have writer access to this calendar."
    answer = refused(events.insert(calendarId=TOM, body=meeting()))
    assert (answer[0], answer[1], answer[3]) == (403, "requiredAccessLevel", message)


def test_19_a_writer_books_in_another_s_calendar(desk: Desk) -> None:
    desk.world.calendars[TOM].acl[ORGANIZER] = "writer"
    events = desk.calendar(ORGANIZER, "calendar.events").events()
    made = events.insert(calendarId=TOM, body=meeting(attendees=[])).execute()
    assert (made["creator"]["email"], made["organizer"]["email"]) == (ORGANIZER, TOM)


@pytest.mark.parametrize("status", [403, 404])
def test_19_the_owned_scope_is_refused_on_other_calendars(desk: Desk, status: Any) -> None:
    desk.world.calendars[TOM].acl[ORGANIZER] = "writer"
    desk.google.options.owned_refusal = status
    events = desk.calendar(ORGANIZER, *WRITE).events()
    assert refusal(events.insert(calendarId=TOM, body=meeting()))[0] == status


def test_19_a_guest_may_not_change_what_is_shared(desk: Desk) -> None:
    desk.insert()
    changes: list[Json] = [{"summary": "Mine"}, {"start": point(at(4, 9))}, {"attendees": []}]
    for body in changes:
        assert refused(patch(desk, body, TOM)) == (
            403,
            "forbiddenForNonOrganizer",
            "calendar",
            "Shared properties can only be changed by the organizer of the event.",
        )
    patch(desk, {"colorId": "3", "reminders": {"useDefault": False}}, TOM).execute()
    patch(desk, {"description": "New"}).execute()
    assert get(desk, TOM)["colorId"] == "3"
    assert "colorId" not in get(desk)


def test_19_a_guest_may_if_guests_can_modify(desk: Desk) -> None:
    desk.insert(guestsCanModify=True)
    patch(desk, {"summary": "Ours"}, TOM, sendUpdates="none").execute()
    assert get(desk)["summary"] == get(desk, PRIYA)["summary"] == "Ours"


def test_20_guests_get_copies_with_the_same_uid_and_own_self_flags(desk: Desk) -> None:
    properties = {"private": {"slotfinder_key": "k"}, "shared": {"s": "1"}}
    made = desk.insert(extendedProperties=properties)
    copy = get(desk, TOM)
    assert copy["iCalUID"] == made["iCalUID"]
    assert copy["extendedProperties"] == {"shared": {"s": "1"}}
    assert [one.get("self") for one in copy["attendees"]] == [True, None]
    assert copy["organizer"] == {"email": ORGANIZER}
    assert made["organizer"] == {"email": ORGANIZER, "self": True}


def test_20_ids_of_copies_can_differ(desk: Desk) -> None:
    desk.world.copy_keeps_id = False
    made = desk.insert()
    found = listed(desk, TOM, iCalUID=made["iCalUID"])["items"]
    assert len(found) == 1
    assert found[0]["id"] != EVENT


def test_20_an_answer_on_a_copy_shows_on_the_organizer_s_event(desk: Desk) -> None:
    desk.insert()
    guests = get(desk, TOM)["attendees"]
    guests[0]["responseStatus"] = "declined"
    patch(desk, {"attendees": guests}, TOM, sendUpdates="all").execute()
    people.answer(desk.world, PRIYA, f"{EVENT}@google.com", "accepted")
    answers = [one["responseStatus"] for one in get(desk)["attendees"]]
    assert answers == ["declined", "accepted"]
    assert len(desk.world.told(ORGANIZER, "answer")) == 2


def test_21_patch_merges_objects_replaces_arrays_and_null_deletes(desk: Desk) -> None:
    desk.insert(extendedProperties={"private": {"a": "1", "b": "2"}}, description="Old")
    change = {
        "extendedProperties": {"private": {"b": None, "c": "3"}},
        "attendees": [{"email": PRIYA}],
        "description": None,
    }
    changed = patch(desk, change).execute()
    assert changed["extendedProperties"]["private"] == {"a": "1", "c": "3"}
    assert [one["email"] for one in changed["attendees"]] == [PRIYA]
    assert "description" not in changed
    assert changed["summary"] == "Mentoring"


def test_21_put_replaces_and_resets(desk: Desk) -> None:
    desk.insert(guestsCanInviteOthers=False, description="Old")
    body: Json = {"start": point(at(5, 9)), "end": point(at(5, 10))}
    events = desk.calendar().events()
    changed = events.update(calendarId=ORGANIZER, eventId=EVENT, body=body).execute()
    gone = {"guestsCanInviteOthers", "description", "summary", "attendees"}
    assert not gone & set(changed)


def test_21_every_write_changes_etag_and_updated_a_move_the_sequence(desk: Desk) -> None:
    desk.world.clock.set(at(1, 6))
    made = desk.insert()
    desk.world.clock.advance(timedelta(minutes=1))
    cosmetic = patch(desk, {"description": "New"}).execute()
    moved = patch(desk, {"start": point(at(4, 11, 15))}).execute()
    assert len({made["etag"], cosmetic["etag"], moved["etag"]}) == 3
    assert made["updated"] == "2027-01-01T06:00:00.000Z"
    assert cosmetic["updated"] == "2027-01-01T06:01:00.000Z"
    assert [one["sequence"] for one in (made, cosmetic, moved)] == [0, 0, 1]
    assert get(desk, TOM)["start"] == moved["start"]


def test_22_a_stale_etag_is_a_failed_condition(desk: Desk) -> None:
    etag = desk.insert()["etag"]
    people.answer(desk.world, TOM, f"{EVENT}@google.com", "accepted")
    for request in (patch(desk, {"description": "x"}), delete(desk)):
        request.headers["If-Match"] = etag
        message = "Precondition Failed"
        assert refused(request) == (412, "conditionNotMet", "global", message)
    request = patch(desk, {"description": "x"})
    request.headers["If-Match"] = get(desk)["etag"]
    assert request.execute()["description"] == "x"


def test_22_an_unchanged_event_is_not_modified(desk: Desk) -> None:
    made = desk.insert()
    path = f"/calendar/v3/calendars/{ORGANIZER}/events/{EVENT}"
    headers = {"If-None-Match": made["etag"]}
    assert desk.raw("GET", path, desk.token(), headers=headers).status_code == 304


def test_23_delete_is_empty_and_then_gone(desk: Desk) -> None:
    desk.insert()
    assert delete(desk).execute() == ""
    assert refused(delete(desk)) == (410, "deleted", "global", "Resource has been deleted")
    assert get(desk)["status"] == "cancelled"
    assert listed(desk)["items"] == []
    assert [one["status"] for one in listed(desk, showDeleted=True)["items"]] == ["cancelled"]


def test_23_a_tombstone_can_be_revived_or_not(desk: Desk) -> None:
    desk.insert()
    delete(desk).execute()
    assert refusal(patch(desk, {"summary": "x"}))[0] == 403
    desk.google.options.revive = False
    assert refusal(patch(desk, {"status": "confirmed"}))[0] == 403
    desk.google.options.revive = True
    assert patch(desk, {"status": "confirmed"}).execute()["status"] == "confirmed"


def test_23_an_expired_tombstone_is_not_found_and_may_free_its_id(desk: Desk) -> None:
    desk.insert()
    delete(desk).execute()
    people.empty_bin(desk.world, ORGANIZER)
    events = desk.calendar().events()
    assert refusal(events.get(calendarId=ORGANIZER, eventId=EVENT)) == (404, "notFound")
    assert refusal(insertion(desk)) == (409, "duplicate")
    desk.google.options.expired_id_is_taken = False
    assert desk.insert()["status"] == "confirmed"


def test_24_ordering_by_start_needs_single_events(desk: Desk) -> None:
    request = desk.calendar().events().list(calendarId=ORGANIZER, orderBy="startTime")
    message = "The requested ordering is not available for the particular query."
    assert refused(request) == (400, "badRequest", "global", message)


def test_24_bounds_compare_end_and_start_and_exclude(desk: Desk) -> None:
    desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10))
    for low, high, count in ((9, 10, 1), (10, 11, 0), (8, 9, 0)):
        bounds = {"timeMin": at(4, low).isoformat(), "timeMax": at(4, high).isoformat()}
        assert len(listed(desk, **bounds)["items"]) == count


def test_24_pages_may_be_empty_and_the_last_has_the_sync_token(desk: Desk) -> None:
    desk.google.options.empty_first_page = True
    desk.google.options.page_size = 2
    for hour in (9, 10, 11):
        desk.world.add_item(ORGANIZER, at(4, hour), at(4, hour + 1))
    events = desk.calendar().events()
    request, sizes, tokens = events.list(calendarId=ORGANIZER), [], []
    while request is not None:
        page = request.execute()
        sizes.append(len(page["items"]))
        tokens.append("nextSyncToken" in page)
        request = events.list_next(request, page)
    assert sizes == [0, 2, 1]
    assert tokens == [False, False, True]


def test_24_a_sync_token_brings_what_changed_deletions_too(desk: Desk) -> None:
    desk.insert()
    token = listed(desk)["nextSyncToken"]
    assert listed(desk, syncToken=token)["items"] == []
    delete(desk).execute()
    assert [one["id"] for one in listed(desk, syncToken=token)["items"]] == [EVENT]
    events = desk.calendar().events()
    both = events.list(calendarId=ORGANIZER, syncToken=token, timeMin="2027-01-04T00:00:00Z")
    assert refusal(both)[0] == 400
    dead = events.list(calendarId=ORGANIZER, syncToken="dead")
    assert refusal(dead) == (410, "fullSyncRequired")
    old = events.list(calendarId=ORGANIZER, updatedMin="2020-01-01T00:00:00Z")
    assert refusal(old) == (410, "updatedMinTooLongAgo")


@pytest.mark.parametrize(("any_of", "count"), [(False, 0), (True, 1)])
def test_24_repeated_properties_match_all_or_any(desk: Desk, any_of: bool, count: int) -> None:  # noqa: FBT001
    desk.google.options.properties_any = any_of
    desk.insert(extendedProperties={"private": {"slotfinder_key": "k"}})
    one = listed(desk, privateExtendedProperty="slotfinder_key=k")
    two = listed(desk, privateExtendedProperty=["slotfinder_key=k", "other=1"])
    assert (len(one["items"]), len(two["items"])) == (1, count)


def test_24_private_properties_are_found_on_the_own_copy_only(desk: Desk) -> None:
    desk.insert(extendedProperties={"private": {"slotfinder_key": "k"}})
    assert listed(desk, TOM, privateExtendedProperty="slotfinder_key=k")["items"] == []


def test_24_series_are_expanded_when_single_events_are_asked(desk: Desk) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=3"]
    series = desk.world.add_item(ORGANIZER, date(2027, 1, 4), date(2027, 1, 5), recurrence=rule)
    assert len(listed(desk)["items"]) == 1
    found = listed(desk, singleEvents=True, orderBy="startTime")["items"]
    assert [one["start"]["date"] for one in found] == ["2027-01-04", "2027-01-05", "2027-01-06"]
    assert {one["recurringEventId"] for one in found} == {series.id}
    events = desk.calendar().events()
    instances = events.instances(calendarId=ORGANIZER, eventId=series.id).execute()["items"]
    assert [one["id"] for one in instances] == [one["id"] for one in found]


def test_24_one_day_of_a_series_can_be_cancelled_or_moved(desk: Desk) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=3"]
    zone = {"timeZone": "Europe/London"}
    times: Json = {"start": point(at(4, 11)) | zone, "end": point(at(4, 12)) | zone}
    desk.insert(recurrence=rule, attendees=[], **times)
    events = desk.calendar().events()
    days = events.instances(calendarId=ORGANIZER, eventId=EVENT).execute()["items"]
    events.delete(calendarId=ORGANIZER, eventId=days[0]["id"]).execute()
    body = {"start": point(at(5, 15)), "end": point(at(5, 16))}
    events.patch(calendarId=ORGANIZER, eventId=days[1]["id"], body=body).execute()
    assert desk.blocks(ORGANIZER) == [
        ("2027-01-05T15:00:00Z", "2027-01-05T16:00:00Z"),
        ("2027-01-06T11:00:00Z", "2027-01-06T12:00:00Z"),
    ]


def test_reading_another_s_events_with_the_free_busy_scope_shows_times_only(desk: Desk) -> None:
    desk.insert()
    desk.world.add_item(TOM, at(4, 11), at(4, 12), title="Secret merger")
    desk.google.authority.accounts[desk.google.account.email].delegated |= {
        "calendar.events.freebusy"
    }
    events = desk.calendar(ORGANIZER, "calendar.events.freebusy").events()
    wanted = "items(id,iCalUID,start,end,transparency,status,eventType),nextPageToken"
    found = events.list(calendarId=TOM, fields=wanted, singleEvents=True).execute()["items"]
    assert found[0]["iCalUID"] == f"{EVENT}@google.com"
    everything = events.list(calendarId=TOM).execute()["items"]
    assert set().union(*everything) <= {*AVAILABILITY, "kind", "etag"}
    assert "merger" not in str(everything)
    desk.google.options.availability_lists = False
    assert refusal(events.list(calendarId=TOM)) == (403, "requiredAccessLevel")


def test_reading_another_s_events_with_the_owned_scope_only_is_refused(desk: Desk) -> None:
    assert refusal(desk.calendar(ORGANIZER, *BOTH).events().list(calendarId=TOM))[0] == 403
    assert refusal(desk.calendar(ORGANIZER, *READ).events().list(calendarId=TOM))[0] == 403


def test_25_meet_without_version_1_is_ignored(desk: Desk) -> None:
    assert "conferenceData" not in desk.insert(conferenceData=MEET)
    remarks = desk.google.log.of("calendar.events.insert")[0].remarks
    assert remarks == ["conferenceData without conferenceDataVersion=1"]


def test_25_meet_is_pending_and_then_there_for_everybody(desk: Desk) -> None:
    made = desk.insert(conferenceData=MEET, conferenceDataVersion=1)
    assert made["conferenceData"]["createRequest"]["status"] == {"statusCode": "pending"}
    links = [get(desk).get("hangoutLink") for _ in range(2)]
    assert links[0] is None
    assert str(links[1]).startswith("https://meet.google.com/")
    assert get(desk, TOM)["hangoutLink"] == links[1]
    again = patch(desk, {"conferenceData": MEET}, conferenceDataVersion=1).execute()
    assert again["hangoutLink"] == links[1]
    moved = patch(desk, {"start": point(at(4, 11, 15))}, conferenceDataVersion=1).execute()
    assert moved["hangoutLink"] == links[1]


def test_25_meet_can_fail(desk: Desk) -> None:
    desk.google.options.meet_fails = True
    desk.google.options.meet_reads = 0
    made = desk.insert(conferenceData=MEET, conferenceDataVersion=1)
    assert made["conferenceData"]["createRequest"]["status"] == {"statusCode": "failure"}
    assert "hangoutLink" not in made


def test_25_meet_where_it_is_not_allowed_is_invalid(desk: Desk) -> None:
    desk.google.options.meet_allowed = False
    events = desk.calendar().events()
    body = meeting(conferenceData=MEET)
    request = events.insert(calendarId=ORGANIZER, body=body, conferenceDataVersion=1)
    message = "Invalid conference type value."
    assert refused(request) == (400, "invalid", "global", message)
    plain = desk.calendar(ORGANIZER, "calendar.calendars.readonly").calendars()
    allowed = plain.get(calendarId=ORGANIZER).execute()["conferenceProperties"]
    assert allowed == {"allowedConferenceSolutionTypes": []}


def test_29_special_events_are_not_created_moved_or_imported_at_will(desk: Desk) -> None:
    assert refusal(insertion(desk, eventType="fromGmail"))[0] == 400
    place = {"type": "homeOffice", "homeOffice": {}}
    days = {"start": {"date": "2027-01-04"}, "end": {"date": "2027-01-06"}}
    about: Json = {"eventType": "workingLocation", "transparency": "transparent", "attendees": []}
    about |= {"visibility": "public", "workingLocationProperties": place, **days}
    assert refusal(insertion(desk, **about)) == (400, "malformedWorkingLocationEvent")
    away = desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10), "ooo")
    events = desk.calendar().events()
    move = events.move(calendarId=ORGANIZER, eventId=away.id, destination=TOM)
    assert refusal(move) == (400, "eventTypeRestriction")
    body = meeting(eventType="outOfOffice", iCalUID="away@example", attendees=[])
    del body["id"]
    assert refusal(events.import_(calendarId=ORGANIZER, body=body))[1] == "eventTypeRestriction"


def test_29_import_adds_a_private_copy_and_tells_nobody(desk: Desk) -> None:
    body = meeting(iCalUID="theirs@example", organizer={"email": "boss@other.example"})
    del body["id"]
    made = desk.calendar().events().import_(calendarId=ORGANIZER, body=body).execute()
    assert made["organizer"] == {"email": "boss@other.example"}
    assert desk.world.notices == []
    assert desk.world.live(TOM) == []


def test_a_room_is_a_resource_whether_or_not_the_client_said_so(desk: Desk) -> None:
    made = desk.insert(attendees=[{"email": ROOM}])
    assert made["attendees"] == [{"email": ROOM, "responseStatus": "needsAction", "resource": True}]
