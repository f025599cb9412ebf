"""Tokens, connections and patience, against the emulator."""

import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from slotfinder.calendars.google.auth import Access, Account, Identity, Scope
from slotfinder.calendars.google.client import GoogleClient, failure_in
from slotfinder.calendars.google.reading import GoogleReader
from slotfinder.calendars.retry import Patience, TryFailedError
from slotfinder.domain.freebusy import FreeBusy
from slotfinder.ports import CalendarRef
from tests.calendars.google.calendars import READER, google_client, no_pause
from tests.calendars.ics import LONDON
from tests.emulators.google import Fault, GoogleEmulator, Options
from tests.emulators.tls import TestAuthority
from tests.invitations.examples import between

WEEK = between("2027-01-04T00:00", "2027-01-11T00:00")
QUARTER = between("2027-01-04T00:00", "2027-03-29T00:00")


def ask(client: GoogleClient, subject: str = READER, scope: Scope = Scope.FREE_BUSY) -> Any:
    body = {"timeMin": "2027-01-04T00:00:00Z", "timeMax": "2027-01-05T00:00:00Z", "items": []}
    return client.call(
        Identity(subject, scope),
        "freebusy",
        lambda service, user: service.freebusy().query(body=body, quotaUser=user),
        lambda answer: answer["calendars"],
    )


def failing(client: GoogleClient, **more: Any) -> str:
    with pytest.raises(TryFailedError) as caught:
        ask(client, **more)
    return failure_in(caught.value).reason


def test_a_token_is_fetched_once_for_a_mailbox_and_scope(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        threads = [Thread(target=ask, args=(client,)) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert google.log.count("token") == 1
        assert client.requests == {"google.freebusy": 4, "google.token": 1}


def test_a_refused_token_is_asked_for_once_a_run(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.account.delegated.clear()
        google.world.add_mailbox(READER)

        assert failing(client) == failing(client) == "unauthorized_client"
        assert google.log.count("token") == 1


@pytest.mark.parametrize("status", [500, 503])
def test_a_token_that_is_not_given_is_asked_for_five_times_a_call(
    tmp_path: Path, status: int
) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        google.fault("token", Fault.backend_error(status), times=99)

        assert failing(client) == "no-answer"
        assert google.log.count("token") == client.requests["google.token"] == 5


def test_nobody_is_impersonated_who_is_no_reader_or_organizer(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox("boss@acme.example")

        assert failing(client, subject="boss@acme.example") == "subject-refused"
        assert len(google.log) == 0


def test_what_reads_can_never_write(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        with pytest.raises(TryFailedError) as caught:
            client.call(
                Identity(READER, Scope.FREE_BUSY),
                "events",
                lambda service, user: service.events().insert(
                    calendarId=READER, body={}, quotaUser=user
                ),
                lambda answer: answer,
            )
        assert failure_in(caught.value).reason == "insufficientPermissions"


@pytest.mark.parametrize("trusted", [True, False])
def test_a_named_authority_beats_the_environment_for_tokens_and_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    authority, other = TestAuthority(), TestAuthority()
    wrong = other.write(tmp_path / "other.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPLIB2_CA_CERTS"):
        monkeypatch.setenv(name, str(wrong))
    right = authority.write(tmp_path / "ca.pem")
    ca_file = right if trusted else wrong
    with (
        GoogleEmulator(tls=authority) as google,
        google_client(tmp_path, google, ca_file=ca_file) as client,
    ):
        google.world.add_mailbox(READER)
        if trusted:
            assert ask(client) == {}
        else:
            assert failing(client) == "no-answer"
            assert len(google.log) == 0


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_is_never_asked_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        assert ask(client) == {}


def test_a_request_that_hangs_ends_with_its_time(tmp_path: Path) -> None:
    with (
        GoogleEmulator() as google,
        google_client(
            tmp_path, google, timeout=0.2, patience=Patience(0.3, sleep=no_pause)
        ) as client,
    ):
        google.world.add_mailbox(READER)
        google.fault("calendar.freebusy.query", Fault.hang(), times=9)
        assert failing(client) == "no-answer"


def test_optional_looks_that_fail_are_no_sign_that_google_is_down(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        google.fault("calendar.events.list", Fault.backend_error(), times=99)
        reader = GoogleReader(client, READER)
        for _ in range(4):
            assert reader.time_of(CalendarRef(owner=READER, zone=LONDON), "nobody's") is None
        assert ask(client) == {}


@pytest.mark.parametrize("seconds", [0, 1])
def test_the_wait_google_asks_for_is_kept(tmp_path: Path, seconds: int) -> None:
    pauses: list[float] = []
    with (
        GoogleEmulator() as google,
        google_client(tmp_path, google, patience=Patience(60, sleep=pauses.append)) as client,
    ):
        google.world.add_mailbox(READER)
        google.fault("calendar.freebusy.query", Fault.rate_limited(retry_after=seconds), times=2)
        assert ask(client) == {}
    assert pauses == [seconds, seconds]


def test_a_thousand_people_are_read_in_as_many_queries_as_it_takes(tmp_path: Path) -> None:
    """⌈1000 / 50⌉ queries for each of the three parts of twelve weeks, each calendar once."""
    people = [f"p{number}@acme.example" for number in range(1000)]
    with (
        GoogleEmulator(options=Options(max_range=QUARTER.length / 2)) as google,
        google_client(tmp_path, google) as client,
    ):
        google.world.add_mailbox(READER)
        for each in people:
            google.world.add_mailbox(each)
        refs = [CalendarRef(owner=each, zone=LONDON) for each in people]
        readings = GoogleReader(client, READER).read(refs, QUARTER)

        assert [each.person for each in readings] == people
        assert all(isinstance(each, FreeBusy) for each in readings)
        assert google.log.count("calendar.freebusy.query") == 20 * 3
        assert client.requests["google.freebusy"] == 60


def test_one_bad_part_of_the_window_leaves_all_of_it_unknown(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        refusal = Fault.refused(400, "timeRangeTooLong", "Too long.")
        google.fault("calendar.freebusy.query", refusal, skip=1)
        [reading] = GoogleReader(client, READER).read(
            [CalendarRef(owner=READER, zone=LONDON)], QUARTER
        )
        assert not isinstance(reading, FreeBusy)
        assert google.log.count("calendar.freebusy.query") == 3, "it would fail again"


def test_without_a_key_google_s_iam_is_asked_to_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's own account only signs: who is impersonated, and for what, stays the same."""
    with GoogleEmulator() as google, google_client(tmp_path, google):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "google.json"))
        counted: list[str] = []
        access = Access(
            Account(impersonate="slotfinder@project.iam.gserviceaccount.com"),
            {READER},
            timeout=1,
            ca_file=None,
            count=counted.append,
        )
        credentials = access._credentials(Identity(READER, Scope.OWN_EVENTS))  # noqa: SLF001 - IAM's address is fixed
        access.close()

    assert credentials.service_account_email == "slotfinder@project.iam.gserviceaccount.com"
    assert credentials._subject == READER  # noqa: SLF001 - the library shows it nowhere else
    assert credentials._target_scopes == [f"https://www.googleapis.com/auth/{Scope.OWN_EVENTS}"]  # noqa: SLF001 - likewise
    assert counted == []


def test_the_account_is_the_one_of_the_key(tmp_path: Path) -> None:
    with GoogleEmulator() as google, google_client(tmp_path, google) as client:
        google.world.add_mailbox(READER)
        ask(client)
        key = json.loads((tmp_path / "google.json").read_text("utf-8"))
        assert {each.account for each in google.log} == {key["client_email"]}
