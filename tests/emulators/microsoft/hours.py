"""Working hours of a mailbox: one range for all its days (items 14, 26)."""

from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.zones import custom_zone, windows_name
from tests.emulators.wire import Json
from tests.emulators.world import Mailbox

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_USUAL = tuple((day, 8 * 60, 17 * 60) for day in range(5))


def zone_name(call: Call, box: Mailbox) -> str:
    """Name the mailbox's zone in the style that was chosen, or as it was set."""
    named = windows_name(box.zone) if call.options.zone_style == "windows" else box.zone
    return box.settings.get("timeZone", named)


def working_hours(call: Call, box: Mailbox) -> Json:
    hours = box.hours or _USUAL
    custom = box.email in call.options.custom_zones
    return {
        "daysOfWeek": [_DAYS[day] for day in sorted({day for day, _, _ in hours})],
        "startTime": _clock(min(start for _, start, _ in hours)),
        "endTime": _clock(max(end for _, _, end in hours)),
        "timeZone": custom_zone(box.zone, call.world.clock.now())
        if custom
        else {"name": zone_name(call, box)},
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:00.0000000"
