"""Microsoft's request log: which app asked, through which mailbox."""

from dataclasses import dataclass

from tests.emulators import log

Log = log.Log


@dataclass
class Entry(log.Entry):
    """One request.

    `method` is the operation id (`users.calendar.getSchedule`), `token`, `discovery`,
    `instance-discovery`, `managed-identity`, `batch` or "". `reason` is the error's code.
    """

    app: str = ""
    mailbox: str = ""
    prefer: str = ""
    client_request_id: str = ""
    retry_after: str = ""
    immutable: bool = False

    @property
    def select(self) -> set[str]:
        """Every name in `$select`; empty if all was asked for."""
        return {name for text in self.query.get("$select", []) for name in text.split(",")}
