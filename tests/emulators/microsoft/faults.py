"""Faults in Microsoft's own shapes of errors (items 25, 27, 29, 30); the rest is everybody's."""

from datetime import UTC, datetime
from typing import Self

from tests.emulators import faults
from tests.emulators.faults import ANY, Faults, When
from tests.emulators.microsoft.errors import GraphError, token_refused
from tests.emulators.microsoft.identity import IdentityError
from tests.emulators.microsoft.limits import throttled

__all__ = ["ANY", "Fault", "Faults"]

_IDS = {"request-id": "00000000-fa17-0000-0000-000000000000", "client-request-id": ""}


class Fault(faults.Fault):
    """One thing that goes wrong, be it in Graph's words or the token endpoint's."""

    @classmethod
    def error(cls, error: GraphError, when: When = "before") -> Self:
        reply = error.reply(_IDS, datetime(2027, 1, 1, tzinfo=UTC))
        return cls(f"{error.status} {error.code} {when}", when, reply)

    @classmethod
    def backend_error(
        cls, status: int = 503, when: When = "before", retry_after: float | str | None = None
    ) -> Self:
        codes = {500: "ErrorInternalServerError", 502: "BadGateway", 504: "GatewayTimeout"}
        code = codes.get(status, "ServiceUnavailable")
        headers = _retry_after(retry_after)
        message = "The service is temporarily unavailable."
        return cls.error(GraphError(status, code, message, headers=headers), when)

    @classmethod
    def rate_limited(cls, retry_after: float | str | None = None) -> Self:
        """Refuse by the first of the two known shapes; a date may be given as text."""
        return cls.error(throttled(_retry_after(retry_after)))

    @classmethod
    def over_concurrency(cls, retry_after: float | str | None = 1) -> Self:
        message = "Application is over its MailboxConcurrency limit."
        headers = _retry_after(retry_after)
        return cls.error(GraphError(429, "ApplicationThrottled", message, headers=headers))

    @classmethod
    def unauthorized(cls) -> Self:
        return cls.error(token_refused("Lifetime validation failed, the token is expired."))

    @classmethod
    def refused(cls, status: int, code: str, message: str) -> Self:
        return cls.error(GraphError(status, code, message))

    @classmethod
    def token_error(
        cls,
        status: int,
        error: str = "temporarily_unavailable",
        number: int = 90033,
        retry_after: float | str | None = None,
    ) -> Self:
        """Let the token endpoint fail: 429 and 5xx, or a refusal by its number."""
        message = "A transient error has occurred. Please try again."
        reply = IdentityError(status, error, number, message).reply(
            headers=_retry_after(retry_after)
        )
        return cls(f"{status} {error} before", "before", reply)

    @classmethod
    def without_inner_error(cls, status: int, code: str, message: str) -> Self:
        reply = GraphError(status, code, message).reply()
        return cls(f"{status} {code} bare", "before", reply)


def _retry_after(value: float | str | None) -> dict[str, str]:
    return {} if value is None else {"Retry-After": str(value)}
