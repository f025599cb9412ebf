"""A web server on loopback that publishes calendars; it can be told to wait before it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar


@dataclass
class Feeds:
    """What is served by path; a redirect where the body is an address."""

    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    came: Event = field(default_factory=Event)
    go: Event = field(default_factory=Event)


class _Handler(BaseHTTPRequestHandler):
    feeds: ClassVar[Feeds]

    def do_GET(self) -> None:
        self.feeds.asked.append(self.path)
        self.feeds.came.set()
        if not self.feeds.go.wait(30):
            return
        target = self.feeds.redirects.get(self.path)
        body = self.feeds.bodies.get(self.path)
        try:
            self.send_response(302 if target else 200 if body is not None else 404)
            if target:
                self.send_header("Location", target)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")
        except (BrokenPipeError, ConnectionResetError):  # who asked was killed
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def feeds() -> Iterator[Feeds]:
    """Yield a running server; ``go`` is set, clear it to make those who ask wait."""
    served = Feeds()
    served.go.set()
    handler = type("Handler", (_Handler,), {"feeds": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        served.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            served.go.set()
            server.shutdown()
            thread.join()
