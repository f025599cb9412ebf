"""Checklist items 1-8, 35: transport, tokens, scopes, parameters. The client is the real one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import httplib2
import pytest
from google.auth import impersonated_credentials
from google.auth.exceptions import RefreshError
from google.oauth2.service_account import Credentials
from google_auth_httplib2 import AuthorizedHttp

from tests.emulators.google import GoogleEmulator, ServiceAccount, service_account_file
from tests.emulators.google.auth import AUDIENCE, BEARER
from tests.emulators.google.desk import (
    BOTH,
    EVENT,
    ORGANIZER,
    OUTSIDER,
    PRIYA,
    READ,
    TOM,
    WRITE,
    Desk,
    at,
    meeting,
    refusal,
    refused,
)
from tests.emulators.google.schema import SCOPE
from tests.emulators.loopback import loopback_only
from tests.emulators.tls import TestAuthority
from tests.emulators.wire import Json

WEEK = {"timeMin": "2027-01-04T00:00:00Z", "timeMax": "2027-01-11T00:00:00Z"}


def claims(desk: Desk, **changed: object) -> Json:
    now = int(desk.google.clock.now().timestamp())
    good = {
        "iss": desk.google.account.email,
        "sub": ORGANIZER,
        "scope": f"{SCOPE}calendar.freebusy",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 3600,
    }
    return {**good, **changed}


def exchanged(desk: Desk, assertion: str) -> tuple[int, str]:
    form = {"grant_type": BEARER, "assertion": assertion}
    answer = desk.raw("POST", "/token", data=form)
    return answer.status_code, answer.json().get("error", "")


def test_1_token_is_bearer_for_an_hour(desk: Desk) -> None:
    form = {"grant_type": BEARER, "assertion": desk.google.account.jwt(claims(desk))}
    answer = desk.raw("POST", "/token", data=form).json()
    assert (answer["expires_in"], answer["token_type"]) == (3599, "Bearer")


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example/token"},
        {"exp": 1},
        {"iat": 9999999999, "exp": 9999999999 + 60},
        {"iss": "nobody@slotfinder-test.iam.gserviceaccount.com"},
        {"sub": "nobody@acme.example"},
    ],
)
def test_1_wrong_claims_are_an_invalid_grant(desk: Desk, changed: Json) -> None:
    assertion = desk.google.account.jwt(claims(desk, **changed))
    assert exchanged(desk, assertion) == (400, "invalid_grant")


def test_1_a_token_longer_than_an_hour_is_refused(desk: Desk) -> None:
    now = int(desk.google.clock.now().timestamp())
    assertion = desk.google.account.jwt(claims(desk, exp=now + 3700))
    assert exchanged(desk, assertion) == (400, "invalid_grant")


def test_1_a_signature_by_another_key_is_refused(desk: Desk) -> None:
    other = ServiceAccount("other@slotfinder-test.iam.gserviceaccount.com")
    assert exchanged(desk, other.jwt(claims(desk))) == (400, "invalid_grant")


def test_1_one_scope_not_delegated_refuses_the_whole_request(desk: Desk) -> None:
    with pytest.raises(RefreshError, match="unauthorized_client"):
        desk.token(ORGANIZER, *READ, "calendar.acls")


def test_1_a_suspended_subject_is_an_invalid_grant(desk: Desk) -> None:
    desk.world.mailboxes[TOM].state = "suspended"
    with pytest.raises(RefreshError, match="Invalid email or User ID"):
        desk.token(TOM)


def test_1_another_domain_is_not_delegated(desk: Desk) -> None:
    desk.google.account.domains = {"acme.example"}
    desk.people(OUTSIDER)
    assert desk.token(TOM)
    with pytest.raises(RefreshError, match="unauthorized_client"):
        desk.token(OUTSIDER)


def test_2_an_expired_token_is_refused(desk: Desk) -> None:
    token, path = desk.token(), f"/calendar/v3/calendars/{ORGANIZER}/events"
    assert desk.raw("GET", path, token).status_code == 200
    desk.google.clock.advance(timedelta(hours=1))
    assert desk.raw("GET", path, token).status_code == 401


def test_1_a_clock_that_is_wrong_is_an_invalid_grant(desk: Desk) -> None:
    desk.google.clock.advance(timedelta(hours=2))
    with pytest.raises(RefreshError, match="short-lived token"):
        desk.token()


def test_2_a_worthless_token_is_renewed_by_the_client(desk: Desk) -> None:
    events = desk.calendar().events()
    events.list(calendarId=ORGANIZER).execute()
    desk.google.authority.revoke_all()
    events.list(calendarId=ORGANIZER).execute()
    assert [one.status for one in desk.google.log.of("calendar.events.list")] == [200, 401, 200]
    assert desk.google.log.count("token") == 2


def test_2_the_401_names_header_and_reason(desk: Desk) -> None:
    answer = desk.raw("GET", f"/calendar/v3/calendars/{TOM}/events", "ya29.unknown")
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (401, "UNAUTHENTICATED")
    assert error["errors"][0] == {
        "domain": "global",
        "reason": "authError",
        "message": "Invalid Credentials",
        "location": "Authorization",
        "locationType": "header",
    }
    assert desk.raw("GET", f"/calendar/v3/calendars/{TOM}/events").status_code == 401


def test_3_free_busy_with_an_events_scope_is_refused(desk: Desk) -> None:
    request = desk.calendar(ORGANIZER, "calendar.events").freebusy().query(body=WEEK)
    assert refusal(request) == (403, "insufficientPermissions")
    entry = desk.google.log.of("calendar.freebusy.query")[0]
    assert (entry.reason, entry.scopes) == (
        "insufficientPermissions",
        frozenset({"calendar.events"}),
    )


def test_3_the_refusal_names_the_method(desk: Desk) -> None:
    path = "/calendar/v3/freeBusy"
    error = desk.raw("POST", path, desk.token(ORGANIZER, *WRITE), json=WEEK).json()["error"]
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert error["details"][0]["metadata"] == {
        "service": "calendar-json.googleapis.com",
        "method": "calendar.v3.Freebusy.Query",
    }


def test_3_a_write_with_the_free_busy_scope_is_refused(desk: Desk) -> None:
    request = desk.calendar(ORGANIZER, *READ).events().insert(calendarId=ORGANIZER, body=meeting())
    assert refusal(request) == (403, "insufficientPermissions")
    assert not desk.google.log.writes()


def test_4_primary_is_the_subject_s_calendar(desk: Desk) -> None:
    desk.world.add_item(TOM, at(4, 9), at(4, 10))
    found = desk.busy("primary", subject=TOM)["calendars"]
    assert list(found) == ["primary"]
    assert len(found["primary"]["busy"]) == 1


def test_4_primary_without_subject_is_the_account_s_own_empty_calendar(desk: Desk) -> None:
    body = {**WEEK, "items": [{"id": "primary"}, {"id": TOM}]}
    with GoogleEmulator() as google:
        other = Desk(google, desk.folder)
        other.people(TOM)
        # A client without subject would ask iamcredentials.googleapis.com as well (facts §7.5).
        answer = other.raw("POST", "/calendar/v3/freeBusy", _own_token(other), json=body).json()
        other.close()
    assert answer["calendars"]["primary"] == {"busy": []}
    assert answer["calendars"][TOM]["errors"][0]["reason"] == "notFound"


def _own_token(desk: Desk) -> str:
    plain = claims(desk)
    del plain["sub"]
    plain["scope"] += f" {SCOPE}calendar.events"
    form = {"grant_type": BEARER, "assertion": desk.google.account.jwt(plain)}
    return str(desk.raw("POST", "/token", data=form).json()["access_token"])


@pytest.mark.parametrize("state", ["unlicensed", "no-calendar"])
def test_5_a_subject_without_calendar_is_no_calendar_user(desk: Desk, state: str) -> None:
    desk.world.add_mailbox("sue@acme.example", state=state)
    request = desk.calendar("sue@acme.example").events().list(calendarId="primary")
    assert refused(request)[1:] == (
        "notACalendarUser",
        "calendar",
        "The user must be signed up for Google Calendar.",
    )


@pytest.mark.parametrize(
    "query",
    [
        "conferenceDataVersion=7",
        "sendUpdates=some",
        "sendupdates=all",
        "maxAttendees=0",
        "maxAttendees=many",
        "fields=colour",
        "fields=id(",
    ],
)
def test_6_bad_parameters_of_an_insert_are_refused(desk: Desk, query: str) -> None:
    path = f"/calendar/v3/calendars/{ORGANIZER}/events?{query}"
    answer = desk.raw("POST", path, desk.token(), json=meeting())
    first = answer.json()["error"]["errors"][0]
    assert (answer.status_code, first["reason"]) == (400, "invalidParameter")
    assert (first["locationType"], first["location"]) == ("parameter", query.partition("=")[0])
    assert not desk.google.log.writes()


@pytest.mark.parametrize("query", ["maxResults=0", "orderBy=title", "eventTypes=party"])
def test_6_bad_parameters_of_a_list_are_refused(desk: Desk, query: str) -> None:
    path = f"/calendar/v3/calendars/{ORGANIZER}/events?{query}"
    assert desk.raw("GET", path, desk.token()).status_code == 400


def test_6_max_results_is_capped(desk: Desk) -> None:
    desk.google.options.page_size = 2
    for hour in range(9, 12):
        desk.world.add_item(ORGANIZER, at(4, hour), at(4, hour + 1))
    listed = desk.calendar().events().list(calendarId=ORGANIZER, maxResults=99999).execute()
    assert len(listed["items"]) == 2


def test_6_fields_select_from_the_answer(desk: Desk) -> None:
    desk.world.add_item(ORGANIZER, at(4, 9), at(4, 10), title="secret")
    wanted = "items(id,start/dateTime),nextPageToken"
    listed = desk.calendar().events().list(calendarId=ORGANIZER, fields=wanted).execute()
    assert [set(one) for one in listed["items"]] == [{"id", "start"}]
    assert listed["items"][0]["start"] == {"dateTime": "2027-01-04T09:00:00Z"}
    entry = desk.google.log.of("calendar.events.list")[0]
    assert entry.fields == {"items", "id", "start", "dateTime", "nextPageToken"}


def test_7_a_long_get_comes_as_a_post_and_is_a_get(desk: Desk) -> None:
    desk.insert(extendedProperties={"private": {"slotfinder_key": "k"}})
    wanted = ["slotfinder_key=k", *("x" * 40 + f"={number}" for number in range(60))]
    desk.google.options.properties_any = True
    events = desk.calendar().events()
    found = events.list(calendarId=ORGANIZER, privateExtendedProperty=wanted).execute()
    assert [one["id"] for one in found["items"]] == [EVENT]
    entry = desk.google.log.of("calendar.events.list")[0]
    assert (entry.verb, entry.headers["x-http-method-override"]) == ("GET", "GET")


def test_7_ids_are_percent_decoded(desk: Desk) -> None:
    name = "en.uk#holiday@group.v.calendar.google.com"
    desk.world.add_calendar(name, ORGANIZER)
    listed = desk.calendar(ORGANIZER, "calendar.events.readonly").events().list(calendarId=name)
    desk.google.authority.accounts[desk.google.account.email].delegated |= {
        "calendar.events.readonly"
    }
    assert listed.execute()["items"] == []
    assert "%23holiday%40group" in desk.google.log.of("calendar.events.list")[0].path


def test_7_long_answers_are_gzipped_for_who_takes_it(desk: Desk) -> None:
    for hour in range(9, 15):
        desk.world.add_item(TOM, at(4, hour), at(4, hour, 30))
    body = {**WEEK, "items": [{"id": TOM}]}
    answer = desk.raw("POST", "/calendar/v3/freeBusy", desk.token(), json=body)
    listed = desk.raw("GET", f"/calendar/v3/calendars/{TOM}/events", desk.token(TOM))
    assert answer.status_code == 200
    assert listed.headers["content-encoding"] == "gzip"


def test_7_quota_user_is_logged_and_limited_to_40_characters(desk: Desk) -> None:
    query = desk.calendar().freebusy().query
    query(body=WEEK, quotaUser="h" * 40).execute()
    assert desk.google.log.of("calendar.freebusy.query")[0].quota_user == "h" * 40
    assert refusal(query(body=WEEK, quotaUser="h" * 41)) == (400, "invalidParameter")


def test_8_broken_json_is_a_parse_error(desk: Desk) -> None:
    answer = desk.raw("POST", "/calendar/v3/freeBusy", desk.token(), content=b"{'no'}")
    assert answer.json()["error"] == {
        "errors": [{"domain": "global", "reason": "parseError", "message": "Parse Error"}],
        "code": 400,
        "message": "Parse Error",
    }
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"


def test_8_unknown_body_fields_are_ignored_and_flagged(desk: Desk) -> None:
    made = desk.insert(colour="red", attendees=[{"email": TOM, "mood": "good"}])
    assert "colour" not in made
    entry = desk.google.log.of("calendar.events.insert")[0]
    assert entry.unknown == ["Event.colour", "Event.attendees.mood"]


def test_8_wrong_types_in_a_body_are_refused(desk: Desk) -> None:
    events = desk.calendar().events()
    body = meeting(summary=7)
    assert refusal(events.insert(calendarId=ORGANIZER, body=body)) == (400, "invalid")


def test_35_a_batch_at_the_client_s_own_address_is_caught(desk: Desk) -> None:
    service = desk.calendar()
    service.events().list(calendarId=ORGANIZER).execute()
    bundle = service.new_batch_http_request()
    bundle.add(service.events().list(calendarId=ORGANIZER))
    with loopback_only() as tried, pytest.raises((OSError, httplib2.error.ServerNotFoundError)):
        bundle.execute()
    assert tried == ["www.googleapis.com"]


def test_35_a_subprocess_is_led_into_the_trap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in desk.google.environment().items():
        monkeypatch.setenv(name, value)
    http = httplib2.Http(timeout=5, proxy_info=httplib2.proxy_info_from_environment)
    with pytest.raises(OSError):  # noqa: PT011 - whatever a refused proxy is to PySocks
        http.request("https://oauth2.googleapis.com/token", "POST")
    http.close()
    assert desk.google.log.escaped == ["oauth2.googleapis.com:443"]
    assert desk.calendar().events().list(calendarId=ORGANIZER).execute()["items"] == []


def test_keyless_use_signs_by_iam_and_exchanges_as_usual(desk: Desk) -> None:
    source = ServiceAccount("runner@slotfinder-test.iam.gserviceaccount.com", delegated=set())
    desk.google.authority.add(source)
    desk.google.account.creators.add(source.email)
    transport = _Redirected(desk.google.url)
    keyless = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
        source_credentials=desk.credentials(None, ["cloud-platform"], source),
        target_principal=desk.google.account.email,
        target_scopes=[f"{SCOPE}{one}" for one in BOTH],
        subject=ORGANIZER,
    )
    keyless.refresh(transport)  # type: ignore[no-untyped-call]
    token = desk.google.authority.tokens[str(keyless.token)]
    assert (token.subject, token.scopes) == (ORGANIZER, frozenset(BOTH))
    desk.google.account.creators.clear()
    with pytest.raises(RefreshError, match=r"iam\.serviceAccounts\.signJwt"):
        keyless.refresh(transport)  # type: ignore[no-untyped-call]
    transport.session.close()


class _Redirected:
    """Sends what goes to a constant address of Google to the emulator instead."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._inner = google.auth.transport.requests.Request()
        self.session = self._inner.session

    def __call__(self, url: str, **more: Any) -> Any:
        path = url.partition("://")[2].partition("/")[2]
        return self._inner(f"{self._root}/{path}", **more)


def test_the_key_file_is_read_by_google_auth(desk: Desk) -> None:
    path = service_account_file(desk.folder / "key.json", desk.google)
    read = Credentials.from_service_account_file(path)  # type: ignore[no-untyped-call]
    assert read.service_account_email == desk.google.account.email


def test_https_with_a_test_authority(tmp_path: Path) -> None:
    with GoogleEmulator(tls=TestAuthority()) as google:
        desk = Desk(google, tmp_path)
        desk.people(ORGANIZER)
        plain = httplib2.Http(timeout=5, ca_certs=str(google.write_ca(tmp_path / "ca.pem")))
        http = AuthorizedHttp(desk.credentials(), http=plain)
        url = f"{google.url}/calendar/v3/calendars/{ORGANIZER}/events"
        answer, content = http.request(url)
        plain.close()
        assert (answer.status, json.loads(content)["items"]) == (200, [])


def test_the_world_s_clock_is_not_the_machine_s(desk: Desk) -> None:
    desk.world.clock.set(datetime(2027, 1, 1, 6, tzinfo=UTC))
    made = desk.insert()
    assert made["created"] == "2027-01-01T06:00:00.000Z"
    assert PRIYA in desk.world.mailboxes
