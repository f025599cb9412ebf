"""What the port MeetingCalendar promises, asked of every adapter."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from slotfinder.calendars.google.wire import event_id
from slotfinder.calendars.local.calendar import LocalCalendars
from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Attendee, Event, Seen
from slotfinder.errors import ChangedMeanwhileError, TimeTakenError
from slotfinder.ports import CalendarRef, MeetingCalendar
from tests.calendars.google.calendars import READER, google_calendars
from tests.calendars.ics import LONDON
from tests.calendars.microsoft.calendars import microsoft_calendars
from tests.contract.builders import meeting_of, nobody, somebody
from tests.emulators import people
from tests.emulators.google import GoogleEmulator
from tests.emulators.microsoft import MicrosoftEmulator
from tests.emulators.world import World
from tests.invitations.examples import PRIYA, TOM, between, event

ROOM = Attendee(email="room-a@acme.example", name="Room A", answer=Answer.ACCEPTED)
MEETING = event(room=ROOM)
LATER = replace(MEETING, sequence=1, interval=between("2027-01-08T09:00", "2027-01-08T09:45"))


@dataclass(frozen=True)
class Subject:
    """An adapter, everything its calendars hold, and what people do in their own."""

    calendar: MeetingCalendar
    everything: Callable[[], object]
    decline: Callable[[str], None]
    move: Callable[[str], None]
    delete: Callable[[str], None]


def _local(tmp_path: Path, _stack: ExitStack) -> Subject:
    people = (TOM.email, PRIYA.email, ROOM.email)
    for email in people:
        (tmp_path / email).mkdir()

    def copy_of(email: str) -> Path:
        return tmp_path / email / f"{MEETING.uid}.ics"

    def change(email: str, old: str, new: str) -> None:
        unfolded = copy_of(email).read_text().replace("\n ", "")
        assert old in unfolded
        copy_of(email).write_text(unfolded.replace(old, new))

    return Subject(
        calendar=LocalCalendars(tmp_path, dict.fromkeys(people, LONDON)),
        everything=lambda: {path: path.read_bytes() for path in tmp_path.glob("*/*")},
        decline=lambda email: change(email, "PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED"),
        move=lambda email: change(email, "20270107T120000Z", "20270107T123000Z"),
        delete=lambda email: copy_of(email).unlink(),
    )


def _memory(_tmp_path: Path, _stack: ExitStack) -> Subject:
    server = MemoryCalendars([TOM.email, PRIYA.email, ROOM.email])

    def everything() -> object:
        window = between("2027-01-01T00:00", "2027-02-01T00:00")
        refs = [CalendarRef(owner=who.email, zone=LONDON) for who in (TOM, PRIYA, ROOM)]
        own = frozenset({MEETING.uid})
        return server.read(refs, window, own), server.look_up([meeting_of(MEETING)])

    moved = between("2027-01-07T11:15", "2027-01-07T12:30")
    return Subject(
        calendar=server,
        everything=everything,
        decline=lambda email: server.answer(email, MEETING.uid, Answer.DECLINED),
        move=lambda email: server.move(email, MEETING.uid, moved),
        delete=lambda _organizer: server.delete(MEETING.uid),
    )


def _google(tmp_path: Path, stack: ExitStack) -> Subject:
    google = stack.enter_context(GoogleEmulator())
    world = google.world
    world.answer_reads = 0
    for email in (READER, TOM.email, PRIYA.email):
        world.add_mailbox(email)
    world.add_room(ROOM.email)
    calendar_uid = f"{event_id(MEETING.uid)}@google.com"
    moved = between("2027-01-07T11:15", "2027-01-07T12:30")

    return Subject(
        calendar=stack.enter_context(google_calendars(tmp_path, google)),
        everything=lambda: deepcopy(world.items),
        decline=lambda email: people.answer(world, email, calendar_uid, "declined"),
        move=lambda _organizer: _move(world, calendar_uid, moved),
        delete=lambda _organizer: people.delete(world, calendar_uid),
    )


def _microsoft(tmp_path: Path, stack: ExitStack) -> Subject:
    microsoft = stack.enter_context(MicrosoftEmulator())
    world = microsoft.world
    world.answer_reads = 0
    for email in (READER, TOM.email, PRIYA.email):
        microsoft.add_mailbox(email)
    microsoft.add_room(ROOM.email, days_ahead=None)
    moved = between("2027-01-07T11:15", "2027-01-07T12:30")

    def uid() -> str:
        return next(each.uid for each in world.live(READER) if MEETING.uid in each.private.values())

    return Subject(
        calendar=stack.enter_context(microsoft_calendars(tmp_path, microsoft)),
        everything=lambda: deepcopy(world.items),
        decline=lambda email: people.answer(world, email, uid(), "declined"),
        move=lambda _organizer: _move(world, uid(), moved),
        delete=lambda _organizer: people.delete(world, uid()),
    )


def _move(world: World, uid: str, to: Interval) -> None:
    people.move(world, uid, to.start, to.end)


@pytest.fixture(params=[_local, _memory, _google, _microsoft])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    with ExitStack() as stack:
        yield request.param(tmp_path, stack)


def look_up(subject: Subject, written: Event = MEETING) -> Seen:
    return subject.calendar.look_up([meeting_of(written)])[written.uid]


def test_what_was_written_is_there_at_its_time_unanswered(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)

    assert look_up(subject) == Seen(
        present=True,
        interval=MEETING.interval,
        mover=None,
        answers={TOM.email: Answer.NONE, PRIYA.email: Answer.NONE},
        room=Answer.ACCEPTED,
    )


def test_the_receipt_says_what_was_made_of_it(subject: Subject) -> None:
    receipt = subject.calendar.write(MEETING, nobody)

    assert receipt.calendar_uid
    assert receipt.join_url == MEETING.join_url
    assert receipt.room is Answer.ACCEPTED
    assert subject.calendar.write(MEETING, nobody) == receipt


def test_calendars_that_can_be_used_have_no_troubles(subject: Subject) -> None:
    assert subject.calendar.troubles([MEETING.organizer.email]) == {}
    assert subject.calendar.troubles([]) == {}


def test_a_new_meeting_whose_time_is_taken_by_now_is_not_written(subject: Subject) -> None:
    before = subject.everything()
    with pytest.raises(TimeTakenError):
        subject.calendar.write(MEETING, somebody)

    assert subject.everything() == before


def test_a_meeting_is_not_moved_to_a_time_that_is_taken_by_now(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    before = subject.everything()
    with pytest.raises(ChangedMeanwhileError) as raised:
        subject.calendar.write(LATER, somebody)

    assert not isinstance(raised.value, TimeTakenError)
    assert subject.everything() == before


def test_what_stands_at_its_time_already_is_not_in_its_own_way(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    subject.calendar.write(MEETING, somebody)


@pytest.mark.parametrize("cloud", [_google, _microsoft])
@pytest.mark.parametrize("before", [None, MEETING])
def test_what_another_run_writes_at_the_last_look_is_no_reason_to_give_up(
    tmp_path: Path, cloud: Callable[[Path, ExitStack], Subject], before: Event | None
) -> None:
    """In free/busy our own event looks like anybody's."""
    with ExitStack() as stack:
        subject = cloud(tmp_path, stack)
        event = LATER if before else MEETING
        if before:
            subject.calendar.write(before, nobody)

        def written_meanwhile(_event: Event, _ours: Interval | None) -> bool:
            subject.calendar.write(event, nobody)
            return True

        subject.calendar.write(event, written_meanwhile)
        assert look_up(subject, event).interval == event.interval


