"""What the suites of the ports do not ask of the calendar server in memory."""

from dataclasses import replace

import pytest

from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.freebusy import Block, FreeBusy, Kind, Provider
from slotfinder.domain.meeting import Answer, Attendee
from slotfinder.ports import CalendarRef
from tests.calendars.ics import LONDON
from tests.contract.builders import meeting_of, nobody
from tests.invitations.examples import ORGANIZER, PRIYA, TOM, between, event

ROOM = Attendee(email="room-a@acme.example", name="Room A", answer=Answer.ACCEPTED)
MEETING = event(room=ROOM)
JANUARY = between("2027-01-01T00:00", "2027-02-01T00:00")
OWNERS = (TOM.email, PRIYA.email, ROOM.email, ORGANIZER.email)
OTHER = between("2027-01-07T12:15", "2027-01-07T13:00")


@pytest.fixture
def server() -> MemoryCalendars:
    return MemoryCalendars(OWNERS)


def blocks(server: MemoryCalendars, owner: str) -> tuple[Block, ...]:
    ref = CalendarRef(owner=owner, zone=LONDON)
    [reading] = server.read([ref], JANUARY, frozenset({MEETING.uid}))
    assert isinstance(reading, FreeBusy)
    return reading.blocks


@pytest.mark.parametrize("owner", OWNERS)
def test_everybody_invited_has_the_meeting_in_the_calendar(
    server: MemoryCalendars, owner: str
) -> None:
    server.write(MEETING, nobody)

    assert blocks(server, owner) == (
        Block(interval=MEETING.interval, kind=Kind.BUSY, uid=MEETING.uid),
    )


def test_who_declined_is_free_and_the_others_are_not(server: MemoryCalendars) -> None:
    server.write(MEETING, nobody)
    server.answer(TOM.email, MEETING.uid, Answer.DECLINED)
    server.answer(PRIYA.email, MEETING.uid, Answer.TENTATIVE)

    assert blocks(server, TOM.email) == ()
    assert len(blocks(server, PRIYA.email)) == 1
    assert server.look_up([meeting_of(MEETING)])[MEETING.uid].answers == {
        TOM.email: Answer.DECLINED,
        PRIYA.email: Answer.TENTATIVE,
    }


def test_a_room_that_declines_says_so(server: MemoryCalendars) -> None:
    server.write(MEETING, nobody)
    server.answer(ROOM.email, MEETING.uid, Answer.DECLINED)

    assert server.look_up([meeting_of(MEETING)])[MEETING.uid].room is Answer.DECLINED
    roomless = replace(meeting_of(MEETING), room=None)
    assert server.look_up([roomless])[MEETING.uid].room is None


def test_a_moved_meeting_is_elsewhere_for_all_and_asked_anew(server: MemoryCalendars) -> None:
    server.write(MEETING, nobody)
    server.answer(PRIYA.email, MEETING.uid, Answer.ACCEPTED)
    server.move(TOM.email, MEETING.uid, OTHER)

    seen = server.look_up([meeting_of(MEETING)])[MEETING.uid]
    assert (seen.interval, seen.mover) == (OTHER, TOM.email)
    assert seen.answers == {TOM.email: Answer.NONE, PRIYA.email: Answer.NONE}
    assert [block.interval for block in blocks(server, PRIYA.email)] == [OTHER]


def test_an_organizer_who_is_none_of_the_two_is_nobody_in_particular(
    server: MemoryCalendars,
) -> None:
    server.write(MEETING, nobody)
    server.move(ORGANIZER.email, MEETING.uid, OTHER)

    assert server.look_up([meeting_of(MEETING)])[MEETING.uid].mover is None


def test_a_deleted_meeting_is_in_nobodys_calendar(server: MemoryCalendars) -> None:
    server.write(MEETING, nobody)
    server.delete(MEETING.uid)

    assert blocks(server, TOM.email) == ()


def test_entries_keep_their_kind_and_come_in_order(server: MemoryCalendars) -> None:
    server.write(MEETING, nobody)
    server.add(TOM.email, OTHER, Kind.TENTATIVE)
    server.add(TOM.email, between("2027-01-06T00:00", "2027-01-07T00:00"), Kind.OUT_OF_OFFICE)

    assert [block.kind for block in blocks(server, TOM.email)] == [
        Kind.OUT_OF_OFFICE,
        Kind.BUSY,
        Kind.TENTATIVE,
    ]


def test_it_stands_for_any_provider() -> None:
    server = MemoryCalendars(OWNERS, provider=Provider.GOOGLE)
    [reading] = server.read([CalendarRef(owner=TOM.email, zone=LONDON)], JANUARY, frozenset())

    assert reading.provider is server.provider is Provider.GOOGLE


def test_nobody_else_can_enter_or_answer_anything(server: MemoryCalendars) -> None:
    with pytest.raises(KeyError):
        server.add("stranger@acme.example", OTHER)
    with pytest.raises(KeyError):
        server.answer(TOM.email, "no-such-meeting", Answer.DECLINED)
