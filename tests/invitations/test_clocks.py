# ruff: noqa: RUF001  between two times stands an en dash, and the tests show what people see
from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel.localedata import locale_identifiers

from slotfinder.domain.interval import Interval
from slotfinder.invitations.clocks import clock, is_known, local_time, locale_for
from tests.invitations.examples import between, instant

ENGLISH = locale_for("en")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Thursday, 7 January 2027, 16:45 – 17:30 (Kolkata, GMT+05:30)"),
        ("en-us", "Thursday, January 7, 2027, 4:45 PM – 5:30 PM (Kolkata, GMT+05:30)"),
        ("de", "Donnerstag, 7. Januar 2027, 16:45 – 17:30 (Kalkutta, GMT+05:30)"),
        ("de-at", "Donnerstag, 7. Jänner 2027, 16:45 – 17:30 (Kalkutta, GMT+05:30)"),
        ("de-xx", "Donnerstag, 7. Januar 2027, 16:45 – 17:30 (Kalkutta, GMT+05:30)"),
        ("fr", "jeudi 7 janvier 2027, 16:45 – 17:30 (Calcutta, UTC+05:30)"),
        ("es", "jueves, 7 de enero de 2027, 16:45 – 17:30 (Calcuta, GMT+05:30)"),
        ("ja", "2027年1月7日木曜日 16:45～17:30 (コルカタ, GMT+05:30)"),
        ("pt-br", "quinta-feira, 7 de janeiro de 2027 16:45 – 17:30 (Calcutá, +05:30 GMT)"),
        ("xx", "Thursday, 7 January 2027, 16:45 – 17:30 (Kolkata, GMT+05:30)"),
    ],
)
def test_a_time_is_written_as_the_language_does(language: str, words: str) -> None:
    interval = between("2027-01-07T11:15", "2027-01-07T12:00")

    assert local_time(interval, ZoneInfo("Asia/Kolkata"), locale_for(language)) == words


@pytest.mark.parametrize(
    ("start", "zone", "words"),
    [
        # London 15:00 the whole spring: New York is four hours behind for two weeks only.
        ("2027-03-12T15:00", "America/New_York", "Friday, 12 March 2027, 10:00 – 10:45 (New York"),
        ("2027-03-15T15:00", "Europe/London", "Monday, 15 March 2027, 15:00 – 15:45 (London"),
        ("2027-03-15T15:00", "America/New_York", "Monday, 15 March 2027, 11:00 – 11:45 (New York"),
        ("2027-03-29T14:00", "Europe/London", "Monday, 29 March 2027, 15:00 – 15:45 (London"),
        ("2027-03-29T14:00", "America/New_York", "Monday, 29 March 2027, 10:00 – 10:45 (New York"),
        (
            "2027-11-01T15:00",
            "America/New_York",
            "Monday, 1 November 2027, 11:00 – 11:45 (New York",
        ),
        (
            "2027-11-08T15:00",
            "America/New_York",
            "Monday, 8 November 2027, 10:00 – 10:45 (New York",
        ),
        ("2027-03-15T15:00", "Asia/Kathmandu", "Monday, 15 March 2027, 20:45 – 21:30 (Kathmandu"),
        ("2027-03-29T14:00", "Asia/Kathmandu", "Monday, 29 March 2027, 19:45 – 20:30 (Kathmandu"),
        ("2027-03-15T15:00", "Pacific/Apia", "Tuesday, 16 March 2027, 04:00 – 04:45 (Apia"),
        ("2027-04-02T22:00", "Australia/Lord_Howe", "Saturday, 3 April 2027, 09:00 – 09:45 (Lord"),
        ("2027-04-04T22:30", "Australia/Lord_Howe", "Monday, 5 April 2027, 09:00 – 09:45 (Lord"),
    ],
)
def test_local_times_across_changes_of_clocks(start: str, zone: str, words: str) -> None:
    interval = Interval(instant(start), instant(start) + timedelta(minutes=45))

    assert local_time(interval, ZoneInfo(zone), ENGLISH).startswith(words)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/London", "(London, GMT+00:00)", "(London, GMT+01:00)"),
        ("America/New_York", "(New York, GMT-05:00)", "(New York, GMT-04:00)"),
        ("America/St_Johns", "(St John’s, GMT-03:30)", "(St John’s, GMT-02:30)"),
        ("Asia/Kathmandu", "(Kathmandu, GMT+05:45)", "(Kathmandu, GMT+05:45)"),
        ("Asia/Calcutta", "(Kolkata, GMT+05:30)", "(Kolkata, GMT+05:30)"),
        ("America/Argentina/Buenos_Aires", *["(Buenos Aires, GMT-03:00)"] * 2),
        ("UTC", "(GMT+00:00)", "(GMT+00:00)"),
        ("Etc/GMT+5", "(GMT-05:00)", "(GMT-05:00)"),
    ],
)
def test_zones_are_named_by_place_and_offset(zone: str, winter: str, summer: str) -> None:
    for month, name in (("01", winter), ("07", summer)):
        interval = between(f"2027-{month}-07T12:00", f"2027-{month}-07T12:45")
        assert local_time(interval, ZoneInfo(zone), ENGLISH).endswith(f" {name}")


def test_both_ends_are_spelled_out_over_midnight_and_over_a_change_of_clocks() -> None:
    london = ZoneInfo("Europe/London")

    assert local_time(between("2027-01-07T23:30", "2027-01-08T00:15"), london, ENGLISH) == (
        "Thursday, 7 January 2027, 23:30 (London, GMT+00:00)"
        " – Friday, 8 January 2027, 00:15 (London, GMT+00:00)"
    )
    assert local_time(between("2027-10-31T00:30", "2027-10-31T01:15"), london, ENGLISH) == (
        "Sunday, 31 October 2027, 01:30 (London, GMT+01:00)"
        " – Sunday, 31 October 2027, 01:15 (London, GMT+00:00)"
    )


def test_every_language_and_every_zone_can_be_written() -> None:
    interval = between("2027-01-07T11:15", "2027-01-08T12:00")
    tags = [each.replace("_", "-").lower() for each in locale_identifiers() if each != "root"]

    for tag in tags:
        locale = locale_for(tag)
        assert local_time(interval, ZoneInfo("Asia/Kolkata"), locale)
        assert clock(interval.start, locale)
        assert is_known(tag)
    for zone in available_timezones():
        assert local_time(interval, ZoneInfo(zone), locale_for("ja"))