def test_writing_again_changes_nothing(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    subject.decline(TOM.email)
    before = subject.everything()

    subject.calendar.write(MEETING, nobody)

    assert subject.everything() == before


def test_a_later_version_moves_every_copy_and_asks_again(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    subject.decline(TOM.email)
    subject.calendar.write(LATER, nobody)

    seen = look_up(subject, LATER)
    assert (seen.present, seen.interval, seen.mover) == (True, LATER.interval, None)
    assert seen.declined_by == ()


def test_what_was_never_written_or_was_withdrawn_is_not_there(subject: Subject) -> None:
    subject.calendar.write(replace(MEETING, uid="another", interval=LATER.interval), nobody)
    assert not look_up(subject).present

    subject.calendar.write(MEETING, nobody)
    subject.calendar.withdraw(MEETING)
    assert not look_up(subject).present


def test_withdrawing_again_and_what_was_never_there_is_harmless(subject: Subject) -> None:
    subject.calendar.withdraw(MEETING)
    subject.calendar.write(MEETING, nobody)
    subject.calendar.withdraw(MEETING)
    before = subject.everything()

    subject.calendar.withdraw(MEETING)

    assert subject.everything() == before


def test_a_declined_meeting_is_noticed(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    subject.decline(PRIYA.email)

    assert look_up(subject).declined_by == (PRIYA.email,)


def test_a_meeting_moved_in_the_organizers_calendar_is_noticed(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    subject.move(MEETING.organizer.email)

    seen = look_up(subject)
    assert seen.present
    assert seen.interval == between("2027-01-07T11:15", "2027-01-07T12:30")


def test_a_meeting_deleted_in_the_organizers_calendar_is_noticed(subject: Subject) -> None:
    subject.calendar.write(MEETING, nobody)
    subject.delete(MEETING.organizer.email)

    assert not look_up(subject).present


def test_several_meetings_are_told_apart_by_uid(subject: Subject) -> None:
    other = replace(LATER, uid="another")
    subject.calendar.write(MEETING, nobody)
    subject.calendar.write(other, nobody)

    seen = subject.calendar.look_up([meeting_of(other), meeting_of(MEETING)])

    assert {uid: each.interval for uid, each in seen.items()} == {
        MEETING.uid: MEETING.interval,
        "another": other.interval,
    }
    assert subject.calendar.look_up([]) == {}
