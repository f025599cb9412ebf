"""Errors as Graph writes them (items 1-6)."""

from datetime import datetime
from typing import Any

from tests.emulators.wire import Json, Reply

INVALID_WINDOW = (
    "This request requires a time window specified by the query string parameters "
    "StartDateTime and EndDateTime."
)


class GraphError(Exception):
    """An error of Graph; `more` stands next to its message."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers: dict[str, str] = more.pop("headers", {})
        self.inner: Json = more.pop("inner", {})
        self.more: Json = more

    def reply(self, ids: dict[str, str] | None = None, at: datetime | None = None) -> Reply:
        """Write the envelope of item 2; without ids it has no innerError, as some live ones."""
        error: Json = {"code": self.code, "message": self.message, **self.more}
        if ids is not None and at is not None:
            error["innerError"] = {**self.inner, "date": f"{at:%Y-%m-%dT%H:%M:%S}", **ids}
        return Reply.of({"error": error}, self.status, **self.headers)


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    return GraphError(400, code, message)


def unreadable() -> GraphError:
    return bad_request(
        "Unable to read JSON request payload. Please ensure Content-Type header is set and "
        "payload is of valid JSON format."
    )


def invalid_request(message: str) -> GraphError:
    return bad_request(message, "ErrorInvalidRequest")


def invalid_parameter(message: str) -> GraphError:
    return bad_request(message, "ErrorInvalidParameter")


def invalid_query(message: str) -> GraphError:
    """Refuse OData that is not understood: never ignore it (item 23; the name is [U])."""
    return bad_request(message, "ErrorInvalidUrlQuery")


def invalid_property() -> GraphError:
    return bad_request("At least one property failed validation.", "ErrorPropertyValidationFailure")


def invalid_interval() -> GraphError:
    message = (
        "The specified merged free/busy interval is not valid. Specify an interval that is less "
        "than the free/busy time window and  between 5 and 1440 minutes."
    )
    return bad_request(message, "ErrorInvalidMergedFreeBusyInterval")


def unknown_zone(name: str) -> GraphError:
    message = (
        "A valid TimeZone value must be specified. "
        f"The following TimeZone value is not supported: '{name}'."
    )
    return bad_request(message, "TimeZoneNotSupportedException")


def token_refused(message: str) -> GraphError:
    headers = {"WWW-Authenticate": 'Bearer realm="", authorization_uri="authorize", client_id=""'}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=headers)


def permission_missing() -> GraphError:
    message = "Access is denied. Check credentials and try again."
    return GraphError(403, "ErrorAccessDenied", message)


def out_of_scope() -> GraphError:
    message = (
        "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly "
        "AccessPolicy settings."
    )
    return GraphError(403, "ErrorAccessDenied", message)


def no_user(name: str) -> GraphError:
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def no_mailbox() -> GraphError:
    message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    return GraphError(404, "MailboxNotEnabledForRESTAPI", message)


def no_item() -> GraphError:
    message = "The specified object was not found in the store."
    return GraphError(404, "ErrorItemNotFound", message)


def stale() -> GraphError:
    message = (
        "The send or update operation could not be performed because the change key passed in "
        "the request does not match the current change key for the item."
    )
    return GraphError(412, "ErrorIrresolvableConflict", message)


def not_offered(what: str) -> GraphError:
    return GraphError(501, "NotImplemented", f"This emulator does not offer {what}.")
