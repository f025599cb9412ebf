"""``[calendars.google]``: what is wrong is said at once, before anything is asked of anybody."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from slotfinder.errors import ConfigurationError, Finding
from slotfinder.roster import load_programme
from slotfinder.settings import Settings
from tests.acceptance.world import OFFICE, PRIYA, SETTINGS, TOM, World, call
from tests.emulators.tls import TestAuthority

PEM = "-----BEGIN PRIVATE KEY-----\nxxxx\n-----END PRIVATE KEY-----\n"
KEY = {
    "type": "service_account",
    "client_email": "slotfinder@project.iam.gserviceaccount.com",
    "private_key": PEM,
    "token_uri": "https://oauth2.googleapis.com/token",
}


def programme(folder: Path, *, calendar: str = "google", **google: Any) -> World:
    """Return a pair whose calendars are on Google, with a key that looks like one."""
    found = World(folder, settings={name: dict(table) for name, table in SETTINGS.items()})
    found.set("programme", organizer_calendar="google")
    (folder / "key.json").write_text(json.dumps(KEY), "utf-8")
    bad = "-----BEGIN CERTIFICATE-----\nxxxx\n-----END CERTIFICATE-----\n"
    (folder / "bad.pem").write_text(bad, "utf-8")
    if google:
        found.set("calendars.google", **google)
    found.person(TOM, "Tom", calendar=calendar).person(PRIYA, "Priya", calendar=calendar)
    return found.pair("p01", TOM, PRIYA)


def findings(world: World, **environment: str) -> list[Finding]:
    world.write()
    with pytest.raises(ConfigurationError) as caught:
        load_programme(world.config, environment)
    return [each for each in caught.value.findings if each.level == "error"]


def settings(world: World, **environment: str) -> Settings:
    world.write()
    return load_programme(world.config, environment)[0]


def test_a_key_file_is_enough_and_is_never_shown(tmp_path: Path) -> None:
    found = settings(programme(tmp_path, service_account_file="key.json")).google

    assert found.key == KEY
    assert found.api_endpoint == "https://www.googleapis.com"
    assert "PRIVATE" not in repr(found)


def test_the_environment_names_the_file_too(tmp_path: Path) -> None:
    name = "SLOTFINDER_CALENDARS__GOOGLE__SERVICE_ACCOUNT_FILE"
    assert settings(programme(tmp_path), **{name: "key.json"}).google.key == KEY


def test_keyless_signing_needs_no_file(tmp_path: Path) -> None:
    account = "slotfinder@project.iam.gserviceaccount.com"
    found = settings(programme(tmp_path, impersonate_service_account=account)).google
    assert (found.key, found.impersonate) == (None, account)


@pytest.mark.parametrize(
    ("google", "key", "sentence"),
    [
        ({}, "calendars.google", "nothing says how to sign in"),
        ({"reader": OFFICE}, "calendars.google", "nothing says how to sign in"),
        ({"service_account_file": "none.json"}, ".service_account_file", "there is no file"),
        ({"service_account_file": "."}, ".service_account_file", "cannot be read"),
        ({"service_account_file": "people.csv"}, ".service_account_file", "is not the JSON key"),
        (
            {"service_account_file": "key.json", "impersonate_service_account": "a@b.example"},
            ".impersonate_service_account",
            "exclude each other",
        ),
        (
            {"service_account_file": "key.json", "api_endpoint": "http://gateway.example"},
            ".google.api_endpoint",
            "not encrypted",
        ),
        (
            {"service_account_file": "key.json", "api_endpoint": "http://127.0.0.1.evil.example"},
            ".google.api_endpoint",
            "not encrypted",
        ),
        (
            {"service_account_file": "key.json", "api_endpoint": "https://x.example/?a=1"},
            ".google.api_endpoint",
            "no root of an API",
        ),
        (
            {"service_account_file": "key.json", "api_endpoint": "ftp://x.example"},
            ".google.api_endpoint",
            "not one of the web",
        ),
        ({"service_account_file": "key.json", "ca_file": "no.pem"}, ".ca_file", "no certificates"),
        (
            {"service_account_file": "key.json", "ca_file": "key.json"},
            ".ca_file",
            "no certificates",
        ),
        ({"service_account_file": "key.json", "ca_file": "bad.pem"}, ".ca_file", "no certificates"),
        ({"service_account_file": "key.json", "reader": "boss"}, ".reader", "not an e-mail"),
        (
            {"service_account_file": "key.json", "raeder": OFFICE},
            ".raeder",
            "Did you mean 'reader'",
        ),
        ({"service_account_file": 7}, ".service_account_file", "not a text"),
    ],
)
def test_what_is_wrong_has_its_sentence_and_place(
    tmp_path: Path, google: dict[str, Any], key: str, sentence: str
) -> None:
    [found] = findings(programme(tmp_path, **google))

    assert (found.key or "").endswith(key)
    assert sentence in str(found)
    assert found.remedy


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example", "."])
def test_a_name_no_host_can_have_is_no_root(tmp_path: Path, host: str) -> None:
    world = programme(tmp_path, service_account_file="key.json", api_endpoint=f"https://{host}")
    [found] = findings(world)
    assert "not one of the web" in found.message


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://localhost", "http://[::1]:80"])
def test_plain_http_is_for_this_machine_alone(tmp_path: Path, url: str) -> None:
    world = programme(tmp_path, service_account_file="key.json", api_endpoint=url)
    assert settings(world).google.api_endpoint == url.rstrip("/")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"type": "authorized_user"}, "is not the JSON key"),
        ({"private_key": None}, "has no private_key"),
        ({"private_key": "xxxx"}, "has no usable private_key"),
        ({"token_uri": "http://tokens.example/token"}, "not encrypted"),
        ({"client_email": 3}, "has no client_email"),
    ],
)
def test_a_key_file_that_is_none_is_refused(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    world = programme(tmp_path, service_account_file="key.json")
    (tmp_path / "key.json").write_text(json.dumps(KEY | change), "utf-8")
    [found] = findings(world)
    assert sentence in str(found)
    assert PEM not in str(found)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_key_file_nobody_may_read_is_refused(tmp_path: Path) -> None:
    world = programme(tmp_path, service_account_file="key.json")
    (tmp_path / "key.json").chmod(0)
    [found] = findings(world)
    assert "cannot be read" in str(found)


@pytest.mark.parametrize("organizer", ["mentor", "mentee"])
def test_a_person_as_organizer_leaves_nobody_to_read_through(
    tmp_path: Path, organizer: str
) -> None:
    world = programme(tmp_path, service_account_file="key.json")
    world.set("programme", organizer=organizer)
    [found] = findings(world)
    assert found.key == "calendars.google.reader"

    world.set("calendars.google", reader=OFFICE)
    assert settings(world).google.reader == OFFICE


def test_an_organizer_elsewhere_leaves_nobody_to_read_through(tmp_path: Path) -> None:
    world = programme(tmp_path, service_account_file="key.json")
    world.set("programme", organizer_calendar="local")
    [found] = findings(world)
    assert found.key == "calendars.google.reader"


def test_who_has_nobody_on_google_needs_none_of_it(tmp_path: Path) -> None:
    world = programme(tmp_path, calendar="local")
    world.set("programme", organizer_calendar="local")
    assert not settings(world).google.has_account


def test_everything_wrong_is_said_at_once_and_nothing_is_touched(tmp_path: Path) -> None:
    world = programme(
        tmp_path,
        service_account_file="none.json",
        ca_file="none.pem",
        api_endpoint="http://x.example",
    )
    world.people[0]["timezone"] = "Mars/Olympus"
    assert {each.key.rpartition(".")[2] for each in findings(world)} == {
        "service_account_file",
        "ca_file",
        "api_endpoint",
        "timezone",
    }
    before = world.snapshot(store=True)
    result = call("--config", str(world.config), "run", "--json")
    assert (result.status, result.out) == (2, "")
    assert world.snapshot(store=True) == before


def test_a_private_key_that_is_none_is_noticed_before_anything_is_done(tmp_path: Path) -> None:
    world = programme(tmp_path, service_account_file="key.json").write()
    result = call("--config", str(world.config), "run", "--json")

    assert (result.status, result.out) == (2, "")
    assert "private key in that file cannot be used" in result.err
    assert "BEGIN" not in result.err
    assert not world.store.exists()


def test_certificates_of_the_firm_are_trusted_besides(tmp_path: Path) -> None:
    world = programme(tmp_path, service_account_file="key.json", ca_file="ca.pem")
    TestAuthority().write(tmp_path / "ca.pem")
    assert settings(world).google.ca_file == tmp_path / "ca.pem"
