"""What the documentation leaves open (marks U and R of the facts) is a switch here."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

TEAMS = "teamsForBusiness"


@dataclass
class Options:
    """One rehearsal's choices; each may be changed while the server runs.

    Sets and keys of mailboxes are in lower case.
    """

    # Tokens (item 30)
    token_life: int = 3599
    refresh_in: int | None = None
    roles_in_token: bool = False
    """Whether a token names the app's permissions, as it does of those granted in Entra; those of
    roles in Exchange it never names."""

    # Errors (items 2-5, 7)
    inner_errors: bool = True
    me: Literal[403, 400] = 403
    unknown_user: Literal["ErrorInvalidUser", "Request_ResourceNotFound"] = "ErrorInvalidUser"
    capitalised: bool = False
    """Enum values of answers begin with a capital, as in some of Microsoft's samples."""

    # getSchedule (items 8-14)
    max_schedules: Literal[20, 100] = 20
    max_entries: int = 1000
    null_interval_breaks: bool = True
    shuffled: bool = False
    """Answers come in another order than the addresses."""
    omitted: set[str] = field(default_factory=set)
    """Addresses for which nothing is answered."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Address -> response code of an error: "5009", "5016", "5006", "timeout", or any other."""
    null_items: bool = False
    """Errors come with `scheduleItems: null`."""
    no_access_code: str = "ErrorNoFreeBusyAccess"
    """What is said of a calendar that lets nobody see it (to be probed)."""
    tenant_domains: set[str] = field(default_factory=set)
    """Domains that belong to the reader's tenant besides its own."""
    scope_covers_schedules: bool = False
    """Whether addresses outside the app's mailboxes are refused one by one (to be probed)."""
    unanswered_is_tentative: bool = True
    declined_stays: bool = False

    # Events (items 15-23, 29)
    duplicate_status: Literal[400, 409] = 400
    names_existing: bool = True
    """Whether the refusal of a used transactionId names the event."""
    transaction_outlives: bool = True
    """Whether a transactionId is still taken when its event is gone."""
    without_teams: set[str] = field(default_factory=set)
    """Mailboxes whose calendar allows no Teams meetings."""
    teams_reads: int = 0
    """Readings of a new event before its join link is there."""
    time_change_resets_answers: bool = True
    same_values_notify: bool = True
    """Whether a PATCH mails everybody though all its values were so before."""
    if_match: bool = True
    mixed_ids: bool = False
    """Whether one client may use both formats of ids."""
    deleted_is_found: bool = False
    """Whether a deleted (not cancelled) event is still found by its immutable id."""
    filter_ne_null: bool = False
    """Whether an extended property may be asked for with any value."""
    page_size: int = 10

    # calendarView/delta (item 25)
    delta_reset: Literal["410", "syncStateNotFound"] = "410"

    # Mailboxes and places (item 26)
    zone_style: Literal["windows", "iana"] = "windows"
    custom_zones: set[str] = field(default_factory=set)
    """Mailboxes whose working hours stand in a zone of their own making."""
    places_page: int = 100
    nulls_in_places: bool = False

    judged: bool = True
    """Whether our own answers are held against the document; off saves benchmarks time."""

    # Load (items 27, 28)
    concurrent: int = 4
    per_mailbox: int = 10_000
    window: timedelta = timedelta(minutes=10)
    retry_after: Literal["seconds", "fraction", "date", "none"] = "fraction"
    penalty: float = 2.128
    """Seconds a mailbox stays closed once its limit was passed; early retries start them anew."""
    shuffled_batch: bool = True
    batch_at_once: int = 4
    """Independent parts of a batch that run at a time; more than `concurrent` of one mailbox
    throttle each other, as was once reported."""
