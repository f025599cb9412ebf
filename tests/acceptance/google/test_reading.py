"""What is read of Google's calendars, and what is unknown."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from slotfinder.calendars.google.wire import MOST_CALENDARS
from tests.acceptance.google.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, SUNDAY, TOM, Json
from tests.emulators.google import Fault, Options
from tests.emulators.google.server import SCOPES

KOFI, ADA = "kofi@acme.example", "ada@acme.example"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses between tries take no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def with_second_pair(found: Office) -> Office:
    found.person(KOFI, "Kofi Example").person(ADA, "Ada Example")
    found.programme.pair("p02", KOFI, ADA).write()
    return found


def unreadable(found: Office) -> dict[str, str]:
    return {each["person"]: each["reason_code"] for each in found.plan().json["unreadable"]}


def test_busy_times_are_seen_and_nothing_else(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        found.busy(TOM, "2027-01-05T09:00", "2027-01-05T10:00")
        found.busy(TOM, "2027-01-05T09:30", "2027-01-05T11:00")
        found.busy(TOM, "2027-01-06T09:00", "2027-01-06T10:00", status="free")
        result = found.call(
            "freebusy", TOM, "--from", "2027-01-05", "--to", "2027-01-06", "--json", now=SUNDAY
        )

        assert result.json["intervals"] == [
            {"start": "2027-01-05T09:00:00Z", "end": "2027-01-05T11:00:00Z", "kind": "busy"}
        ]
        assert found.leaks(result) == []


@pytest.mark.parametrize(
    "options", [Options(hostile=True), Options(lower_keys=True), Options(merged=False)]
)
def test_however_google_writes_an_answer_it_means_the_same(
    tmp_path: Path, options: Options
) -> None:
    plans = []
    for number, each in enumerate((Options(), options)):
        with office(tmp_path / str(number), options=each) as found:
            found.programme.write()
            for hour in (12, 9, 10):
                found.busy(TOM, f"2027-01-05T{hour:02}:00", f"2027-01-05T{hour + 1:02}:30")
            plans.append(found.plan().json["actions"])
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"omitted": {TOM}}, "missing-answer"),
        ({"without_busy": {TOM}}, "malformed-answer"),
        ({"reasons": {TOM: "internalError"}}, "provider-error"),
        ({"reasons": {TOM: "notFound"}}, "not-found"),
        ({"reasons": {TOM: "somethingNew"}}, "provider-error"),
        ({"reasons": {TOM: "tooManyCalendarsRequested"}}, "provider-error"),
    ],
)
def test_one_unknown_calendar_holds_its_pair_alone(
    tmp_path: Path, options: Json, code: str
) -> None:
    with office(tmp_path, options=Options(**options)) as found:
        with_second_pair(found)
        result = found.run()

        assert result.status == 3
        assert unreadable(found) == {TOM: code}
        [entry] = result.json["unreadable"]
        assert entry["reason"].endswith(".")
        assert entry["advice"].endswith(".")
        assert [(each["pair"], each["kind"]) for each in result.actions] == [
            ("p01", "hold"),
            ("p02", "book"),
        ]
        assert len(found.meetings()) == 1


def test_somebody_google_does_not_know_is_told_with_all_the_possibilities(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        with_second_pair(found)
        found.world.mailboxes[TOM].state = "suspended"
        [entry] = found.plan().json["unreadable"]

        assert (entry["person"], entry["reason_code"]) == (TOM, "not-found")
        for word in ("outside the domain", "suspended", "licence", "not shared"):
            assert word in entry["reason"]


@pytest.mark.parametrize(
    ("prepare", "code", "word"),
    [
        (lambda found: found.google.account.delegated.clear(), "credentials", "client id"),
        (
            lambda found: found.google.account.delegated.discard("calendar.freebusy"),
            "credentials",
            "calendar.freebusy",
        ),
        (
            lambda found: found.google.account.delegated.discard("calendar.events.owned"),
            "credentials",
            "calendar.events.owned",
        ),
        (
            lambda found: setattr(found.world.mailboxes[OFFICE], "state", "suspended"),
            "credentials",
            "suspended",
        ),
        (
            lambda found: setattr(found.world.mailboxes[OFFICE], "state", "no-calendar"),
            "no-mailbox",
            "Calendar service",
        ),
        (
            lambda found: found.google.fault(
                "calendar.freebusy.query",
                Fault.refused(403, "accessNotConfigured", "Not enabled."),
                times=99,
            ),
            "credentials",
            "Calendar API",
        ),
        (
            lambda found: found.google.fault("*", Fault.backend_error(), times=99),
            "provider-unavailable",
            "network",
        ),
        (
            lambda found: found.google.fault("*", Fault.dropped("before"), times=99),
            "provider-unavailable",
            "network",
        ),
        (
            lambda found: found.google.fault(
                "calendar.freebusy.query", Fault.truncated(), times=99
            ),
            "malformed-answer",
            "gateway",
        ),
        (
            lambda found: found.google.fault("calendar.freebusy.query", Fault.html(200), times=99),
            "malformed-answer",
            "gateway",
        ),
    ],
)
def test_what_keeps_everybody_from_being_read_is_said_once_with_its_remedy(
    tmp_path: Path, prepare: Any, code: str, word: str
) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        prepare(found)
        result = found.plan()

        assert result.status == 1, "nobody can be read"
        people = {each["person"]: each for each in result.json["unreadable"]}
        assert set(people) == {TOM, PRIYA}
        for each in people.values():
            assert each["reason_code"] == code
            assert word in each["reason"] + each["advice"]
        assert set(result.kinds) == {"hold"}


def test_a_hiccup_while_reading_is_not_noticed(tmp_path: Path) -> None:
    for fault in (
        Fault.backend_error(),
        Fault.rate_limited(),
        Fault.unauthorized(),
        Fault.html(),
        Fault.truncated(),
        Fault.dropped("before"),
    ):
        with office(tmp_path / fault.name.replace(" ", "-")) as found:
            found.programme.write()
            found.google.fault("calendar.freebusy.query", fault)
            assert found.plan().status == 0


@pytest.mark.parametrize("days", [14, 42, 100])
def test_everybody_is_read_once_in_as_few_queries_as_there_can_be(
    tmp_path: Path, days: int
) -> None:
    with office(tmp_path) as found:
        found.programme.set("meetings", horizon=f"{days}d")
        for number in range(29):
            mentor, mentee = f"a{number}@acme.example", f"b{number}@acme.example"
            found.person(mentor, f"A {number}").person(mentee, f"B {number}")
            found.programme.pair(f"q{number:02}", mentor, mentee)
        found.programme.pair("r01", "a1@acme.example", "b2@acme.example").write()
        result = found.plan()

        queries = found.google.log.of("calendar.freebusy.query")
        asked = [
            (each.body["timeMin"], item["id"]) for each in queries for item in each.body["items"]
        ]
        windows = {each.body["timeMin"] for each in queries}
        assert len(asked) == len(set(asked)) == 60 * len(windows)
        assert len(queries) == 2 * len(windows)
        assert all(len(each.body["items"]) <= MOST_CALENDARS for each in queries)
        assert result.json["requests"]["google.freebusy"] == len(queries)
        # SUNDAY to the end of the last period that begins within the horizon, and a day.
        length = timedelta(days={14: 16, 42: 58, 100: 114}[days])
        assert len(windows) == -(-length // timedelta(days=31))


def test_each_mailbox_is_its_own_user_to_google_s_limits(tmp_path: Path) -> None:
    with office(tmp_path, reader=ADA) as found:
        found.world.add_mailbox(ADA)
        found.programme.write()
        found.run()
        users = {(each.subject, each.quota_user) for each in found.google.log if each.quota_user}

        assert len(users) == len({user for _, user in users}) == 2
        assert {subject for subject, _ in users} == {ADA, OFFICE}
        assert not any("@" in user or len(user) > 40 for _, user in users)


def test_a_crowded_calendar_that_is_empty_at_once_is_doubted_for_one_run(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        for day in range(10, 16):
            found.busy(TOM, f"2027-01-{day}T20:00", f"2027-01-{day}T21:00")
        assert found.run().status == 0
        for item in found.world.live(TOM):
            item.purged = True

        doubted = found.run()
        assert doubted.status == 3
        assert [each["reason_code"] for each in doubted.json["unreadable"]] == ["suspicious"]
        assert doubted.kinds == ["keep"]
        assert found.run().status == 0


class TestOursOrSomebodyElses:
    """Free/busy merges: an entry beside our meeting is none of its business, one over it is."""

    @pytest.fixture
    def booked(self, tmp_path: Path) -> Any:
        with office(tmp_path) as found:
            found.programme.write()
            found.run()
            yield found

    def test_entries_around_our_meeting_do_not_move_it(self, booked: Office) -> None:
        meeting = booked.meeting()
        hour = timedelta(hours=1)
        booked.world.add_item(TOM, meeting.start - hour, meeting.start)
        booked.world.add_item(TOM, meeting.end, meeting.end + hour)
        assert booked.run().kinds == ["keep"]

    def test_an_entry_over_our_meeting_moves_ours(self, booked: Office) -> None:
        meeting = booked.meeting()
        start = meeting.start
        booked.world.add_item(TOM, start + timedelta(minutes=15), start + timedelta(hours=2))
        result = booked.run()

        assert result.kinds == ["move"]
        assert result.action["reason_code"] == "conflict"
        lists = [
            each
            for each in booked.google.log.of("calendar.events.list")
            if each.scopes == {"calendar.events.freebusy"}
        ]
        assert {each.subject for each in lists} == {OFFICE}
        assert all(not each.fields & {"summary", "attendees", "description"} for each in lists)
        assert booked.run().kinds == ["keep"]

    def test_without_the_scope_nothing_is_guessed(self, booked: Office) -> None:
        booked.google.account.delegated.discard("calendar.events.freebusy")
        meeting = booked.meeting()
        start = meeting.start
        booked.world.add_item(TOM, start + timedelta(minutes=15), start + timedelta(hours=2))
        result = booked.run()

        assert (result.status, result.kinds) == (0, ["keep"])

    def test_an_entry_without_time_or_declined_does_not_move_it(self, booked: Office) -> None:
        meeting = booked.meeting()
        hour = timedelta(hours=1)
        booked.world.add_item(TOM, meeting.end, meeting.end + hour)
        booked.world.add_item(TOM, meeting.start, meeting.end + 3 * hour, status="free")
        assert booked.run().kinds == ["keep"]


def test_all_scopes_are_those_the_documentation_names() -> None:
    page = Path(__file__).parents[3] / "docs" / "google-workspace.md"
    text = page.read_text("utf-8")
    for scope in SCOPES - {
        "calendar.events",
        "calendar.settings.readonly",
        "admin.directory.resource.calendar.readonly",
    }:
        assert f"https://www.googleapis.com/auth/{scope}" in text


def test_the_key_file_is_never_shown(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        key = json.loads((tmp_path / "google.json").read_text("utf-8"))["private_key"]
        result = found.run("--verbose")
        assert key.splitlines()[1] not in result.out + result.err
