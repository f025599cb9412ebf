"""What Google's refusals mean: pure functions from a failed try to values and sentences.

Decisions are made by ``reason``, never by status alone: 403 is permanent or a rate limit, 404 is
"not there" or "not for you".
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from slotfinder.calendars.retry import TryFailedError, Verdict, wished_wait
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import UnreadableCode


class Side(StrEnum):
    """In which of its two parts slotfinder meets a failure: each has its own mailbox and scope."""

    READER = "reader"
    ORGANIZER = "organizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one try failed: Google's own reason, or one of the words below.

    ``status`` is None where no complete answer came.
    """

    reason: str
    status: int | None = None
    after: float | None = None


NO_ANSWER: Final = "no-answer"
MALFORMED: Final = "malformed"
DUPLICATE: Final = "duplicate"
GONE: Final = frozenset({"deleted", "notFound"})
STALE: Final = "conditionNotMet"
WRITE_LIMIT: Final = "quotaExceeded"
NO_CONFERENCE: Final = "invalid-conference"
SUBJECT_REFUSED: Final = "subject-refused"
DOWN: Final = "down"

_TOO_FAST: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_HICCUPS: Final = frozenset(
    {
        NO_ANSWER,
        MALFORMED,
        "backendError",
        "internalError",
        "server_error",
        "temporarily_unavailable",
    }
)
_TOKENS: Final = frozenset({"invalid_client", "no-credentials"})
_SCOPES: Final = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_UNDELEGATED: Final = frozenset({"unauthorized_client", "invalid_scope", "access_denied"}) | _SCOPES
_DISABLED: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_FORBIDDEN: Final = frozenset(
    {"forbidden", "requiredAccessLevel", "forbiddenForServiceAccounts", "forbiddenForNonOrganizer"}
)


class GoogleError(TryFailedError):
    """One request to Google failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(
            f"Google answered '{failure.reason}'.", verdict_on(failure), after=failure.after
        )
        self.failure = failure


def failure_of(status: int, content: bytes, headers: dict[str, str] | None = None) -> Failure:
    """Read an error answer; one that is not Google's JSON still tells its status."""
    error = _error_object(content)
    details = [*_list(error, "errors"), *_list(error, "details")]
    reasons = (_word(each.get("reason")) for each in details if isinstance(each, dict))
    reason = next(filter(None, reasons), "") or _word(error.get("status"))
    if not reason:
        # Cut off on its way, or written by something between here and Google.
        reason = MALFORMED if content.startswith(b"{") else f"http{status}"
    message = error.get("message")
    if reason == "invalid" and isinstance(message, str) and "conference type" in message:
        reason = NO_CONFERENCE
    return Failure(reason=reason, status=status, after=wished_wait(headers or {}))


def verdict_on(failure: Failure) -> Verdict:
    """Decide whether the same request may succeed a little later."""
    status = failure.status or 0
    if failure.reason == WRITE_LIMIT:
        return Verdict.NEVER
    if failure.reason in _TOO_FAST or status == 429:
        return Verdict.SLOWER
    if failure.reason in _HICCUPS or status >= 500 or status == 408:
        return Verdict.AGAIN
    return Verdict.NEVER


DELEGATION: Final = (
    "In the Admin console under Security, API controls, Domain-wide delegation, enter the service "
    "account's numeric client id with exactly the scopes named in docs/google-workspace.md; a new "
    "entry may take up to 24 hours to reach every user."
)


def is_scope_refused(failure: Failure) -> bool:
    """Tell whether a call failed because its scope was not delegated."""
    return failure.reason in _UNDELEGATED


def trouble_of(failure: Failure, side: Side) -> Trouble:
    """Say what a failed call means for the calendars it was about."""
    if failure.reason == "notFound":
        return _not_found(side)
    known = _meaning(failure)
    setting = "[calendars.google] reader" if side is Side.READER else "organizer"
    scope = "calendar.freebusy" if side is Side.READER else "calendar.events.owned"
    words = {
        "mailbox": f"the {side.value} mailbox",
        "setting": setting,
        "scope": scope,
        "word": failure.reason,
    }
    return Trouble(known.code, known.reason.format(**words), known.advice.format(**words))


def _meaning(failure: Failure) -> Trouble:
    for reasons, meaning in _MEANINGS:
        if failure.reason in reasons:
            return meaning
    if failure.status == 401:
        return _BAD_KEY
    return _REFUSED if verdict_on(failure) is Verdict.NEVER else _AWAY


