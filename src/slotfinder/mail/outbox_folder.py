import os
from pathlib import Path

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
        # Another process may pick up *.eml at any moment, so one appears only when complete.
        partial = target.with_name(f".{message.key}.part")
        try:
            if target.exists():
                return
            self._directory.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(message.content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise WriteError(
                "provider-unavailable",
                f"The mail could not be put into the outbox folder: {error.strerror}.",
            ) from error
