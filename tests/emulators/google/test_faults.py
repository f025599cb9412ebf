"""Checklist items 31-34: quotas, faults, batches; and the emulator as a process."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httplib2
import httpx
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from tests.emulators.google import Fault
from tests.emulators.google.desk import (
    EVENT,
    ORGANIZER,
    OUTSIDER,
    PRIYA,
    TOM,
    WRITE,
    Desk,
    at,
    meeting,
    refusal,
    refused,
)
from tests.emulators.google.schema import document

INSERT = "calendar.events.insert"
LIST = "calendar.events.list"


def insertion(desk: Desk, **more: Any) -> Any:
    events = desk.calendar(ORGANIZER, *WRITE).events()
    return events.insert(calendarId=ORGANIZER, body=meeting(**more), sendUpdates="all")


def listing(desk: Desk, **more: Any) -> Any:
    events = desk.calendar(ORGANIZER, *WRITE).events()
    return events.list(calendarId=ORGANIZER, **more)


def test_31_over_the_quota_403_and_429_alternate(desk: Desk) -> None:
    desk.google.options.per_user = 1
    listing(desk).execute()
    found = [refusal(listing(desk)) for _ in range(4)]
    assert found == [
        (403, "rateLimitExceeded"),
        (429, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "rateLimitExceeded"),
    ]
    desk.google.limit_clock.advance(timedelta(minutes=1))
    listing(desk).execute()


def test_31_the_user_is_the_service_account_unless_quota_user_says(desk: Desk) -> None:
    desk.google.options.per_user = 1
    listing(desk).execute()
    other = desk.calendar(TOM, *WRITE).events().list(calendarId=TOM)
    assert refusal(other)[0] in (403, 429)
    listing(desk, quotaUser="a").execute()
    listing(desk, quotaUser="b").execute()
    desk.google.options.per_project = 2
    assert refusal(listing(desk, quotaUser="c"))[0] in (403, 429)


def test_31_a_retry_after_may_come_along(desk: Desk) -> None:
    desk.google.options.per_user, desk.google.options.retry_after = 0, 7
    with pytest.raises(HttpError) as caught:
        listing(desk).execute()
    assert caught.value.resp["retry-after"] == "7"


def test_32_too_many_outsiders_lock_writing_for_hours(desk: Desk) -> None:
    desk.google.options.external_invites = 1
    guests = [{"email": OUTSIDER}, {"email": "max@other.example"}]
    answer = refused(insertion(desk, attendees=guests))
    message = "Calendar usage limits exceeded."
    assert answer == (403, "quotaExceeded", "usageLimits", message)
    assert refusal(insertion(desk, attendees=guests[:1]))[1] == "quotaExceeded"
    assert listing(desk).execute()["items"] == []
    insertion(desk).execute()
    desk.google.limit_clock.advance(timedelta(hours=7))
    desk.insert(id="abcde77777", attendees=guests[:1])


@pytest.mark.parametrize("status", [500, 503])
def test_33_an_error_before_the_commit(desk: Desk, status: int) -> None:
    desk.google.fault(INSERT, Fault.backend_error(status))
    assert refused(insertion(desk)) == (status, "backendError", "global", "Backend Error")
    assert desk.world.items == {}
    assert insertion(desk).execute()["id"] == EVENT


def test_33_an_error_after_the_commit(desk: Desk) -> None:
    desk.google.fault(INSERT, Fault.backend_error(503, "after"))
    assert refusal(insertion(desk)) == (503, "backendError")
    assert refusal(insertion(desk)) == (409, "duplicate")
    assert len(desk.world.told(TOM, "invitation")) == 1


def test_33_a_dropped_connection_makes_httplib2_send_again(desk: Desk) -> None:
    listing(desk).execute()
    desk.google.fault(INSERT, Fault.dropped())
    assert refusal(insertion(desk)) == (409, "duplicate")
    entries = desk.google.log.of(INSERT)
    assert [one.committed for one in entries] == [True, False]
    assert entries[0].fault == "dropped after"


def test_33_without_an_id_the_second_sending_is_a_second_meeting(desk: Desk) -> None:
    listing(desk).execute()
    desk.google.fault(INSERT, Fault.dropped())
    insertion(desk, id=None).execute()
    assert len(desk.world.live(ORGANIZER)) == len(desk.world.told(TOM)) == 2


def test_33_a_connection_dropped_before_the_commit(desk: Desk) -> None:
    listing(desk).execute()
    desk.google.fault(INSERT, Fault.dropped("before"), times=2)
    with pytest.raises((OSError, httplib2.HttpLib2Error, httplib2.error.ServerNotFoundError)):
        insertion(desk).execute()
    assert desk.world.items == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_33_a_hang_outlasts_the_client_s_patience(desk: Desk, when: Any) -> None:
    token = desk.token()
    fault = desk.google.fault(INSERT, Fault.hang(when))
    path = f"/calendar/v3/calendars/{ORGANIZER}/events"
    with pytest.raises(httpx.ReadTimeout):
        desk.raw("POST", path, token, json=meeting(), timeout=0.1)
    fault.released.set()
    assert len(desk.world.live(ORGANIZER)) == (when == "after")


def test_33_an_html_page(desk: Desk) -> None:
    desk.google.fault(LIST, Fault.html())
    with pytest.raises(HttpError) as caught:
        listing(desk).execute()
    assert caught.value.status_code == 502
    assert caught.value.content.startswith(b"<!DOCTYPE html>")


def test_33_truncated_json_comes_out_as_text(desk: Desk) -> None:
    desk.google.fault(LIST, Fault.truncated())
    assert isinstance(listing(desk).execute(), str)
    assert isinstance(listing(desk).execute(), dict)


def test_33_a_good_answer_with_a_hole(desk: Desk) -> None:
    desk.google.fault(LIST, Fault.missing("items", "etag"))
    assert not {"items", "etag"} & set(listing(desk).execute())


def test_33_any_answer(desk: Desk) -> None:
    desk.google.fault(LIST, Fault.answer({"items": "none"}))
    desk.google.fault(LIST, Fault.refused(403, "accessNotConfigured", "Not enabled."))
    assert listing(desk).execute() == {"items": "none"}
    assert refusal(listing(desk)) == (403, "accessNotConfigured")


def test_33_one_401_is_overcome_with_a_new_token(desk: Desk) -> None:
    listing(desk).execute()
    desk.google.fault(LIST, Fault.unauthorized())
    assert listing(desk).execute()["items"] == []
    assert desk.google.log.count("token") == 2


def test_33_the_token_endpoint_fails(desk: Desk) -> None:
    desk.google.fault("token", Fault.backend_error(500))
    answers = [desk.raw("POST", "/token", data={}).status_code for _ in range(2)]
    assert answers == [500, 400]


def test_33_faults_can_wait_their_turn(desk: Desk) -> None:
    desk.google.fault(LIST, Fault.rate_limited(429, retry_after=3), skip=1)
    listing(desk).execute()
    assert refusal(listing(desk)) == (429, "rateLimitExceeded")
    listing(desk).execute()


def test_34_each_part_of_a_batch_counts_and_is_answered(desk: Desk) -> None:
    description = {**document("calendar.v3"), "rootUrl": f"{desk.google.url}/"}
    listing(desk).execute()
    http = desk.transport(ORGANIZER, WRITE)
    service = build_from_document(description, http=http)
    desk.google.fault(INSERT, Fault.refused(409, "conflict", "Conflict"))
    bundle, answers = service.new_batch_http_request(), {}
    events = service.events()
    http.credentials.refresh(http._request)  # noqa: SLF001 - else the client leaks a connection

    def keep(name: str, answer: Any, error: Any) -> None:
        answers[name] = error.status_code if error else answer

    for number in (1, 2):
        body = meeting(id=f"abcde{number}")
        bundle.add(events.insert(calendarId=ORGANIZER, body=body), keep, f"i{number}")
    bundle.add(events.get(calendarId=ORGANIZER, eventId="abcde2"), keep, "g")
    bundle.execute(http=http)
    assert answers["i1"] == 409
    assert answers["i2"]["id"] == answers["g"]["id"] == "abcde2"
    assert desk.google.log.count(INSERT, "calendar.events.get") == 3
    assert [one.status for one in desk.google.log.of("batch")] == [200]


def test_a_request_for_something_not_offered_says_so(desk: Desk) -> None:
    desk.google.account.delegated.add("calendar.acls")
    acl = desk.calendar(ORGANIZER, "calendar.acls").acl()
    assert refusal(acl.list(calendarId=ORGANIZER)) == (501, "notImplemented")


def test_as_a_process_it_prints_its_port_and_serves_its_state(tmp_path: Path) -> None:
    state = {
        "clock": "2027-01-01T06:00:00+00:00",
        "options": {"per_user": 100, "omitted": [PRIYA], "max_range": 86400},
        "mailboxes": [
            {
                "email": TOM,
                "zone": "Europe/London",
                "items": [
                    {"start": "2027-01-04T11:00:00+00:00", "end": "2027-01-04T12:00:00+00:00"}
                ],
            }
        ],
    }
    (tmp_path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    command = [sys.executable, "-m", "tests.emulators.google", "--port", "0"]
    command += ["--state", str(tmp_path / "state.json"), "--key-file", str(tmp_path / "key.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            root = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            _check_process(root, json.loads((tmp_path / "key.json").read_text(encoding="utf-8")))
        finally:
            process.terminate()
            process.wait(10)
    assert process.returncode == 0


def _check_process(root: str, key: Any) -> None:
    with httpx.Client(base_url=root, trust_env=False) as client:
        assert key["token_uri"] == f"{root}/token"
        about = {"calendar": TOM, "start": "2027-01-05", "end": "2027-01-06", "status": "ooo"}
        client.post("/_emulator/items", json=about).raise_for_status()
        client.post("/_emulator/settle").raise_for_status()
        world = client.get("/_emulator/world").json()
        assert [one["status"] for one in world["items"]] == ["busy", "ooo"]
        assert client.get("/_emulator/log").json() == {"log": [], "escaped": []}
        assert client.get("/_emulator/nothing").status_code == 404


def test_the_log_tells_who_asked_what(desk: Desk) -> None:
    desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10), title="secret")
    listing(desk, fields="items(id,start,end)", quotaUser="h").execute()
    entry = desk.google.log.of(LIST)[0]
    assert (entry.subject, entry.account) == (ORGANIZER, desk.google.account.email)
    assert entry.quota_user == "h"
    assert not entry.fields & {"summary", "description", "location", "attendees"}
    assert "authorization" not in entry.headers
    assert desk.google.log.writes() == []
