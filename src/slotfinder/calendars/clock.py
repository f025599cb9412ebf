"""How far this machine's clock is from a cloud's: tokens depend on both agreeing."""

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime


class ClockWatch:
    """Compares the machine's clock with the dates of answers (RFC 9110 §6.6.1)."""

    def __init__(self) -> None:
        self._ahead: timedelta | None = None

    def note(self, date: str) -> None:
        """Take note of an answer that just came; one without a date tells nothing."""
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return
        ours = time.time()  # noqa: TID251 - the machine's clock is what is judged here
        self._ahead = timedelta(seconds=round(ours - theirs))

    @property
    def ahead(self) -> timedelta | None:
        """Return by how much the machine is ahead (or behind: negative), None if nothing told."""
        return self._ahead
