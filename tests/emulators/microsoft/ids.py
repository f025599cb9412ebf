"""Ids of events: one format that changes with the folder, one that never does (item 22)."""

import base64
import hashlib

from tests.emulators.world import Item

PROPERTY = r"(?:String|Integer|Boolean) \{[0-9A-Fa-f\-]{36}\} (?:Name [^']+|Id 0x[0-9A-Fa-f]+)"
"""How extended properties are named (item 23)."""
_MUTABLE, _IMMUTABLE = "AAMk", "AAkA"


def _is_bin(item: Item) -> bool:
    return item.cancelled


def event_id(item: Item, *, immutable: bool) -> str:
    """Name an event of one mailbox; another mailbox's copy has another id (item 15)."""
    place = "" if immutable else ("deleted" if _is_bin(item) else "calendar")
    box = hashlib.sha256(item.calendar.encode()).hexdigest()[:12]
    text = f"{box}/{place}/{item.id}"
    padding = "/" * (-len(text) % 3)
    coded = base64.urlsafe_b64encode((text + padding).encode()).decode()
    return f"{_IMMUTABLE if immutable else _MUTABLE}{coded}="


def is_immutable(name: str) -> bool:
    return name.startswith(_IMMUTABLE)


def inner_id(name: str) -> str:
    """Read the world's id out of one of ours; anything else gives "". Case counts."""
    try:
        text = base64.urlsafe_b64decode(name[4:].removesuffix("=")).decode()
        return text.split("/")[2]
    except (ValueError, IndexError):
        return ""


def change_key(item: Item) -> str:
    """Tell one state of an item from every other (item 20)."""
    return base64.b64encode(f"slot{item.revision:016d}".encode()).decode()


def etag(item: Item) -> str:
    return f'W/"{change_key(item)}"'


def new_uid(number: str) -> str:
    """Make an iCalUId as Exchange does: long and hexadecimal."""
    tail = hashlib.sha256(number.encode()).hexdigest().upper()
    return f"040000008200E00074C5B7101A82E00800000000{tail[:48]}"
