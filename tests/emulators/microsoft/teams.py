"""Teams meetings: allowed or silently dropped, linked now or later, unlinked by mistake (18)."""

import hashlib

from tests.emulators.microsoft.call import Call
from tests.emulators.microsoft.options import TEAMS, Options
from tests.emulators.microsoft.resource import plain_text
from tests.emulators.wire import Json
from tests.emulators.world import Item, World

BLOCK = '<div class="teams"><p>Microsoft Teams meeting</p><a href="{link}">{link}</a></div>'


def allowed(options: Options, mailbox: str) -> list[str]:
    return [] if mailbox in options.without_teams else [TEAMS]


def begin(call: Call, item: Item, body: Json) -> None:
    """Make a new event a Teams meeting if that is asked for and allowed."""
    if not body.get("isOnlineMeeting"):
        return
    provider = body.get("onlineMeetingProvider") or TEAMS
    if provider not in allowed(call.options, call.mailbox.email):
        call.entry.remarks.append("isOnlineMeeting dropped")
        return
    code = hashlib.sha256(item.uid.encode()).hexdigest()[:24]
    link = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{code}%40thread.v2/0"
    item.extra["teams"] = {"joinUrl": link}
    item.extra["teamsReads"] = call.options.teams_reads
    old = item.extra.get("body") or {"contentType": "html", "content": ""}
    content = (old.get("content") or "") + BLOCK.format(link=link)
    item.extra["body"] = {"contentType": "html", "content": content}
    item.extra["description"] = plain_text(item.extra["body"])


def change(call: Call, item: Item, body: Json) -> None:
    """Ignore later wishes for the flag; a body without the link ends the meeting in Teams."""
    teams = item.extra.get("teams")
    asked = {"isOnlineMeeting": bool(teams), "onlineMeetingProvider": TEAMS if teams else "unknown"}
    if any(name in body and body[name] != value for name, value in asked.items()):
        call.entry.remarks.append("online meeting cannot be changed")
    sent = body.get("body")
    if teams and sent is not None and teams["joinUrl"] not in (sent.get("content") or ""):
        call.entry.remarks.append("body without the Teams block")
        del item.extra["teams"]


def tick(item: Item) -> None:
    """Count one reading of an event whose link is to come."""
    if item.extra.get("teamsReads"):
        item.extra["teamsReads"] -= 1


def settle(world: World) -> None:
    """Let every link be there now."""
    for item in world.items.values():
        item.extra.pop("teamsReads", None)
