"""Published .ics feeds, read over loopback (calendars.md, Published feeds)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.feed_server import Feeds, feeds
from tests.acceptance.world import OFFICE, PRIYA, TOM, World, calendar, couple, entry, partstat


@pytest.fixture(scope="module")
def server() -> Iterator[Feeds]:
    with feeds() as served:
        yield served


def fed(folder: Path, url: str, *allow: str) -> World:
    world = couple(folder)
    world.people[1]["calendar"] = url
    if allow:
        world.set("calendars.feeds", allow=list(allow))
    return world.write()


def serve(server: Feeds, path: str, *lines: str) -> str:
    server.bodies[path] = calendar(*lines)
    return server.url + path


def test_a_meeting_avoids_what_a_feed_shows(tmp_path: Path, server: Feeds) -> None:
    busy = entry("x", "DTSTART:20270104T000000Z", "DTEND:20270112T000000Z")
    world = fed(tmp_path, serve(server, "/a.ics", *busy), "127.0.0.1")
    action = world.run().action
    assert action["kind"] == "book"
    assert action["start"] == "2027-01-12T09:00:00Z"


def test_a_feeds_owner_is_invited_by_mail_and_has_no_folder(tmp_path: Path, server: Feeds) -> None:
    world = fed(tmp_path, serve(server, "/b.ics"), "127.0.0.0/8")
    action = world.run().action
    assert world.copies() == sorted(world.copy(email, action["uid"]) for email in (OFFICE, TOM))
    assert sorted(str(mail["To"]) for mail in world.mails()) == [PRIYA, TOM]
    quiet = world.snapshot()
    assert world.run().kinds == ["keep"]
    assert world.snapshot() == quiet
    assert world.status()["next"]["answers"][PRIYA] == "none"


def test_our_own_invitation_in_the_feed_is_not_a_conflict(tmp_path: Path, server: Feeds) -> None:
    """A calendar program that took the mail in publishes our meeting under its uid."""
    world = fed(tmp_path, serve(server, "/c.ics"), "127.0.0.1")
    action = world.run().action
    content = world.copy(TOM, action["uid"]).read_bytes()
    assert partstat(content, PRIYA) == "NEEDS-ACTION"
    server.bodies["/c.ics"] = content
    assert world.run().kinds == ["keep"]


def test_another_entry_in_the_feed_moves_a_meeting(tmp_path: Path, server: Feeds) -> None:
    world = fed(tmp_path, serve(server, "/d.ics"), "127.0.0.1")
    world.run()
    serve(server, "/d.ics", *entry("x", "DTSTART:20270105T091500Z", "DTEND:20270105T100000Z"))
    assert world.run().kinds == ["move"]


@pytest.mark.parametrize("allow", [(), ("10.0.0.0/8",)])
def test_a_loopback_feed_not_allowed_is_never_asked(
    tmp_path: Path, server: Feeds, allow: tuple[str, ...]
) -> None:
    world = fed(tmp_path, serve(server, "/private.ics"), *allow)
    result = world.run()
    assert result.action["reason_code"] == "calendar-unreadable"
    assert result.status == 3
    assert result.json["unreadable"][0]["person"] == PRIYA
    assert "/private.ics" not in server.asked


def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path, server: Feeds) -> None:
    serve(server, "/inner.ics")
    port = server.url.rpartition(":")[2]
    server.redirects["/outer.ics"] = f"http://127.0.0.2:{port}/inner.ics"
    world = fed(tmp_path, f"{server.url}/outer.ics", "127.0.0.1")
    assert world.run().action["reason_code"] == "calendar-unreadable"
    assert "/inner.ics" not in server.asked


def test_a_redirect_within_what_is_allowed_is_followed(tmp_path: Path, server: Feeds) -> None:
    serve(server, "/new.ics")
    server.redirects["/old.ics"] = f"{server.url}/new.ics"
    assert fed(tmp_path, f"{server.url}/old.ics", "127.0.0.1").run().kinds == ["book"]


def test_an_endless_redirect_ends(tmp_path: Path, server: Feeds) -> None:
    server.redirects["/loop.ics"] = f"{server.url}/loop.ics"
    world = fed(tmp_path, f"{server.url}/loop.ics", "127.0.0.1")
    assert world.run().action["reason_code"] == "calendar-unreadable"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Sign in</html>", calendar()[:30], b"x" * 1000],
    ids=["empty", "html", "truncated", "no calendar"],
)
def test_a_feed_that_is_no_calendar_is_unreadable(
    tmp_path: Path, server: Feeds, body: bytes
) -> None:
    server.bodies["/bad.ics"] = body
    result = fed(tmp_path, f"{server.url}/bad.ics", "127.0.0.1").run()
    assert result.action["reason_code"] == "calendar-unreadable"
    assert result.json["unreadable"][0]["reason_code"] == "malformed-answer"


def test_a_feed_that_is_gone_is_unreadable(tmp_path: Path, server: Feeds) -> None:
    result = fed(tmp_path, f"{server.url}/nothing-here.ics", "127.0.0.1").run()
    assert result.json["unreadable"][0]["reason_code"] in {
        "not-found",
        "provider-error",
        "provider-unavailable",
    }


def test_a_secret_in_a_feeds_address_is_told_nowhere(tmp_path: Path, server: Feeds) -> None:
    url = f"{server.url}/private-5ecret70ken/basic.ics"
    world = fed(tmp_path, url, "127.0.0.1")
    for arguments in (["run", "--json"], ["run", "--verbose"], ["freebusy", PRIYA, "--json"]):
        result = world.call(*arguments)
        assert "5ecret70ken" not in result.out + result.err
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "people.csv":
            assert b"5ecret70ken" not in path.read_bytes()


def test_freebusy_of_a_feed_names_its_provider(tmp_path: Path, server: Feeds) -> None:
    busy = entry("x", "DTSTART:20270323T090000Z", "DTEND:20270323T100000Z")
    world = fed(tmp_path, serve(server, "/e.ics", *busy), "127.0.0.1")
    span = ("--from", "2027-03-22", "--to", "2027-03-24")
    result = world.call("freebusy", PRIYA, *span, "--json")
    assert result.status == 0
    assert isinstance(result.json["provider"], str)
    assert [each["kind"] for each in result.json["intervals"]] == ["busy"]


def test_a_person_with_a_feed_cannot_organize(tmp_path: Path, server: Feeds) -> None:
    """clouds.md: a read-only calendar as organizer is exit 2."""
    world = fed(tmp_path, serve(server, "/f.ics"), "127.0.0.1")
    world.set("programme", organizer="mentee").write()
    result = world.run()
    assert result.status == 2
    assert result.out == ""
