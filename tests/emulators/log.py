"""The request log of any emulator: what a client asked, and what came of it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

from tests.emulators.wire import Json


@dataclass
class Entry:
    """One request; each part of a batch is one as well.

    `method` is the provider's name of the operation, or "". `committed` tells whether it changed
    the world, `unknown` names body fields that do not exist, `remarks` says what is allowed and
    unwise.
    """

    method: str
    verb: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    status: int = 0
    reason: str = ""
    fault: str = ""
    committed: bool = False

    def json(self) -> Json:
        """Show the entry; sets come as sorted lists."""
        kept = asdict(self)
        return {
            key: sorted(one) if isinstance(one, frozenset) else one for key, one in kept.items()
        }


AnyEntry = TypeVar("AnyEntry", bound=Entry)


class Log(Generic[AnyEntry]):
    """All requests in the order of their arrival, and those that tried to leave loopback."""

    def __init__(self) -> None:
        self.entries: list[AnyEntry] = []
        self.escaped: list[str] = []

    def __iter__(self) -> Iterator[AnyEntry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def of(self, *methods: str) -> list[AnyEntry]:
        """List the requests to these methods, whatever became of them."""
        return [one for one in self.entries if one.method in methods]

    def count(self, *methods: str) -> int:
        return len(self.of(*methods))

    def writes(self) -> list[AnyEntry]:
        """List the requests that changed a calendar."""
        return [one for one in self.entries if one.committed]

    def clear(self) -> None:
        self.entries.clear()
