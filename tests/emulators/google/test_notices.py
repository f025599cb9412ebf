"""Checklist items 26, 28, 30: who is told, what answers by itself, what people set."""

from datetime import timedelta

import pytest

from tests.emulators import people
from tests.emulators.google.desk import (
    EVENT,
    ORGANIZER,
    OUTSIDER,
    PRIYA,
    ROOM,
    TOM,
    WRITE,
    Desk,
    at,
    meeting,
    point,
    refusal,
)
from tests.emulators.world import NoticeKind

UID = f"{EVENT}@google.com"
SETTINGS = "calendar.settings.readonly"
CALENDARS = "calendar.calendars.readonly"


def kinds(desk: Desk, email: str) -> list[NoticeKind]:
    return [one.kind for one in desk.world.told(email)]


def change(desk: Desk, **more: str) -> None:
    events = desk.calendar(ORGANIZER, *WRITE).events()
    body = {"start": point(at(4, 11, 15)), "end": point(at(4, 12))}
    events.patch(calendarId=ORGANIZER, eventId=EVENT, body=body, **more).execute()


def cancel(desk: Desk, **more: str) -> None:
    events = desk.calendar(ORGANIZER, *WRITE).events()
    events.delete(calendarId=ORGANIZER, eventId=EVENT, **more).execute()


def test_26_one_invitation_one_update_one_cancellation(desk: Desk) -> None:
    desk.insert(attendees=[{"email": TOM}, {"email": PRIYA}, {"email": ROOM}])
    change(desk, sendUpdates="all")
    cancel(desk, sendUpdates="all")
    for email in (TOM, PRIYA):
        assert kinds(desk, email) == ["invitation", "update", "cancellation"]
    assert kinds(desk, ROOM) == kinds(desk, ORGANIZER) == []
    assert desk.world.notices[0].why == "calendar.events.insert"


def test_26_omitted_tells_nobody_and_is_remarked(desk: Desk) -> None:
    desk.calendar().events().insert(calendarId=ORGANIZER, body=meeting()).execute()
    assert desk.world.notices == []
    assert desk.google.log.of("calendar.events.insert")[0].remarks == ["sendUpdates omitted"]
    assert desk.world.copy_of(UID, TOM) is not None


def test_26_external_only_tells_who_is_not_on_google(desk: Desk) -> None:
    desk.world.add_mailbox(OUTSIDER, provider="microsoft")
    desk.insert(attendees=[{"email": TOM}, {"email": OUTSIDER}], sendUpdates="externalOnly")
    assert kinds(desk, OUTSIDER) == ["invitation"]
    assert kinds(desk, TOM) == []


def test_26_another_provider_keeps_a_ghost_when_nobody_is_told(desk: Desk) -> None:
    desk.world.add_mailbox(OUTSIDER, provider="microsoft")
    desk.insert(attendees=[{"email": TOM}, {"email": OUTSIDER}])
    assert len(desk.world.live(OUTSIDER)) == 1
    cancel(desk, sendUpdates="none")
    assert len(desk.world.live(OUTSIDER)) == 1
    assert desk.world.live(TOM) == []


def test_26_who_is_added_is_invited_and_who_is_removed_is_told(desk: Desk) -> None:
    desk.insert(attendees=[{"email": TOM}])
    events = desk.calendar(ORGANIZER, *WRITE).events()
    body = {"attendees": [{"email": PRIYA}]}
    events.patch(calendarId=ORGANIZER, eventId=EVENT, body=body, sendUpdates="all").execute()
    assert kinds(desk, TOM) == ["invitation", "cancellation"]
    assert kinds(desk, PRIYA) == ["invitation"]
    assert desk.world.live(TOM) == []


def test_a_copy_removed_in_silence_comes_back_with_a_notifying_update(desk: Desk) -> None:
    desk.insert()
    people.remove_copy(desk.world, TOM, UID, None)
    assert desk.world.live(TOM) == []
    change(desk, sendUpdates="none")
    assert desk.world.live(TOM) == []
    change(desk, sendUpdates="all")
    assert len(desk.world.live(TOM)) == 1


def test_people_move_delete_and_drag_without_the_api(desk: Desk) -> None:
    desk.insert()
    people.move_copy(desk.world, TOM, UID, at(4, 15), at(4, 16))
    assert desk.blocks(TOM) == [("2027-01-04T15:00:00Z", "2027-01-04T16:00:00Z")]
    people.move(desk.world, UID, at(5, 9), at(5, 10))
    assert desk.blocks(PRIYA) == [("2027-01-05T09:00:00Z", "2027-01-05T10:00:00Z")]
    people.delete(desk.world, UID)
    assert desk.blocks(PRIYA) == desk.blocks(TOM) == []
    assert kinds(desk, PRIYA) == ["invitation", "update", "cancellation"]


def test_28_out_of_office_declines_by_itself(desk: Desk) -> None:
    desk.world.mailboxes[TOM].declines_conflicts = True
    desk.world.add_item(TOM, at(4, 8), at(4, 18), "ooo")
    desk.insert()
    read = desk.calendar(ORGANIZER, *WRITE).events().get(calendarId=ORGANIZER, eventId=EVENT)
    assert [one["responseStatus"] for one in read.execute()["attendees"]] == [
        "declined",
        "needsAction",
    ]


