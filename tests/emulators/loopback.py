"""No way out: a request to any other host fails the test that made it (item 35)."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_LOCAL = ("127.0.0.1", "::1", "localhost", "")


@contextmanager
def loopback_only() -> Iterator[list[str]]:
    """Refuse connections and look-ups beyond loopback in this process; list what was tried."""
    tried: list[str] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guard(host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name not in _LOCAL:
            tried.append(name)
            raise OSError(f"{name} is not loopback")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            guard(address[0])
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **named: Any) -> Any:
        guard(host)
        return look_up(host, *args, **named)

    with (
        patch.object(socket.socket, "connect", guarded_connect),
        patch.object(socket, "getaddrinfo", guarded_look_up),
    ):
        yield tried
