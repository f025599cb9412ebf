"""The folders of local calendars: finding, reading and replacing files safely."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from slotfinder.calendars.icalendar import BYTES_LIMIT, UnreadableCalendarError
from slotfinder.errors import WriteError


class AmbiguousFolderError(OSError):
    """Two folders differ in upper and lower case only: nobody can tell whose calendar it is."""


@dataclass(frozen=True, slots=True)
class Folders:
    """``<directory>/<e-mail>/``, e-mails compared in lower case.

    A folder is found by listing, never by joining an address to a path, so that no address can
    lead out of the directory.
    """

    directory: Path

    def find(self, email: str) -> Path:
        """Return somebody's folder.

        Raises:
            FileNotFoundError: there is none.
            AmbiguousFolderError: there are two.
            OSError: the directory cannot be read.
        """
        wanted = email.lower()
        found = [each for each in self.directory.iterdir() if each.name.lower() == wanted]
        found = [each for each in found if each.is_dir()]
        if len(found) > 1:
            raise AmbiguousFolderError
        if not found:
            raise FileNotFoundError
        return found[0]

    def make(self, email: str) -> Path:
        """Return somebody's folder, made when missing."""
        try:
            return self.find(email)
        except FileNotFoundError:
            name = email.lower()
            if Path(name).name != name or "\0" in name:
                raise WriteError(
                    "provider-refused", "The organizer's address cannot be the name of a folder."
                ) from None
            folder = self.directory / name
            folder.mkdir(parents=True)
            return folder


def calendar_files(folder: Path) -> list[Path]:
    """Return the .ics files of a folder, in the order of their names."""
    return sorted(each for each in folder.iterdir() if each.name.lower().endswith(".ics"))


def read_files(files: Sequence[Path]) -> list[bytes]:
    """Return what is in the files.

    Raises:
        UnreadableCalendarError: one is no file at all, or together they are too large.
        OSError: one cannot be read.
    """
    contents: list[bytes] = []
    left = BYTES_LIMIT
    for number, each in enumerate(files):
        if not each.is_file():  # a folder; a link to nowhere; a pipe, which would never end
            raise UnreadableCalendarError("it is not a file", number)
        with each.open("rb") as file:
            contents.append(file.read(left + 1))
        left -= len(contents[-1])
        if left < 0:
            raise UnreadableCalendarError("the calendar is larger than 10 MB", number)
    return contents


def copy_in(folder: Path, uid: str) -> Path:
    """Return where a meeting's copy stands; a UID cannot lead out of the folder."""
    return folder / f"{quote(uid, safe='@+')}.ics"


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it sees the old one or the new one, whole.

    Its name in the making is always the same, so that what a killed run left goes with the next.
    """
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    try:
        # The umask may take away from this mode; none of it lets others write.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(directory: Path) -> None:
    """Have the disk keep the names in a directory; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
