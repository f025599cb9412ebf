"""Checklist items 27-29: limits, batches, faults; and the emulator as a process."""

import json
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest

from tests.emulators.microsoft import Fault
from tests.emulators.microsoft.desk import CREATE, ORGANIZER, PRIYA, TOM, Desk, at, code, meeting
from tests.emulators.wire import Json

CALENDAR = f"/users/{ORGANIZER}/calendar"
EVENTS = f"/users/{ORGANIZER}/events"
GET = "users.calendar.get"


def held(desk: Desk, count: int, pool: ThreadPoolExecutor) -> tuple[Fault, list[Future[Any]]]:
    """Let so many requests of one mailbox be under way until the fault is released."""
    fault = Fault.delayed()
    fault.reached = _Countdown(count)
    desk.microsoft.fault(GET, fault, times=count)
    assert desk.token
    running = [pool.submit(desk.get, CALENDAR) for _ in range(count)]
    assert fault.reached.wait(5)
    return fault, running


class _Countdown(threading.Event):
    """Is set once it has been told so often."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = threading.Semaphore(count - 1)

    def set(self) -> None:
        if not self._left.acquire(blocking=False):
            super().set()


def test_27_a_mailbox_serves_four_requests_at_once(desk: Desk) -> None:
    with ThreadPoolExecutor(4) as pool:
        fault, running = held(desk, 4, pool)
        fifth = desk.get(CALENDAR)
        assert desk.get(f"/users/{TOM}/calendar").status_code == 200
        fault.released.set()
        assert {one.result().status_code for one in running} == {200}
    assert code(fifth) == (429, "ApplicationThrottled")
    assert fifth.headers["retry-after"] == "1"
    assert fifth.json()["error"]["message"].endswith("MailboxConcurrency limit.")
    assert desk.microsoft.limits.peak[ORGANIZER] == 5
    assert desk.get(CALENDAR).status_code == 200


def test_27_another_app_has_slots_of_its_own(desk: Desk) -> None:
    other = desk.acquire(desk.microsoft.app())["access_token"]
    with ThreadPoolExecutor(4) as pool:
        fault, _ = held(desk, 4, pool)
        answer = desk.client.get(CALENDAR, headers={"Authorization": f"Bearer {other}"})
        fault.released.set()
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "shown"), [("fraction", "2.128"), ("seconds", "3"), ("none", None)]
)
def test_27_over_the_limit_the_wait_is_told_in_many_forms(
    desk: Desk, form: Any, shown: str | None
) -> None:
    desk.microsoft.options.per_mailbox = 1
    desk.microsoft.options.retry_after = form
    desk.get(CALENDAR)
    answer = desk.get(CALENDAR)
    assert code(answer) == (429, "TooManyRequests")
    assert answer.json()["error"]["innerError"]["code"] == "429"
    assert answer.headers.get("retry-after") == shown


def test_27_the_wait_may_be_told_as_a_date(desk: Desk) -> None:
    now = datetime(2027, 1, 4, 9, 0, 0, tzinfo=UTC)
    desk.microsoft.limit_clock.set(now)
    desk.microsoft.options.per_mailbox = 0
    desk.microsoft.options.retry_after = "date"
    until = parsedate_to_datetime(desk.get(CALENDAR).headers["retry-after"])
    assert until - now == timedelta(seconds=3)


def test_27_who_comes_back_early_waits_anew(desk: Desk) -> None:
    clock = desk.microsoft.limit_clock
    clock.set(datetime(2027, 1, 4, 9, 0, 0, tzinfo=UTC))
    desk.microsoft.options.per_mailbox = 2
    statuses = []
    desk.microsoft.options.window = timedelta(seconds=1)
    for pause in (0, 0, 0, 2, 2, 3):
        clock.advance(timedelta(seconds=pause))
        statuses.append(desk.get(CALENDAR).status_code)
    assert statuses == [200, 200, 429, 429, 429, 200]


def test_27_mailboxes_are_limited_one_by_one(desk: Desk) -> None:
    desk.microsoft.options.per_mailbox = 1
    desk.get(CALENDAR)
    assert desk.get(CALENDAR).status_code == 429
    assert desk.get(f"/users/{TOM}/calendar").status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_27_failures_are_scripted(desk: Desk, status: int) -> None:
    desk.microsoft.fault(GET, Fault.backend_error(status, retry_after=2.5), skip=1)
    statuses = [desk.get(CALENDAR) for _ in range(3)]
    assert [one.status_code for one in statuses] == [200, status, 200]
    assert statuses[1].headers["retry-after"] == "2.5"


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (Fault.rate_limited("Mon, 04 Jan 2027 09:00:00 GMT"), (429, "TooManyRequests")),
        (Fault.over_concurrency(), (429, "ApplicationThrottled")),
        (Fault.unauthorized(), (401, "InvalidAuthenticationToken")),
        (Fault.refused(403, "ErrorAccessDenied", "no"), (403, "ErrorAccessDenied")),
        (Fault.without_inner_error(404, "ErrorItemNotFound", "no"), (404, "ErrorItemNotFound")),
    ],
)
def test_27_refusals_are_scripted(desk: Desk, fault: Fault, found: tuple[int, str]) -> None:
    desk.microsoft.fault(GET, fault)
    assert code(desk.get(CALENDAR)) == found


def batch(desk: Desk, *steps: Json) -> httpx.Response:
    return desk.call("POST", "/$batch", json={"requests": list(steps)})


def step(name: str, url: str = CALENDAR, method: str = "GET", **more: Any) -> Json:
    return {"id": name, "method": method, "url": url, **more}


def test_28_a_batch_answers_each_in_any_order(desk: Desk) -> None:
    desk.microsoft.fault(GET, Fault.rate_limited(1.5), skip=1)
    answer = batch(desk, *(step(str(number)) for number in range(4)))
    found = {one["id"]: one for one in answer.json()["responses"]}
    assert list(found) != sorted(found)
    assert [found[str(number)]["status"] for number in range(4)] == [200, 429, 200, 200]
    assert found["1"]["headers"]["Retry-After"] == "1.5"
    assert desk.microsoft.log.count(GET) == 4


@pytest.mark.parametrize(("at_once", "refused", "peak"), [(4, 0, 4), (7, 3, 7)])
def test_28_a_batch_on_one_mailbox_may_throttle_itself(
    desk: Desk, at_once: int, refused: int, peak: int
) -> None:
    desk.microsoft.options.batch_at_once = at_once
    answer = batch(desk, *(step(str(number)) for number in range(7)))
    statuses = [one["status"] for one in answer.json()["responses"]]
    assert statuses.count(429) == refused
    assert desk.microsoft.limits.peak[ORGANIZER] == peak
    serial = batch(desk, *(step(str(n), dependsOn=["0"] if n else []) for n in range(7)))
    assert {one["status"] for one in serial.json()["responses"]} == {200}


def test_28_a_batch_writes_with_a_body_of_stated_kind(desk: Desk) -> None:
    headers = {"Content-Type": "application/json"}
    (made,) = batch(desk, step("a", EVENTS, "POST", body=meeting(), headers=headers)).json()[
        "responses"
    ]
    assert (made["status"], made["body"]["subject"]) == (201, "Mentoring")
    bare = batch(desk, step("a", EVENTS, "POST", body=meeting()))
    assert code(bare) == (400, "BadRequest")


def test_28_what_depends_on_a_failure_fails(desk: Desk) -> None:
    answer = batch(
        desk, step("1", "/users/no@acme.example/calendar"), step("2", dependsOn=["1"]), step("3")
    )
    assert [(one["id"], one["status"]) for one in answer.json()["responses"]] == [
        ("1", 404),
        ("2", 424),
        ("3", 200),
    ]


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ([step(str(number)) for number in range(21)], "MaximumValueExceeded"),
        ([step("a"), step("A")], "BadRequest"),
        ([step("a", dependsOn=["b"]), step("b")], "BadRequest"),
        ([step("a", "https://graph.microsoft.com/v1.0/me")], "BadRequest"),
    ],
)
def test_28_batches_out_of_order_are_refused(desk: Desk, steps: list[Json], name: str) -> None:
    assert code(batch(desk, *steps)) == (400, name)


def post(desk: Desk) -> httpx.Response:
    return desk.call("POST", EVENTS, json=meeting(transactionId="t1"))


@pytest.mark.parametrize("when", ["before", "after"])
def test_29_a_lost_reply_and_a_retry_make_one_meeting(desk: Desk, when: Any) -> None:
    desk.microsoft.fault(CREATE, Fault.dropped(when))
    with pytest.raises(httpx.RemoteProtocolError):
        post(desk)
    assert post(desk).status_code == 201
    assert len(desk.world.live(ORGANIZER)) == 1
    assert [len(desk.world.told(one, "invitation")) for one in (TOM, PRIYA)] == [1, 1]
    assert [one.fault for one in desk.microsoft.log.of(CREATE)] == [f"dropped {when}", ""]


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_29_a_503_comes_before_the_commit_or_after(desk: Desk, when: Any, made: int) -> None:
    desk.microsoft.fault(CREATE, Fault.backend_error(503, when))
    assert post(desk).status_code == 503
    assert len(desk.world.live(ORGANIZER)) == made
    assert post(desk).status_code == 201
    assert len(desk.world.live(ORGANIZER)) == 1


def test_29_a_commit_may_come_after_the_client_gave_up(desk: Desk) -> None:
    fault = Fault.delayed()
    desk.microsoft.fault(CREATE, fault)
    assert desk.token
    with pytest.raises(httpx.ReadTimeout):
        desk.call("POST", EVENTS, json=meeting(transactionId="t1"), timeout=0.2)
    assert not desk.world.live(ORGANIZER)
    fault.released.set()
    assert post(desk).status_code == 201
    assert len(desk.world.live(ORGANIZER)) == 1
    assert len(desk.world.told(TOM, "invitation")) == 1


def test_29_an_answer_may_be_cut_or_lack_a_name(desk: Desk) -> None:
    desk.microsoft.fault(CREATE, Fault.missing("id"))
    assert "id" not in post(desk).json()
    desk.microsoft.fault(CREATE, Fault.truncated())
    with pytest.raises(json.JSONDecodeError):
        post(desk).json()


def test_a_race_is_played_by_hooks(desk: Desk) -> None:
    desk.world.before("insert", lambda world: world.add_item(TOM, at(4, 11), at(4, 12)))
    desk.book()
    assert [status for status, _, _ in desk.items(TOM)] == ["busy", "tentative"]


def test_the_log_keeps_no_secrets(desk: Desk) -> None:
    desk.get(CALENDAR, headers={"client-request-id": "abc", "Prefer": 'IdType="ImmutableId"'})
    (entry,) = desk.microsoft.log.of(GET)
    assert "authorization" not in entry.headers
    assert (entry.app, entry.mailbox) == (desk.app.client_id, ORGANIZER)
    assert (entry.client_request_id, entry.immutable) == ("abc", True)
    assert entry.json()["status"] == 200


def test_it_runs_as_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    state = {
        "clock": "2027-01-04T06:00:00+00:00",
        "mailboxes": [
            {"email": TOM, "provider": "microsoft", "items": [
                {"start": "2027-01-04T09:00:00+00:00", "end": "2027-01-04T10:00:00+00:00"}
            ]}
        ],
        "options": {"max_schedules": 100},
    }  # fmt: skip
    (tmp_path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    ca = tmp_path / "ca.pem"
    command = [sys.executable, "-m", "tests.emulators.microsoft"]
    command += ["--state", str(tmp_path / "state.json"), "--ca-file", str(ca)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        client = msal.ConfidentialClientApplication(
            told["client_id"],
            client_credential=told["client_secret"],
            authority=f"{told['authority']}/{told['tenant']}",
            instance_discovery=False,
            verify=str(ca),
        )
        token = client.acquire_token_for_client([f"{told['graph']}/.default"])["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{told['graph']}/v1.0/users/{TOM}/events"
        assert len(httpx.get(url, headers=headers, trust_env=False).json()["value"]) == 1
        shown = httpx.get(f"{told['graph']}/_emulator/log", trust_env=False).json()
        assert [one["method"] for one in shown["log"]] == [
            "discovery",
            "token",
            "users.events.list",
        ]
        assert shown["complaints"] == []
        process.terminate()
        assert process.wait(10) == 0
