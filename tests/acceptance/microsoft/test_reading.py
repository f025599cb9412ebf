"""What is read of calendars on Microsoft 365, and what is unknown."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.google.test_faults import no_waiting
from tests.acceptance.microsoft.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, SUNDAY, TOM, Json
from tests.emulators.microsoft import Certificate, Fault, Federation, Options

__all__ = ["no_waiting"]

KOFI, ADA = "kofi@acme.example", "ada@acme.example"
SCHEDULE = "users.calendar.getSchedule"


def with_second_pair(found: Office) -> Office:
    found.person(KOFI, "Kofi Example").person(ADA, "Ada Example")
    found.programme.pair("p02", KOFI, ADA).write()
    return found


def unreadable(found: Office) -> dict[str, str]:
    return {each["person"]: each["reason_code"] for each in found.plan().json["unreadable"]}


def intervals(found: Office, person: str = TOM) -> list[tuple[str, str, str]]:
    arguments = ("freebusy", person, "--from", "2027-01-04", "--to", "2027-01-06", "--json")
    result = found.call(*arguments, now=SUNDAY)
    assert found.leaks(result) == []
    assert result.status == 0, result.out
    return [(each["start"], each["end"], each["kind"]) for each in result.json["intervals"]]


def test_every_status_has_its_kind_and_nothing_else_is_seen(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        found.world.calendars[TOM].acl[OFFICE] = "reader"
        for hour, status in enumerate(("busy", "tentative", "ooo", "elsewhere", "free"), start=9):
            found.busy(TOM, f"2027-01-05T{hour:02}:00", f"2027-01-05T{hour:02}:30", status=status)
        for hour, unheard in ((15, "unknown"), (16, "onTheMoon")):
            item = found.busy(TOM, f"2027-01-05T{hour}:00", f"2027-01-05T{hour}:30")
            item.extra["showAs"] = unheard
        found.microsoft.options.judged = False

        assert [(start[11:16], kind) for start, _, kind in intervals(found)] == [
            ("09:00", "busy"),
            ("10:00", "tentative"),
            ("11:00", "out-of-office"),
            ("12:00", "elsewhere"),
            ("15:00", "unknown"),
            ("16:00", "unknown"),
        ]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/London", "2027-01-05T00:00:00Z", "2027-01-06T00:00:00Z"),
        ("Pacific/Auckland", "2027-01-04T11:00:00Z", "2027-01-06T00:00:00Z"),
        ("America/New_York", "2027-01-05T00:00:00Z", "2027-01-06T05:00:00Z"),
    ],
)
def test_a_whole_day_covers_the_day_its_owner_lives_in(
    tmp_path: Path, zone: str, start: str, end: str
) -> None:
    """Graph shows it at midnights of UTC, where an entry with hours could stand as well."""
    with office(tmp_path) as found:
        found.programme.people[0]["timezone"] = zone
        found.programme.write()
        found.world.add_item(TOM, date(2027, 1, 5), date(2027, 1, 6))
        assert intervals(found) == [(start, end, "busy")]


@pytest.mark.parametrize(
    "options", [Options(shuffled=True), Options(capitalised=True), Options(zone_style="iana")]
)
def test_however_graph_writes_an_answer_it_means_the_same(tmp_path: Path, options: Options) -> None:
    plans = []
    for number, each in enumerate((Options(), options)):
        with office(tmp_path / str(number), options=each) as found:
            found.programme.write()
            for hour in (12, 9, 10):
                found.busy(TOM, f"2027-01-05T{hour:02}:00", f"2027-01-05T{hour + 1:02}:30")
            each.judged = False
            plans.append(found.plan().json["actions"])
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"omitted": {TOM}}, "missing-answer"),
        ({"reasons": {TOM: "5009"}}, "not-found"),
        ({"reasons": {TOM: "5009"}, "null_items": True}, "not-found"),
        ({"reasons": {TOM: "5016"}}, "no-mailbox"),
        ({"reasons": {TOM: "5006"}}, "provider-error"),
        ({"reasons": {TOM: "timeout"}}, "provider-unavailable"),
        ({"reasons": {TOM: "ErrorNoFreeBusyAccess"}}, "no-access"),
        ({"reasons": {TOM: "ErrorMailRecipientNotFound"}}, "not-found"),
        ({"reasons": {TOM: "ErrorSomethingNew"}}, "provider-error"),
        ({"reasons": {TOM: "4711"}}, "provider-error"),
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
        assert (entry["provider"], entry["reason"][-1], entry["advice"][-1]) == (
            "microsoft",
            ".",
            ".",
        )
        assert [(each["pair"], each["kind"]) for each in result.actions] == [
            ("p01", "hold"),
            ("p02", "book"),
        ]
        assert len(found.meetings()) == 1


def _expire_secret(found: Office) -> None:
    found.app.expired_secrets.add(found.app.secret)


def _refuse(found: Office, *about: Any) -> None:
    found.microsoft.fault(SCHEDULE, Fault.refused(*about), times=99)


HINDRANCES: list[tuple[Any, str, str]] = [
    (_expire_secret, "credentials", "client secret has expired"),
    (lambda found: setattr(found.app, "secret", "another"), "credentials", "secret is wrong"),
    (lambda found: setattr(found.app, "tenant", "elsewhere"), "credentials", "no such tenant"),
    (
        lambda found: found.microsoft.identity.apps.clear() or found.microsoft.app("other"),
        "credentials",
        "no app of this client_id",
    ),
    (lambda found: found.app.roles.clear(), "credentials", "Calendars.ReadBasic.All"),
    (
        lambda found: found.app.roles.difference_update({"Calendars.ReadWrite", "Calendars.Read"}),
        "credentials",
        "Calendars.ReadWrite",
    ),
    (
        lambda found: setattr(found.app, "mailboxes", set()),
        "no-access",
        "outside the mailboxes the app may open",
    ),
    (
        lambda found: setattr(found.world.mailboxes[OFFICE], "state", "unlicensed"),
        "no-mailbox",
        "licence",
    ),
    (lambda found: found.world.mailboxes.pop(OFFICE), "not-found", "knows no user"),
    (
        lambda found: _refuse(found, 400, "TimeZoneNotSupportedException", "A valid TimeZone"),
        "provider-error",
        "TimeZoneNotSupportedException",
    ),
    (
        lambda found: _refuse(found, 400, "ErrorMailboxDataArrayTooBig", "There are too many"),
        "provider-error",
        "distribution list",
    ),
    (
        lambda found: found.microsoft.fault("*", Fault.backend_error(), times=99),
        "provider-unavailable",
        "network",
    ),
    (
        lambda found: found.microsoft.fault("*", Fault.dropped("before"), times=99),
        "provider-unavailable",
        "network",
    ),
    (
        lambda found: found.microsoft.fault(SCHEDULE, Fault.truncated(), times=99),
        "malformed-answer",
        "gateway",
    ),
    (
        lambda found: found.microsoft.fault(SCHEDULE, Fault.html(200), times=99),
        "malformed-answer",
        "gateway",
    ),
]


@pytest.mark.parametrize(("prepare", "code", "word"), HINDRANCES)
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
            assert each["reason_code"] == code, each
            assert word in each["reason"] + each["advice"]
            assert found.app.secret not in each["reason"] + each["advice"]
        assert set(result.kinds) == {"hold"}


def test_a_hiccup_while_reading_is_not_noticed(tmp_path: Path) -> None:
    for fault in (
        Fault.backend_error(),
        Fault.rate_limited(),
        Fault.rate_limited(2.128),
        Fault.over_concurrency(),
        Fault.unauthorized(),
        Fault.html(),
        Fault.truncated(),
        Fault.dropped("before"),
    ):
        with office(tmp_path / fault.name.replace(" ", "-")) as found:
            found.programme.write()
            found.microsoft.fault(SCHEDULE, fault)
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

        queries = found.microsoft.log.of(SCHEDULE)
        asked = [
            (each.body["startTime"]["dateTime"], who)
            for each in queries
            for who in each.body["schedules"]
        ]
        windows = {start for start, _ in asked}
        assert len(asked) == len(set(asked)) == 60 * len(windows)
        assert len(queries) == 3 * len(windows)
        assert result.json["requests"]["microsoft.getSchedule"] == len(queries)
        # SUNDAY to the end of the last period that begins within the horizon, and a day.
        length = timedelta(days={14: 16, 42: 58, 100: 114}[days])
        assert len(windows) == -(-length // timedelta(days=60))
        assert found.microsoft.limits.peak[OFFICE] <= 3


def test_only_the_reader_and_the_organizer_are_opened(tmp_path: Path) -> None:
    with office(tmp_path, reader=ADA) as found:
        found.world.add_mailbox(ADA, provider="microsoft")
        found.app.mailboxes = {ADA, OFFICE}
        found.programme.write()

        assert found.run().status == 0
        assert {each.mailbox for each in found.microsoft.log if each.mailbox} == {ADA, OFFICE}
        assert {each.mailbox for each in found.microsoft.log.of(SCHEDULE)} == {ADA}


def test_entries_beside_our_meeting_do_not_move_it_and_one_at_its_time_does(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        found.run()
        meeting, hour = found.meeting(), timedelta(hours=1)
        found.world.add_item(TOM, meeting.start - hour, meeting.start)
        found.world.add_item(TOM, meeting.end, meeting.end + hour)
        found.world.add_item(TOM, meeting.start, meeting.end, status="free")
        assert found.run().kinds == ["keep"]

        found.world.add_item(TOM, meeting.start, meeting.end)
        result = found.run()
        assert (result.kinds, result.action["reason_code"]) == (["move"], "conflict")
        assert found.run().kinds == ["keep"]


@pytest.mark.parametrize("way", ["certificate", "locked certificate", "federation", "identity"])
def test_every_way_to_sign_in_reads_and_books(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with office(tmp_path) as found:
        table = found.programme.settings["calendars.microsoft"]
        del table["client_secret_file"]
        found.app.secret = ""
        certificate, trusted = Certificate.make("slotfinder"), Federation("https://k8s", "agent")
        if "certificate" in way:
            found.app.certificates.append(certificate)
            password = "open sesame" if "locked" in way else ""
            table["certificate_file"] = certificate.write(tmp_path / "app.pem", password).name
            if password:
                (tmp_path / "password").write_text(password, "utf-8")
                table["certificate_password_file"] = "password"
        elif way == "federation":
            found.app.federations.append(trusted)
            (tmp_path / "token").write_text(f"{trusted.token()}\n", "utf-8")
            table["federated_token_file"] = "token"
        else:
            found.microsoft.identity.managed["system"] = found.app.client_id
            for name, value in found.microsoft.managed_environment().items():
                monkeypatch.setenv(name, value)
            del table["tenant"], table["client_id"]
            table["managed_identity"] = "system"
        found.programme.write()
        result = found.run()

        assert (result.status, result.action["result"]) == (0, "done"), result.out
        assert result.json["requests"]["microsoft.token"] == 1


def test_certificates_of_ca_file_beat_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none.pem").write_text("", "utf-8")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "none.pem"))
    with office(tmp_path) as found:
        found.programme.write()
        assert found.plan().status == 0


def test_the_secret_and_tokens_are_never_shown(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        result = found.run("--verbose")
        secrets = {found.app.secret, *found.microsoft.identity.tokens, "Bearer"}
        kept = found.programme.store.read_bytes()
        assert len(secrets) == 3
        assert not any(each in result.out + result.err for each in secrets)
        assert not any(each.encode() in kept for each in secrets)
