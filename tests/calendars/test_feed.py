"""Published calendars over http, from a real server on loopback."""

import gzip
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
import trustme

from slotfinder.calendars.feed.addresses import Allowed, RefusedError
from slotfinder.calendars.feed.calendar import PublishedFeeds
from slotfinder.domain.freebusy import FreeBusy, Provider, Reading, Unreadable, UnreadableCode
from slotfinder.ports import CalendarRef
from tests.calendars.feed_server import FeedServer, redirecting, running, serving
from tests.calendars.ics import LONDON, NINE, OWNER, SPRING, TEN, calendar, event

SOUND = calendar(*event(NINE, TEN))
SECRET = "token-8c1f"
PATH = f"/{SECRET}/basic.ics"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with running() as feeds:
        yield feeds


def reader(timeout: float = 10, ca_file: Path | None = None) -> PublishedFeeds:
    return PublishedFeeds(["127.0.0.1"], timeout, ca_file)


def ref(url: str, owner: str = OWNER) -> CalendarRef:
    return CalendarRef(owner=owner, zone=LONDON, feed=url)


def read(url: str, feeds: PublishedFeeds | None = None) -> Reading:
    [reading] = (feeds or reader()).read([ref(url)], SPRING, frozenset())
    return reading


def refused(url: str, feeds: PublishedFeeds | None = None) -> UnreadableCode:
    """Return why the address cannot be read, having seen that nothing tells the address."""
    reading = read(url, feeds)
    assert isinstance(reading, Unreadable)
    assert reading.reason
    assert reading.advice
    assert SECRET not in reading.reason + reading.advice
    assert "127.0.0.1" not in reading.reason + reading.advice
    return reading.code


def test_a_published_calendar_is_read(server: FeedServer) -> None:
    server.answers[PATH] = serving(SOUND)

    reading = read(server.url + PATH)

    assert isinstance(reading, FreeBusy)
    assert (reading.person, reading.provider) == (OWNER, Provider.FEED)
    assert [f"{block.interval.start:%m%dT%H%M}" for block in reading.blocks] == ["0323T0900"]


def test_compression_is_not_asked_for(server: FeedServer) -> None:
    server.answers[PATH] = serving(SOUND)
    read(server.url + PATH)

    [(_, headers)] = server.asked
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"] == server.url.removeprefix("http://")


def test_a_name_and_password_in_the_address_are_used(server: FeedServer) -> None:
    server.answers[PATH] = serving(SOUND)
    read(server.url.replace("//", "//tom:secret@") + PATH)

    [(_, headers)] = server.asked
    assert headers["Authorization"].startswith("Basic ")
    assert headers["Host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, UnreadableCode.NOT_FOUND),
        (410, UnreadableCode.NOT_FOUND),
        (401, UnreadableCode.NO_ACCESS),
        (403, UnreadableCode.NO_ACCESS),
        (500, UnreadableCode.PROVIDER_UNAVAILABLE),
        (503, UnreadableCode.PROVIDER_UNAVAILABLE),
        (201, UnreadableCode.PROVIDER_ERROR),
        (206, UnreadableCode.PROVIDER_ERROR),
        (429, UnreadableCode.PROVIDER_ERROR),
    ],
)
def test_any_status_but_200_is_unreadable(
    server: FeedServer, status: int, code: UnreadableCode
) -> None:
    server.answers[PATH] = serving(SOUND, status)

    assert refused(server.url + PATH) is code


@pytest.mark.parametrize(
    "body", [b"", b"<html>Sign in</html>", SOUND[:-20], SOUND.replace(b"DTSTART", b"X")]
)
def test_what_is_no_whole_calendar_is_malformed(server: FeedServer, body: bytes) -> None:
    server.answers[PATH] = serving(body)

    assert refused(server.url + PATH) is UnreadableCode.MALFORMED_ANSWER


def test_an_answer_shorter_than_announced_is_no_answer(server: FeedServer) -> None:
    def cut_off(handler: BaseHTTPRequestHandler) -> None:
        serving(SOUND, length=len(SOUND) + 100)(handler)
        handler.close_connection = True

    server.answers[PATH] = cut_off

    assert refused(server.url + PATH) is UnreadableCode.PROVIDER_UNAVAILABLE


