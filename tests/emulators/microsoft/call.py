"""One request under way: whose mailbox, which preferences, what its app may do (items 3-5)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from uuid import NAMESPACE_URL, uuid5

from tests.emulators.microsoft.errors import (
    GraphError,
    bad_request,
    no_mailbox,
    no_user,
    out_of_scope,
    permission_missing,
)
from tests.emulators.microsoft.identity import AppRegistration
from tests.emulators.microsoft.log import Entry
from tests.emulators.microsoft.options import Options
from tests.emulators.microsoft.schema import Operation
from tests.emulators.microsoft.transactions import Transactions
from tests.emulators.microsoft.zones import zone
from tests.emulators.wire import Json, Request
from tests.emulators.world import Calendar, Mailbox, World

_PREFERENCE = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*(?:"([^"]*)"|([^",]*)))?\s*(?:,|$)')
_WRITERS = {"Calendars.ReadWrite"}
_READERS = {"Calendars.Read", *_WRITERS}
_BASIC = {"Calendars.ReadBasic.All", *_READERS}
PERMISSIONS = {
    "users.calendar.getSchedule": _BASIC,
    "users.calendar.get": _BASIC,
    "users.events.list": _READERS,
    "users.events.get": _READERS,
    "users.calendarView.list": _READERS,
    "users.calendarView.delta": _READERS,
    "users.events.create": _WRITERS,
    "users.events.update": _WRITERS,
    "users.events.delete": _WRITERS,
    "users.events.cancel": _WRITERS,
    "users.mailboxSettings.get": {"MailboxSettings.Read"},
    "places.rooms.list": {"Place.Read.All"},
    "places.roomLists.list": {"Place.Read.All"},
    "places.roomList.rooms.list": {"Place.Read.All"},
}


def preferences(text: str) -> dict[str, str]:
    """Read a Prefer header; names in lower case."""
    found = {}
    for match in _PREFERENCE.finditer(text):
        found[match[1].lower()] = match[2] if match[2] is not None else (match[3] or "").strip()
    return found


def object_id(email: str) -> str:
    """Give the directory's id of a user, which may stand in a URL for the address."""
    return str(uuid5(NAMESPACE_URL, f"mailto:{email.lower()}"))


def find_mailbox(world: World, name: str) -> Mailbox | None:
    """Find a mailbox by its address or by its user's id."""
    boxes = world.mailboxes.values()
    by_id = (one for one in boxes if object_id(one.email) == name.lower())
    return world.mailbox(name) or next(by_id, None)


@dataclass
class Call:
    operation: Operation
    request: Request
    path: dict[str, str]
    params: Json
    body: Json
    app: AppRegistration
    entry: Entry
    world: World
    options: Options
    transactions: Transactions
    root: str
    epoch: int = 0
    distortions: list[Callable[[Json], Json]] = field(default_factory=list)
    """What makes a good answer a hostile one, once it was found good."""

    @cached_property
    def prefer(self) -> dict[str, str]:
        return preferences(self.request.headers.get("prefer", ""))

    @property
    def immutable(self) -> bool:
        return self.prefer.get("idtype", "").lower() == "immutableid"

    @property
    def zone(self) -> str:
        """The zone of the answer: the one preferred (checked), else UTC (item 14)."""
        name = self.prefer.get("outlook.timezone")
        if name is None:
            return "UTC"
        zone(name)
        return name

    def applied(self) -> dict[str, str]:
        """Say which preferences the answer heeds."""
        said = []
        if "outlook.timezone" in self.prefer:
            said.append(f'outlook.timezone="{self.prefer["outlook.timezone"]}"')
        if self.immutable:
            said.append('IdType="ImmutableId"')
        return {"Preference-Applied": ", ".join(said)} if said else {}

    @cached_property
    def mailbox(self) -> Mailbox:
        """Find the mailbox of the URL, which the app must reach (items 4, 5)."""
        name = self.path["user-id"]
        box = find_mailbox(self.world, name)
        if box is None or box.provider != "microsoft":
            if self.options.unknown_user == "Request_ResourceNotFound":
                message = f"Resource '{name}' does not exist or one of its queried properties."
                raise GraphError(404, "Request_ResourceNotFound", message)
            raise no_user(name)
        if not self.app.reaches(box.email):
            raise out_of_scope()
        if not box.has_calendar:
            raise no_mailbox()
        return box

    @property
    def calendar(self) -> Calendar:
        return self.world.calendars[self.mailbox.email]


def check_permission(call: Call) -> None:
    """Refuse what no administrator allowed the app, and `/me`, which an app is not (item 3)."""
    if call.operation.id.startswith("me."):
        if call.options.me == 403:
            raise permission_missing()
        raise bad_request("/me request is only valid with delegated authentication flow.")
    if not call.app.roles & PERMISSIONS[call.operation.id]:
        raise permission_missing()
