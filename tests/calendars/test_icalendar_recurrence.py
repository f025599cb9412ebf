"""Series, their exceptions and overrides."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from slotfinder.calendars.icalendar import UnreadableCalendarError
from slotfinder.domain.freebusy import Kind
from slotfinder.domain.interval import Interval
from tests.calendars.ics import LONDON, SPRING, calendar, entry_taken, event, read, taken

WEEKLY = ("DTSTART;TZID=Europe/London:20270315T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
WINTER_WEEKS = ["0315T0900/0315T1000", "0322T0900/0322T1000"]
SUMMER_WEEKS = [f"{day}T0800/{day}T0900" for day in ("0329", "0405", "0412", "0419", "0426")]


def at_nine(*days: str, hour: str = "09", end: str = "10") -> list[str]:
    return [f"{day}T{hour}00/{day}T{end}00" for day in days]


def test_a_series_keeps_its_wall_time_over_a_change_of_clocks() -> None:
    assert entry_taken(*WEEKLY) == WINTER_WEEKS + SUMMER_WEEKS


def test_a_series_of_the_other_side_of_the_ocean_moves_for_two_weeks() -> None:
    blocks = entry_taken(
        "DTSTART;TZID=America/New_York:20270308T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=5",
    )

    assert blocks == [
        "0308T1400/0308T1500",
        *at_nine("0315", "0322", "0329", "0405", hour="13", end="14"),
    ]


def test_each_instance_lasts_as_long_as_the_first_one_elapsed() -> None:
    """RFC 5545 §3.8.5.3: the same exact duration; on the short night it ends an hour later."""
    nights = entry_taken(
        "DTSTART;TZID=Europe/London:20270326T230000",
        "DTEND;TZID=Europe/London:20270327T070000",
        "RRULE:FREQ=DAILY;COUNT=2",
    )

    assert nights == ["0326T2300/0327T0700", "0327T2300/0328T0700"]


def test_days_of_a_series_are_whole_local_days_however_long() -> None:
    days = entry_taken("DTSTART;VALUE=DATE:20270327", "RRULE:FREQ=DAILY;COUNT=3")

    assert days == ["0327T0000/0328T0000", "0328T0000/0328T2300", "0328T2300/0329T2300"]


def test_an_instance_from_before_that_reaches_into_the_window_counts() -> None:
    window = Interval(datetime(2027, 3, 23, tzinfo=UTC), datetime(2027, 3, 24, tzinfo=UTC))
    fortnights = calendar(
        *event("DTSTART:20260101T000000Z", "DURATION:P13D", "RRULE:FREQ=WEEKLY;INTERVAL=2")
    )

    assert taken(fortnights, window=window) == ["0311T0000/0324T0000"]


UNTIL = [
    ("20270329T080000Z", WINTER_WEEKS + SUMMER_WEEKS[:1]),
    ("20270329T075959Z", WINTER_WEEKS),
    ("20270329", WINTER_WEEKS + SUMMER_WEEKS[:1]),
    ("20270328", WINTER_WEEKS),
    ("20270329T090000", WINTER_WEEKS + SUMMER_WEEKS[:1]),
    ("20200101T000000Z", WINTER_WEEKS[:1]),
]


@pytest.mark.parametrize(("until", "expected"), UNTIL)
def test_until_is_inclusive_however_it_is_written(until: str, expected: list[str]) -> None:
    assert entry_taken(*WEEKLY[:2], f"RRULE:FREQ=WEEKLY;UNTIL={until}") == expected


@pytest.mark.parametrize("until", ["20270331T000000Z", "20270331"])
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Tokyo"])
def test_until_of_days_is_inclusive_in_utc_and_in_local_time(zone: str, until: str) -> None:
    rule = f"RRULE:FREQ=DAILY;UNTIL={until}"

    assert len(entry_taken("DTSTART;VALUE=DATE:20270330", rule, zone=ZoneInfo(zone))) == 2


def test_until_with_count_ends_by_whichever_comes_first() -> None:
    assert (
        entry_taken(*WEEKLY[:2], "RRULE:FREQ=WEEKLY;COUNT=2;UNTIL=20300101T000000Z") == WINTER_WEEKS
    )
    assert (
        entry_taken(*WEEKLY[:2], "RRULE:FREQ=WEEKLY;COUNT=9;UNTIL=20270322T090000Z") == WINTER_WEEKS
    )


def test_dtstart_is_an_instance_even_when_its_rule_skips_it() -> None:
    days = entry_taken(
        "DTSTART:20270315T090000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20270324T000000Z",
    )

    assert days == at_nine("0315", "0316", "0323")


def test_several_rules_unite() -> None:
    days = entry_taken(
        "DTSTART:20270315T090000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2",
        "RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2",
    )

    assert days == at_nine("0315", "0317", "0322", "0324")


def test_a_series_that_takes_no_time_is_not_followed() -> None:
    """A rule without instances costs nothing where they would not matter."""
    never = (
        "DTSTART:20270315T090000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2",
    )

    assert entry_taken(*never, "TRANSP:TRANSPARENT") == []
    with pytest.raises(UnreadableCalendarError):
        entry_taken(*never)


class TestDates:
    def test_they_come_in_addition_to_dtstart(self) -> None:
        days = entry_taken(
            "DTSTART:20270315T090000Z",
            "DURATION:PT1H",
            "RDATE:20270317T090000Z,20270319T090000Z",
            "RDATE;TZID=Europe/Berlin:20270320T100000",
        )

        assert days == at_nine("0315", "0317", "0319", "0320")

    def test_periods_have_their_own_length(self) -> None:
        days = entry_taken(
            "DTSTART:20270315T090000Z",
            "DURATION:PT1H",
            "RDATE;VALUE=PERIOD:20270317T090000Z/PT2H,20270319T090000Z/20270319T093000Z",
        )

        assert days == ["0315T0900/0315T1000", "0317T0900/0317T1100", "0319T0900/0319T0930"]

    def test_a_date_is_a_whole_day(self) -> None:
        days = entry_taken("DTSTART;VALUE=DATE:20270315", "RDATE;VALUE=DATE:20270317")
        timed = entry_taken(
            "DTSTART:20270315T090000Z", "DURATION:PT1H", "RDATE;VALUE=DATE:20270317"
        )

        assert days == ["0315T0000/0316T0000", "0317T0000/0318T0000"]
        assert timed == ["0315T0900/0315T1000", "0317T0000/0318T0000"]

    def test_more_than_ten_thousand_are_refused(self) -> None:
        dates = ",".join(["20270317T090000Z"] * 10_001)

        with pytest.raises(UnreadableCalendarError):
            entry_taken("DTSTART:20270315T090000Z", "DURATION:PT1H", f"RDATE:{dates}")


class TestExceptions:
    @pytest.mark.parametrize(
        "exdate",
        [
            "EXDATE;TZID=Europe/London:20270329T090000",
            "EXDATE:20270329T080000Z",
            "EXDATE;TZID=America/New_York:20270329T040000",
            "EXDATE;VALUE=DATE:20270329",
            "EXDATE:nonsense,20270329T080000Z",
            "EXDATE:20270329T090000",
        ],
    )
    def test_they_remove_the_instance_of_that_instant_or_day(self, exdate: str) -> None:
        assert entry_taken(*WEEKLY, exdate) == WINTER_WEEKS + SUMMER_WEEKS[1:]

    @pytest.mark.parametrize(
        "exdate", ["EXDATE:nonsense", "EXDATE", "EXDATE;X:1", "EXDATE:20270329T090000Z"]
    )
    def test_one_that_cannot_be_read_or_fits_none_removes_nothing(self, exdate: str) -> None:
        assert entry_taken(*WEEKLY, exdate) == WINTER_WEEKS + SUMMER_WEEKS

    def test_they_remove_days_and_dtstart_too(self) -> None:
        days = entry_taken(
            "DTSTART;VALUE=DATE:20270315",
            "RRULE:FREQ=DAILY;COUNT=3",
            "EXDATE;VALUE=DATE:20270315,20270317",
        )

        assert days == ["0316T0000/0317T0000"]


class TestOverrides:
    MOVED = (
        "RECURRENCE-ID;TZID=Europe/London:20270329T090000",
        "DTSTART:20270330T120000Z",
        "DURATION:PT2H",
    )
    REST = WINTER_WEEKS + SUMMER_WEEKS[1:]

    def test_one_replaces_its_instance(self) -> None:
        file = calendar(*event(*WEEKLY), *event(*self.MOVED))

        assert taken(file) == sorted([*self.REST, "0330T1200/0330T1400"])

    def test_it_may_stand_in_another_file_and_before_its_series(self) -> None:
        series, override = calendar(*event(*WEEKLY)), calendar(*event(*self.MOVED))

        assert taken(override, series) == taken(series, override)
        assert taken(series, override) == sorted([*self.REST, "0330T1200/0330T1400"])

    def test_its_instance_is_known_by_the_instant_in_any_zone(self) -> None:
        utc = event("RECURRENCE-ID:20270329T080000Z", *self.MOVED[1:])

        assert taken(calendar(*event(*WEEKLY), *utc)) == sorted([*self.REST, "0330T1200/0330T1400"])

    def test_an_override_of_another_series_changes_nothing(self) -> None:
        file = calendar(*event(*WEEKLY), *event(*self.MOVED, uid="two"))

        assert taken(file) == sorted([*WINTER_WEEKS, *SUMMER_WEEKS, "0330T1200/0330T1400"])

    @pytest.mark.parametrize(
        "line",
        [
            "STATUS:CANCELLED",
            "TRANSP:TRANSPARENT",
            "ATTENDEE;PARTSTAT=DECLINED:mailto:tom@acme.example",
        ],
    )
    def test_a_free_one_frees_its_instance(self, line: str) -> None:
        assert taken(calendar(*event(*WEEKLY), *event(*self.MOVED, line))) == self.REST

    def test_one_moved_out_of_the_window_is_gone_and_one_moved_in_is_there(self) -> None:
        out = event("RECURRENCE-ID:20270329T080000Z", "DTSTART:20280101T090000Z", "DURATION:PT1H")
        moved_in = event(
            "RECURRENCE-ID:20280103T090000Z", "DTSTART:20270330T120000Z", "DURATION:PT1H"
        )

        assert taken(calendar(*event(*WEEKLY), *out)) == self.REST
        assert taken(calendar(*event(*WEEKLY), *moved_in)) == sorted(
            [*WINTER_WEEKS, *SUMMER_WEEKS, "0330T1200/0330T1300"]
        )

    def test_one_without_a_series_counts(self) -> None:
        assert taken(calendar(*event(*self.MOVED))) == ["0330T1200/0330T1400"]

    def test_a_busy_one_of_a_free_series_counts(self) -> None:
        file = calendar(*event(*WEEKLY, "TRANSP:TRANSPARENT"), *event(*self.MOVED))

        assert taken(file) == ["0330T1200/0330T1400"]

    def test_a_day_of_a_series_of_days_is_replaced(self) -> None:
        days = event("DTSTART;VALUE=DATE:20270315", "RRULE:FREQ=DAILY;COUNT=2")
        moved = event(
            "RECURRENCE-ID;VALUE=DATE:20270316", "DTSTART:20270320T090000Z", "DURATION:PT1H"
        )

        assert taken(calendar(*days, *moved)) == ["0315T0000/0316T0000", "0320T0900/0320T1000"]

    def test_this_and_future_moves_all_later_ones(self) -> None:
        """An hour later, half as long, and tentative; an override of one of them stands."""
        later = event(
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/London:20270329T090000",
            "DTSTART;TZID=Europe/London:20270330T100000",
            "DURATION:PT30M",
            "STATUS:TENTATIVE",
        )
        one = event("RECURRENCE-ID:20270412T080000Z", "DTSTART:20270412T120000Z", "DURATION:PT1H")
        blocks = read(calendar(*event(*WEEKLY), *later, *one))

        assert taken(calendar(*event(*WEEKLY), *later, *one)) == [
            *WINTER_WEEKS,
            "0330T0900/0330T0930",
            "0406T0900/0406T0930",
            "0412T1200/0412T1300",
            "0420T0900/0420T0930",
            "0427T0900/0427T0930",
        ]
        assert [block.kind for block in blocks].count(Kind.TENTATIVE) == 4

    def test_this_and_future_carries_instances_into_the_window(self) -> None:
        back = event(
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20270628T080000Z",
            "DTSTART:20270419T080000Z",
            "DURATION:PT1H",
        )

        assert taken(calendar(*event(*WEEKLY), *back)) == sorted(
            [*WINTER_WEEKS, *SUMMER_WEEKS, *SUMMER_WEEKS[3:]]
        )

    def test_this_and_future_cancelled_ends_the_series(self) -> None:
        end = event(
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20270329T080000Z",
            "DTSTART:20270329T080000Z",
            "STATUS:CANCELLED",
        )

        assert taken(calendar(*event(*WEEKLY), *end)) == WINTER_WEEKS


class TestVersions:
    def version(self, hour: int, sequence: int, stamp: str = "20270101T000000Z") -> bytes:
        return calendar(
            *event(
                f"DTSTART:20270323T{hour:02}0000Z",
                "DURATION:PT1H",
                f"SEQUENCE:{sequence}",
                f"DTSTAMP:{stamp}",
            )
        )

    def test_the_highest_sequence_counts(self) -> None:
        files = [self.version(9, 2), self.version(12, 10), self.version(15, 1, "20270202T000000Z")]

        assert taken(*files) == ["0323T1200/0323T1300"]

    def test_then_the_latest_stamp(self) -> None:
        files = [self.version(9, 1, "20270102T000000Z"), self.version(12, 1)]

        assert taken(*files) == ["0323T0900/0323T1000"]

    def test_complete_ties_all_count(self) -> None:
        assert taken(self.version(9, 1), self.version(12, 1)) == [
            "0323T0900/0323T1000",
            "0323T1200/0323T1300",
        ]

    def test_a_newer_version_outside_the_window_still_replaces_the_older(self) -> None:
        newer = self.version(9, 3).replace(b"20270323", b"20290323")

        assert taken(self.version(9, 1), newer) == []

    def test_a_newer_cancellation_frees(self) -> None:
        newer = self.version(9, 3).replace(b"SEQUENCE", b"STATUS:CANCELLED\r\nSEQUENCE")

        assert taken(newer, self.version(9, 1)) == []

    def test_entries_without_uid_have_no_versions(self) -> None:
        files = [self.version(hour, hour).replace(b"UID:one", b"X:1") for hour in (9, 12)]

        assert taken(*files) == ["0323T0900/0323T1000", "0323T1200/0323T1300"]

    def test_the_newest_override_of_an_instance_counts(self) -> None:
        def moved(hour: str, sequence: int) -> tuple[str, ...]:
            return event(
                "RECURRENCE-ID:20270329T080000Z",
                f"DTSTART:20270330T{hour}0000Z",
                "DURATION:PT1H",
                f"SEQUENCE:{sequence}",
            )

        file = calendar(*event(*WEEKLY, "SEQUENCE:5"), *moved("12", 1), *moved("13", 2))

        assert taken(file) == sorted([*WINTER_WEEKS, *SUMMER_WEEKS[1:], "0330T1300/0330T1400"])


# --- an independent reader says the same ----------------------------------------------------------

ZONES = ["Europe/London", "America/New_York", "Australia/Sydney", "Asia/Kathmandu"]
YEAR = Interval(datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 11, 20, tzinfo=UTC))


def random_rule(chance: random.Random) -> str:
    """Return a rule that has its start among its instances: a Wednesday, the 6th, 30th or 1st."""
    rule = chance.choice(
        [
            "FREQ=DAILY",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "FREQ=WEEKLY;BYDAY=WE,SU",
            "FREQ=WEEKLY;BYDAY=WE,SU;WKST=SU",
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;BYDAY=WE",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR",
            "FREQ=YEARLY;BYDAY=WE",
            "FREQ=YEARLY;BYMONTH=1,3,10,12;BYDAY=WE",
            "FREQ=HOURLY;BYHOUR=9,15;BYDAY=WE",
        ]
    )
    if "HOURLY" not in rule:
        rule += f";INTERVAL={chance.randint(1, 4)}"
    ending = chance.choice(["", f";COUNT={chance.randint(1, 80)}", ";UNTIL=20271001T120000Z"])
    return f"RRULE:{rule}{ending}"


def random_series(chance: random.Random, number: int) -> Iterator[str]:
    zone = chance.choice(ZONES)
    day = chance.choice(["20270106", "20261230", "20200101"])
    minutes = chance.choice([15, 60, 600])
    start = datetime.strptime(f"{day}T090000", "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(zone))
    yield f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}"
    yield f"DTEND;TZID={zone}:{start + timedelta(minutes=minutes):%Y%m%dT%H%M%S}"
    yield random_rule(chance)
    if number % 3 == 0:
        gone = start + timedelta(weeks=chance.randint(8, 40))
        yield f"EXDATE;TZID={zone}:{gone:%Y%m%dT%H%M%S}"


@pytest.mark.parametrize("seed", range(8))
def test_recurring_ical_events_finds_the_same_instances(seed: int) -> None:
    """Series over both changes of clocks; none spans one, where that library ends by wall time."""
    chance = random.Random(seed)
    entries = [event(*random_series(chance, number), uid=str(number)) for number in range(25)]
    file = calendar(*(line for entry in entries for line in entry))

    parsed = icalendar.Calendar.from_ical(file)
    expected = sorted(
        (found["DTSTART"].dt.astimezone(UTC), found["DTEND"].dt.astimezone(UTC))
        for found in recurring_ical_events.of(parsed).between(YEAR.start, YEAR.end)
    )

    blocks = read(file, zone=LONDON, window=YEAR)
    assert sorted((block.interval.start, block.interval.end) for block in blocks) == expected
    assert len(expected) > 500


def test_the_end_of_the_spring_window_is_no_change_of_clocks() -> None:
    """The literal lists above rest on it."""
    assert SPRING.end < datetime(2027, 10, 31, tzinfo=UTC)