def test_fifty_megabytes_are_not_downloaded(server: FeedServer) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b"x" * 1_000_000)
            sent.append(1)

    server.answers[PATH] = endless

    assert refused(server.url + PATH) is UnreadableCode.MALFORMED_ANSWER
    assert len(sent) < 50


def test_a_compressed_answer_is_refused_unopened(server: FeedServer) -> None:
    server.answers[PATH] = serving(gzip.compress(SOUND), Content_Encoding="gzip")

    assert refused(server.url + PATH) is UnreadableCode.PROVIDER_ERROR


class TestSlowServers:
    """Each sends something now and then, so that no single wait is long."""

    def drip(self, flag: Flag, head: bytes, drop: bytes, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while not flag.wait(0.02):
            handler.wfile.write(drop)

    @pytest.mark.parametrize(
        ("head", "drop"),
        [
            (b"HTTP/1.0 200 OK\r\n", b"X-Drop: 1\r\n"),
            (b"HTTP/1.0 200 OK\r\n\r\n" + SOUND, b"\r\n"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + SOUND, b"\r\n"),
            (b"", b""),
        ],
        ids=["headers", "body without length", "body", "nothing"],
    )
    def test_one_is_given_up_at_the_deadline(
        self, server: FeedServer, head: bytes, drop: bytes
    ) -> None:
        flag = Flag()
        server.answers[PATH] = lambda handler: self.drip(flag, head, drop, handler)
        try:
            code = refused(server.url + PATH, reader(timeout=0.3))
        finally:
            flag.set()

        assert code is UnreadableCode.PROVIDER_UNAVAILABLE


class TestRedirects:
    def test_five_are_followed(self, server: FeedServer) -> None:
        for number in range(5):
            server.answers[f"/{number}"] = redirecting(f"/{number + 1}", 301 + number % 3)
        server.answers["/5"] = serving(SOUND)
        feeds = reader()

        assert isinstance(read(server.url + "/0", feeds), FreeBusy)
        assert feeds.requests == {"feed.get": 6}

    def test_six_are_too_many(self, server: FeedServer) -> None:
        server.answers[PATH] = redirecting(server.url + PATH)

        assert refused(server.url + PATH) is UnreadableCode.PROVIDER_ERROR
        assert len(server.asked) == 6

    @pytest.mark.parametrize(
        "to",
        [
            "http://127.0.0.2:{port}/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]:{port}/",
            "http://[::ffff:10.0.0.1]/",
        ],
    )
    def test_one_to_an_address_inside_is_refused(self, server: FeedServer, to: str) -> None:
        server.answers[PATH] = redirecting(to.format(port=server.url.rpartition(":")[2]))

        assert refused(server.url + PATH) is UnreadableCode.NO_ACCESS
        assert len(server.asked) == 1

    @pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://"])
    def test_one_to_no_web_address_is_refused(self, server: FeedServer, to: str) -> None:
        server.answers[PATH] = redirecting(to)

        assert refused(server.url + PATH) is UnreadableCode.PROVIDER_ERROR


@pytest.mark.parametrize(
    "url",
    [
        "",
        "calendar.ics",
        "file:///etc/passwd",
        "webcal://127.0.0.1/x",
        "http:///x",
        "http://a\x00b/",
        f"http://{'a' * 70}.example/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert refused(url) is UnreadableCode.PROVIDER_ERROR


def test_a_missing_address_is_refused() -> None:
    [reading] = reader().read([CalendarRef(owner=OWNER, zone=LONDON)], SPRING, frozenset())

    assert isinstance(reading, Unreadable)


def test_loopback_is_refused_unless_it_is_allowed(server: FeedServer) -> None:
    server.answers[PATH] = serving(SOUND)

    assert refused(server.url + PATH, PublishedFeeds([], 10)) is UnreadableCode.NO_ACCESS
    assert server.asked == []


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert refused(f"http://127.0.0.1:{port}{PATH}") is UnreadableCode.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(RefusedError):
        Allowed.of([]).addresses(address, 80)


def test_one_address_that_is_not_public_spoils_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, 1, 6, "", (each, 80)) for each in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    with pytest.raises(RefusedError):
        Allowed.of([]).addresses("rebinding.example", 80)


def test_a_name_is_looked_up_once_and_that_address_is_asked(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another host the second time (DNS rebinding) leads nowhere else."""
    asked: list[str] = []
    true = socket.getaddrinfo

    def rebinding(host: str, port: int, *more: Any, **options: Any) -> Any:
        if host != "rebinding.example":
            return true(host, port, *more, **options)
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    server.answers[PATH] = serving(SOUND)
    named = server.url.replace("127.0.0.1", "rebinding.example")

    assert isinstance(read(named + PATH), FreeBusy)
    assert asked == ["rebinding.example"]
    [(_, headers)] = server.asked
    assert headers["Host"] == named.removeprefix("http://")


def test_no_proxy_is_asked_for_a_feed(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look names up itself, and be asked what was refused here."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server.answers[PATH] = serving(SOUND)

    assert isinstance(read(server.url + PATH), FreeBusy)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_a_public_address_is_not(address: str) -> None:
    assert Allowed.of([]).addresses(address, 80) == [address]


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.0/8", "127.9.9.9"),
        ("10.0.0.0/8", "::ffff:10.0.0.1"),
        ("localhost", "LOCALHOST"),
        ("::1", "::1"),
    ],
)
def test_hosts_and_networks_may_be_allowed(entry: str, host: str) -> None:
    assert Allowed.of([entry]).addresses(host, 80)


def test_an_allowed_host_allows_no_other_one() -> None:
    with pytest.raises(RefusedError):
        Allowed.of(["localhost", "10.0.0.0/8"]).addresses("127.0.0.1", 80)


def test_many_calendars_are_read_in_their_order(server: FeedServer) -> None:
    people = [f"p{number}@acme.example" for number in range(20)]
    for number in range(0, 20, 2):
        server.answers[f"/{number}"] = serving(SOUND)
    feeds = reader()

    readings = feeds.read(
        [ref(f"{server.url}/{number}", who) for number, who in enumerate(people)],
        SPRING,
        frozenset(),
    )

    assert [reading.person for reading in readings] == people
    assert [isinstance(reading, FreeBusy) for reading in readings] == [True, False] * 10
    assert feeds.requests == {"feed.get": 20}


def test_nothing_is_asked_for_nobody() -> None:
    feeds = reader()

    assert feeds.read([], SPRING, frozenset()) == []
    assert feeds.requests == {}


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def ca_file(self, authority: trustme.CA, tmp_path: Path) -> Path:
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        return tmp_path / "ca.pem"

    def serve(self, authority: trustme.CA, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(context)
        return context

    def test_a_trusted_server_is_read(self, authority: trustme.CA, ca_file: Path) -> None:
        with running(self.serve(authority, "127.0.0.1")) as server:
            server.answers[PATH] = serving(SOUND)
            assert isinstance(read(server.url + PATH, reader(ca_file=ca_file)), FreeBusy)

    def test_the_name_counts_though_the_address_is_dialled(
        self, authority: trustme.CA, ca_file: Path
    ) -> None:
        with running(self.serve(authority, "localhost")) as server:
            server.answers[PATH] = serving(SOUND)
            feeds = PublishedFeeds(["127.0.0.1", "localhost"], 10, ca_file)
            named = server.url.replace("127.0.0.1", "localhost")

            assert isinstance(read(named + PATH, feeds), FreeBusy)
            assert refused(server.url + PATH, feeds) is UnreadableCode.PROVIDER_UNAVAILABLE

    def test_an_unknown_authority_is_not_trusted(self, authority: trustme.CA) -> None:
        with running(self.serve(authority, "127.0.0.1")) as server:
            server.answers[PATH] = serving(SOUND)
            assert refused(server.url + PATH) is UnreadableCode.PROVIDER_UNAVAILABLE
