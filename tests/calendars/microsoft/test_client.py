"""Tokens, connections, gates and patience, against the emulator."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from slotfinder.calendars.microsoft.auth import Account
from slotfinder.calendars.microsoft.client import GraphClient, Request
from slotfinder.calendars.microsoft.failures import failure_in
from slotfinder.calendars.microsoft.reading import GraphReader
from slotfinder.calendars.microsoft.wire import query
from slotfinder.calendars.retry import Patience, TryFailedError
from slotfinder.domain.freebusy import FreeBusy
from slotfinder.ports import CalendarRef
from tests.calendars.google.calendars import no_pause
from tests.calendars.ics import LONDON
from tests.calendars.microsoft.calendars import READER, account_of, graph_client
from tests.emulators.microsoft import Fault, MicrosoftEmulator, Options
from tests.emulators.tls import TestAuthority
from tests.invitations.examples import between

DAY = between("2027-01-04T00:00", "2027-01-05T00:00")
QUARTER = between("2027-01-04T00:00", "2027-03-29T00:00")
SCHEDULE = "users.calendar.getSchedule"
ASKING = Request(
    operation="getSchedule",
    method="POST",
    path="calendar/getSchedule",
    body=query([READER], DAY),
)


@pytest.fixture
def microsoft() -> Iterator[MicrosoftEmulator]:
    with MicrosoftEmulator() as server:
        server.add_mailbox(READER)
        yield server
        assert not server.complaints


def ask(client: GraphClient, mailbox: str = READER) -> Any:
    return client.call(mailbox, ASKING, lambda answer: answer["value"])


def failing(client: GraphClient, mailbox: str = READER) -> str:
    with pytest.raises(TryFailedError) as caught:
        ask(client, mailbox)
    return failure_in(caught.value).reason


def test_a_token_is_fetched_once_for_all_threads(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    with graph_client(tmp_path, microsoft) as client:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: ask(client), range(8)))

        assert microsoft.log.count("token") == 1
        assert client.requests == {
            "microsoft.discovery": 1,
            "microsoft.getSchedule": 8,
            "microsoft.token": 1,
        }


def test_a_refused_token_is_asked_for_once_a_run(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    app = microsoft.app()
    with graph_client(tmp_path, microsoft, account=account_of(microsoft, app)) as client:
        app.expired_secrets.add(app.secret)

        assert failing(client) == failing(client) == "AADSTS7000222"
        assert microsoft.log.count("token") == 1


@pytest.mark.parametrize("fault", [Fault.token_error(503), Fault.token_error(429, retry_after=1)])
def test_a_token_that_is_not_given_is_asked_for_five_times_a_call(
    tmp_path: Path, microsoft: MicrosoftEmulator, fault: Fault
) -> None:
    """Msal would repeat its first answer from memory, and send nothing."""
    with graph_client(tmp_path, microsoft) as client:
        microsoft.fault("token", fault, times=99)

        failing(client)
        assert microsoft.log.count("token") == client.requests["microsoft.token"] == 5
        microsoft.faults.clear()
        assert len(ask(client)) == 1


def test_a_token_that_still_holds_is_used_when_a_fresher_one_cannot_be_had(
    tmp_path: Path,
) -> None:
    """Told to refresh early, msal raises on a 5xx though it holds a token that is good."""
    with MicrosoftEmulator(options=Options(refresh_in=0)) as microsoft:
        microsoft.add_mailbox(READER)
        with graph_client(tmp_path, microsoft) as client:
            ask(client)
            microsoft.fault("token", Fault.token_error(503), times=99)
            assert len(ask(client)) == 1


def test_a_token_that_graph_refuses_is_fetched_anew_once(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    with graph_client(tmp_path, microsoft) as client:
        ask(client)
        microsoft.identity.revoke_all()
        assert len(ask(client)) == 1
        assert microsoft.log.count("token") == 2

        microsoft.fault(SCHEDULE, Fault.unauthorized(), times=99)
        assert failing(client) == "InvalidAuthenticationToken"
        assert microsoft.log.count("token") == 3


def test_a_token_that_lives_minutes_is_fetched_again_before_it_ends(tmp_path: Path) -> None:
    with MicrosoftEmulator(options=Options(token_life=200)) as microsoft:
        microsoft.add_mailbox(READER)
        with graph_client(tmp_path, microsoft) as client:
            ask(client)
            ask(client)
            assert microsoft.log.count("token") == 2


def test_no_mailbox_is_opened_that_is_no_reader_or_organizer(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    with graph_client(tmp_path, microsoft) as client:
        microsoft.add_mailbox("boss@acme.example")

        assert failing(client, "boss@acme.example") == "mailbox-refused"
        assert len(microsoft.log) == 0


def test_three_at_a_time_are_under_way_for_one_mailbox(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    with graph_client(tmp_path, microsoft) as client:
        ask(client)
        fault = Fault.delayed()
        microsoft.fault(SCHEDULE, fault, times=3)
        threads = [Thread(target=ask, args=(client,)) for _ in range(8)]
        for each in threads:
            each.start()
        assert fault.reached.wait(10)
        fault.released.set()
        for each in threads:
            each.join()
        assert microsoft.limits.peak[READER] <= 3
        assert microsoft.log.count(SCHEDULE) == 9


@pytest.mark.parametrize(
    ("form", "least", "most"), [("fraction", 2.1, 2.2), ("seconds", 3, 3), ("date", 1, 3)]
)
def test_the_wait_graph_asks_for_is_kept(
    tmp_path: Path, form: Any, least: float, most: float
) -> None:
    waits: list[float] = []
    with MicrosoftEmulator(options=Options(retry_after=form, per_mailbox=0)) as microsoft:
        microsoft.add_mailbox(READER)

        def wait(seconds: float) -> None:
            waits.append(seconds)
            microsoft.options.per_mailbox = 10_000
            microsoft.limit_clock.advance(timedelta(seconds=seconds))

        patience = Patience(60, sleep=wait)
        with graph_client(tmp_path, microsoft, patience=patience) as client:
            ask(client)
    assert least <= waits[0] <= most


def test_a_longer_wait_than_there_is_patience_ends_the_call_at_once(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    microsoft.fault(SCHEDULE, Fault.rate_limited(3600), times=99)
    with graph_client(tmp_path, microsoft) as client:
        assert failing(client) == "TooManyRequests"
        assert microsoft.log.count(SCHEDULE) == 1


def test_an_answer_that_does_not_come_is_given_up(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    with graph_client(tmp_path, microsoft, timeout=0.2) as client:
        ask(client)
        fault = microsoft.fault(SCHEDULE, Fault.hang())
        assert len(ask(client)) == 1
        fault.released.set()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_named_authority_beats_the_environment_for_tokens_and_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    authority, other = TestAuthority(), TestAuthority()
    wrong = other.write(tmp_path / "other.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(wrong))
    right = authority.write(tmp_path / "right.pem")
    with MicrosoftEmulator(tls=authority) as microsoft:
        microsoft.add_mailbox(READER)
        client = GraphClient(
            account_of(microsoft, microsoft.app()),
            frozenset({READER}),
            graph=microsoft.graph,
            timeout=10,
            ca_file=right if trusted else wrong,
            patience=Patience(60, sleep=no_pause),
        )
        if trusted:
            assert len(ask(client)) == 1
        else:
            assert failing(client) == "no-answer"
            assert len(microsoft.log) == 0
        client.close()


def test_no_proxy_is_asked_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, microsoft: MicrosoftEmulator
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with graph_client(tmp_path, microsoft) as client:
        assert len(ask(client)) == 1


def test_the_next_page_is_asked_for_where_the_first_was(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    """A link of an answer leads no token anywhere else."""
    away = {"@odata.nextLink": "https://evil.example/v1.0/steal?$skip=1", "value": []}
    with graph_client(tmp_path, microsoft) as client:
        found = client.call(READER, ASKING, lambda _answer: away)
        assert found == away
        following = Request(operation="events", path="events", query="$skip=1")
        assert client.call(READER, following, lambda answer: answer["value"]) == []
        assert microsoft.log.entries[-1].path == f"/v1.0/users/{READER}/events"


def test_a_long_window_is_read_in_parts_and_an_entry_between_them_is_there_once(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    middle = QUARTER.start + QUARTER.length / 2
    hour = timedelta(hours=1)
    for _ in range(2):
        microsoft.world.add_item(READER, middle - hour, middle + hour)
    with graph_client(tmp_path, microsoft) as client:
        reader = GraphReader(client, READER)
        [reading] = reader.read([CalendarRef(owner=READER, zone=LONDON)], QUARTER)

    assert isinstance(reading, FreeBusy)
    assert len(reading.blocks) == 2
    assert microsoft.log.count(SCHEDULE) == 2


def test_a_window_of_minutes_can_be_asked_about(
    tmp_path: Path, microsoft: MicrosoftEmulator
) -> None:
    with graph_client(tmp_path, microsoft) as client:
        reader = GraphReader(client, READER)
        for end in ("00:01", "00:05", "00:31"):
            window = between("2027-01-04T00:00", f"2027-01-04T{end}")
            [reading] = reader.read([CalendarRef(owner=READER, zone=LONDON)], window)
            assert isinstance(reading, FreeBusy)


def test_an_account_shows_none_of_its_secrets() -> None:
    account = Account(secret="hunter2", certificate="-----BEGIN", password="sesame")
    assert not any(each in repr(account) for each in ("hunter2", "BEGIN", "sesame"))
