"""The request log: what a client asked, as whom, with which scopes, and what came of it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.emulators.google import fields
from tests.emulators.wire import Json


@dataclass
class Entry:
    """One request; each part of a batch is one as well.

    `method` is the discovery id (`calendar.freebusy.query`), `token`, `iam.signJwt`, … or "".
    `committed` tells whether it changed the world, `unknown` names body fields that do not exist,
    `remarks` says what is allowed and unwise (`sendUpdates omitted`).
    """

    method: str
    verb: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    account: str = ""
    subject: str = ""
    scopes: frozenset[str] = frozenset()
    quota_user: str = ""
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    status: int = 0
    reason: str = ""
    fault: str = ""
    committed: bool = False

    @property
    def fields(self) -> set[str]:
        """Every name in the `fields` parameter; empty if all was asked for."""
        return {
            name
            for text in self.query.get("fields", [])
            for name in fields.names(fields.parse(text))
        }

    def json(self) -> Json:
        return {**asdict(self), "scopes": sorted(self.scopes)}


class Log:
    """All requests in the order of their arrival, and those that tried to leave loopback."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.escaped: list[str] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def of(self, *methods: str) -> list[Entry]:
        """List the requests to these methods, whatever became of them."""
        return [one for one in self.entries if one.method in methods]

    def count(self, *methods: str) -> int:
        return len(self.of(*methods))

    def writes(self) -> list[Entry]:
        """List the requests that changed a calendar."""
        return [one for one in self.entries if one.committed]

    def clear(self) -> None:
        self.entries.clear()
