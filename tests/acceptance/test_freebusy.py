"""`freebusy` and its JSON (calendars.md): every kind, merging, clipping, sorting, dates."""

from pathlib import Path

import pytest

from tests.acceptance.world import (
    PRIYA,
    ROOM_A,
    TOM,
    Json,
    Result,
    World,
    calendar,
    couple,
    entry,
    folded,
    simple,
    with_rooms,
)

SPAN = ("--from", "2027-03-22T00:00:00Z", "--to", "2027-04-05T00:00:00Z")
NINE_TO_TEN = ("DTSTART:20270323T090000Z", "DTEND:20270323T100000Z")
ME = f"ATTENDEE;PARTSTAT={{}}:mailto:{TOM}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return simple(tmp_path)


def seen(world: World, *span: str, person: str = TOM) -> list[tuple[str, str, str]]:
    result = world.call("freebusy", person, *(span or SPAN), "--json")
    assert result.status == 0
    return [(each["start"], each["end"], each["kind"]) for each in result.json["intervals"]]


def kinds(world: World, *lines: str) -> list[str]:
    world.put(TOM, "one", *NINE_TO_TEN, *lines)
    return [kind for _, _, kind in seen(world)]


def document(result: Result) -> Json:
    return result.json


def test_the_document_of_somebody_readable(world: World) -> None:
    world.busy(TOM, "20270323T090000Z", "20270323T100000Z")
    result = world.call("freebusy", TOM, *SPAN, "--json")
    assert result.json == {
        "person": TOM,
        "provider": "local",
        "timezone": "Europe/London",
        "from": "2027-03-22T00:00:00Z",
        "to": "2027-04-05T00:00:00Z",
        "complete": True,
        "unreadable": None,
        "intervals": [
            {"start": "2027-03-23T09:00:00Z", "end": "2027-03-23T10:00:00Z", "kind": "busy"}
        ],
    }