_CODE: Final = UnreadableCode
_BAD_KEY: Final = Trouble(
    _CODE.CREDENTIALS,
    "Google does not accept the service account's key for {mailbox}.",
    "Check that the key was not deleted in the Google Cloud console and the clock of this "
    "machine is right, or make a new key.",
)
_REFUSED: Final = Trouble(
    _CODE.PROVIDER_ERROR,
    "Google refused the request ({word}).",
    "Run again; if it stays, report it with this word.",
)
_AWAY: Final = Trouble(
    _CODE.PROVIDER_UNAVAILABLE,
    "Google could not be reached or did not answer in time.",
    "Run again later; check this machine's network, proxy and api_endpoint if it stays.",
)
_MEANINGS: Final[tuple[tuple[frozenset[str], Trouble], ...]] = (
    (
        _UNDELEGATED,
        Trouble(
            _CODE.CREDENTIALS,
            "Google refuses the service account the scope {scope} for {mailbox}.",
            DELEGATION,
        ),
    ),
    (
        frozenset({"invalid_grant"}),
        Trouble(
            _CODE.CREDENTIALS,
            "Google lets nobody act as {mailbox}: no active user has this address, or this "
            "machine's clock is wrong.",
            "Check the address in {setting}, that the account is neither suspended nor an alias "
            "or group, and that the clock of this machine is right.",
        ),
    ),
    (
        frozenset({SUBJECT_REFUSED}),
        Trouble(
            _CODE.CREDENTIALS,
            "This mailbox is no reader and no organizer of the programme, so it is not opened.",
            "Name it as organizer in the settings or the pairs file, or leave it alone.",
        ),
    ),
    (_TOKENS, _BAD_KEY),
    (
        _DISABLED,
        Trouble(
            _CODE.CREDENTIALS,
            "The Google Calendar API is not enabled in the service account's project.",
            "Enable it in the Google Cloud console under APIs & Services, Library.",
        ),
    ),
    (
        frozenset({"notACalendarUser"}),
        Trouble(
            _CODE.NO_MAILBOX,
            "The account of {mailbox} has no Google Calendar.",
            "Turn the Calendar service on for this user, give them a licence, or end the "
            "suspension.",
        ),
    ),
    (
        _FORBIDDEN,
        Trouble(
            _CODE.NO_ACCESS,
            "Google does not let {mailbox} do this.",
            "Check in Google Calendar that {setting} names a user's own calendar.",
        ),
    ),
    (
        frozenset({MALFORMED}),
        Trouble(
            _CODE.MALFORMED_ANSWER,
            "Google's answer could not be understood.",
            "Run again; if it stays, check the gateway or proxy between this machine and Google.",
        ),
    ),
    (frozenset({WRITE_LIMIT, DOWN}), _AWAY),
)


def calendar_trouble(reasons: list[str]) -> Trouble:
    """Say what the errors mean that a free/busy answer gives for one calendar."""
    if "notFound" in reasons:
        return _not_found(Side.READER)
    return Trouble(
        UnreadableCode.PROVIDER_ERROR,
        f"Google could not read this calendar ({', '.join(reasons) or 'no reason given'}).",
        "Run again; if it stays, look at this calendar in Google Calendar.",
    )


def missing_answer() -> Trouble:
    """Say that a calendar was asked for and not answered."""
    return Trouble(
        UnreadableCode.MISSING_ANSWER,
        "Google's answer leaves this calendar out.",
        "Run again; if it stays, check that the address is a user's or room's own.",
    )


def malformed_answer() -> Trouble:
    """Say that what was answered for a calendar makes no sense."""
    return trouble_of(Failure(reason=MALFORMED), Side.READER)


def word(value: object) -> str:
    """Return a reason as it may be shown: Google's are single words, others are not repeated."""
    return _word(value) or "unknown"


def _not_found(side: Side) -> Trouble:
    if side is Side.ORGANIZER:
        return Trouble(
            UnreadableCode.NOT_FOUND,
            "Google finds no calendar of the organizer mailbox.",
            "Check the organizer's address, and that this user has Google Calendar.",
        )
    return Trouble(
        UnreadableCode.NOT_FOUND,
        "Google shows the reader no calendar of this address: it is outside the domain, suspended "
        "or deleted, without a Calendar licence, or not shared.",
        "In the Admin console under Directory, Users, see whether the user exists, is active and "
        "has Calendar turned on; if so, let the calendar share at least free/busy with the reader.",
    )


def _error_object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, str):  # the token endpoint's form
        return {"status": error}
    return error if isinstance(error, dict) else {}


def _list(found: dict[str, Any], key: str) -> list[Any]:
    value = found.get(key)
    return value if isinstance(value, list) else []


def _word(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]{1,50}", value) else ""
