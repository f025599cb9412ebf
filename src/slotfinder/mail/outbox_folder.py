import os
from pathlib import Path

from slotfinder.domain.people import address_mark
from slotfinder.errors import WriteError
from slotfinder.ports import Message


class OutboxFolder:
    """A Mailer without a server: each message becomes ``<key>.eml`` in the folder.

    A file that stands there already is left as it is. The folder is made when first needed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, message: Message) -> None:
        target = self._directory / f"{message.key}.eml"
        try:
            if not target.exists():
                self._directory.mkdir(parents=True, exist_ok=True)
                _put(target, message.content)
            # Also for one that stands there: its run may have died before it came to this.
            _sync(self._directory)
        except OSError as error:
            raise WriteError(
                "provider-unavailable",
                f"The mail could not be put into the outbox folder: {error.strerror}.",
            ) from error

    def mails_to(self, person: str) -> list[Path]:
        """Return the mails to a person that stand here, one half written by a killed run too."""
        if not self._directory.is_dir():
            return []
        ends = tuple(f".{address_mark(person)}{suffix}" for suffix in (".eml", ".part"))
        return sorted(each for each in self._directory.iterdir() if each.name.endswith(ends))


def _put(target: Path, content: bytes) -> None:
    """Write a file that appears only when complete: others may pick up ``*.eml`` at any moment."""
    partial = target.with_name(f".{target.stem}.part")
    partial.unlink(missing_ok=True)
    # The umask may take away from this mode; none of it lets others write.
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


def _sync(directory: Path) -> None:
    """Have the disk keep the names in a directory; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
