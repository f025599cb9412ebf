"""When an entry takes time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from slotfinder.calendars.icalendar import UnreadableCalendarError
from slotfinder.domain.freebusy import Kind
from slotfinder.domain.interval import Interval
from tests.calendars.ics import (
    BERLIN_RULES,
    CUSTOM,
    NEW_YORK_RULES,
    NINE,
    TEN,
    calendar,
    entry_taken,
    event,
    read,
    taken,
)

TIMES = [
    ("Z is UTC", ["DTSTART:20270402T090000Z", "DTEND:20270402T100000Z"], "0402T0900/0402T1000"),
    (
        "Z is UTC even with a TZID",
        ["DTSTART;TZID=America/New_York:20270402T090000Z", "DURATION:PT1H"],
        "0402T0900/0402T1000",
    ),
    (
        "an IANA name",
        ["DTSTART;TZID=America/New_York:20270402T090000", "DURATION:PT1H"],
        "0402T1300/0402T1400",
    ),
    (
        "in any case",
        ["DTSTART;TZID=america/NEW_york:20270402T090000", "DURATION:PT1H"],
        "0402T1300/0402T1400",
    ),
    (
        "quoted",
        ['DTSTART;TZID="America/New_York":20270402T090000', "DURATION:PT1H"],
        "0402T1300/0402T1400",
    ),
    (
        "a Windows name",
        ["DTSTART;TZID=W. Europe Standard Time:20270402T090000", "DURATION:PT1H"],
        "0402T0700/0402T0800",
    ),
    (
        "a Windows name in lower case",
        ["DTSTART;TZID=gmt standard time:20270402T100000", "DURATION:PT1H"],
        "0402T0900/0402T1000",
    ),
    (
        "a name with a prefix",
        ["DTSTART;TZID=/citadel.org/20070227_1/Europe/Berlin:20270402T090000", "DURATION:PT1H"],
        "0402T0700/0402T0800",
    ),
    (
        "a prefixed name of three parts",
        ["DTSTART;TZID=/x.example/America/Argentina/Ushuaia:20270402T090000", "DURATION:PT1H"],
        "0402T1200/0402T1300",
    ),
    (
        "floating: the owner's zone",
        ["DTSTART:20270402T090000", "DURATION:PT1H"],
        "0402T0800/0402T0900",
    ),
    (
        "an end in another zone",
        ["DTSTART;TZID=Europe/Berlin:20270402T090000", "DTEND:20270402T090000Z"],
        "0402T0700/0402T0900",
    ),
    ("a day", ["DTSTART;VALUE=DATE:20270302"], "0302T0000/0303T0000"),
    ("a day without VALUE", ["DTSTART:20270302"], "0302T0000/0303T0000"),
    ("a short day", ["DTSTART;VALUE=DATE:20270328"], "0328T0000/0328T2300"),
    (
        "days, the last one exclusive",
        ["DTSTART;VALUE=DATE:20270327", "DTEND;VALUE=DATE:20270329"],
        "0327T0000/0328T2300",
    ),
    ("days by duration", ["DTSTART;VALUE=DATE:20270327", "DURATION:P2D"], "0327T0000/0328T2300"),
    ("a week of days", ["DTSTART;VALUE=DATE:20270327", "DURATION:P1W"], "0327T0000/0402T2300"),
    (
        "a day that ends on itself",
        ["DTSTART;VALUE=DATE:20270302", "DTEND;VALUE=DATE:20270302"],
        "0302T0000/0303T0000",
    ),
    (
        "a day that ends before it begins",
        ["DTSTART;VALUE=DATE:20270305", "DTEND;VALUE=DATE:20270302"],
        "0302T0000/0305T0000",
    ),
    (
        "hours from a day on",
        ["DTSTART;VALUE=DATE:20270302", "DURATION:PT6H"],
        "0302T0000/0302T0600",
    ),
    (
        "elapsed hours over a gap",
        ["DTSTART;TZID=Europe/London:20270328T003000", "DURATION:PT3H"],
        "0328T0030/0328T0330",
    ),
    (
        "a time that does not exist",
        ["DTSTART;TZID=Europe/London:20270328T013000", "DURATION:PT1H"],
        "0328T0130/0328T0230",
    ),
    ("an end before the start", [NINE, "DTEND:20270323T080000Z"], "0323T0800/0323T0900"),
    ("a negative duration", [NINE, "DURATION:-PT1H"], "0323T0800/0323T0900"),
    ("the longer of end and duration", [NINE, TEN, "DURATION:PT2H"], "0323T0900/0323T1100"),
    ("weeks, days and seconds", [NINE, "DURATION:P1DT1H1M60S"], "0323T0900/0324T1002"),
    ("a leap second", ["DTSTART:20270323T090060Z", "DURATION:PT1H"], "0323T0900/0323T1000"),
    (
        "spaces and lower case",
        ["dtstart : 20270323t090000z ", "duration:pt1h"],
        "0323T0900/0323T1000",
    ),
]


@pytest.mark.parametrize(
    ("lines", "expected"), [case[1:] for case in TIMES], ids=[case[0] for case in TIMES]
)
def test_an_entry_takes_the_time_it_tells(lines: list[str], expected: str) -> None:
    assert entry_taken(*lines) == [expected]


@pytest.mark.parametrize(
    "lines",
    [
        [NINE],
        [NINE, "DURATION:PT0S"],
        [NINE, "DTEND:20270323T090000Z"],
        ["DTSTART;TZID=Nowhere:20270323T090000"],
    ],
)
def test_an_entry_without_length_takes_no_time(lines: list[str]) -> None:
    assert entry_taken(*lines) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["DTEND:20270323T100000Z"],
        ["DTSTART:"],
        ["DTSTART:tomorrow"],
        ["DTSTART:20270230T090000Z"],
        ["DTSTART:20270323T250000Z"],
        ["DTSTART:2027-03-23T09:00:00Z"],
        ["DTSTART:20270323T0900Z"],
        ["DTSTART:00000101"],
        ["DTSTART;VALUE=DATE:20270323T090000"],
        ["DTSTART:٢٠٢٧٠٣٢٣"],
        [NINE, NINE],
        [NINE, TEN, TEN],
        [NINE, "DTEND:later"],
        [NINE, "DURATION:an hour"],
        [NINE, "DURATION:P"],
        [NINE, "DURATION:PT"],
        [NINE, "DURATION:P1H"],
        [NINE, "DURATION:P999999999999W"],
        [NINE, TEN, "RDATE:someday"],
        [NINE, TEN, "RECURRENCE-ID:someday"],
        [NINE, TEN, "RECURRENCE-ID:20270323", "RECURRENCE-ID:20270324"],
        [NINE, "DTEND 20270323T100000Z"],
        [NINE, "DTEND;X:20270323T100000Z"],
        [NINE, 'DTEND;TZID="Europe:20270323T100000'],
        [NINE, "rrule=FREQ"],
        ["DTSTART:20270323T090000Z" + "0" * 600_000],
        ["DTSTART:99991231T235959Z", "DURATION:P2D"],
        ["STATUS:CANCELLED", "DTSTART:tomorrow"],
        ["TRANSP:TRANSPARENT"],
    ],
)
def test_a_time_that_cannot_be_read_makes_the_calendar_unreadable(lines: list[str]) -> None:
    with pytest.raises(UnreadableCalendarError):
        entry_taken(*lines)


@pytest.mark.parametrize("year", ["0001", "9999"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize(
    "more", [[], ["RRULE:FREQ=YEARLY"], ["RRULE:FREQ=DAILY;COUNT=3"], ["DURATION:P1D"]]
)
def test_the_ends_of_the_calendar_are_read_or_refused(
    year: str, zone: str, more: list[str]
) -> None:
    for month_and_day in ("0101", "1231"):
        try:
            blocks = entry_taken(f"DTSTART:{year}{month_and_day}", *more, zone=ZoneInfo(zone))
        except UnreadableCalendarError:
            continue
        assert len(blocks) <= 1


def test_floating_times_are_in_the_calendars_zone_if_that_is_known() -> None:
    entry = event("DTSTART:20270402T090000", "DURATION:PT1H")

    assert taken(calendar("X-WR-TIMEZONE:America/New_York", *entry)) == ["0402T1300/0402T1400"]
    assert taken(calendar("X-WR-TIMEZONE:Romance Standard Time", *entry)) == ["0402T0700/0402T0800"]
    assert taken(calendar("X-WR-TIMEZONE:Somewhere", *entry)) == ["0402T0800/0402T0900"]


def test_days_are_the_owners_whatever_the_calendar_says() -> None:
    file = calendar("X-WR-TIMEZONE:America/New_York", *event("DTSTART;VALUE=DATE:20270402"))

    assert taken(file, zone=ZoneInfo("Asia/Tokyo")) == ["0401T1500/0402T1500"]


def test_a_day_without_midnight_begins_at_its_first_instant() -> None:
    """Beirut's clocks go from 00:00 to 01:00 on 2027-03-28."""
    assert entry_taken("DTSTART;VALUE=DATE:20270328", zone=ZoneInfo("Asia/Beirut")) == [
        "0327T2200/0328T2100"
    ]


