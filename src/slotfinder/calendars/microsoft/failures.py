"""What refusals of Graph and of the identity platform mean: from a failed try to sentences.

Decisions are made by ``reason``: Graph's own code, or "AADSTS" and the number of the identity
platform's. What people read in the messages beside them is never repeated.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from slotfinder.calendars.retry import TryFailedError, Verdict, wished_wait
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import UnreadableCode


class Side(StrEnum):
    """Through which mailbox a call was made: the one that reads, or one that organizes."""

    READER = "reader"
    ORGANIZER = "organizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one try failed: Microsoft's own code, or one of the words below.

    ``status`` is None where no complete answer came; ``after`` is in seconds.
    """

    reason: str
    status: int | None = None
    after: float | None = None


NO_ANSWER: Final = "no-answer"
MALFORMED: Final = "malformed"
OUT_OF_SCOPE: Final = "out-of-scope"
MAILBOX_REFUSED: Final = "mailbox-refused"
NO_CREDENTIALS: Final = "no-credentials"
NO_TENANT: Final = "no-tenant"
DOWN: Final = "down"
GONE: Final = "ErrorItemNotFound"
STALE: Final = frozenset({"ErrorIrresolvableConflict", "http412"})
USED: Final = "ErrorDuplicateTransactionId"

_HICCUPS: Final = frozenset({NO_ANSWER, MALFORMED})
_TOO_FAST: Final = frozenset({"TooManyRequests", "ApplicationThrottled"})
_NOT_IMPLEMENTED: Final = 501


class GraphError(TryFailedError):
    """One request to Microsoft failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(
            f"Microsoft answered '{failure.reason}'.", verdict_on(failure), after=failure.after
        )
        self.failure = failure


def failure_in(error: TryFailedError) -> Failure:
    """Return why a call failed; one that was not tried failed because Microsoft is down."""
    return error.failure if isinstance(error, GraphError) else Failure(reason=DOWN)


def failure_of(status: int, content: bytes, headers: Mapping[str, str]) -> Failure:
    """Read an error answer; one that is not Microsoft's JSON still tells its status."""
    found = _json(content)
    error = found.get("error")
    reason = _token_reason(found) if isinstance(error, str) else _graph_reason(error)
    if not reason:
        # Cut off on its way, or written by something between here and Microsoft.
        reason = MALFORMED if content.startswith(b"{") else f"http{status}"
    return Failure(reason=reason, status=status, after=wished_wait(headers))


def _graph_reason(error: object) -> str:
    if not isinstance(error, dict):
        return ""
    code = word(error.get("code"), default="")
    message = error.get("message")
    if code == "ErrorAccessDenied" and isinstance(message, str) and "OData" in message:
        return OUT_OF_SCOPE
    return code


def _token_reason(found: Mapping[str, Any]) -> str:
    numbers = found.get("error_codes")
    if isinstance(numbers, list) and numbers and isinstance(numbers[0], int):
        return f"AADSTS{numbers[0]}"
    return word(found.get("error"), default="")


def token_failure(answer: Mapping[str, Any]) -> Failure:
    """Read why no token was given, in an answer that has none."""
    if "error" not in answer:
        return Failure(reason=MALFORMED)
    return Failure(reason=_token_reason(answer) or NO_CREDENTIALS, status=400)


def verdict_on(failure: Failure) -> Verdict:
    """Decide whether the same request may succeed a little later."""
    status = failure.status or 0
    if failure.reason in _TOO_FAST or status == 429:
        return Verdict.SLOWER
    is_hiccup = status == 408 or (status >= 500 and status != _NOT_IMPLEMENTED)
    return Verdict.AGAIN if failure.reason in _HICCUPS or is_hiccup else Verdict.NEVER


def trouble_of(failure: Failure, side: Side) -> Trouble:
    """Say what a failed call means for the calendars it was about."""
    known = _meaning(failure)
    words = {
        "mailbox": f"the {side.value} mailbox",
        "setting": "[calendars.microsoft] reader" if side is Side.READER else "organizer",
        "permission": "Calendars.ReadBasic.All" if side is Side.READER else "Calendars.ReadWrite",
        "word": failure.reason,
    }
    return Trouble(known.code, known.reason.format(**words), known.advice.format(**words))


def _meaning(failure: Failure) -> Trouble:
    for reasons, meaning in _MEANINGS:
        if failure.reason in reasons:
            return meaning
    if failure.reason.startswith("AADSTS") or failure.status == 401:
        return _NOT_SIGNED_IN
    return _REFUSED if verdict_on(failure) is Verdict.NEVER else _AWAY


