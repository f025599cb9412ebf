"""Checklist items 1-7 and 30: tokens by the real msal, permissions, envelopes of errors."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest
import requests
from msal.exceptions import MsalServiceError

from tests.emulators import jws
from tests.emulators.loopback import loopback_only
from tests.emulators.microsoft import Certificate, Fault, Federation, MicrosoftEmulator, Options
from tests.emulators.microsoft.call import object_id
from tests.emulators.microsoft.desk import ORGANIZER, PRIYA, TOM, Desk, code
from tests.emulators.microsoft.identity import BEARER, TENANT
from tests.emulators.tls import TestAuthority
from tests.emulators.wire import Json

CALENDAR = f"/users/{ORGANIZER}/calendar"


def pem(certificate: Certificate, folder: Path) -> Json:
    text = certificate.write(folder / "app.pem").read_text(encoding="utf-8")
    cut = text.index("-----BEGIN CERTIFICATE")
    return {"private_key": text[:cut], "public_certificate": text[cut:]}


def exchanged(desk: Desk, **changed: str) -> tuple[int, Json]:
    """Ask for a token by hand."""
    form = {
        "client_id": desk.app.client_id,
        "client_secret": desk.app.secret,
        "grant_type": "client_credentials",
        "scope": desk.scope,
        **changed,
    }
    url = f"{desk.microsoft.authority}/{TENANT}/oauth2/v2.0/token"
    session = requests.Session()
    answer = session.post(url, data=form, verify=str(desk.ca), timeout=5)
    session.close()
    return answer.status_code, answer.json()


def test_30_a_secret_is_exchanged_for_a_token(desk: Desk) -> None:
    answer = desk.acquire()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    entries = [one.method for one in desk.microsoft.log]
    assert entries == ["discovery", "token"]


def test_30_a_wrong_secret_is_an_invalid_client(desk: Desk) -> None:
    answer = desk.acquire(credential="wrong")
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])
    assert answer["error_description"].startswith("AADSTS7000215: ")
    assert desk.microsoft.log.of("token")[0].status == 401


def test_30_an_expired_secret_has_its_own_number(desk: Desk) -> None:
    desk.app.expired_secrets.add("old")
    assert desk.acquire(credential="old")["error_codes"] == [7000222]


def test_30_a_certificate_s_assertion_is_verified(desk: Desk, tmp_path: Path) -> None:
    certificate = Certificate.make("slotfinder")
    app = desk.microsoft.app(secret="", certificate=certificate)
    assert "access_token" in desk.acquire(app, pem(certificate, tmp_path))


def test_30_another_certificate_is_refused(desk: Desk, tmp_path: Path) -> None:
    app = desk.microsoft.app(secret="", certificate=Certificate.make("slotfinder"))
    answer = desk.acquire(app, pem(Certificate.make("other"), tmp_path))
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])


def test_30_a_signature_under_a_borrowed_thumbprint_is_refused(desk: Desk) -> None:
    certificate = Certificate.make("slotfinder")
    app = desk.microsoft.app(secret="", certificate=certificate)
    claims = {
        "iss": app.client_id,
        "sub": app.client_id,
        "aud": f"{desk.microsoft.authority}/{TENANT}/oauth2/v2.0/token",
        "exp": 4102444800,
    }
    forged = jws.write(jws.key_of("certificate other"), certificate.thumbprints, claims)
    true = jws.write(jws.key_of("certificate slotfinder"), certificate.thumbprints, claims)
    sent = {"client_id": app.client_id, "client_assertion_type": BEARER}
    assert exchanged(desk, **sent, client_assertion=true)[0] == 200
    status, answer = exchanged(desk, **sent, client_assertion=forged)
    assert (status, answer["error_codes"]) == (401, [700027])
    wrong = jws.write(
        jws.key_of("certificate slotfinder"), certificate.thumbprints, {**claims, "aud": "x"}
    )
    assert exchanged(desk, **sent, client_assertion=wrong)[1]["error_codes"] == [700023]


@pytest.mark.parametrize(
    ("changed", "number"),
    [({"aud": "x"}, 700212), ({"sub": "other"}, 700213), ({"exp": 1}, 700024)],
)
def test_30_a_federated_token_is_exchanged_or_refused(
    desk: Desk, changed: Json, number: int
) -> None:
    federation = Federation("https://cluster.example", "system:serviceaccount:slotfinder")
    app = desk.microsoft.app(secret="", federation=federation)
    assert "access_token" in desk.acquire(app, {"client_assertion": federation.token})
    refused = desk.acquire(app, {"client_assertion": lambda: federation.token(**changed)})
    assert refused["error_codes"] == [number]


def test_30_a_managed_identity_gets_its_token(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.microsoft.app(secret="", managed="system")
    for name, value in desk.microsoft.managed_environment().items():
        monkeypatch.setenv(name, value)
    with requests.Session() as session:
        client = msal.ManagedIdentityClient(
            msal.SystemAssignedManagedIdentity(), http_client=session
        )
        answer = client.acquire_token_for_client(resource=desk.microsoft.graph)
    token = {"Authorization": f"Bearer {answer['access_token']}"}
    assert desk.client.get(CALENDAR, headers=token).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error", "number"),
    [
        ({"scope": "Calendars.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_resource", 500011),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_secret": ""}, 401, "invalid_client", 7000215),
    ],
)
def test_30_wrong_forms_are_refused_by_number(
    desk: Desk, changed: dict[str, str], status: int, error: str, number: int
) -> None:
    found, answer = exchanged(desk, **changed)
    assert (found, answer["error"], answer["error_codes"]) == (status, error, [number])


def test_30_an_unknown_tenant_is_told_at_discovery(desk: Desk) -> None:
    stranger = desk.microsoft.app()
    stranger.tenant = "elsewhere"
    stranger_client = desk.msal(stranger)
    assert stranger_client
    stranger.tenant = TENANT
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        msal.ConfidentialClientApplication(
            stranger.client_id,
            client_credential="x",
            authority=f"{desk.microsoft.authority}/nowhere",
            instance_discovery=False,
            verify=str(desk.ca),
        )


def test_30_instances_are_discovered_of_the_own_host_only(desk: Desk) -> None:
    root = desk.microsoft.authority
    with requests.Session() as session:
        for wanted, status in ((root, 200), ("https://login.other.example", 400)):
            answer = session.get(
                f"{root}/common/discovery/instance",
                params={"authorization_endpoint": f"{wanted}/{TENANT}/oauth2/v2.0/authorize"},
                verify=str(desk.ca),
                timeout=5,
            )
            assert answer.status_code == status


def test_30_an_authority_msal_does_not_know_would_leave_loopback(desk: Desk) -> None:
    with loopback_only() as tried, pytest.raises((OSError, ValueError)):
        msal.ConfidentialClientApplication(
            desk.app.client_id,
            client_credential="x",
            authority=f"{desk.microsoft.authority}/{TENANT}",
            verify=str(desk.ca),
        )
    assert set(tried) == {"login.microsoftonline.com"}


def test_30_the_test_authority_must_be_trusted(desk: Desk) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        msal.ConfidentialClientApplication(
            desk.app.client_id,
            client_credential="x",
            authority=f"{desk.microsoft.authority}/{TENANT}",
            instance_discovery=False,
        )


def test_30_a_token_is_cached_unless_it_is_short_lived(desk: Desk) -> None:
    client = desk.msal()
    for _ in range(2):
        client.acquire_token_for_client([desk.scope])
    assert desk.microsoft.log.count("token") == 1
    desk.microsoft.options.token_life = 200
    client = desk.msal()
    for _ in range(2):
        client.acquire_token_for_client([desk.scope])
    assert desk.microsoft.log.count("token") == 3


def test_30_refresh_in_is_passed_on(desk: Desk) -> None:
    desk.microsoft.options.refresh_in = 1800
    assert exchanged(desk)[1]["refresh_in"] == 1800


def test_30_a_throttled_token_is_replayed_by_msal(desk: Desk) -> None:
    desk.microsoft.fault("token", Fault.token_error(429, retry_after=3))
    client = desk.msal()
    for _ in range(2):
        answer = client.acquire_token_for_client([desk.scope])
        assert answer["error"] == "temporarily_unavailable"
    assert [one.retry_after for one in desk.microsoft.log.of("token")] == ["3"]


def test_30_a_failing_token_endpoint_raises_in_msal(desk: Desk) -> None:
    desk.microsoft.fault("token", Fault.token_error(503))
    with pytest.raises(MsalServiceError):
        desk.acquire()


@pytest.mark.parametrize("header", ["", "Basic eA==", "Bearer unknown"])
def test_1_no_good_bearer_is_401(desk: Desk, header: str) -> None:
    answer = desk.client.get(CALENDAR, headers={"Authorization": header} if header else {})
    assert code(answer) == (401, "InvalidAuthenticationToken")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_1_an_expired_token_is_refused(desk: Desk) -> None:
    assert desk.get(CALENDAR).status_code == 200
    desk.microsoft.clock.advance(timedelta(hours=1))
    assert code(desk.get(CALENDAR)) == (401, "InvalidAuthenticationToken")


def test_1_a_token_for_another_audience_is_refused(desk: Desk) -> None:
    desk.microsoft.identity.resources.add("https://graph.microsoft.com")
    _, answer = exchanged(desk, scope="https://graph.microsoft.com/.default")
    token = {"Authorization": f"Bearer {answer['access_token']}"}
    refused = desk.client.get(CALENDAR, headers=token)
    assert refused.json()["error"]["message"].endswith("Invalid audience.")


def test_2_errors_carry_ids_and_the_time_without_offset(desk: Desk) -> None:
    mine = "11111111-1111-1111-1111-111111111111"
    answer = desk.get("/users/nobody@acme.example/calendar", headers={"client-request-id": mine})
    inner = answer.json()["error"]["innerError"]
    assert inner["client-request-id"] == answer.headers["client-request-id"] == mine
    assert answer.headers["request-id"]
    assert time.strptime(inner["date"], "%Y-%m-%dT%H:%M:%S")
    assert answer.headers["content-type"].startswith("application/json")
    desk.microsoft.options.inner_errors = False
    assert "innerError" not in desk.get("/users/nobody@acme.example/calendar").json()["error"]


@pytest.mark.parametrize(("status", "name"), [(403, "ErrorAccessDenied"), (400, "BadRequest")])
def test_3_an_app_is_nobody_at_me(desk: Desk, status: Any, name: str) -> None:
    desk.microsoft.options.me = status
    assert code(desk.call("POST", "/me/calendar/getSchedule", json={})) == (status, name)


def test_4_mailboxes_outside_the_scope_are_refused(desk: Desk) -> None:
    desk.app.mailboxes = {ORGANIZER}
    assert desk.get(CALENDAR).status_code == 200
    answer = desk.get(f"/users/{TOM}/calendar")
    assert code(answer) == (403, "ErrorAccessDenied")
    assert "[RAOP]" in answer.json()["error"]["message"]


def test_4_a_scope_need_not_cover_the_schedules_asked_for(desk: Desk) -> None:
    desk.app.mailboxes = {ORGANIZER}
    assert "error" not in desk.entry(TOM)
    desk.microsoft.options.scope_covers_schedules = True
    assert desk.entry(TOM)["error"]["responseCode"] == "ErrorNoFreeBusyAccess"


@pytest.mark.parametrize(
    ("role", "good", "bad"),
    [
        ("Calendars.ReadBasic.All", CALENDAR, f"/users/{ORGANIZER}/events"),
        ("Calendars.Read", f"/users/{ORGANIZER}/events", "/places/microsoft.graph.room"),
        ("Place.Read.All", "/places/microsoft.graph.room", f"/users/{ORGANIZER}/mailboxSettings"),
        ("MailboxSettings.Read", f"/users/{ORGANIZER}/mailboxSettings", CALENDAR),
    ],
)
def test_4_each_permission_opens_its_doors_only(desk: Desk, role: str, good: str, bad: str) -> None:
    desk.app.roles = {role}
    assert desk.get(good).status_code == 200
    assert code(desk.get(bad)) == (403, "ErrorAccessDenied")


def test_5_users_without_mailbox_and_unknown_ones_are_404(desk: Desk) -> None:
    desk.world.add_mailbox("new@acme.example", provider="microsoft", state="unlicensed")
    desk.world.add_mailbox("g@acme.example")
    assert code(desk.get("/users/new@acme.example/events")) == (404, "MailboxNotEnabledForRESTAPI")
    for name in ("g@acme.example", "nobody@acme.example"):
        assert code(desk.get(f"/users/{name}/events")) == (404, "ErrorInvalidUser")
    desk.microsoft.options.unknown_user = "Request_ResourceNotFound"
    answer = desk.get("/users/nobody@acme.example/events")
    assert code(answer) == (404, "Request_ResourceNotFound")


def test_5_a_user_may_be_named_by_the_object_id(desk: Desk) -> None:
    assert desk.get(f"/users/{object_id(ORGANIZER)}/calendar").json()["owner"]["address"] == (
        ORGANIZER
    )
    assert desk.microsoft.log.of("users.calendar.get")[0].mailbox == ORGANIZER


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"{'no'}", "headers": {"Content-Type": "application/json"}},
        {"content": b"[]", "headers": {"Content-Type": "application/json"}},
        {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
        {"content": b""},
    ],
)
def test_6_unreadable_bodies_are_refused(desk: Desk, sent: Json) -> None:
    answer = desk.call("POST", f"/users/{ORGANIZER}/events", **sent)
    assert code(answer) == (400, "BadRequest")
    assert answer.json()["error"]["message"].startswith("Unable to read JSON")


@pytest.mark.parametrize("path", ["/users/x/messages", "/groups", "/users/x/calendars"])
def test_what_is_not_offered_says_so(desk: Desk, path: str) -> None:
    assert code(desk.get(path)) == (501, "NotImplemented")


def test_graph_is_https_too_if_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with MicrosoftEmulator(options=Options(), tls=TestAuthority()) as microsoft:
        desk = Desk(microsoft, tmp_path)
        desk.people(ORGANIZER)
        token = {"Authorization": f"Bearer {desk.token}"}
        assert microsoft.graph.startswith("https://127.0.0.1:")
        with httpx.Client(verify=_trusting(desk.ca), trust_env=False) as client:
            url = f"{microsoft.graph}/v1.0{CALENDAR}"
            assert client.get(url, headers=token).status_code == 200
        desk.close()


def _trusting(ca: Path) -> Any:
    import ssl  # noqa: PLC0415 - one test needs it

    return ssl.create_default_context(cafile=str(ca))


def test_a_subprocess_is_led_into_the_trap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in desk.microsoft.environment().items():
        monkeypatch.setenv(name, value)
    send: Callable[..., object] = httpx.get
    with pytest.raises(httpx.ProxyError):
        send("https://graph.microsoft.com/v1.0/me", timeout=5)
    assert desk.microsoft.log.escaped == ["graph.microsoft.com:443"]
    assert PRIYA in desk.world.mailboxes
