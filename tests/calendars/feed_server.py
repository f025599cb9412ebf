"""A web server on loopback that publishes calendars, and misbehaves when asked to."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

Answer = Callable[[BaseHTTPRequestHandler], None]


def serving(
    body: bytes, status: int = 200, /, *, length: int | None = None, **headers: str
) -> Answer:
    """Answer with these; a header's underscores stand for hyphens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirecting(to: str, status: int = 302) -> Answer:
    return serving(b"", status, Location=to)


@dataclass
class FeedServer:
    """What is served by path; ``asked`` are the requests that came, with their headers."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    feeds: ClassVar[FeedServer]

    def do_GET(self) -> None:
        self.feeds.asked.append((self.path, dict(self.headers)))
        try:
            self.feeds.answers.get(self.path, serving(b"", 404))(self)
        except (BrokenPipeError, ConnectionResetError):  # the reader had enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[FeedServer]:
    feeds = FeedServer()
    handler = type("Handler", (_Handler,), {"feeds": feeds})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https" if tls else "http"
        feeds.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield feeds
        finally:
            server.shutdown()
            thread.join()
