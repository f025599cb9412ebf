"""Answers nobody can read, on every route of both clouds: unknown or not written, never a trace."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from slotfinder.domain.freebusy import FreeBusy, Unreadable
from slotfinder.errors import WriteError
from slotfinder.ports import CalendarRef
from tests.calendars.feed_server import running
from tests.calendars.google.calendars import READER, google_calendars
from tests.calendars.ics import LONDON, SPRING
from tests.calendars.microsoft.calendars import microsoft_calendars
from tests.contract.builders import meeting_of, nobody
from tests.emulators.faults import Fault
from tests.emulators.google import GoogleEmulator
from tests.emulators.google.server import HANDLERS as GOOGLE_ROUTES
from tests.emulators.microsoft import MicrosoftEmulator
from tests.emulators.microsoft.server import HANDLERS as GRAPH_ROUTES
from tests.emulators.wire import Reply
from tests.invitations.examples import event

DEEP: Final = 100_000

BODIES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"nobody is busy"',
    "a number": b"9" * 5000,
    "a huge number inside": b'{"value": [], "items": [], "x": ' + b"9" * 5000 + b"}",
    "lists without end": b"[" * DEEP,
    "lists within lists": b"[" * DEEP + b"]" * DEEP,
    "tables within tables": b'{"value":' * DEEP + b"0" + b"}" * DEEP,
    "half a table": b'{"calendars": {"tom@acme.example": {"busy": []',
    "no text": b"\xff\xfe\x00\xd8",
    "no number": b'{"value": NaN, "items": Infinity, "calendars": -Infinity}',
    "a page": b"<!DOCTYPE html><html>Sign in</html>",
}

Calendars: TypeAlias = Any


@contextmanager
def google(folder: Path, reply: Reply) -> Iterator[Calendars]:
    with GoogleEmulator() as server, google_calendars(folder, server) as calendars:
        server.world.add_mailbox(READER)
        for route in GOOGLE_ROUTES:
            server.fault(route, _saying(reply), times=999)
        yield calendars


@contextmanager
def microsoft(folder: Path, reply: Reply) -> Iterator[Calendars]:
    with MicrosoftEmulator() as server, microsoft_calendars(folder, server) as calendars:
        server.add_mailbox(READER)
        for route in GRAPH_ROUTES:
            server.fault(route, _saying(reply), times=999)
        yield calendars


def _saying(reply: Reply) -> Any:
    return Fault("hostile", reply=reply)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize("cloud", [google, microsoft])
def test_whatever_a_cloud_says_is_an_answer_of_ours(
    tmp_path: Path, cloud: Callable[..., Any], body: bytes, status: int
) -> None:
    reply = Reply(status, body, {"Content-Type": "application/json"})
    with cloud(tmp_path, reply) as calendars:
        ref = CalendarRef(owner="tom@acme.example", zone=LONDON)
        [reading] = calendars.read([ref], SPRING, frozenset())
        assert isinstance(reading, Unreadable)
        assert reading.reason
        assert reading.advice
        whole = FreeBusy(person=ref.owner, provider=calendars.provider, window=SPRING, blocks=())
        assert calendars.tell_apart([(ref, whole, [])]) == [whole]
        assert calendars.time_of(ref, "uid") is None
        meeting = meeting_of(event())
        assert calendars.look_up([meeting]) == {}
        assert calendars.strays({READER: [meeting.uid]}, SPRING.start) == []
        calendars.troubles([READER])
        with pytest.raises(WriteError):
            calendars.write(event(), nobody)
        with pytest.raises(WriteError):
            calendars.withdraw(event())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("cloud", [google, microsoft])
def test_nobody_is_followed_elsewhere_with_a_token_in_hand(
    tmp_path: Path, cloud: Callable[..., Any], status: int
) -> None:
    with (
        running() as elsewhere,
        cloud(tmp_path, Reply(status, b"", {"Location": elsewhere.url})) as calendars,
    ):
        ref = CalendarRef(owner="tom@acme.example", zone=LONDON)
        assert isinstance(calendars.read([ref], SPRING, frozenset())[0], Unreadable)
        with pytest.raises(WriteError):
            calendars.write(event(), nobody)
        assert elsewhere.asked == []
