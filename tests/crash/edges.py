"""The outermost edges of the product, counted: at any one of them the process can be killed.

Nothing of the product is replaced: what crosses an edge is done as ever by the libraries below.
"""

import http.client
import os
import signal
import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import PurePath
from typing import Any
from unittest.mock import patch

import httpx
from sqlalchemy.engine.default import DefaultDialect

_FILES = ("mkdir", "rmdir", "replace", "rename", "unlink", "remove", "fsync")
"""What changes a folder, or makes a change last."""


class Edges:
    """Counts what is passed, and kills this process at the point of that number (from 0).

    The name of each point is written to ``trace`` before anything else happens there.
    """

    def __init__(self, trace: int, kill_at: int | None) -> None:
        self._trace, self._kill_at = trace, kill_at
        self._passed = 0
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            os.write(self._trace, f"{name}\n".encode())
            if self._passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self._passed += 1

    def around(self, name: str, work: Callable[[], Any]) -> Any:
        """Do something with a point before it and, if it succeeds, one after it."""
        self.reach(f"before {name}")
        done = work()
        self.reach(f"after {name}")
        return done


@contextmanager
def counted(edges: Edges) -> Iterator[None]:
    """Let every request, commit, mail and change of a file pass the edges."""
    begin, end = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse
    send = httpx.HTTPTransport.handle_request
    commit: Callable[[Any, Any], None] = DefaultDialect.do_commit

    @wraps(begin)
    def begun(self: Any, method: str, url: str, *rest: Any, **named: Any) -> None:
        self.asked = f"{method} {_plain(url)}"
        edges.reach(f"before {self.asked}")
        begin(self, method, url, *rest, **named)

    @wraps(end)
    def ended(self: Any) -> http.client.HTTPResponse:
        answer = end(self)
        edges.reach(f"after {self.asked}")
        return answer

    @wraps(send)
    def sent(self: Any, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {_plain(request.url.path)}"
        found = edges.around(name, lambda: send(self, request))
        assert isinstance(found, httpx.Response)
        return found

    @wraps(commit)
    def committed(self: Any, connection: Any) -> None:
        edges.around("COMMIT", lambda: commit(self, connection))

    with (
        patch.object(http.client.HTTPConnection, "putrequest", begun),
        patch.object(http.client.HTTPConnection, "getresponse", ended),
        patch.object(httpx.HTTPTransport, "handle_request", sent),
        patch.object(DefaultDialect, "do_commit", committed),
        _mails(edges),
        _files(edges),
    ):
        yield


@contextmanager
def _mails(edges: Edges) -> Iterator[None]:
    command, reply = smtplib.SMTP.putcmd, smtplib.SMTP.getreply

    @wraps(command)
    def commanded(self: Any, verb: str, *rest: Any, **named: Any) -> None:
        self.said = verb
        edges.reach(f"before {verb}")
        command(self, verb, *rest, **named)

    @wraps(reply)
    def replied(self: Any) -> tuple[int, bytes]:
        code, text = reply(self)
        edges.reach(f"after {getattr(self, 'said', 'connect')}")
        self.said = "content"  # if no other command follows
        return code, text

    with (
        patch.object(smtplib.SMTP, "putcmd", commanded),
        patch.object(smtplib.SMTP, "getreply", replied),
    ):
        yield


@contextmanager
def _files(edges: Edges) -> Iterator[None]:
    with ExitStack() as stack:
        for name in _FILES:
            stack.enter_context(patch.object(os, name, _counted(edges, name)))
        yield


def _counted(edges: Edges, name: str) -> Callable[..., Any]:
    work = getattr(os, name)

    @wraps(work)
    def passing(what: Any, *rest: Any, **named: Any) -> Any:
        about = name if isinstance(what, int) else f"{name} {PurePath(os.fsdecode(what)).name}"
        return edges.around(about, lambda: work(what, *rest, **named))

    return passing


def _plain(address: str) -> str:
    """Return an address without what differs from run to run."""
    return address.partition("?")[0]
