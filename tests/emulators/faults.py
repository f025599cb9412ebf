"""Faults by route: what breaks before a request has done its work, and after.

Truly the same for every provider; the shapes of a provider's own errors are in its `faults`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Self

from tests.emulators.wire import Json, Reply, Wire

When = Literal["before", "after"]
ANY = "*"
"""As a route: whatever comes next."""


@dataclass
class Fault:
    """One thing that goes wrong: instead of the work (`before`) or once it is done (`after`)."""

    name: str
    when: When = "before"
    reply: Reply | None = None
    wire: Wire = "send"
    hangs: bool = False
    goes_on: bool = False
    without: tuple[str, ...] = ()
    reached: threading.Event = field(default_factory=threading.Event)
    """Is set when a request has come as far as the hang."""
    released: threading.Event = field(default_factory=threading.Event)
    """Ends a hang; stopping the server sets it."""

    @classmethod
    def dropped(cls, when: When = "after") -> Self:
        """Close the connection without a reply: some clients send such a request again."""
        return cls(f"dropped {when}", when, wire="drop")

    @classmethod
    def hang(cls, when: When = "before") -> Self:
        """Say nothing until `released` is set, then close the connection."""
        return cls(f"hang {when}", when, wire="drop", hangs=True)

    @classmethod
    def delayed(cls, when: When = "before") -> Self:
        """Wait for `released`, before the work or after it, then answer as if nothing were."""
        return cls(f"delayed {when}", when, hangs=True, goes_on=True)

    @classmethod
    def html(cls, status: int = 502, when: When = "before") -> Self:
        page = b"<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title></html>"
        return cls(
            f"html {status} {when}", when, Reply(status, page, {"Content-Type": "text/html"})
        )

    @classmethod
    def truncated(cls) -> Self:
        """Send the true answer, cut in half, as if it were whole."""
        return cls("truncated after", "after", wire="truncate")

    @classmethod
    def missing(cls, *names: str) -> Self:
        """Leave these names out of a good answer."""
        return cls(f"missing {','.join(names)}", "after", without=names)

    @classmethod
    def answer(cls, content: Json | str, status: int = 200, when: When = "before") -> Self:
        """Answer this, be it a document or any text."""
        if isinstance(content, str):
            return cls("answer", when, Reply(status, content.encode()))
        return cls("answer", when, Reply.of(content, status))

    def wait(self) -> None:
        """Hang, if this fault does, until somebody says go on."""
        if self.hangs:
            self.reached.set()
            self.released.wait(30)

    def apply(self, reply: Reply | None) -> Reply:
        """Turn the true reply, if the work was done, into what the client gets."""
        self.wait()
        answer = self.reply or reply or Reply()
        answer = Reply(answer.status, answer.body, dict(answer.headers), self.wire)
        if self.without and answer.body:
            content = {key: one for key, one in answer.json.items() if key not in self.without}
            answer.body = Reply.of(content).body
        return answer

    def around(self, work: Callable[[], Reply]) -> Reply:
        """Do the work, or not, as the fault has it."""
        if self.when == "after":
            return self.apply(work())
        if self.goes_on:
            self.wait()
            return work()
        return self.apply(None)


class Faults:
    """What is still to go wrong, in the order it was planned."""

    def __init__(self) -> None:
        self._planned: list[tuple[str, Fault, int]] = []
        self._lock = threading.Lock()
        self._taken: list[Fault] = []

    def plan(self, route: str, fault: Fault, times: int = 1, skip: int = 0) -> Fault:
        """Let a fault befall a route's requests, after `skip` good ones."""
        with self._lock:
            self._planned += [(route, Fault("none", "after"), 1)] * skip
            self._planned.append((route, fault, times))
        return fault

    def take(self, route: str) -> Fault | None:
        with self._lock:
            for index, (planned, fault, times) in enumerate(self._planned):
                if planned in (route, ANY):
                    if times > 1:
                        self._planned[index] = (planned, fault, times - 1)
                    else:
                        del self._planned[index]
                    self._taken.append(fault)
                    return fault
        return None

    def clear(self) -> None:
        self.release()
        self._planned.clear()

    def release(self) -> None:
        """End every hang."""
        for fault in [*self._taken, *(one for _, one, _ in self._planned)]:
            fault.released.set()
