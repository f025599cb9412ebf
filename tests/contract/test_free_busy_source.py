"""What the port FreeBusySource promises, asked of every adapter."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from slotfinder.calendars.feed.calendar import PublishedFeeds
from slotfinder.calendars.local.calendar import LocalCalendars
from slotfinder.calendars.memory import MemoryCalendars
from slotfinder.domain.freebusy import Block, FreeBusy, Kind, OwnTime, Reading, Unreadable
from slotfinder.domain.meeting import Attendee
from slotfinder.ports import CalendarRef, FreeBusySource, MergingSource
from tests.calendars.feed_server import running, serving
from tests.calendars.google.calendars import READER, google_calendars
from tests.calendars.ics import LONDON, SPRING, calendar, event
from tests.calendars.microsoft.calendars import microsoft_calendars
from tests.contract.builders import nobody
from tests.emulators.google import GoogleEmulator
from tests.emulators.microsoft import MicrosoftEmulator
from tests.invitations.examples import between
from tests.invitations.examples import event as meeting_event


@dataclass(frozen=True)
class Subject:
    """An adapter, and how a test gives somebody a calendar: blocks, or None for a broken one."""

    source: FreeBusySource
    give: Callable[[str, list[Block] | None], CalendarRef]
    merging: MergingSource | None = None

    def told_apart(self, ref: CalendarRef, own: frozenset[str]) -> Reading:
        """Return a reading with our own time tagged, in one step or in two."""
        [reading] = self.source.read([ref], SPRING, own)
        if self.merging is None or not isinstance(reading, FreeBusy):
            return reading
        ours = [
            OwnTime(uid=uid, calendar_uid=f"{uid}@google.com", interval=OURS.interval)
            for uid in own
        ]
        [told] = self.merging.tell_apart([(ref, reading, ours)])
        return told


def _content(blocks: list[Block] | None) -> bytes:
    if blocks is None:
        return b"garbage"
    numbers = count()
    return calendar(
        *(
            line
            for block in blocks
            for line in event(
                f"DTSTART:{block.interval.start:%Y%m%dT%H%M%SZ}",
                f"DTEND:{block.interval.end:%Y%m%dT%H%M%SZ}",
                "SUMMARY:Nobody's business",
                uid=block.uid or f"other-{next(numbers)}",
            )
        )
    )


def _local(tmp_path: Path, _stack: ExitStack) -> Subject:
    def give(owner: str, blocks: list[Block] | None) -> CalendarRef:
        (tmp_path / owner).mkdir()
        (tmp_path / owner / "work.ics").write_bytes(_content(blocks))
        return CalendarRef(owner=owner, zone=LONDON)

    return Subject(LocalCalendars(tmp_path, {}), give)


def _feed(_tmp_path: Path, stack: ExitStack) -> Subject:
    server = stack.enter_context(running())

    def give(owner: str, blocks: list[Block] | None) -> CalendarRef:
        server.answers[f"/{owner}.ics"] = serving(_content(blocks))
        return CalendarRef(owner=owner, zone=LONDON, feed=f"{server.url}/{owner}.ics")

    return Subject(PublishedFeeds(["127.0.0.1"], timeout=10), give)


def _memory(_tmp_path: Path, _stack: ExitStack) -> Subject:
    server = MemoryCalendars()

    def give(owner: str, blocks: list[Block] | None) -> CalendarRef:
        if blocks is not None:  # who has none is the only broken one here
            server.open(owner)
        for block in blocks or []:
            if block.uid is None:
                server.add(owner, block.interval, block.kind)
            else:
                guests = (Attendee(email=owner, name=owner),)
                server.write(
                    meeting_event(uid=block.uid, interval=block.interval, attendees=guests), nobody
                )
        return CalendarRef(owner=owner, zone=LONDON)

    return Subject(server, give)


def _google(tmp_path: Path, stack: ExitStack) -> Subject:
    google = stack.enter_context(GoogleEmulator())
    google.world.add_mailbox(READER)
    calendars = stack.enter_context(google_calendars(tmp_path, google))

    def give(owner: str, blocks: list[Block] | None) -> CalendarRef:
        if blocks is not None:  # who has none is the only broken one here
            google.world.add_mailbox(owner)
            google.world.calendars[owner].acl[READER] = "freeBusyReader"
        for block in blocks or []:
            google.world.add_item(owner, block.interval.start, block.interval.end)
        return CalendarRef(owner=owner, zone=LONDON)

    return Subject(calendars, give, calendars)


def _microsoft(tmp_path: Path, stack: ExitStack) -> Subject:
    microsoft = stack.enter_context(MicrosoftEmulator())
    microsoft.options.tenant_domains = {"x.example"}
    microsoft.add_mailbox(READER)
    calendars = stack.enter_context(microsoft_calendars(tmp_path, microsoft))

    def give(owner: str, blocks: list[Block] | None) -> CalendarRef:
        if blocks is not None:  # who has none is the only broken one here
            microsoft.add_mailbox(owner)
        for block in blocks or []:
            microsoft.world.add_item(owner, block.interval.start, block.interval.end)
        return CalendarRef(owner=owner, zone=LONDON)

    return Subject(calendars, give, calendars)


@pytest.fixture(params=[_local, _feed, _memory, _google, _microsoft])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    with ExitStack() as stack:
        yield request.param(tmp_path, stack)


TAKEN = Block(interval=between("2027-03-23T09:00", "2027-03-23T10:00"), kind=Kind.BUSY)
OURS = Block(
    interval=between("2027-03-24T09:00", "2027-03-24T10:00"), kind=Kind.BUSY, uid="our-meeting"
)
LONG_AGO = Block(interval=between("2026-03-23T09:00", "2026-03-23T10:00"), kind=Kind.BUSY)


def test_a_reading_is_of_its_owner_by_its_provider_for_the_window(subject: Subject) -> None:
    [reading] = subject.source.read([subject.give("tom@x.example", [TAKEN])], SPRING, frozenset())

    assert reading == FreeBusy(
        person="tom@x.example", provider=subject.source.provider, window=SPRING, blocks=(TAKEN,)
    )


def test_there_is_one_reading_for_each_calendar_in_the_given_order(subject: Subject) -> None:
    people = [f"{name}@x.example" for name in "zaby"]
    refs = [subject.give(who, [TAKEN]) for who in people]

    readings = subject.source.read(refs, SPRING, frozenset())

    assert [reading.person for reading in readings] == people


def test_nobody_asked_for_is_nobody_read(subject: Subject) -> None:
    assert subject.source.read([], SPRING, frozenset()) == []


def test_a_calendar_without_entries_is_free(subject: Subject) -> None:
    [reading] = subject.source.read([subject.give("tom@x.example", [])], SPRING, frozenset())

    assert isinstance(reading, FreeBusy)
    assert reading.blocks == ()


def test_only_time_that_touches_the_window_is_told(subject: Subject) -> None:
    ref = subject.give("tom@x.example", [LONG_AGO, TAKEN])
    [reading] = subject.source.read([ref], SPRING, frozenset())

    assert isinstance(reading, FreeBusy)
    assert reading.blocks == (TAKEN,)


def test_only_blocks_of_our_own_meetings_carry_a_uid(subject: Subject) -> None:
    ref = subject.give("tom@x.example", [TAKEN, OURS])
    reading = subject.told_apart(ref, frozenset({"our-meeting"}))
    stranger = subject.told_apart(ref, frozenset())

    assert isinstance(reading, FreeBusy)
    assert isinstance(stranger, FreeBusy)
    assert {block.uid for block in reading.blocks} == {None, "our-meeting"}
    assert {block.uid for block in stranger.blocks} == {None}


def test_a_broken_calendar_is_unreadable_and_costs_nobody_else(subject: Subject) -> None:
    refs = [
        subject.give("a@x.example", [TAKEN]),
        subject.give("b@x.example", None),
        subject.give("c@x.example", [TAKEN]),
    ]
    first, broken, last = subject.source.read(refs, SPRING, frozenset())

    assert isinstance(first, FreeBusy)
    assert isinstance(last, FreeBusy)
    assert isinstance(broken, Unreadable)
    assert (broken.person, broken.provider) == ("b@x.example", subject.source.provider)
    assert broken.reason
    assert broken.advice
    assert "garbage" not in broken.reason


def test_requests_are_counted_under_the_providers_name(subject: Subject) -> None:
    assert all(tries == 0 for tries in subject.source.requests.values())
    subject.source.read([subject.give("tom@x.example", [])], SPRING, frozenset())

    provider = subject.source.provider.value
    assert all(key.startswith(f"{provider}.") for key in subject.source.requests)
