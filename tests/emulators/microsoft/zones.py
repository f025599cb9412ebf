"""Time zones under both kinds of names, and times as Graph reads and writes them (section 8)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import tz_win, win_tz

from tests.emulators.microsoft.errors import unknown_zone
from tests.emulators.wire import Json
from tests.emulators.world import When

_LOCAL = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?(Z|[+-]\d\d:\d\d)?")
UNSET = "0001-01-01T00:00:00Z"


@cache
def _windows() -> dict[str, str]:
    return {name.lower(): iana for name, iana in win_tz.items()}


@cache
def _iana() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def zone(name: str) -> ZoneInfo:
    """Find a zone by its Windows or IANA name, or refuse (item 11)."""
    key = name.lower()
    found = _windows().get(key) or _iana().get(key)
    if found is None:
        raise unknown_zone(name)
    return ZoneInfo(found)


def windows_name(iana: str) -> str:
    return "UTC" if iana == "UTC" else tz_win.get(iana, iana)


def read_time(text: str, name: str) -> datetime | None:
    """Read a wall time of a zone; an offset in the text wins. None if it is no time."""
    if not _LOCAL.fullmatch(text):
        return None
    place = zone(name)
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=place)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_bound(text: str) -> datetime | None:
    """Read a bound of a view: by its own offset, else UTC (item 24)."""
    return read_time(text, "UTC")


def written(when: datetime, name: str = "UTC") -> Json:
    """Write a wall time with seven digits and its zone (item 14)."""
    local = when.astimezone(zone(name))
    digits = f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06d}0"
    return {"dateTime": digits, "timeZone": name}


def written_item(when: When, name: str) -> Json:
    """Write a start or end; a date is midnight in the zone that was asked for."""
    if isinstance(when, datetime):
        return written(when, name)
    return written(datetime.combine(when, time(), zone(name)), name)


def stamp(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond:06d}0Z"


def floating(when: When) -> datetime:
    """Place a date at UTC midnight: so are all-day events matched by a view (item 24)."""
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return datetime.combine(when, time(), UTC)


def is_midnight(when: datetime, name: str) -> date | None:
    """Give the date whose midnight in a zone this is."""
    local = when.astimezone(zone(name))
    return local.date() if local.time() == time() else None


def custom_zone(iana: str, at: datetime) -> Json:
    """Describe a zone as one of somebody's own making: bias in minutes, west positive."""
    place = ZoneInfo(iana)
    winter = datetime(at.year, 1, 1, tzinfo=place).utcoffset() or timedelta()
    summer = datetime(at.year, 7, 1, tzinfo=place).utcoffset() or timedelta()
    standard = min(winter, summer)
    last_sunday = {"dayOccurrence": 5, "dayOfWeek": "sunday", "year": 0, "time": "02:00:00.0000000"}
    return {
        "@odata.type": "#microsoft.graph.customTimeZone",
        "name": "Customized Time Zone",
        "bias": -(standard // timedelta(minutes=1)),
        "standardOffset": {**last_sunday, "month": 10},
        "daylightOffset": {
            **last_sunday,
            "month": 3,
            "daylightBias": -(abs(summer - winter) // timedelta(minutes=1)),
        },
    }