_CODE: Final = UnreadableCode
_PAGE: Final = "docs/microsoft-365.md"
_NOT_SIGNED_IN: Final = Trouble(
    _CODE.CREDENTIALS,
    "Microsoft does not let the app sign in ({word}).",
    f"Compare tenant, client_id and secret or certificate with the app's page in the Entra admin "
    f"center (see {_PAGE}), and check that the clock of this machine is right.",
)
_REFUSED: Final = Trouble(
    _CODE.PROVIDER_ERROR,
    "Microsoft refused the request ({word}).",
    "Run again; if it stays, report it with this word.",
)
_AWAY: Final = Trouble(
    _CODE.PROVIDER_UNAVAILABLE,
    "Microsoft could not be reached or did not answer in time.",
    "Run again later; check this machine's network and proxy, and authority, graph and ca_file in "
    "[calendars.microsoft], if it stays.",
)
_NO_SUCH_USER: Final = Trouble(
    _CODE.NOT_FOUND,
    "Microsoft 365 knows no user with the address of {mailbox}.",
    "Check the address in {setting}, and that the mailbox belongs to the tenant.",
)
_NO_MAILBOX: Final = Trouble(
    _CODE.NO_MAILBOX,
    "{mailbox} has no mailbox on Exchange Online: no licence, deleted, or on own servers.",
    "In the Microsoft 365 admin center under Users, Active users, assign a licence with Exchange "
    "Online, or name another mailbox in {setting}.",
)
_MEANINGS: Final[tuple[tuple[frozenset[str], Trouble], ...]] = (
    (
        frozenset({"AADSTS7000222"}),
        Trouble(
            _CODE.CREDENTIALS,
            "The app's client secret has expired.",
            "In the Entra admin center open the app, Certificates & secrets, make a new client "
            "secret and put its value where client_secret_file says.",
        ),
    ),
    (
        frozenset({"AADSTS7000215"}),
        Trouble(
            _CODE.CREDENTIALS,
            "The app's client secret is wrong.",
            "Use the secret's value, not its id; if it is lost, make a new one in the Entra admin "
            "center under Certificates & secrets.",
        ),
    ),
    (
        frozenset({"AADSTS700027", "AADSTS7000214", "AADSTS700023", "AADSTS700024"}),
        Trouble(
            _CODE.CREDENTIALS,
            "Microsoft does not accept the app's certificate ({word}).",
            "Upload the certificate of certificate_file to the app under Certificates & secrets, "
            "see that it has not expired, and that the clock of this machine is right.",
        ),
    ),
    (
        frozenset({"AADSTS700213", "AADSTS700212", "AADSTS700211", "AADSTS70021"}),
        Trouble(
            _CODE.CREDENTIALS,
            "The app does not trust the token in federated_token_file ({word}).",
            "In the Entra admin center under Certificates & secrets, Federated credentials, "
            "compare issuer, subject and audience with the token's.",
        ),
    ),
    (
        frozenset({"AADSTS90002", "AADSTS900023", NO_TENANT}),
        Trouble(
            _CODE.CREDENTIALS,
            "There is no such tenant in this cloud.",
            "Check tenant in [calendars.microsoft], and authority for a national cloud.",
        ),
    ),
    (
        frozenset({"AADSTS700016", "unauthorized_client"}),
        Trouble(
            _CODE.CREDENTIALS,
            "The tenant knows no app of this client_id.",
            "Check client_id and tenant in [calendars.microsoft]: the app's page in the Entra "
            "admin center shows both.",
        ),
    ),
    (
        frozenset({"AADSTS500011", "AADSTS1002012", "invalid_scope", "invalid_resource"}),
        Trouble(
            _CODE.CREDENTIALS,
            "The identity platform gives no tokens for this Microsoft Graph.",
            "Check that authority and graph in [calendars.microsoft] are of the same cloud.",
        ),
    ),
    (
        frozenset({NO_CREDENTIALS}),
        Trouble(
            _CODE.CREDENTIALS,
            "This machine has nothing to sign in with.",
            "Check federated_token_file or managed_identity in [calendars.microsoft], and that "
            "the identity is assigned to this machine.",
        ),
    ),
    (
        frozenset({MAILBOX_REFUSED}),
        Trouble(
            _CODE.CREDENTIALS,
            "This mailbox is no reader and no organizer of the programme, so it is not opened.",
            "Name it as organizer in the settings or the pairs file, or leave it alone.",
        ),
    ),
    (
        frozenset({OUT_OF_SCOPE}),
        Trouble(
            _CODE.NO_ACCESS,
            "{mailbox} is outside the mailboxes the app may open.",
            f"Add it to the management scope or policy of the app (see {_PAGE}); a change may "
            "take more than an hour to count.",
        ),
    ),
    (
        frozenset({"ErrorAccessDenied", "Authorization_RequestDenied", "AccessDenied"}),
        Trouble(
            _CODE.CREDENTIALS,
            "The app lacks the permission {permission} for {mailbox}.",
            f"Grant it as {_PAGE} shows, by a role in Exchange or in the Entra admin center with "
            "admin consent; right after that it may take an hour to count.",
        ),
    ),
    (
        frozenset({"ErrorInvalidUser", "Request_ResourceNotFound", "ResourceNotFound"}),
        _NO_SUCH_USER,
    ),
    (frozenset({"MailboxNotEnabledForRESTAPI", "MailboxNotHostedInExchangeOnline"}), _NO_MAILBOX),
    (
        frozenset({"ErrorMailboxDataArrayTooBig"}),
        Trouble(
            _CODE.PROVIDER_ERROR,
            "Too many mailboxes were asked for at once: one of the addresses is a distribution "
            "list.",
            "Write each person's own address into people.csv.",
        ),
    ),
    (
        frozenset({MALFORMED}),
        Trouble(
            _CODE.MALFORMED_ANSWER,
            "Microsoft's answer could not be understood.",
            "Run again; if it stays, check the gateway or proxy between this machine and "
            "Microsoft.",
        ),
    ),
    (frozenset({DOWN}), _AWAY),
)


