"""A programme to start from: commented settings, two pairs, and empty calendars for them.

Beside them is what a coordinator needs to word invitations anew.
"""

import csv
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

from slotfinder.errors import UsageError
from slotfinder.invitations.texts import FALLBACK, FOLDER, NAMES, file_name, shipped_source

_README = f"{FOLDER}/README.md"
_FILES = ("slotfinder.toml", "people.csv", "pairs.csv", _README)


def write_template(folder: Path, starts: date, ends: date) -> list[Path]:
    """Write a programme that runs from ``starts`` to ``ends`` (both inclusive) into ``folder``.

    Returns what was made: the files and the calendar folders of the example people.

    Raises:
        UsageError: when any of the files is there already; then nothing is written.
            Also when the folder cannot be written.
    """
    present = [name for name in _FILES if (folder / name).exists()]
    if present:
        raise UsageError(
            f"{folder} already holds {', '.join(present)}; nothing was written. "
            "Choose another folder, or move these files away."
        )
    texts = {name: _text(name, starts, ends) for name in _FILES}
    calendars = [folder / "calendars" / email for email in _emails(texts["people.csv"])]
    try:
        for calendar in calendars:
            calendar.mkdir(parents=True, exist_ok=True)
        (folder / FOLDER).mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror}.") from None
    return [*(folder / name for name in _FILES), *calendars]


def _text(name: str, starts: date, ends: date) -> str:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    if name == _README:
        text += "".join(map(_example, NAMES))
    return text.replace("@STARTS@", str(starts)).replace("@ENDS@", str(ends))


def _example(name: str) -> str:
    file = file_name(name, FALLBACK)
    return f"\n## {file}\n\n```\n{shipped_source(file)}```\n"


def _emails(people: str) -> Iterator[str]:
    return (row["email"] for row in csv.DictReader(people.splitlines()))
