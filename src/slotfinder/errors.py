"""Every exception of the product, one tree. An error carries data; the CLI turns it into advice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong (or doubtful) in a file a person wrote.

    ``file`` is the name as the user knows it, ``where`` a place in it ("line 12", "row 3" counted
    as a spreadsheet counts, or "environment"), ``key`` the setting or column.
    """

    file: str
    message: str
    remedy: str
    where: str = ""
    key: str = ""
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.where, self.key) if part)
        return f"{place}: {self.message} {self.remedy}"


class SlotfinderError(Exception):
    """Anything the product raises on purpose."""


class UsageError(SlotfinderError):
    """A command was asked for something that cannot be meant; the text says what would be right."""


class ConfigurationError(SlotfinderError):
    """The programme's files are wrong; all findings at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


class StoppedError(SlotfinderError):
    """The process was asked to end, and did so between two pieces of work."""


class LockHeldError(SlotfinderError):
    """Another run holds the lock."""


class StoreError(SlotfinderError):
    """The store cannot be used: newer than this version, or not a store at all."""


class OlderStoreError(StoreError):
    """The store is of an older version; the next run migrates it."""


class WriteError(SlotfinderError):
    """A calendar or the mail server did not take what was to be written; nothing else is known.

    ``code`` is ``provider-refused``, ``provider-unavailable``, ``write-limit`` (the provider takes
    no more for hours), ``changed-meanwhile`` (people changed it first: what was to be written is
    decided anew by the next run), ``outcome-unknown`` or ``stopped`` (the run was asked to end
    first). ``skipped`` says it was not even tried.
    """

    def __init__(self, code: str, message: str, *, skipped: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.skipped = skipped


class ChangedMeanwhileError(WriteError):
    """People changed the calendars first; what was to be written is decided anew."""

    def __init__(self) -> None:
        super().__init__(
            "changed-meanwhile",
            "Somebody changed a calendar at the same moment; the next run decides anew.",
            skipped=True,
        )


class TimeTakenError(ChangedMeanwhileError):
    """A new meeting was not written: somebody took the time after it was chosen."""