def test_a_zone_nobody_knows_is_read_as_utc_and_widened() -> None:
    blocks = read(calendar(*event("DTSTART;TZID=Nowhere:20270323T120000", "DURATION:PT1H")))

    assert [block.interval for block in blocks] == [
        Interval(datetime(2027, 3, 22, 22, tzinfo=UTC), datetime(2027, 3, 24, 1, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    "line", ["STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"]
)
def test_in_a_zone_nobody_knows_everything_that_is_not_free_is_busy(line: str) -> None:
    timed = ("DTSTART;TZID=Nowhere:20270323T120000", "DTEND;TZID=Nowhere:20270323T130000")

    assert [block.kind for block in read(calendar(*event(*timed, line)))] == [Kind.BUSY]
    assert read(calendar(*event(*timed, "TRANSP:TRANSPARENT"))) == ()


@pytest.mark.parametrize(
    "tzid", ["localtime", "Factory", "", "../Europe/London", "/etc/localtime", "Europe"]
)
def test_names_that_are_no_zones_are_not_taken_for_some(tzid: str) -> None:
    [block] = read(calendar(*event(f"DTSTART;TZID={tzid}:20270323T120000", "DURATION:PT1H")))

    assert block.interval.length.total_seconds() == 27 * 3600


class TestZonesAFileDescribes:
    def in_custom(self, *rules: str, at: str = "20270402T090000") -> list[str]:
        return taken(calendar(*rules, *event(f"DTSTART;TZID={CUSTOM}:{at}", "DURATION:PT1H")))

    def test_two_files_may_mean_different_zones_by_the_same_name(self) -> None:
        new_york = calendar(
            *NEW_YORK_RULES,
            *event(f"DTSTART;TZID={CUSTOM}:20270402T090000", "DURATION:PT1H", uid="a"),
        )
        berlin = calendar(
            *BERLIN_RULES,
            *event(f"DTSTART;TZID={CUSTOM}:20270402T090000", "DURATION:PT1H", uid="b"),
        )

        assert taken(new_york) == ["0402T1300/0402T1400"]
        assert taken(berlin) == ["0402T0700/0402T0800"]
        assert taken(new_york, berlin) == ["0402T0700/0402T0800", "0402T1300/0402T1400"]

    @pytest.mark.parametrize("year", [1990, 2026, 2027, 2028, 2100])
    @pytest.mark.parametrize(
        ("rules", "name"), [(NEW_YORK_RULES, "America/New_York"), (BERLIN_RULES, "Europe/Berlin")]
    )
    def test_every_hour_around_the_changes_is_that_of_the_zone(
        self, year: int, rules: tuple[str, ...], name: str
    ) -> None:
        """Today's rules are younger than 1990: then only January and July are the same."""
        days = [(1, 1), (7, 1), (12, 31)]
        if year > 2007:
            days += [(month, day) for month in (3, 10, 11) for day in range(1, 30)]
        whole = Interval(
            datetime(year - 1, 12, 1, tzinfo=UTC), datetime(year + 1, 2, 1, tzinfo=UTC)
        )
        for month, day in days:
            for hour in (0, 1, 2, 3):
                wall = datetime(year, month, day, hour, 30, tzinfo=ZoneInfo(name))
                entry = event(f"DTSTART;TZID={CUSTOM}:{wall:%Y%m%dT%H%M%S}", "DURATION:PT5M")
                [block] = read(calendar(*rules, *entry), window=whole)
                assert block.interval.start == wall.astimezone(UTC), wall

    def test_a_known_name_wins_over_the_files_own_rules(self) -> None:
        rules = tuple(line.replace(CUSTOM, "Europe/London") for line in NEW_YORK_RULES)
        entry = event("DTSTART;TZID=Europe/London:20270402T090000", "DURATION:PT1H")

        assert taken(calendar(*rules, *entry)) == ["0402T0800/0402T0900"]

    def test_the_files_own_rules_win_over_the_end_of_a_name(self) -> None:
        name = "/x.example/Europe/London"
        rules = tuple(line.replace(CUSTOM, name) for line in NEW_YORK_RULES)
        entry = event(f"DTSTART;TZID={name}:20270402T090000", "DURATION:PT1H")

        assert taken(calendar(*rules, *entry)) == ["0402T1300/0402T1400"]
        assert taken(calendar(*entry)) == ["0402T0800/0402T0900"]

    def test_before_its_first_onset_a_zone_has_the_offset_before(self) -> None:
        late = tuple(line.replace("16010101", "20280101") for line in NEW_YORK_RULES)

        assert self.in_custom(*late) == ["0402T1300/0402T1400"]

    def test_onsets_may_be_listed(self) -> None:
        listed = (
            "BEGIN:VTIMEZONE",
            f"TZID:{CUSTOM}",
            "BEGIN:STANDARD",
            "DTSTART:20201025T030000",
            "RDATE:20261025T030000,20271031T030000",
            "TZOFFSETFROM:+0200",
            "TZOFFSETTO:+0100",
            "END:STANDARD",
            "BEGIN:DAYLIGHT",
            "DTSTART:20210328T020000",
            "RDATE:20270328T020000",
            "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200",
            "END:DAYLIGHT",
            "END:VTIMEZONE",
        )

        assert self.in_custom(*listed, at="20270327T090000") == ["0327T0800/0327T0900"]
        assert self.in_custom(*listed, at="20270402T090000") == ["0402T0700/0402T0800"]

    def test_a_rule_that_has_ended_leaves_its_last_offset(self) -> None:
        """UNTIL is in UTC: Sydney's 03:00 wall time is 16:00 of the day before."""
        ended = (
            "BEGIN:VTIMEZONE",
            f"TZID:{CUSTOM}",
            "BEGIN:STANDARD",
            "DTSTART:20000402T030000",
            "TZOFFSETFROM:+1100",
            "TZOFFSETTO:+1000",
            "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20260404T160000Z",
            "END:STANDARD",
            "BEGIN:DAYLIGHT",
            "DTSTART:20001001T020000",
            "TZOFFSETFROM:+1000",
            "TZOFFSETTO:+1100",
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU;UNTIL=20251231T000000Z",
            "END:DAYLIGHT",
            "END:VTIMEZONE",
        )

        assert self.in_custom(*ended, at="20270402T210000") == ["0402T1100/0402T1200"]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3", "FREQ=SECONDLY"),
            ("FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3", "FREQ=DAILY"),
            ("FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3", "FREQ=YEARLY;COUNT=3"),
            ("TZOFFSETFROM:-0500", "TZOFFSETFROM:east"),
            ("TZOFFSETTO:-0400", "X-NOTHING:1"),
            ("DTSTART:16010101T020000", "DTSTART:new year"),
            ("DTSTART:16010101T020000", "RDATE:" + ",".join(["20270101T000000"] * 6_000)),
            ("BEGIN:STANDARD", "BEGIN:STANDARD\r\nDTSTART:20200101T000000"),
        ],
    )
    def test_rules_that_clocks_do_not_follow_leave_the_zone_unknown(
        self, old: str, new: str
    ) -> None:
        hostile = "\r\n".join(NEW_YORK_RULES).replace(old, new)

        assert self.in_custom(hostile) == ["0401T1900/0402T2200"]

    def test_a_zone_described_without_onsets_is_unknown(self) -> None:
        empty = ("BEGIN:VTIMEZONE", f"TZID:{CUSTOM}", "END:VTIMEZONE")

        assert self.in_custom(*empty) == ["0401T1900/0402T2200"]

    def test_thousands_of_onsets_in_a_zone_leave_it_unknown(self) -> None:
        many = NEW_YORK_RULES[3:9] * 600

        assert self.in_custom(*NEW_YORK_RULES[:2], *many, "END:VTIMEZONE") == [
            "0401T1900/0402T2200"
        ]


