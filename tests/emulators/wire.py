"""HTTP on loopback for any emulator: requests in, replies out, faults of the wire included."""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Wire = Literal["send", "drop", "truncate"]
JSON_TYPE = "application/json; charset=UTF-8"


@dataclass
class Request:
    """What arrived. `segments` are the percent-decoded parts of the path (item 7)."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(unquote(one) for one in self.path.strip("/").split("/"))

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


@dataclass
class Reply:
    """What is answered; `wire` says how it travels."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = "send"

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> "Reply":
        body = json.dumps(content, ensure_ascii=False).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, body, {"Content-Type": JSON_TYPE, **named})

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class App(Protocol):
    def handle(self, request: Request) -> Reply: ...

    def escaped(self, target: str) -> None: ...


def lower(headers: Mapping[str, str] | Message) -> dict[str, str]:
    """Name headers in lower case; one that came several times is one list."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


class Server:
    """Serves an app on an ephemeral loopback port, each connection in its own thread."""

    def __init__(self, app: App, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._http = _Http(app, port, tls)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        scheme = "https" if tls else "http"
        self.port: int = self._http.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()
        self._thread.join(5)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, app: App, port: int, tls: ssl.SSLContext | None) -> None:
        self.app = app
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        if tls:
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End what is still open, so that each connection's thread ends by itself."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def _serve(self) -> None:
        if not self.path.startswith("/"):
            self._refuse_proxying()
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        request = Request(self.command, self.path, lower(self.headers), body)
        self._send(self.server.app.handle(request), request)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def do_CONNECT(self) -> None:
        self._refuse_proxying()

    def _refuse_proxying(self) -> None:
        """Record a request for another host that came to us as to a proxy (item 35)."""
        self.server.app.escaped(self.path)
        self.close_connection = True
        self._write(Reply(403, b"no way out of here\n"))

    def _send(self, reply: Reply, request: Request) -> None:
        if reply.wire == "drop":
            self.close_connection = True
            return
        if "gzip" in request.headers.get("accept-encoding", "") and len(reply.body) > 1000:
            reply.body = gzip.compress(reply.body, 1)
            reply.headers["Content-Encoding"] = "gzip"
        if reply.wire == "truncate":
            reply.body = reply.body[: len(reply.body) // 2]
        self._write(reply)

    def _write(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Server", self.version_string())
        if "Date" not in reply.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.status not in (204, 304):
            self.wfile.write(reply.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the request log is kept elsewhere."""