def test_28_outside_working_hours_declines_by_itself(desk: Desk) -> None:
    box = desk.world.mailboxes[TOM]
    box.declines_outside_hours, box.hours = True, ((0, 540, 660),)
    desk.insert()
    desk.google.settle()
    main = desk.world.main_of(UID)
    assert main is not None
    assert [one.answer for one in main.attendees] == ["declined", "none"]


def test_30_working_hours_stand_on_a_primary_calendar_only(desk: Desk) -> None:
    desk.world.mailboxes[TOM].hours = ((0, 540, 1020),)
    desk.world.add_calendar("team@group.calendar.google.com", TOM)
    calendars = desk.calendar(TOM, CALENDARS).calendars()
    found = calendars.get(calendarId="primary").execute()
    assert found["timeZone"] == "Europe/London"
    assert found["workingHours"] == {
        "workingHoursEnabled": True,
        "availableTimes": [{"dayOfWeek": "monday", "periodStart": 540, "periodEnd": 1020}],
    }
    team = calendars.get(calendarId="team@group.calendar.google.com").execute()
    assert (team["dataOwner"], team.get("workingHours")) == (TOM, None)


def test_30_working_hours_can_be_absent_disabled_or_hidden(desk: Desk) -> None:
    calendars = desk.calendar(ORGANIZER, CALENDARS).calendars()
    assert "workingHours" not in calendars.get(calendarId=TOM).execute()
    box = desk.world.mailboxes[TOM]
    box.hours, box.hours_enabled = ((0, 540, 1020),), False
    found = calendars.get(calendarId=TOM).execute()
    assert found["workingHours"] == {"workingHoursEnabled": False}
    desk.google.options.hours_visible_to_others = False
    assert "workingHours" not in calendars.get(calendarId=TOM).execute()


def test_30_calendars_get_needs_its_own_scope(desk: Desk) -> None:
    calendars = desk.calendar(ORGANIZER, *WRITE).calendars()
    assert refusal(calendars.get(calendarId=TOM)) == (403, "insufficientPermissions")


def test_30_settings_are_the_subject_s_own_and_defaults_may_be_missing(desk: Desk) -> None:
    settings = desk.calendar(TOM, SETTINGS).settings()
    assert settings.get(setting="timezone").execute()["value"] == "Europe/London"
    assert refusal(settings.get(setting="weekStart")) == (404, "notFound")
    desk.google.options.settings_omit_defaults = False
    assert settings.get(setting="weekStart").execute()["value"] == "0"
    desk.world.mailboxes[TOM].settings["locale"] = "de"
    named = {one["id"]: one["value"] for one in settings.list().execute()["items"]}
    assert named["locale"] == "de"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["room-a", "room-b"]),
        ("buildingId=LON AND capacity=8", ["room-b"]),
        ("featureInstances.feature.name:step*", ["room-a"]),
        ("NOT buildingId=LON", ["room-a"]),
    ],
)
def test_rooms_of_the_domain_are_listed_by_the_directory(
    desk: Desk, query: str, names: list[str]
) -> None:
    desk.world.mailboxes[ROOM].features = ("step-free",)
    desk.world.add_room("room-b@acme.example", building="LON", capacity=8)
    desk.world.add_room("room-c@other.example")
    rooms = desk.directory().resources().calendars()
    found = rooms.list(customer="my_customer", **({"query": query} if query else {})).execute()
    assert [one["resourceName"] for one in found["items"]] == names
    request = rooms.list(customer="my_customer", query="colour=red")
    assert refusal(request) == (400, "invalid")


def test_rooms_come_in_pages(desk: Desk) -> None:
    desk.world.add_room("room-b@acme.example")
    rooms = desk.directory().resources().calendars()
    first = rooms.list(customer="my_customer", maxResults=1)
    page = first.execute()
    second = rooms.list_next(first, page).execute()
    emails = [one["resourceEmail"] for one in page["items"] + second["items"]]
    assert emails == [ROOM, "room-b@acme.example"]


def test_own_and_shared_calendars_are_listed(desk: Desk) -> None:
    name = "team@group.calendar.google.com"
    desk.world.add_calendar(name, PRIYA).acl[TOM] = "writer"
    desk.google.account.delegated.add("calendar.calendarlist.readonly")
    listed = desk.calendar(TOM, "calendar.calendarlist.readonly").calendarList()
    found = {one["id"]: one["accessRole"] for one in listed.list().execute()["items"]}
    assert found == {TOM: "owner", name: "writer"}
    assert refusal(listed.get(calendarId=PRIYA)) == (404, "notFound")


def test_the_clock_moves_as_a_test_says(desk: Desk) -> None:
    desk.world.clock.set(at(1, 6))
    desk.insert()
    desk.world.clock.advance(timedelta(days=1))
    cancel(desk, sendUpdates="all")
    assert [one.at for one in desk.world.told(TOM)] == [at(1, 6), at(2, 6)]
