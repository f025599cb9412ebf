"""``[calendars.microsoft]``: what is wrong is said at once, before anything is asked of anybody."""

import os
from pathlib import Path
from typing import Any, Final

import pytest

from slotfinder.errors import ConfigurationError, Finding
from slotfinder.roster import load_programme
from slotfinder.settings import Settings
from tests.acceptance.world import OFFICE, PRIYA, SETTINGS, TOM, World, call
from tests.emulators.microsoft import Certificate
from tests.emulators.tls import TestAuthority

SECRET: Final = "s3cret~of-the-app"
APP: Final = {"tenant": "acme.onmicrosoft.com", "client_id": "11111111-2222-3333-4444-555555555555"}
PREFIX: Final = "SLOTFINDER_CALENDARS__MICROSOFT__"


def programme(folder: Path, *, calendar: str = "microsoft", **microsoft: Any) -> World:
    """Return a pair whose calendars are on Microsoft 365, with the files an app may have."""
    found = World(folder, settings={name: dict(table) for name, table in SETTINGS.items()})
    found.set("programme", organizer_calendar="microsoft")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret").write_text(f"{SECRET}\n", "utf-8")
    (folder / "empty").write_text("\n", "utf-8")
    Certificate.make("slotfinder").write(folder / "app.pem")
    Certificate.make("slotfinder").write(folder / "locked.pem", password="open sesame")
    (folder / "password").write_text("open sesame\n", "utf-8")
    app = Certificate.make("another").write(folder / "other.pem").read_text("utf-8")
    key = (folder / "app.pem").read_text("utf-8").partition("-----BEGIN CERT")[0]
    (folder / "key-alone.pem").write_text(key, "utf-8")
    (folder / "mixed.pem").write_text(key + app[app.index("-----BEGIN CERT") :], "utf-8")
    for file in folder.iterdir():
        file.chmod(0o600)
    if microsoft:
        found.set("calendars.microsoft", **microsoft)
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


def secret_of(found: Settings) -> str:
    assert found.microsoft.secret is not None
    return found.microsoft.secret.get_secret_value()


def test_environment_beats_file_beats_toml_and_only_the_last_warns(tmp_path: Path) -> None:
    world = programme(tmp_path, **APP, client_secret="in the toml")
    found = settings(world)
    assert secret_of(found) == "in the toml"
    assert [each.key for each in found.warnings] == ["calendars.microsoft.client_secret"]
    assert "in the toml" not in repr(found) + str(found.warnings)

    world.set("calendars.microsoft", client_secret_file="secret")
    assert secret_of(settings(world)) == SECRET
    given = {f"{PREFIX}CLIENT_SECRET": "from outside"}
    assert secret_of(settings(world, **given)) == "from outside"


def test_secrets_of_file_and_environment_warn_nobody(tmp_path: Path) -> None:
    assert settings(programme(tmp_path, **APP, client_secret_file="secret")).warnings == ()
    given = {f"{PREFIX}CLIENT_SECRET": "from outside"}
    assert settings(programme(tmp_path / "2", **APP), **given).warnings == ()


def test_the_roots_are_those_of_the_global_cloud_unless_others_are_named(tmp_path: Path) -> None:
    world = programme(tmp_path, **APP, client_secret_file="secret")
    found = settings(world).microsoft
    assert (found.authority, found.graph) == (
        "https://login.microsoftonline.com",
        "https://graph.microsoft.com",
    )
    world.set(
        "calendars.microsoft",
        authority="https://login.microsoftonline.us/",
        graph="https://dod-graph.microsoft.us/",
    )
    found = settings(world).microsoft
    assert (found.authority, found.graph) == (
        "https://login.microsoftonline.us",
        "https://dod-graph.microsoft.us",
    )


@pytest.mark.parametrize(
    "account",
    [
        {**APP, "certificate_file": "app.pem"},
        {**APP, "certificate_file": "locked.pem", "certificate_password_file": "password"},
        {**APP, "certificate_file": "app.pem", "certificate_password_file": "password"},
        {**APP, "federated_token_file": "secret"},
        {"managed_identity": "system"},
        {"managed_identity": "11111111-2222-3333-4444-555555555555"},
    ],
)
def test_every_way_to_sign_in_is_enough(tmp_path: Path, account: dict[str, str]) -> None:
    found = settings(programme(tmp_path, **account))
    assert found.microsoft.has_account
    assert found.warnings == ()
    for word in ("PRIVATE", SECRET, "open sesame"):
        assert word not in repr(found)


