"""Time as a parameter: nothing in a rehearsal sleeps."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's time, shifted by what was advanced; or a fixed instant once `set`."""

    def __init__(self, at: datetime | None = None) -> None:
        self._fixed = at
        self._shift = timedelta()

    def now(self) -> datetime:
        if self._fixed is not None:
            return self._fixed
        return datetime.now(UTC) + self._shift  # noqa: TID251 - a server has a clock of its own

    def set(self, at: datetime) -> None:
        self._fixed = at

    def advance(self, by: timedelta) -> None:
        if self._fixed is None:
            self._shift += by
        else:
            self._fixed += by
