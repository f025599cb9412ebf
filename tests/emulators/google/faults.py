"""Faults in Google's own shapes of errors (item 33); the rest is every provider's."""

from typing import Self

from tests.emulators import faults
from tests.emulators.faults import ANY, Faults, When
from tests.emulators.google.auth import credentials_refused
from tests.emulators.google.errors import ApiError

__all__ = ["ANY", "Fault", "Faults"]


class Fault(faults.Fault):
    """One thing that goes wrong, be it in Google's words."""

    @classmethod
    def error(cls, error: ApiError, when: When = "before") -> Self:
        return cls(f"{error.code} {error.reason} {when}", when, error.reply())

    @classmethod
    def backend_error(
        cls, status: int = 503, when: When = "before", retry_after: int | None = None
    ) -> Self:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return cls.error(ApiError(status, "backendError", "Backend Error", headers=headers), when)

    @classmethod
    def rate_limited(
        cls, status: int = 429, reason: str = "rateLimitExceeded", retry_after: int | None = None
    ) -> Self:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        message = "Rate Limit Exceeded"
        return cls.error(ApiError(status, reason, message, "usageLimits", headers=headers))

    @classmethod
    def unauthorized(cls) -> Self:
        return cls.error(credentials_refused())

    @classmethod
    def refused(cls, status: int, reason: str, message: str, domain: str = "global") -> Self:
        return cls.error(ApiError(status, reason, message, domain))