BAD: Final[list[tuple[dict[str, Any], str, str]]] = [
    ({}, "calendars.microsoft", "nothing says how to sign in"),
    ({**APP}, "calendars.microsoft", "nothing says how to sign in"),
    ({"client_secret_file": "secret", "client_id": "x"}, ".tenant", "is missing"),
    ({"client_secret_file": "secret", "tenant": "x"}, ".client_id", "is missing"),
    ({**APP, "client_secret_file": "none"}, ".client_secret_file", "no secret can be read"),
    ({**APP, "client_secret_file": "empty"}, ".client_secret_file", "no secret can be read"),
    ({**APP, "client_secret_file": "."}, ".client_secret_file", "no secret can be read"),
    (
        {**APP, "client_secret_file": "secret", "certificate_file": "app.pem"},
        ".certificate_file",
        "a file with a client secret and a certificate exclude each other",
    ),
    (
        {**APP, "certificate_file": "app.pem", "federated_token_file": "secret"},
        ".federated_token_file",
        "exclude each other",
    ),
    (
        {**APP, "client_secret_file": "secret", "managed_identity": "system"},
        ".managed_identity",
        "exclude each other",
    ),
    ({**APP, "certificate_file": "none.pem"}, ".certificate_file", "there is no file"),
    ({**APP, "certificate_file": "."}, ".certificate_file", "cannot be read"),
    ({**APP, "certificate_file": "secret"}, ".certificate_file", "no private key"),
    ({**APP, "certificate_file": "key-alone.pem"}, ".certificate_file", "has no certificate"),
    ({**APP, "certificate_file": "mixed.pem"}, ".certificate_file", "do not belong together"),
    ({**APP, "certificate_file": "locked.pem"}, ".certificate_file", "is locked by a password"),
    (
        {**APP, "certificate_file": "locked.pem", "certificate_password_file": "secret"},
        ".certificate_file",
        "with that password",
    ),
    ({**APP, "federated_token_file": "none"}, ".federated_token_file", "no token can be read"),
    ({**APP, "client_secret_file": "secret", "tenant": "common"}, ".tenant", "many tenants"),
    ({**APP, "client_secret_file": "secret", "tenant": "…"}, ".tenant", "is no id"),
    ({**APP, "client_secret_file": "secret", "client_id": "a b"}, ".client_id", "is no id"),
    (
        {**APP, "client_secret_file": "secret", "graph": "http://graph.example"},
        ".graph",
        "not encrypted",
    ),
    (
        {**APP, "client_secret_file": "secret", "graph": "https://graph.microsoft.com/v1.0/"},
        ".graph",
        "a version stands in the address",
    ),
    (
        {**APP, "client_secret_file": "secret", "authority": "http://127.0.0.1:1"},
        ".authority",
        "only asked for by https",
    ),
    (
        {
            **APP,
            "client_secret_file": "secret",
            "authority": "https://login.microsoftonline.com/acme",
        },
        ".authority",
        "a path stands in the address",
    ),
    ({**APP, "client_secret_file": "secret", "ca_file": "no.pem"}, ".ca_file", "no certificates"),
    ({**APP, "client_secret_file": "secret", "reader": "boss"}, ".reader", "not an e-mail"),
    (
        {**APP, "client_secret_file": "secret", "raeder": OFFICE},
        ".raeder",
        "Did you mean 'reader'",
    ),
]


@pytest.mark.parametrize(("microsoft", "key", "sentence"), BAD)
def test_what_is_wrong_has_its_sentence_and_place(
    tmp_path: Path, microsoft: dict[str, Any], key: str, sentence: str
) -> None:
    [found] = findings(programme(tmp_path, **microsoft))

    assert (found.key or "").endswith(key)
    assert sentence in str(found)
    assert found.remedy
    assert SECRET not in str(found)


def test_a_secret_of_the_environment_excludes_a_certificate_too(tmp_path: Path) -> None:
    world = programme(tmp_path, **APP, certificate_file="app.pem")
    [found] = findings(world, **{f"{PREFIX}CLIENT_SECRET": SECRET})
    assert "exclude each other" in str(found)
    assert SECRET not in str(found)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://localhost", "http://[::1]:80"])
def test_plain_http_is_for_this_machine_alone(tmp_path: Path, url: str) -> None:
    world = programme(tmp_path, **APP, client_secret_file="secret", graph=url)
    assert settings(world).microsoft.graph == url.rstrip("/")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_key_file_nobody_may_read_is_refused(tmp_path: Path) -> None:
    world = programme(tmp_path, **APP, certificate_file="app.pem")
    (tmp_path / "app.pem").chmod(0)
    [found] = findings(world)
    assert "cannot be read" in str(found)


@pytest.mark.parametrize("organizer", ["mentor", "mentee"])
def test_a_person_as_organizer_leaves_nobody_to_read_through(
    tmp_path: Path, organizer: str
) -> None:
    world = programme(tmp_path, **APP, client_secret_file="secret")
    world.set("programme", organizer=organizer)
    [found] = findings(world)
    assert found.key == "calendars.microsoft.reader"

    world.set("calendars.microsoft", reader=OFFICE)
    assert settings(world).microsoft.reader == OFFICE


def test_an_organizer_elsewhere_leaves_nobody_to_read_through(tmp_path: Path) -> None:
    world = programme(tmp_path, **APP, client_secret_file="secret")
    world.set("programme", organizer_calendar="local")
    [found] = findings(world)
    assert found.key == "calendars.microsoft.reader"


def test_who_has_nobody_there_needs_none_of_it(tmp_path: Path) -> None:
    world = programme(tmp_path, calendar="local")
    world.set("programme", organizer_calendar="local")
    assert not settings(world).microsoft.has_account


def test_everything_wrong_is_said_at_once_and_nothing_is_touched(tmp_path: Path) -> None:
    world = programme(
        tmp_path,
        client_id="x",
        client_secret_file="none",
        certificate_file="none.pem",
        ca_file="none.pem",
        graph="http://x.example",
    )
    world.people[0]["timezone"] = "Mars/Olympus"
    assert sorted(each.key.rpartition(".")[2] for each in findings(world)) == [
        "ca_file",
        "certificate_file",
        "certificate_file",
        "client_secret_file",
        "graph",
        "timezone",
    ]
    before = world.snapshot(store=True)
    result = call("--config", str(world.config), "run", "--json")
    assert (result.status, result.out) == (2, "")
    assert world.snapshot(store=True) == before


def test_certificates_of_the_firm_are_trusted_besides(tmp_path: Path) -> None:
    world = programme(tmp_path, **APP, client_secret_file="secret", ca_file="ca.pem")
    TestAuthority().write(tmp_path / "ca.pem")
    assert settings(world).microsoft.ca_file == tmp_path / "ca.pem"
