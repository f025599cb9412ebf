"""calendars.get, calendarList, settings: what people say about themselves (item 30)."""

from tests.emulators.google.call import Call, open_calendar
from tests.emulators.google.errors import not_found
from tests.emulators.wire import Json, Reply
from tests.emulators.world import Calendar, Mailbox

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DEFAULTS = {
    "locale": "en",
    "weekStart": "0",
    "format24HourTime": "false",
    "defaultEventLength": "60",
    "autoAddHangouts": "true",
}


def get(call: Call) -> Reply:
    """Describe a calendar; working hours stand on a person's primary one only."""
    calendar, _ = open_calendar(call, "freeBusyReader")
    body: Json = {
        "kind": "calendar#calendar",
        "etag": f'"c{len(calendar.id)}"',
        "id": calendar.id,
        "summary": calendar.title,
        "timeZone": calendar.zone,
        "conferenceProperties": {
            "allowedConferenceSolutionTypes": ["hangoutsMeet"] if call.options.meet_allowed else []
        },
    }
    if not calendar.primary:
        body["dataOwner"] = calendar.owner
    box = call.world.mailbox(calendar.id)
    if box is not None and box.room:
        body["autoAcceptInvitations"] = True
    visible = calendar.owner == call.who or call.options.hours_visible_to_others
    if box is not None and box.hours and not box.room and visible:
        body["workingHours"] = _hours(box)
    return Reply.of(body)


def _hours(box: Mailbox) -> Json:
    if not box.hours_enabled:
        return {"workingHoursEnabled": False}
    return {
        "workingHoursEnabled": True,
        "availableTimes": [
            {"dayOfWeek": _DAYS[day], "periodStart": start, "periodEnd": end}
            for day, start, end in box.hours
        ],
    }


def _list_entry(call: Call, calendar: Calendar) -> Json:
    return {
        "kind": "calendar#calendarListEntry",
        "id": calendar.id,
        "summary": calendar.title,
        "timeZone": calendar.zone,
        "accessRole": call.world.role(calendar, call.who),
        **({"primary": True} if calendar.id == call.who else {}),
        "defaultReminders": [],
    }


def list_all(call: Call) -> Reply:
    """List the own calendars and those shared by name."""
    found = [
        _list_entry(call, one)
        for one in call.world.calendars.values()
        if one.owner == call.who or one.acl.get(call.who, "none") != "none"
    ]
    return Reply.of({"kind": "calendar#calendarList", "etag": '"l1"', "items": found})


def list_get(call: Call) -> Reply:
    calendar, _ = open_calendar(call, "freeBusyReader")
    if calendar.owner != call.who and call.who not in calendar.acl:
        raise not_found()
    return Reply.of(_list_entry(call, calendar))


def _settings(call: Call) -> dict[str, str]:
    box = call.world.mailbox(call.who)
    if box is None:
        raise not_found()
    known = {} if call.options.settings_omit_defaults else _DEFAULTS
    return {**known, "timezone": box.zone, **box.settings}


def _setting(name: str, value: str) -> Json:
    return {"kind": "calendar#setting", "etag": '"s1"', "id": name, "value": value}


def settings_get(call: Call) -> Reply:
    found = _settings(call).get(call.text("setting"))
    if found is None:
        raise not_found()
    return Reply.of(_setting(call.text("setting"), found))


def settings_list(call: Call) -> Reply:
    found = [_setting(name, value) for name, value in _settings(call).items()]
    return Reply.of({"kind": "calendar#settings", "etag": '"s1"', "items": found})