def test_periods_are_lists_of_ends_or_durations_in_any_order() -> None:
    file = calendar(
        "BEGIN:VFREEBUSY",
        "FREEBUSY:20270324T090000Z/PT1H,20270323T090000Z/20270323T100000Z",
        "FREEBUSY;FBTYPE=FREE:20270325T090000Z/PT1H",
        "END:VFREEBUSY",
        "BEGIN:VFREEBUSY",
        "FREEBUSY:20270323T090000Z/P0D,20270323T093000Z/20270323T110000Z",
        "END:VFREEBUSY",
        *event("DTSTART:20270326T090000Z", "DURATION:PT1H"),
    )

    assert taken(file) == [
        "0323T0900/0323T1000",
        "0323T0930/0323T1100",
        "0324T0900/0324T1000",
        "0326T0900/0326T1000",
    ]


@pytest.mark.parametrize(
    "period",
    [
        "",
        "20270323T090000Z",
        "20270323T090000Z/",
        "20270323T090000Z/PT",
        "x/y",
        "20270323T090000Z/PT1H,",
    ],
)
def test_a_period_that_cannot_be_read_makes_the_calendar_unreadable(period: str) -> None:
    with pytest.raises(UnreadableCalendarError):
        taken(calendar("BEGIN:VFREEBUSY", f"FREEBUSY:{period}", "END:VFREEBUSY"))


def test_blocks_that_touch_the_window_only_at_its_edge_are_left_out() -> None:
    window = Interval(datetime(2027, 3, 23, 9, tzinfo=UTC), datetime(2027, 3, 23, 10, tzinfo=UTC))
    before = event("DTSTART:20270323T080000Z", "DURATION:PT1H", uid="a")
    into = event("DTSTART:20270323T080000Z", "DURATION:PT61M", uid="b")
    after = event("DTSTART:20270323T100000Z", "DURATION:PT1H", uid="c")

    assert taken(calendar(*before, *into, *after), window=window) == ["0323T0800/0323T0901"]
