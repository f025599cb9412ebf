"""What every command shares: the global options, and how things are printed."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import get_terminal_size
from threading import Event
from typing import TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console

from slotfinder.bootstrap import Configured, configure, system_now
from slotfinder.domain.interval import first_instant
from slotfinder.errors import StoppedError, UsageError

T = TypeVar("T")

_PLAIN_WIDTH = 120
"""Columns of what goes to a file or pipe, where neither COLUMNS nor a terminal tells."""

_YEARS = range(1970, 2200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The global options of one call. ``logs`` says that doubts are log lines, not sentences."""

    config: Path | None
    now: str | None
    quiet: bool
    verbose: bool
    logs: bool = False

    def configured(self) -> Configured:
        """Read the programme; doubts go to standard error.

        Raises:
            ConfigurationError: the files are wrong.
        """
        named = self.config or os.environ.get("SLOTFINDER_CONFIG") or "slotfinder.toml"
        found = configure(Path(named), os.environ)
        self.warn(map(str, found.warnings))
        return found

    def warn(self, sentences: Iterable[str]) -> None:
        """Say what is doubtful on standard error."""
        if self.quiet:
            return
        for sentence in sentences:
            if self.logs:
                said = sentence if self.verbose else _ADDRESS.sub("(address)", sentence)
                self.log("warning", "doubt", message=said)
            else:
                print(f"Warning: {sentence}", file=sys.stderr)

    def log(self, level: str, event: str, **what: object) -> None:
        """Write a log line, one JSON object on standard error, where lines are wanted.

        ``at`` is the machine's clock, whatever ``--now`` says.
        """
        if self.logs:
            line = {"at": f"{system_now():%Y-%m-%dT%H:%M:%SZ}", "level": level, "event": event}
            print(json.dumps(line | what, ensure_ascii=False), file=sys.stderr)

    def moment(self, zone: ZoneInfo) -> datetime:
        """Return the moment to act at: ``--now``, else the clock's."""
        return system_now() if self.now is None else read_instant(self.now, zone)

    def progress(self) -> "Bar":
        return Bar(shown=sys.stderr.isatty() and not self.quiet)


_ADDRESS = re.compile(r"[^\s'\"<>]+@[^\s'\"<>,;]+")

_STOP = Event()
"""Set once the process is asked to end."""

STOPPED = "Stopped as asked. What is left is done by the next run."


def stop_when_asked() -> None:
    """Let SIGTERM end the work between two pieces of it: a call in hand is finished, and noted."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: _STOP.set())


def is_stopped() -> bool:
    """Tell whether the process is asked to end."""
    return _STOP.is_set()


class Bar:
    """The Progress port: a bar on a terminal's standard error, nothing elsewhere.

    Work that is asked to stop does so before its next piece.
    """

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown

    def track(self, work: Iterable[T], *, total: int, doing: str) -> Iterator[T]:
        """Yield the pieces of work.

        Raises:
            StoppedError: the process is asked to end.
        """
        for each in self._drawn(work, total=total, doing=doing):
            if is_stopped():
                raise StoppedError(STOPPED)
            yield each

    def _drawn(self, work: Iterable[T], *, total: int, doing: str) -> Iterable[T]:
        if not self._shown or not total:
            return work
        from rich.progress import track  # noqa: PLC0415 - not needed in a pipe

        console = Console(stderr=True)
        return track(work, total=total, description=doing, console=console, transient=True)


def read_instant(text: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime:
    """Read an ISO 8601 instant, or a naive time or date in ``zone``.

    A date is its first instant, or with ``end_of_day`` the first instant after it.

    Raises:
        UsageError: it is none of these.
    """
    try:
        if len(text) == len("2027-01-04"):
            day = date.fromisoformat(text)
            moment = first_instant(day + timedelta(days=end_of_day), zone)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
            moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise UsageError(
            f"'{text}' is not a time; write 2027-01-04T06:00:00Z, 2027-01-04T06:00 or 2027-01-04."
        ) from None
    if moment.year not in _YEARS:
        raise UsageError(f"'{text}' is not a year slotfinder plans in ({_YEARS[0]}-{_YEARS[-1]}).")
    return moment


def output() -> Console:
    """Return the console results are drawn on."""
    told = os.environ.get("COLUMNS", "")
    plain = int(told) if re.fullmatch("[1-9][0-9]{0,4}", told) else _PLAIN_WIDTH
    # Told both, rich does not read COLUMNS itself, which ends in a trace where that is no number.
    size = get_terminal_size((_PLAIN_WIDTH, 24))
    width = size.columns if sys.stdout.isatty() else plain
    # People's names are shown as they are: brackets in them are no markup.
    return Console(width=width, height=size.lines, highlight=False, markup=False, emoji=False)


def print_json(document: object) -> None:
    """Print exactly one JSON document on standard output."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(document, ensure_ascii=plain, indent=1) + "\n")
