"""What a scheduled run tells the tools of its operator."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.world import PRIYA, TOM, Result, World, couple


@dataclass
class Monitor:
    """Somebody who is told that runs do their work; ``answers`` with one status."""

    answers: int = 200
    beats: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    found = Monitor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.beats.append(self.path)
            self.send_response(found.answers)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/secret-switch"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return couple(tmp_path).write()


def logged(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.err.splitlines()]


class TestHeartbeat:
    def test_it_beats_once_a_run(self, world: World, monitor: Monitor) -> None:
        assert world.run("--heartbeat", monitor.url).status == 0
        assert monitor.beats == ["/secret-switch"]

    def test_it_beats_though_a_coordinator_is_needed(self, world: World, monitor: Monitor) -> None:
        world.busy(TOM, "20270104T000000Z", "20270401T000000Z")
        assert world.run("--heartbeat", monitor.url).status == 3
        assert len(monitor.beats) == 1

    def test_it_stops_where_nobody_can_be_read(self, world: World, monitor: Monitor) -> None:
        for name in (TOM, PRIYA):
            world.busy(name, "20270104T000000Z", "20270105T000000Z").write_bytes(b"nonsense")
        assert world.run("--heartbeat", monitor.url).status == 1
        assert monitor.beats == []

    def test_the_environment_may_name_it(
        self, world: World, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SLOTFINDER_HEARTBEAT", monitor.url)
        assert world.run().status == 0
        assert len(monitor.beats) == 1

    def test_a_monitor_out_of_order_is_a_doubt_and_its_address_stays_secret(
        self, world: World, monitor: Monitor
    ) -> None:
        monitor.answers = 500
        result = world.run("--heartbeat", monitor.url)
        assert (result.status, result.kinds) == (0, ["book"])
        assert "answered 500" in logged(result)[-1]["message"]
        assert "secret-switch" not in result.err

    @pytest.mark.parametrize(
        "host", ["http://127.0.0.1:1", "https://\u00e4..example", "https://xn--"]
    )
    def test_a_monitor_that_cannot_be_reached_is_a_doubt(self, world: World, host: str) -> None:
        gone = world.run("--heartbeat", f"{host}/secret-switch")
        assert gone.status == 0
        assert "could not be told" in logged(gone)[-1]["message"]
        assert "secret-switch" not in gone.err

    @pytest.mark.parametrize(
        "url", ["ftp://x.example", "http://x.example/s", "https://", "https://x:0", "https://["]
    )
    def test_what_cannot_be_asked_for_is_2_before_anything_is_done(
        self, world: World, url: str
    ) -> None:
        result = world.run(f"--heartbeat={url}")
        assert (result.status, result.out) == (2, "")
        assert "--heartbeat" in result.err
        assert not world.store.exists()


class TestMetrics:
    def test_they_are_figures_prometheus_can_read(self, world: World, tmp_path: Path) -> None:
        file = tmp_path / "slotfinder.prom"
        assert world.run("--metrics", str(file)).status == 0
        families = text_string_to_metric_families(file.read_text("utf-8"))
        found = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }
        programme = ("programme", "Reverse mentoring 2027")
        assert found["slotfinder_last_run_exit_status", programme] == 0
        assert found["slotfinder_actions", ("kind", "book"), programme] == 1
        assert found["slotfinder_pairs", ("health", "ok"), programme] == 1
        assert found["slotfinder_waiting", programme] == 0
        assert found["slotfinder_last_run_timestamp_seconds", programme] > 1.7e9

    def test_they_show_no_person(self, world: World, tmp_path: Path) -> None:
        file = tmp_path / "slotfinder.prom"
        world.run("--metrics", str(file))
        assert "@" not in file.read_text("utf-8")

    def test_a_file_that_cannot_be_written_is_a_doubt(self, world: World, tmp_path: Path) -> None:
        result = world.run("--metrics", str(tmp_path / "missing" / "a.prom"))
        assert result.status == 0
        assert "a.prom" in logged(result)[-1]["message"]


class TestLog:
    def test_a_run_logs_one_json_object_a_line(self, world: World) -> None:
        lines = logged(world.run())
        assert [each["event"] for each in lines] == ["run-began", "book", "run-ended"]
        assert lines[1] | {"pair": "p01", "level": "info", "result": "done"} == lines[1]
        assert lines[2] | {"status": 0, "book": 1} == lines[2]

    def test_addresses_are_logged_with_verbose_alone(self, world: World) -> None:
        world.busy(TOM, "20270104T000000Z", "20270105T000000Z").write_bytes(b"nonsense")
        plain, verbose = world.run(), world.run("--verbose")
        assert plain.status == 3
        [line] = [each for each in logged(plain) if each["event"] == "unreadable"]
        assert (line["level"], line["reason_code"]) == ("warning", "malformed-answer")
        assert TOM not in plain.err
        assert TOM in verbose.err

    def test_a_doubt_about_an_address_shows_it_with_verbose_alone(self, world: World) -> None:
        world.tail += '\n[[rooms]]\nemail = "room-z@acme.example"\n'
        world.write()
        plain, verbose = world.run(), world.run("--verbose")
        assert "no site has the room '(address)'" in logged(plain)[0]["message"]
        assert "room-z@acme.example" in logged(verbose)[0]["message"]

    def test_quiet_logs_nothing(self, world: World) -> None:
        assert world.run("--quiet").err == ""

    def test_what_stays_is_no_news(self, world: World) -> None:
        world.run()
        assert [each["event"] for each in logged(world.run())] == ["run-began", "run-ended"]