def schedule_trouble(code: str) -> Trouble:
    """Say what the error means that a free/busy answer gives for one calendar."""
    known = next((meaning for codes, meaning in _SCHEDULES if code in codes), None)
    if known is not None:
        return known
    return Trouble(
        _CODE.PROVIDER_ERROR,
        f"Microsoft could not read this calendar ({code}).",
        "Run again; if it stays, look at this calendar in Outlook.",
    )


_SCHEDULES: Final[tuple[tuple[frozenset[str], Trouble], ...]] = (
    (
        frozenset({"5009", "5035", "ErrorMailRecipientNotFound", "ErrorInvalidSmtpAddress"}),
        Trouble(
            _CODE.NOT_FOUND,
            "Microsoft 365 finds nobody with this address: it is misspelt, or outside the tenant.",
            "Check the address in the Microsoft 365 admin center under Users or Resources; for "
            "somebody elsewhere use a published calendar.",
        ),
    ),
    (
        frozenset({"5016", "ErrorNonExistentMailbox", "ErrorMailboxNotFound"}),
        Trouble(
            _CODE.NO_MAILBOX,
            "This person has no mailbox on Exchange Online: no licence, deleted, or on own "
            "servers.",
            "In the Microsoft 365 admin center under Users, Active users, assign a licence with "
            "Exchange Online, or take the person out of people.csv.",
        ),
    ),
    (
        frozenset({"5006", "ErrorFreeBusyGenerationFailed"}),
        Trouble(
            _CODE.PROVIDER_ERROR,
            "This calendar has more entries in this time than Microsoft counts together (1000).",
            "Make [meetings] horizon shorter, or look in Outlook for an entry that repeats far "
            "too often.",
        ),
    ),
    (
        frozenset({"ErrorNoFreeBusyAccess", "ErrorAccessDenied", "5013"}),
        Trouble(
            _CODE.NO_ACCESS,
            "This calendar shows the reader mailbox not even when it is free or busy.",
            "In Outlook under Calendar, Sharing and permissions, let people in the organization "
            "at least see when the owner is busy.",
        ),
    ),
    (
        frozenset({"ErrorTimeoutExpired", "ErrorProxyRequestProcessingFailed", "ErrorServerBusy"}),
        Trouble(
            _CODE.PROVIDER_UNAVAILABLE,
            "This calendar did not answer Microsoft in time.",
            "Run again later; if the mailbox is on own servers, check the link between them and "
            "Exchange Online.",
        ),
    ),
)


def missing_answer() -> Trouble:
    """Say that a calendar was asked for and not answered."""
    return Trouble(
        _CODE.MISSING_ANSWER,
        "Microsoft's answer leaves this calendar out.",
        "Run again; if it stays, check that the address is a user's or room's own.",
    )


def malformed_answer() -> Trouble:
    """Say that what was answered for a calendar makes no sense."""
    return trouble_of(Failure(reason=MALFORMED), Side.READER)


def word(value: object, default: str = "unknown") -> str:
    """Return a code as it may be shown: Microsoft's are single words, others are not repeated."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_.]{1,60}", text) else default


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
