from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.freebusy import FreeBusy, Kind, Provider
from slotfinder.domain.interval import Interval, merge
from slotfinder.domain.meeting import Answer, Attendee, Meeting
from slotfinder.ports import CalendarRef
from slotfinder.rehearsal.life import Life
from tests.contract.builders import nobody
from tests.invitations.examples import event
from tests.planning.builders import LONDON, PRIYA, TOM, meeting, pair, person

WEEKS = [date(2027, 1, 4) + timedelta(weeks=week) for week in range(26)]
START = datetime(2027, 1, 4, 6, tzinfo=UTC)
HALF_A_YEAR = Interval(START, START + timedelta(weeks=26))


def life(seed: int = 1) -> Life:
    return Life({TOM: person(TOM), PRIYA: person(PRIYA)}, ["room@x.example"], WEEKS, seed)


def shown(server: MemoryCalendars, owner: str) -> FreeBusy:
    window = Interval(START - timedelta(days=1), HALF_A_YEAR.end)
    [reading] = server.read([CalendarRef(owner=owner, zone=LONDON)], window, frozenset())
    assert isinstance(reading, FreeBusy)
    return reading


def begun(of: Life) -> MemoryCalendars:
    return of.calendars(Provider.GOOGLE, START)


def booked(server: MemoryCalendars, number: int, weeks: int = 1) -> Meeting:
    """Book a meeting of another pair at six in the morning, when nobody has anything else."""
    found = meeting("6 06:00", of=pair(f"p{number}"))
    found = replace(
        found,
        uid=str(number),
        interval=Interval(
            found.interval.start + timedelta(weeks=weeks),
            found.interval.end + timedelta(weeks=weeks),
        ),
    )
    guests = tuple(Attendee(email=email, name="") for email in found.people)
    server.write(event(uid=found.uid, interval=found.interval, attendees=guests), nobody)
    return found


def test_the_same_seed_is_the_same_life_and_another_one_is_not() -> None:
    first, again = begun(life()), begun(life())

    assert shown(first, TOM) == shown(again, TOM)
    assert shown(first, TOM) != shown(begun(life(seed=2)), TOM)
    assert shown(first, TOM).blocks != shown(first, PRIYA).blocks


def test_about_two_fifths_of_working_hours_are_taken_some_of_it_every_week() -> None:
    found = [
        block.interval
        for block in shown(begun(life()), TOM).blocks
        if block.kind is not Kind.OUT_OF_OFFICE
    ]
    taken = sum((each.length for each in merge(found)), timedelta()) / 26

    assert timedelta(hours=0.38 * 50) < taken < timedelta(hours=0.45 * 50)
    weekly = Counter(
        (each.start.astimezone(LONDON).strftime("%a %H:%M"), each.length) for each in found
    )
    recurring = [length for (_, length), count in weekly.items() if count == 26]
    assert timedelta(hours=0.25 * 50) <= sum(recurring, timedelta()) < timedelta(hours=0.3 * 50)


def test_a_room_is_free_at_first() -> None:
    assert shown(begun(life()), "room@x.example").blocks == ()


def test_leave_is_entered_in_the_course_of_the_programme() -> None:
    of = life()
    server = begun(of)

    def leaves() -> int:
        blocks = shown(server, TOM).blocks + shown(server, PRIYA).blocks
        return sum(block.kind is Kind.OUT_OF_OFFICE for block in blocks)

    before = leaves()
    for week in range(26):
        monday = START + timedelta(weeks=week)
        of.go_by(server, [], Interval(monday, monday + timedelta(weeks=1)))

    assert before < leaves() == 4


@pytest.mark.parametrize(("what", "share"), [("declined", 0.08), ("taken", 0.05)])
def test_some_meetings_are_declined_and_others_met_by_something_new(
    what: str, share: float
) -> None:
    of = life()
    server = begun(of)
    meetings = [booked(server, number) for number in range(1000)]
    entries = len(shown(server, TOM).blocks + shown(server, PRIYA).blocks)
    # The draws of all weeks before the meetings fall due in the last one.
    week = Interval(meetings[0].interval.start - timedelta(days=2), meetings[0].interval.end)
    of.go_by(server, meetings, week)

    seen = server.look_up(meetings).values()
    declined = sum(bool(each.declined_by) for each in seen)
    # Each declined meeting is one entry less in the calendar of who declined.
    taken = len(shown(server, TOM).blocks + shown(server, PRIYA).blocks) - entries + declined
    found = declined if what == "declined" else taken
    assert found / 1000 == pytest.approx(share, abs=0.02)


def test_the_same_meetings_meet_the_same_fate_under_every_rule_and_another_time_another() -> None:
    of = life()
    servers = begun(of), begun(of)
    week = Interval(START, START + timedelta(weeks=1))
    fates = []
    for server in servers:
        meetings = [booked(server, number, weeks=0) for number in range(200)]
        of.go_by(server, meetings, week)
        fates.append({uid: seen.answers for uid, seen in server.look_up(meetings).items()})
    again = begun(of)
    moved = [replace(booked(again, number, weeks=0), sequence=1) for number in range(200)]
    of.go_by(again, moved, week)

    assert fates[0] == fates[1]
    assert {Answer.DECLINED} < {each for fate in fates[0].values() for each in fate.values()}
    assert fates[0] != {uid: seen.answers for uid, seen in again.look_up(moved).items()}


def test_things_happen_to_a_meeting_in_its_last_two_weeks() -> None:
    of = life()
    server = begun(of)
    meetings = [booked(server, number, weeks=3) for number in range(200)]
    declined = []
    for week in range(4):
        monday = START + timedelta(weeks=week)
        of.go_by(server, meetings, Interval(monday, monday + timedelta(weeks=1)))
        declined.append(sum(bool(seen.declined_by) for seen in server.look_up(meetings).values()))

    assert declined[0] == 0 < declined[1] < declined[2] < declined[3]


def test_nothing_happens_any_more_to_what_is_over() -> None:
    of = life()
    server = begun(of)
    meetings = [booked(server, number, weeks=0) for number in range(200)]
    of.go_by(server, meetings, Interval(START + timedelta(weeks=1), START + timedelta(weeks=2)))

    assert not any(seen.declined_by for seen in server.look_up(meetings).values())
