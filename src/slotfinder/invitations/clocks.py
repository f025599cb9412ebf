"""When a meeting is, as a reader's language writes dates, clocks and places (Unicode CLDR)."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_time,
    get_datetime_format,
    get_timezone_gmt,
    get_timezone_location,
)
from babel.localedata import exists

from slotfinder.domain.interval import Interval
from slotfinder.invitations.vevent import one_line

_ENGLISH: Final = Locale("en", "GB")
"""What "en" alone means: the day before the month, and clocks that count to 24."""


def locale_for(tag: str) -> Locale:
    """Return how a language like "de-at" writes dates.

    Parts are left off the end until something is known; of an unknown language it is English.
    """
    while tag and tag != "en":
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return _ENGLISH


def is_known(language: str) -> bool:
    """Tell whether it is known how a language, without its region, writes dates."""
    return exists(language.partition("-")[0])


def day(at: datetime, locale: Locale) -> str:
    """Return a date with its weekday."""
    return one_line(format_date(at.date(), "full", locale=locale))


def clock(at: datetime, locale: Locale) -> str:
    """Return a time of day."""
    # Not every mail program has the narrow spaces that some languages put into times.
    return one_line(format_time(at.time(), "short", locale=locale))


def local_time(interval: Interval, zone: ZoneInfo, locale: Locale) -> str:
    """Return a time in words, as the clocks of ``zone`` show it.

    Where the date or the offset differs between start and end, both ends are spelled out: a
    meeting may end at an earlier wall time than it began.
    """
    start, end = (at.astimezone(zone) for at in (interval.start, interval.end))
    if start.date() == end.date() and start.utcoffset() == end.utcoffset():
        clocks = _until(clock(start, locale), clock(end, locale), locale)
        return f"{_joined(day(start, locale), clocks, locale)} {_zone(start, locale)}"
    first, last = (
        f"{_joined(day(at, locale), clock(at, locale), locale)} {_zone(at, locale)}"
        for at in (start, end)
    )
    return _until(first, last, locale)


def _until(start: str, end: str, locale: Locale) -> str:
    return one_line(str(locale.interval_formats[None]).format(start, end))


def _joined(date: str, time: str, locale: Locale) -> str:
    return str(get_datetime_format("medium", locale=locale)).format(time, date)


def _zone(at: datetime, locale: Locale) -> str:
    """Return "(Kolkata, GMT+05:30)"; a zone that is no place gives its offset alone.

    The names of zones such as Etc/GMT+5 and EST would contradict the offset or need explaining.
    """
    offset = get_timezone_gmt(at, locale=locale)
    region = str(at.tzinfo).rpartition("/")[0]
    if region in ("", "Etc"):
        return f"({offset})"
    return f"({get_timezone_location(at, locale=locale, return_city=True)}, {offset})"
