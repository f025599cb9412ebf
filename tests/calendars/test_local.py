"""Calendars in folders: reading them, and keeping copies of meetings in them."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from slotfinder.calendars.local.calendar import LocalCalendars
from slotfinder.calendars.local.folders import copy_in
from slotfinder.domain.freebusy import FreeBusy, Provider, Reading, Unreadable, UnreadableCode
from slotfinder.domain.meeting import Answer, Attendee, Event, Meeting, Seen
from slotfinder.errors import WriteError
from slotfinder.ports import CalendarRef
from tests.calendars.ics import LONDON, NINE, SPRING, TEN, calendar, event
from tests.contract.builders import meeting_of, nobody
from tests.invitations.examples import between
from tests.invitations.examples import event as example

TOM, PRIYA = "tom@acme.example", "priya@acme.example"
ROOM, ORGANIZER = "room-a@acme.example", "mentoring@acme.example"
SOUND = calendar(*event(NINE, TEN))
TIMELESS = calendar(*event("SUMMARY:When?", uid=example().uid))
MEETING = example(room=Attendee(email=ROOM, name="Room A", answer=Answer.ACCEPTED))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for email in (TOM, PRIYA, ROOM):
        (tmp_path / email).mkdir()
    return tmp_path


@pytest.fixture
def calendars(root: Path) -> LocalCalendars:
    return LocalCalendars(root, dict.fromkeys((TOM, PRIYA, ROOM), LONDON))


def read(calendars: LocalCalendars, owner: str = TOM) -> Reading:
    [reading] = calendars.read([CalendarRef(owner=owner, zone=LONDON)], SPRING, frozenset())
    return reading


def blocks(reading: Reading) -> int:
    assert isinstance(reading, FreeBusy)
    return len(reading.blocks)


def refused(calendars: LocalCalendars, owner: str = TOM) -> Unreadable:
    reading = read(calendars, owner)
    assert isinstance(reading, Unreadable)
    assert reading.reason
    assert reading.advice
    return reading


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's rights, to which every file is readable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


class TestReading:
    def test_a_folder_is_one_calendar(self, root: Path, calendars: LocalCalendars) -> None:
        (root / TOM / "work.ics").write_bytes(SOUND)
        (root / TOM / "Home.ICS").write_bytes(SOUND.replace(b"UID:one", b"UID:two"))
        newer = SOUND.replace(b"UID:one", b"UID:one\r\nSEQUENCE:1\r\nSTATUS:CANCELLED")
        (root / TOM / "newer.ics").write_bytes(newer)

        assert blocks(read(calendars)) == 1

    def test_an_empty_folder_is_free(self, calendars: LocalCalendars) -> None:
        assert blocks(read(calendars)) == 0

    def test_files_of_other_names_are_ignored(self, root: Path, calendars: LocalCalendars) -> None:
        (root / TOM / "notes.txt").write_bytes(b"nonsense")
        (root / TOM / "old.ics.bak").write_bytes(b"nonsense")
        (root / TOM / "ics").mkdir()

        assert blocks(read(calendars)) == 0

    def test_addresses_are_compared_in_lower_case(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / TOM).rename(root / "Tom@ACME.example")
        (root / "Tom@ACME.example" / "a.ics").write_bytes(SOUND)

        assert blocks(read(calendars, "TOM@acme.example")) == 1

    def test_folders_that_differ_in_case_only_are_unreadable(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / "TOM@acme.example").mkdir()

        assert refused(calendars).code is UnreadableCode.MALFORMED_ANSWER

    @pytest.mark.parametrize("owner", ["nobody@acme.example", "..", "", "/etc", "../calendars"])
    def test_an_absent_folder_is_not_found(self, calendars: LocalCalendars, owner: str) -> None:
        assert refused(calendars, owner).code is UnreadableCode.NOT_FOUND

    def test_so_is_everybody_in_an_absent_directory(self, tmp_path: Path) -> None:
        nowhere = LocalCalendars(tmp_path / "nowhere", {})

        assert refused(nowhere).code is UnreadableCode.NOT_FOUND

    def test_a_file_with_the_address_for_its_name_is_no_folder(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / TOM).rmdir()
        (root / TOM).touch()

        assert refused(calendars).code is UnreadableCode.NOT_FOUND

    @pytest.mark.parametrize("content", [b"", b"<html></html>", SOUND[:-9], b"x" * 10_000_001])
    def test_one_bad_file_makes_the_person_unreadable_and_is_named(
        self, root: Path, calendars: LocalCalendars, content: bytes
    ) -> None:
        (root / TOM / "a.ics").write_bytes(SOUND)
        (root / TOM / "bad.ics").write_bytes(content)
        (root / TOM / "c.ics").write_bytes(SOUND)

        reading = refused(calendars)
        assert reading.code is UnreadableCode.MALFORMED_ANSWER
        assert "bad.ics" in reading.reason
        assert blocks(read(calendars, PRIYA)) == 0

    def test_what_is_no_file_is_not_passed_over(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")):
            odd = root / TOM / "odd.ics"
            make(odd)
            assert "odd.ics" in refused(calendars).reason
            odd.rmdir() if odd.is_dir() else odd.unlink()

    @pytest.mark.parametrize("locked", ["", TOM, f"{TOM}/a.ics"])
    def test_what_may_not_be_read_is_no_access(self, locked: str) -> None:
        with TemporaryDirectory() as name:
            root = Path(name)
            root.chmod(0o755)
            (root / TOM).mkdir(mode=0o755)
            (root / TOM / "a.ics").write_bytes(SOUND)
            (root / locked).chmod(0)
            with as_nobody():
                reading = refused(LocalCalendars(root, {}))
            (root / locked).chmod(0o755)

        assert reading.code is UnreadableCode.NO_ACCESS

    def test_a_failing_disk_is_unavailable(self, root: Path) -> None:
        """A link that leads to itself fails like a disk does, with an error of its own."""
        (root / TOM).rmdir()
        loop = root / "loop"
        loop.symlink_to(loop)

        assert refused(LocalCalendars(loop, {})).code is UnreadableCode.PROVIDER_UNAVAILABLE

    def test_no_request_is_counted(self, calendars: LocalCalendars) -> None:
        read(calendars)

        assert calendars.requests == {}
        assert calendars.provider is Provider.LOCAL


def copies(root: Path, event: Event = MEETING) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in root.glob(f"*/{event.uid}.ics")}


def change(root: Path, email: str, old: str, new: str) -> None:
    """Do as a person's calendar programme does: write the own copy anew."""
    path = root / email / f"{MEETING.uid}.ics"
    unfolded = path.read_bytes().replace(b"\r\n ", b"")
    assert old.encode() in unfolded
    path.write_bytes(unfolded.replace(old.encode(), new.encode()))


