"""What the documentation leaves open (marks U and R of the facts) is a switch here."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

AVAILABILITY = (
    "id",
    "iCalUID",
    "start",
    "end",
    "transparency",
    "status",
    "eventType",
    "visibility",
)


@dataclass
class Options:
    """One rehearsal's choices; each may be changed while the server runs."""

    # Free/busy (items 10-13)
    max_range: timedelta = timedelta(days=60)
    max_calendars: int = 50
    max_group: int = 100
    declined_is_busy: bool = False
    needs_action_is_busy: bool = True
    maybe_is_busy: bool = True
    merged: bool = True
    hostile: bool = False
    """Blocks unsorted, unmerged and beyond the window."""
    lower_keys: bool = False
    """Keys of the answer in lower case, however they were asked."""
    omitted: set[str] = field(default_factory=set)
    """Calendars (in lower case, like those below) left out of the answer altogether."""
    without_busy: set[str] = field(default_factory=set)
    """Calendars whose entry has no list of blocks."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Calendar -> reason of an error: internalError, or one nobody has heard of."""

    # Events (items 14-29)
    availability_fields: tuple[str, ...] = AVAILABILITY
    """What is told to a reader who may see times only."""
    availability_lists: bool = True
    """Whether such a reader may list events at all (else 403 requiredAccessLevel)."""
    owned_refusal: Literal[403, 404] = 403
    bump_sequence: bool = True
    time_change_resets_answers: bool = False
    omitted_answer_resets: bool = True
    """An attendee sent without responseStatus awaits an answer again."""
    revive: bool = True
    expired_id_is_taken: bool = True
    properties_any: bool = False
    """Several privateExtendedProperty match any, not all."""
    delete_copy_declines: bool = True
    page_size: int = 2500
    empty_first_page: bool = False
    updated_min_days: int = 30
    meet_reads: int = 1
    """Readings of a new event during which its Meet link is pending."""
    meet_fails: bool = False
    meet_allowed: bool = True

    # People's settings (item 30)
    hours_visible_to_others: bool = True
    settings_omit_defaults: bool = True

    # Limits (items 31, 32)
    per_project: int | None = None
    per_user: int | None = None
    window: timedelta = timedelta(minutes=1)
    retry_after: int | None = None
    quota_forms: tuple[str, ...] = ("403", "429", "403-user", "403-long")
    external_invites: int | None = None
    external_lock: timedelta = timedelta(hours=6)
