"""A world as JSON: what a process starts from, and what it shows of itself."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from tests.emulators.wire import Json
from tests.emulators.world import Attendee, Item, When, World


def load(world: World, content: Json) -> World:
    """Fill a world: `clock`, `mailboxes` (each with `items`), `calendars`, `groups`."""
    if "clock" in content:
        world.clock.set(datetime.fromisoformat(content["clock"]))
    for about in content.get("mailboxes", []):
        details = dict(about)
        items = details.pop("items", [])
        if "hours" in details:
            details["hours"] = tuple(tuple(one) for one in details["hours"])
        box = world.add_mailbox(details.pop("email"), **details)
        for one in items:
            load_item(world, {"calendar": box.email, **one})
    for about in content.get("calendars", []):
        calendar = world.add_calendar(about["id"], about["owner"], title=about.get("title", ""))
        calendar.acl |= about.get("acl", {})
    for email, members in content.get("groups", {}).items():
        world.add_group(email, members)
    return world


def load_item(world: World, about: Json) -> Item:
    """Add an item: `calendar`, `start`, `end`, and what else an Item has."""
    details = dict(about)
    calendar, status = details.pop("calendar"), details.pop("status", "busy")
    start, end = _when(details.pop("start")), _when(details.pop("end"))
    attendees = [Attendee(**one) for one in details.pop("attendees", [])]
    return world.add_item(calendar, start, end, status, attendees=attendees, **details)


def _when(text: str) -> When:
    return datetime.fromisoformat(text) if len(text) > 10 else date.fromisoformat(text)


def dump(world: World) -> Json:
    """Show the items and the notices."""
    return {
        "items": [_plain(asdict(one)) for one in world.items.values()],
        "notices": [_plain(asdict(one)) for one in world.notices],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