def answer(root: Path, email: str, said: str, *, in_copy_of: str | None = None) -> None:
    """Set somebody's answer, in the own copy if no other one is named."""
    path = root / (in_copy_of or email) / f"{MEETING.uid}.ics"
    lines = path.read_bytes().replace(b"\r\n ", b"").split(b"\r\n")
    own = f"mailto:{email}".encode()
    path.write_bytes(
        b"\r\n".join(
            line.replace(b"PARTSTAT=NEEDS-ACTION", b"PARTSTAT=" + said.encode())
            if line.endswith(own)
            else line
            for line in lines
        )
    )


class TestWriting:
    def test_organizer_attendees_and_room_get_a_copy(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        calendars.write(MEETING, nobody)

        assert set(copies(root)) == {ORGANIZER, TOM, PRIYA, ROOM}
        assert all(b"METHOD" not in copy for copy in copies(root).values())
        room = copies(root)[ROOM].replace(b"\r\n ", b"")
        assert b"PARTSTAT=ACCEPTED" in next(
            line for line in room.split(b"\r\n") if line.endswith(ROOM.encode())
        )

    def test_only_whole_files_of_the_right_name_are_left(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        calendars.write(MEETING, nobody)

        assert {path.name for path in (root / TOM).iterdir()} == {f"{MEETING.uid}.ics"}

    def test_what_a_killed_run_left_goes_with_the_next_write(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        stale = root / TOM / f".{MEETING.uid}.ics.new"
        stale.write_bytes(b"half a calendar")
        calendars.write(MEETING, nobody)

        assert [path.name for path in (root / TOM).iterdir()] == [f"{MEETING.uid}.ics"]
        assert copies(root)[TOM] == copies(root)[PRIYA]

    @pytest.mark.parametrize(("umask", "mode"), [(0, 0o644), (0o077, 0o600)])
    def test_nobody_else_may_write_a_copy_and_the_umask_is_kept(
        self, root: Path, calendars: LocalCalendars, umask: int, mode: int
    ) -> None:
        before = os.umask(umask)
        try:
            calendars.write(MEETING, nobody)
        finally:
            os.umask(before)

        copy = root / TOM / f"{MEETING.uid}.ics"
        assert stat.S_IMODE(copy.stat().st_mode) == mode

    def test_the_name_of_a_copy_outlives_a_power_loss(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = root / TOM / f"{MEETING.uid}.ics"
        named: list[bool] = []

        def note(descriptor: int) -> None:
            if os.path.sameopenfile(descriptor, folder):
                named.append(copy.exists())

        folder = os.open(root / TOM, os.O_RDONLY)
        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", note)
            LocalCalendars(root, {TOM: LONDON}).write(MEETING, nobody)
        os.close(folder)

        assert named == [True]

    def test_writing_again_changes_nothing_and_keeps_an_answer(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        calendars.write(MEETING, nobody)
        answer(root, TOM, "DECLINED")
        before = copies(root)

        calendars.write(MEETING, nobody)

        assert copies(root) == before

    def test_a_newer_version_replaces_the_copies(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        calendars.write(MEETING, nobody)
        before = copies(root)
        calendars.write(replace(MEETING, sequence=1), nobody)

        assert all(copy != before[email] for email, copy in copies(root).items())

    def test_a_copy_of_this_version_at_another_time_is_a_persons_move_and_left_alone(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        dragged = replace(MEETING, interval=between("2027-01-08T09:00", "2027-01-08T09:45"))
        calendars.write(dragged, nobody)
        before = copies(root)
        calendars.write(MEETING, nobody)

        assert copies(root) == before

    @pytest.mark.parametrize("content", [b"", b"garbage", SOUND])
    def test_a_broken_copy_is_replaced(
        self, root: Path, calendars: LocalCalendars, content: bytes
    ) -> None:
        (root / TOM / f"{MEETING.uid}.ics").write_bytes(content)
        calendars.write(MEETING, nobody)

        assert copies(root)[TOM] == copies(root)[PRIYA]

    def test_who_has_a_calendar_elsewhere_gets_no_copy(self, root: Path) -> None:
        calendars = LocalCalendars(root, {TOM: LONDON})
        (root / PRIYA).rmdir()
        calendars.write(MEETING, nobody)

        assert set(copies(root)) == {ORGANIZER, TOM}

    @pytest.mark.parametrize("missing", [TOM, PRIYA, ROOM])
    def test_a_missing_folder_refuses_the_write_before_anything_is_written(
        self, root: Path, calendars: LocalCalendars, missing: str
    ) -> None:
        (root / missing).rmdir()

        with pytest.raises(WriteError) as caught:
            calendars.write(MEETING, nobody)
        assert caught.value.code == "provider-refused"
        assert copies(root) == {}

    def test_a_mentor_who_organizes_must_have_a_folder(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        by_tom = replace(MEETING, organizer=MEETING.attendees[0])
        calendars.write(by_tom, nobody)
        assert set(copies(root)) == {TOM, PRIYA, ROOM}

        calendars.withdraw(by_tom)
        (root / TOM).rmdir()
        with pytest.raises(WriteError):
            calendars.write(by_tom, nobody)

    @pytest.mark.parametrize("email", ["../evil@x", "/tmp/x", "..", ".", "", "a\0b"])
    def test_no_organizer_gets_a_folder_outside(
        self, root: Path, calendars: LocalCalendars, email: str
    ) -> None:
        evil = replace(MEETING, organizer=Attendee(email=email, name="Evil"))

        with pytest.raises(WriteError):
            calendars.write(evil, nobody)
        assert {path.name for path in root.iterdir()} == {TOM, PRIYA, ROOM}

    @pytest.mark.parametrize("uid", ["../../evil", "/etc/passwd", "..", "a\0b", "a/b"])
    def test_no_uid_leads_out_of_a_folder(self, root: Path, uid: str) -> None:
        path = copy_in(root / TOM, uid)

        assert path.resolve().parent == (root / TOM).resolve()

    def test_what_may_not_be_written_is_refused_and_leaves_nothing(self) -> None:
        with TemporaryDirectory() as name:
            root = Path(name)
            root.chmod(0o755)
            for email in (ORGANIZER, TOM):
                (root / email).mkdir(mode=0o755)
                if os.geteuid() != 0:
                    (root / email).chmod(0o555)
            with as_nobody(), pytest.raises(WriteError) as caught:
                LocalCalendars(root, {TOM: LONDON}).write(MEETING, nobody)
            left = list(root.glob("*/*"))

        assert caught.value.code == "provider-refused"
        assert left == []


class TestWithdrawing:
    def test_all_copies_are_removed_and_nothing_else(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / TOM / "own.ics").write_bytes(SOUND)
        calendars.write(MEETING, nobody)

        calendars.withdraw(MEETING)
        calendars.withdraw(MEETING)

        assert copies(root) == {}
        assert (root / TOM / "own.ics").exists()

    def test_missing_folders_do_not_matter(self, root: Path, calendars: LocalCalendars) -> None:
        calendars.write(MEETING, nobody)
        (root / PRIYA / f"{MEETING.uid}.ics").unlink()
        (root / PRIYA).rmdir()
        calendars.withdraw(MEETING)

        assert copies(root) == {}


class TestLookingUp:
    @pytest.fixture(autouse=True)
    def _written(self, calendars: LocalCalendars) -> None:
        calendars.write(MEETING, nobody)

    def seen(self, calendars: LocalCalendars, meeting: Meeting | None = None) -> Seen:
        meeting = meeting or meeting_of(MEETING)
        return calendars.look_up([meeting])[meeting.uid]

    def test_an_untouched_meeting_stands_unanswered(self, calendars: LocalCalendars) -> None:
        assert self.seen(calendars) == Seen(
            present=True,
            interval=MEETING.interval,
            mover=None,
            answers={TOM: Answer.NONE, PRIYA: Answer.NONE},
            room=Answer.ACCEPTED,
        )

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("ACCEPTED", Answer.ACCEPTED),
            ("DECLINED", Answer.DECLINED),
            ("TENTATIVE", Answer.TENTATIVE),
            ("PERHAPS", Answer.NONE),
        ],
    )
    def test_an_answer_is_read_from_the_own_copy(
        self, root: Path, calendars: LocalCalendars, said: str, expected: Answer
    ) -> None:
        answer(root, PRIYA, said)

        assert self.seen(calendars).answers == {TOM: Answer.NONE, PRIYA: expected}

    def test_an_answer_in_anybody_elses_copy_is_none(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        answer(root, PRIYA, "DECLINED", in_copy_of=TOM)

        assert self.seen(calendars).answers == {TOM: Answer.NONE, PRIYA: Answer.NONE}

    def test_an_answer_to_an_older_time_is_none(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        answer(root, TOM, "DECLINED")
        later = between("2027-01-08T09:00", "2027-01-08T09:45")

        seen = self.seen(calendars, meeting_of(MEETING, revision=1, interval=later))

        assert seen.answers[TOM] is Answer.NONE
        assert (seen.interval, seen.mover) == (later, None)

    def test_a_removed_copy_of_an_attendee_is_declined(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / TOM / f"{MEETING.uid}.ics").unlink()

        seen = self.seen(calendars)
        assert seen.present
        assert seen.answers == {TOM: Answer.DECLINED, PRIYA: Answer.NONE}
        assert seen.declined_by == (TOM,)

    def test_so_is_a_cancelled_one(self, root: Path, calendars: LocalCalendars) -> None:
        change(root, TOM, "STATUS:CONFIRMED", "STATUS:CANCELLED")

        assert self.seen(calendars).answers[TOM] is Answer.DECLINED

    def test_the_organizers_copy_removed_or_cancelled_is_deleted(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        change(root, ORGANIZER, "STATUS:CONFIRMED", "STATUS:CANCELLED")
        assert not self.seen(calendars).present

        (root / ORGANIZER / f"{MEETING.uid}.ics").unlink()
        assert not self.seen(calendars).present

    def test_a_mentor_who_organizes_and_removes_deletes_and_does_not_decline(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / TOM / f"{MEETING.uid}.ics").unlink()

        seen = self.seen(calendars, meeting_of(MEETING, organizer=TOM))
        assert not seen.present
        assert seen.answers[TOM] is Answer.NONE

    @pytest.mark.parametrize(("who", "mover"), [(ORGANIZER, None), (TOM, TOM), (PRIYA, PRIYA)])
    def test_a_changed_time_in_any_copy_is_a_move(
        self, root: Path, calendars: LocalCalendars, who: str, mover: str | None
    ) -> None:
        change(root, who, "DTEND:20270107T120000Z", "DTEND;TZID=Europe/Berlin:20270107T124500")

        seen = self.seen(calendars)
        assert seen.present
        assert seen.interval == between("2027-01-07T11:15", "2027-01-07T11:45")
        assert seen.mover == mover

    def test_a_floating_time_is_in_the_persons_zone(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        change(root, TOM, "20270107T111500Z", "20270107T111500")
        change(root, TOM, "20270107T120000Z", "20270107T120000")

        assert self.seen(calendars).mover is None

    def test_the_organizers_copy_is_looked_at_first_then_the_mentors(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        change(root, PRIYA, "DTEND:20270107T120000Z", "DTEND:20270107T130000Z")
        change(root, TOM, "DTEND:20270107T120000Z", "DTEND:20270107T140000Z")
        assert self.seen(calendars).mover == TOM

        change(root, ORGANIZER, "DTEND:20270107T120000Z", "DTEND:20270107T150000Z")
        assert self.seen(calendars).mover is None
        assert self.seen(calendars).interval.end.hour == 15

    @pytest.mark.parametrize("content", [b"", b"garbage", TIMELESS])
    def test_a_copy_that_cannot_be_read_tells_nothing(
        self, root: Path, calendars: LocalCalendars, content: bytes
    ) -> None:
        for email in (ORGANIZER, TOM):
            (root / email / f"{MEETING.uid}.ics").write_bytes(content)
        accepted = meeting_of(MEETING, answers={TOM: Answer.ACCEPTED})

        assert self.seen(calendars, accepted) == Seen(
            present=True,
            interval=MEETING.interval,
            mover=None,
            answers={TOM: Answer.ACCEPTED, PRIYA: Answer.NONE},
            room=Answer.ACCEPTED,
        )

    def test_a_folder_that_is_gone_tells_nothing(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        for email in (ORGANIZER, TOM):
            (root / email / f"{MEETING.uid}.ics").unlink()
            (root / email).rmdir()

        seen = self.seen(calendars)
        assert seen.present
        assert seen.answers == {TOM: Answer.NONE, PRIYA: Answer.NONE}

    def test_another_meeting_in_the_copy_is_a_removed_one(
        self, root: Path, calendars: LocalCalendars
    ) -> None:
        (root / TOM / f"{MEETING.uid}.ics").write_bytes(SOUND)

        assert self.seen(calendars).answers[TOM] is Answer.DECLINED

    def test_who_has_a_calendar_elsewhere_is_left_out(self, root: Path) -> None:
        calendars = LocalCalendars(root, {PRIYA: LONDON})
        (root / TOM / f"{MEETING.uid}.ics").unlink()

        assert self.seen(calendars).answers == {PRIYA: Answer.NONE}
