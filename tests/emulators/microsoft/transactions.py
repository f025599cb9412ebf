"""What is remembered of transactionIds (item 16)."""

import hashlib
import json
from dataclasses import dataclass

from tests.emulators.wire import Json
from tests.emulators.world import Item


@dataclass(frozen=True)
class _Used:
    item: Item
    digest: str


class Transactions:
    """Which event a mailbox made of which id, and of which body."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], _Used] = {}

    def remember(self, mailbox: str, body: Json, item: Item) -> None:
        if body.get("transactionId"):
            self._used[mailbox, body["transactionId"]] = _Used(item, _digest(body))

    def find(self, mailbox: str, body: Json) -> tuple[Item, bool] | None:
        """Give the event an id was used for, and whether the body was the same."""
        used = self._used.get((mailbox, body.get("transactionId") or ""))
        return (used.item, used.digest == _digest(body)) if used else None


def _digest(body: Json) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
