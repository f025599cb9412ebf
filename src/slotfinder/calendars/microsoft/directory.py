"""What Microsoft's places say of rooms, where the app may see them."""

from collections.abc import Mapping
from typing import Final

from slotfinder.calendars.microsoft import wire
from slotfinder.calendars.microsoft.client import GraphClient, Request
from slotfinder.calendars.retry import TryFailedError
from slotfinder.domain.programme import Room

PERMISSION: Final = "Place.Read.All"

_PAGE: Final = 100


class MicrosoftDirectory:
    """Lists the rooms of the tenant, if the app's token names the permission for it."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def rooms(self) -> Mapping[str, Room] | None:
        found: dict[str, Room] = {}
        query: str | Mapping[str, str] = {"$select": wire.ROOM_FIELDS, "$top": str(_PAGE)}
        try:
            # It is granted in Entra alone, so that the token tells; nobody is asked in vain.
            if PERMISSION not in self._client.token_roles():
                return None
            while query:
                request = Request(
                    operation="places", path="places/microsoft.graph.room", query=query
                )
                rooms, query = self._client.call(
                    None, request, lambda page: (wire.rooms(page), wire.next_page(page))
                )
                found |= {room.email: room for room in rooms}
        except TryFailedError:
            return None
        return found
