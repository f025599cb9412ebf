"""What a cloud shows of the rights it gives, and of its mailboxes; nothing of their entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo


class RightKind(StrEnum):
    """What is remarkable about a right."""

    MISSING = "missing"
    NEEDLESS = "needless"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightRemark:
    """A right that is missing, with what is lost by it; or one that was given and not needed.

    ``reason`` and ``advice`` are sentences for an administrator.
    """

    kind: RightKind
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a cloud shows beside people's free/busy.

    ``links`` tells of organizers whether their calendar makes meetings links of its own, ``zones``
    in which zone a mailbox lives. What cannot be seen is left out.
    """

    remarks: tuple[RightRemark, ...] = ()
    links: Mapping[str, bool] = field(default_factory=dict)
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)