def test_the_document_of_somebody_unreadable(world: World) -> None:
    world.calendar(TOM).rmdir()
    result = world.call("freebusy", TOM, *SPAN, "--json")
    assert result.status == 3
    found = result.json
    assert found["complete"] is False
    assert found["intervals"] == []
    assert set(found["unreadable"]) == {"person", "provider", "reason_code", "reason", "advice"}
    assert found["unreadable"]["person"] == TOM
    assert found["unreadable"]["reason_code"] == "not-found"


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([], ["busy"]),
        (["STATUS:CONFIRMED", "TRANSP:OPAQUE"], ["busy"]),
        (["STATUS:CANCELLED"], []),
        ([ME.format("DECLINED")], []),
        ([ME.format("DECLINED"), "X-MICROSOFT-CDO-BUSYSTATUS:OOF"], []),
        (["ATTENDEE;PARTSTAT=DECLINED:mailto:somebody@acme.example"], ["busy"]),
        (["X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"], ["elsewhere"]),
        (["X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "TRANSP:TRANSPARENT"], ["elsewhere"]),
        (["STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"], []),
        (["X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
        (["TRANSP:TRANSPARENT"], []),
        (["TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"], ["busy"]),
        (["TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"], ["out-of-office"]),
        (["TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"], ["tentative"]),
        (["X-MICROSOFT-CDO-BUSYSTATUS:OOF"], ["out-of-office"]),
        (["X-MICROSOFT-CDO-BUSYSTATUS:OOF", "STATUS:TENTATIVE"], ["out-of-office"]),
        (["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"], ["tentative"]),
        (["STATUS:TENTATIVE"], ["tentative"]),
        ([ME.format("TENTATIVE")], ["tentative"]),
        ([ME.format("NEEDS-ACTION")], ["tentative"]),
        ([ME.format("ACCEPTED")], ["busy"]),
        ([ME.format("ACCEPTED").lower()], ["busy"]),
        (["STATUS:PERHAPS"], ["busy"]),
        (["TRANSP:FOGGY"], ["busy"]),
        ([ME.format("X-MAYBE")], ["busy"]),
        (["X-MICROSOFT-CDO-BUSYSTATUS:ASLEEP"], ["busy"]),
    ],
)
def test_which_kind_an_entry_is(world: World, lines: list[str], kind: list[str]) -> None:
    assert kinds(world, *lines) == kind


def test_per_kind_overlapping_and_touching_ones_are_joined(world: World) -> None:
    world.busy(TOM, "20270323T090000Z", "20270323T100000Z", name="a")
    world.busy(TOM, "20270323T100000Z", "20270323T110000Z", name="b")
    world.busy(TOM, "20270323T103000Z", "20270323T120000Z", name="c")
    world.busy(TOM, "20270323T140000Z", "20270323T150000Z", name="d")
    assert seen(world) == [
        ("2027-03-23T09:00:00Z", "2027-03-23T12:00:00Z", "busy"),
        ("2027-03-23T14:00:00Z", "2027-03-23T15:00:00Z", "busy"),
    ]


def test_kinds_may_overlap_and_are_sorted_by_start_end_kind(world: World) -> None:
    for name, end, line in (
        ("a", "20270323T110000Z", "STATUS:TENTATIVE"),
        ("b", "20270323T100000Z", "STATUS:TENTATIVE"),
        ("c", "20270323T100000Z", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"),
        ("d", "20270323T100000Z", "STATUS:CONFIRMED"),
        ("e", "20270323T093000Z", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"),
    ):
        world.busy(TOM, "20270323T090000Z", end, line, name=name)
    assert seen(world) == [
        ("2027-03-23T09:00:00Z", "2027-03-23T09:30:00Z", "out-of-office"),
        ("2027-03-23T09:00:00Z", "2027-03-23T10:00:00Z", "busy"),
        ("2027-03-23T09:00:00Z", "2027-03-23T10:00:00Z", "elsewhere"),
        ("2027-03-23T09:00:00Z", "2027-03-23T11:00:00Z", "tentative"),
    ]


def test_what_leaves_the_window_is_clipped(world: World) -> None:
    world.busy(TOM, "20270320T090000Z", "20270322T010000Z", name="a")
    world.busy(TOM, "20270404T230000Z", "20270410T000000Z", name="b")
    world.busy(TOM, "20270405T000000Z", "20270405T010000Z", name="c")
    assert seen(world) == [
        ("2027-03-22T00:00:00Z", "2027-03-22T01:00:00Z", "busy"),
        ("2027-04-04T23:00:00Z", "2027-04-05T00:00:00Z", "busy"),
    ]


def test_dates_are_whole_days_of_the_programmes_zone(world: World) -> None:
    result = world.call("freebusy", TOM, "--from", "2027-03-22", "--to", "2027-04-04", "--json")
    assert (result.json["from"], result.json["to"]) == (
        "2027-03-22T00:00:00Z",
        "2027-04-04T23:00:00Z",
    )


def test_one_date_is_one_day(world: World) -> None:
    span = ("--from", "2027-03-28", "--to", "2027-03-28")
    result = world.call("freebusy", TOM, *span, "--json")
    assert result.json["from"] == "2027-03-28T00:00:00Z"
    assert result.json["to"] == "2027-03-28T23:00:00Z", "the day has 23 hours"


def test_instants_may_have_any_offset(world: World) -> None:
    span = ("--from", "2027-03-22T02:00:00+02:00", "--to", "2027-03-22T00:00:00-05:00")
    result = world.call("freebusy", TOM, *span, "--json")
    assert result.json["from"] == "2027-03-22T00:00:00Z"
    assert result.json["to"] == "2027-03-22T05:00:00Z"


def test_the_persons_own_zone_is_told(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["timezone"] = "Asia/Kathmandu"
    world.write()
    result = world.call("freebusy", TOM, "--from", "2027-03-22", "--to", "2027-03-22", "--json")
    assert result.json["timezone"] == "Asia/Kathmandu"
    assert result.json["from"] == "2027-03-22T00:00:00Z"


def test_an_all_day_entry_is_the_persons_day_whatever_its_length(world: World) -> None:
    world.put(TOM, "a", "DTSTART;VALUE=DATE:20270328")
    assert seen(world) == [("2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z", "busy")]


def test_all_day_entries_end_before_the_day_of_dtend(world: World) -> None:
    world.put(TOM, "a", "DTSTART;VALUE=DATE:20270327", "DTEND;VALUE=DATE:20270329")
    assert seen(world) == [("2027-03-27T00:00:00Z", "2027-03-28T23:00:00Z", "busy")]


def test_floating_times_are_the_persons_or_the_files(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["timezone"] = "America/New_York"
    world.write()
    floating = entry("a", "DTSTART:20270323T090000", "DTEND:20270323T100000")
    (world.calendar(TOM) / "a.ics").write_bytes(calendar(*floating))
    assert seen(world) == [("2027-03-23T13:00:00Z", "2027-03-23T14:00:00Z", "busy")]
    content = calendar("X-WR-TIMEZONE:Europe/Berlin", *floating)
    (world.calendar(TOM) / "a.ics").write_bytes(content)
    assert seen(world) == [("2027-03-23T08:00:00Z", "2027-03-23T09:00:00Z", "busy")]
    content = calendar("X-WR-TIMEZONE:Middle Earth", *floating)
    (world.calendar(TOM) / "a.ics").write_bytes(content)
    assert seen(world) == [("2027-03-23T13:00:00Z", "2027-03-23T14:00:00Z", "busy")]


@pytest.mark.parametrize(
    ("tzid", "expected"),
    [
        ("Europe/Berlin", ("2027-03-23T08:00:00Z", "2027-03-23T09:00:00Z")),
        ("W. Europe Standard Time", ("2027-03-23T08:00:00Z", "2027-03-23T09:00:00Z")),
        ("Nowhere/Land", ("2027-03-22T19:00:00Z", "2027-03-23T22:00:00Z")),
    ],
)
def test_zones_by_name_and_without_meaning(
    world: World, tzid: str, expected: tuple[str, str]
) -> None:
    """Widened from -14 h to +12 h: 09:00 may be 19:00 UTC the day before, 10:00 may be 22:00."""
    world.put(
        TOM, "a", f"DTSTART;TZID={tzid}:20270323T090000", f"DTEND;TZID={tzid}:20270323T100000"
    )
    assert seen(world) == [(*expected, "busy")]


def test_a_series_keeps_its_wall_clock_across_the_change(world: World) -> None:
    world.put(
        TOM,
        "a",
        "DTSTART;TZID=Europe/London:20270301T090000",
        "DTEND;TZID=Europe/London:20270301T100000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "EXDATE;TZID=Europe/London:20270322T090000",
    )
    span = ("--from", "2027-03-15", "--to", "2027-03-29")
    assert seen(world, *span) == [
        ("2027-03-15T09:00:00Z", "2027-03-15T10:00:00Z", "busy"),
        ("2027-03-29T08:00:00Z", "2027-03-29T09:00:00Z", "busy"),
    ]


def test_an_override_may_lie_in_another_file(world: World) -> None:
    world.put(
        TOM,
        "a",
        "DTSTART:20270322T090000Z",
        "DTEND:20270322T100000Z",
        "RRULE:FREQ=DAILY;COUNT=2",
    )
    override = [
        "RECURRENCE-ID:20270323T090000Z",
        "DTSTART:20270323T150000Z",
        "DTEND:20270323T160000Z",
    ]
    (world.calendar(TOM) / "b.ics").write_bytes(calendar(*entry("a", *override)))
    assert [start for start, _, _ in seen(world)] == [
        "2027-03-22T09:00:00Z",
        "2027-03-23T15:00:00Z",
    ]


def test_the_highest_sequence_then_the_latest_stamp_counts(world: World) -> None:
    def version(hour: int, sequence: int, stamp: str) -> list[str]:
        times = f"DTSTART:20270323T{hour:02}0000Z", f"DTEND:20270323T{hour:02}3000Z"
        lines = entry("x", *times, f"SEQUENCE:{sequence}")
        return [f"DTSTAMP:{stamp}" if line.startswith("DTSTAMP") else line for line in lines]

    for name, lines in (
        ("a", version(9, 2, "20270101T000000Z")),
        ("b", version(11, 1, "20270301T000000Z")),
        ("c", version(13, 2, "20270201T000000Z")),
        ("d", version(15, 2, "20270115T000000Z")),
    ):
        (world.calendar(TOM) / f"{name}.ics").write_bytes(calendar(*lines))
    assert [start for start, _, _ in seen(world)] == ["2027-03-23T13:00:00Z"]


def test_several_calendars_in_a_file_are_all_read(world: World) -> None:
    one = calendar(*entry("a", "DTSTART:20270323T090000Z", "DTEND:20270323T100000Z"))
    other = calendar(*entry("b", "DTSTART:20270324T090000Z", "DTEND:20270324T100000Z"))
    (world.calendar(TOM) / "both.ics").write_bytes(one + other)
    assert len(seen(world)) == 2


def test_zero_length_blocks_nothing_and_an_end_before_the_start_the_span_between(
    world: World,
) -> None:
    world.busy(TOM, "20270323T090000Z", "20270323T090000Z", name="a")
    world.busy(TOM, "20270324T120000Z", "20270324T110000Z", name="b")
    assert seen(world) == [("2027-03-24T11:00:00Z", "2027-03-24T12:00:00Z", "busy")]


def test_vfreebusy_counts_and_todos_journals_and_alarms_do_not(world: World) -> None:
    lines = [
        "BEGIN:VFREEBUSY",
        "UID:f",
        "DTSTAMP:20270101T000000Z",
        "FREEBUSY:20270323T090000Z/20270323T100000Z",
        "FREEBUSY;FBTYPE=FREE:20270324T090000Z/20270324T100000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270325T090000Z/PT1H",
        "END:VFREEBUSY",
        "BEGIN:VTODO",  # a task (RFC 5545 3.6.2), which takes no time
        "UID:t",
        "DTSTAMP:20270101T000000Z",
        "DTSTART:20270326T090000Z",
        "DUE:20270326T100000Z",
        "END:VTODO",  # of the task
        "BEGIN:VJOURNAL",
        "UID:j",
        "DTSTAMP:20270101T000000Z",
        "DTSTART:20270327T090000Z",
        "END:VJOURNAL",
    ]
    (world.calendar(TOM) / "a.ics").write_bytes(calendar(*lines))
    assert seen(world) == [
        ("2027-03-23T09:00:00Z", "2027-03-23T10:00:00Z", "busy"),
        ("2027-03-25T09:00:00Z", "2027-03-25T10:00:00Z", "tentative"),
    ]


def test_busy_unavailable_is_out_of_office_or_busy_never_free(world: World) -> None:
    lines = [
        "BEGIN:VFREEBUSY",
        "UID:f",
        "DTSTAMP:20270101T000000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270323T090000Z/20270323T100000Z",
        "END:VFREEBUSY",
    ]
    (world.calendar(TOM) / "a.ics").write_bytes(calendar(*lines))
    [(_, _, kind)] = seen(world)
    assert kind in {"busy", "out-of-office"}


def test_bare_line_feeds_a_bom_and_lower_case_names_are_read(world: World) -> None:
    content = folded(["BEGIN:VCALENDAR", "VERSION:2.0", *entry("a", *NINE_TO_TEN), "END:VCALENDAR"])
    relaxed = b"\xef\xbb\xbf" + content.replace(b"\r\n", b"\n").replace(b"DTSTART", b"dtstart")
    (world.calendar(TOM) / "a.ICS").write_bytes(relaxed)
    assert len(seen(world)) == 1


def test_a_folder_is_found_whatever_the_case_of_the_address(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.people[0]["email"] = "Tom@Acme.Example"
    world.write()
    world.busy(TOM, "20270323T090000Z", "20270323T100000Z")
    assert len(seen(world, person="TOM@acme.example")) == 1


def test_a_room_can_be_looked_at_too(tmp_path: Path) -> None:
    world = with_rooms(tmp_path, ROOM_A).write()
    world.busy(ROOM_A, "20270323T090000Z", "20270323T100000Z")
    assert len(seen(world, person=ROOM_A)) == 1


def test_freebusy_changes_nothing(world: World) -> None:
    before = world.snapshot(store=True)
    seen(world)
    assert world.snapshot(store=True) == before


def test_a_table_for_people_shows_the_persons_own_time(world: World) -> None:
    world.busy(TOM, "20270329T090000Z", "20270329T100000Z", "SUMMARY:Redundancies")
    result = world.call("freebusy", TOM, *SPAN)
    assert "10:00" in result.out
    assert "11:00" in result.out
    assert "busy" in result.out
    assert "Redundancies" not in result.out + result.err


def test_one_person_asked_is_one_person_read(world: World) -> None:
    (world.calendar(PRIYA) / "bad.ics").write_bytes(b"")
    assert world.call("freebusy", TOM, *SPAN, "--json").status == 0
