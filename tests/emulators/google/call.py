"""One request under way, and what its sender may see and do (items 3, 4, 19)."""

from dataclasses import dataclass
from typing import Literal

from tests.emulators.google.auth import Token
from tests.emulators.google.errors import ApiError, not_found
from tests.emulators.google.log import Entry
from tests.emulators.google.options import Options
from tests.emulators.google.quotas import Quotas
from tests.emulators.google.schema import Method
from tests.emulators.wire import Json, Request
from tests.emulators.world import ROLES, Calendar, Role, World

View = Literal["all", "availability"]
_OWNED = {"calendar.events.owned", "calendar.events.owned.readonly"}
_NARROW = _OWNED | {
    "calendar.events.freebusy",
    "calendar.events.public.readonly",
    "calendar.app.created",
}


@dataclass
class Call:
    method: Method
    request: Request
    params: Json
    body: Json
    token: Token
    entry: Entry
    world: World
    options: Options
    quotas: Quotas

    @property
    def who(self) -> str:
        return self.token.who

    def flag(self, name: str) -> bool:
        return bool(self.params.get(name, False))

    def text(self, name: str) -> str:
        return str(self.params.get(name, ""))

    def named_calendar(self, name: str) -> Calendar | None:
        found = self.world.calendar(self.who if name == "primary" else name)
        foreign = found and self.world.mailboxes[found.owner].provider != "google"
        return None if foreign else found


def open_calendar(call: Call, need: Role) -> tuple[Calendar, View]:
    """Find the calendar of a request and tell how much of it the sender sees."""
    calendar = call.named_calendar(call.text("calendarId"))
    role = call.world.role(calendar, call.who) if calendar else "none"
    if calendar is None or role == "none":
        raise not_found()
    view = _scope_view(call, role)
    if ROLES.index(role) < ROLES.index(need):
        if need == "reader" and call.options.availability_lists:
            return calendar, "availability"
        message = f"You need to have {need} access to this calendar."
        raise ApiError(403, "requiredAccessLevel", message, "calendar")
    return calendar, view


def _scope_view(call: Call, role: Role) -> View:
    usable = call.token.scopes & call.method.scopes
    if usable - _NARROW or (usable & _OWNED and role == "owner"):
        return "all"
    if "calendar.events.freebusy" in usable:
        return "availability"
    if call.options.owned_refusal == 403:
        raise ApiError(403, "forbidden", "Forbidden")
    raise not_found()
