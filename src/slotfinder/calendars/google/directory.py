"""What Google's directory says of rooms, where the reader may look into it."""

from collections.abc import Mapping

from slotfinder.calendars.google import wire
from slotfinder.calendars.google.auth import Identity, Scope
from slotfinder.calendars.google.client import DIRECTORY, GoogleClient
from slotfinder.calendars.retry import TryFailedError
from slotfinder.domain.programme import Room

_PAGE = 500


class GoogleDirectory:
    """Looks up resource calendars as ``reader``, who needs a role that may see them."""

    def __init__(self, client: GoogleClient, reader: str) -> None:
        self._client = client
        self._reader = reader

    def rooms(self) -> Mapping[str, Room] | None:
        found: dict[str, Room] = {}
        page: str | None = ""
        try:
            while page is not None:
                rooms, page = self._page(page)
                found |= {room.email: room for room in rooms}
        except TryFailedError:
            return None
        return found

    def _page(self, page: str) -> tuple[list[Room], str | None]:
        options = {"pageToken": page} if page else {}
        return self._client.call(
            Identity(self._reader, Scope.ROOMS),
            "directory",
            lambda service, user: (
                service.resources()
                .calendars()
                .list(
                    customer="my_customer",
                    maxResults=_PAGE,
                    fields=wire.ROOM_FIELDS,
                    quotaUser=user,
                    **options,
                )
            ),
            lambda answer: wire.page(answer, wire.room),
            api=DIRECTORY,
        )
