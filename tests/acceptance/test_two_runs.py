"""Two runs at the same moment: one works, and where the lock is lost nobody is booked twice.

A server holds the first one at one of its requests, until the second one is over.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.clouds import CloudOffice
from tests.acceptance.google.world import office as on_google
from tests.acceptance.microsoft.world import office as on_microsoft
from tests.acceptance.world import PRIYA, TOM, Result
from tests.emulators import people
from tests.emulators.faults import ANY, Fault, When

BOTH: Final = [PRIYA, TOM]

READ, LOOK, CREATE, CHANGE = "read", "look", "create", "change"
"""Everybody is read, and looked at once more right before the event is created or changed."""

_ROUTES: Final = {
    "google": {
        READ: "calendar.freebusy.query",
        LOOK: "calendar.freebusy.query",
        CREATE: "calendar.events.insert",
        CHANGE: "calendar.events.patch",
    },
    "microsoft": {
        READ: "users.calendar.getSchedule",
        LOOK: "users.calendar.getSchedule",
        CREATE: "users.events.create",
        CHANGE: "users.events.update",
    },
}


@pytest.fixture(params=_ROUTES)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CloudOffice]:
    """Yield a pair of Tom and Priya that has no meeting yet."""
    if request.param == "microsoft":
        with on_microsoft(tmp_path) as found:
            found.programme.write()
            yield found
    else:
        with on_google(tmp_path) as made:
            made.programme.write()
            yield CloudOffice(made.programme, made.world, "google", {"google": made.google})


@pytest.fixture
def processes() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as found:
        yield found


@contextmanager
def held(office: CloudOffice, route: str, fault: Fault, skip: int = 0) -> Iterator[Fault]:
    """Let a request of a route be held until the fault is released, or this ends."""
    server = office.emulators[office.home]
    server.faults.plan(route, fault, skip=skip)
    try:
        yield fault
    finally:
        server.faults.clear()


def test_of_two_runs_started_at_the_same_moment_one_works_and_the_other_exits_75(
    office: CloudOffice, processes: ThreadPoolExecutor
) -> None:
    with held(office, ANY, Fault.delayed()) as asked:
        both = [processes.submit(office.spawn, "run", "--json") for _ in range(2)]
        assert asked.reached.wait(30)
        [over], [at_work] = wait(both, return_when=FIRST_COMPLETED)
        refused = over.result()
        assert (refused.status, refused.out) == (75, ""), refused.err
    worked = at_work.result()
    assert (worked.status, worked.kinds) == (0, ["book"]), worked.err
    assert_settled(office)
    assert office.told("invitation") == BOTH


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        (READ, "before"),
        (READ, "after"),
        (LOOK, "before"),
        (LOOK, "after"),
        (CREATE, "before"),
        (CREATE, "after"),
    ],
)
def test_a_pair_is_booked_once_though_the_lock_was_lost(
    office: CloudOffice, processes: ThreadPoolExecutor, route: str, fault: When
) -> None:
    first, second = both_run(office, processes, route, fault)

    assert second.status == 0, second.err
    # Who had only read so far sees that somebody else booked; who was writing finds it written.
    assert first.status == (75 if route == READ else 0), first.err
    assert_settled(office)
    assert office.told("invitation") == BOTH


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        (READ, "before"),
        (READ, "after"),
        (LOOK, "before"),
        (LOOK, "after"),
        (CHANGE, "before"),
        (CHANGE, "after"),
    ],
)
def test_a_meeting_is_moved_once_though_the_lock_was_lost(
    office: CloudOffice, processes: ThreadPoolExecutor, route: str, fault: When
) -> None:
    office.run()
    people.answer(office.world, PRIYA, office.meeting().uid, "declined")
    first, second = both_run(office, processes, route, fault)

    assert second.status == 0, second.err
    assert first.status == (75 if route == READ else 0), first.err
    assert_settled(office)
    assert office.told("invitation") == BOTH
    assert office.told("update") == BOTH


def both_run(
    office: CloudOffice, processes: ThreadPoolExecutor, route: str, when: When
) -> tuple[Result, Result]:
    """Hold a run at a request, lose its lock, let another one work, and let the first go on."""
    fault, skip = Fault.delayed(when), int(route == LOOK)
    with held(office, _ROUTES[office.home][route], fault, skip) as asked:
        first = processes.submit(office.spawn, "run", "--json")
        assert asked.reached.wait(30)
        office.programme.store.with_name("slotfinder.db.lock").unlink()
        second = office.run()
    return first.result(), second


def assert_settled(office: CloudOffice) -> None:
    """Make sure the pair has one meeting, shown to both, and one more run has nothing to do."""
    office.settle()
    writes, notices = office.writes(), len(office.world.notices)
    again = office.run()
    assert (again.status, again.kinds) == (0, ["keep"]), again.err
    assert (office.writes(), len(office.world.notices)) == (writes, notices)
    [meeting] = office.meetings()
    for each in BOTH:
        [copy] = office.world.live(each)
        assert (copy.start, copy.uid) == (meeting.start, meeting.uid)
