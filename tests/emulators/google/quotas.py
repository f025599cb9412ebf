"""Limits: requests a minute (item 31) and invitations of outsiders (item 32)."""

from collections import defaultdict, deque
from datetime import datetime
from itertools import count

from tests.emulators.clock import Clock
from tests.emulators.google.errors import ApiError
from tests.emulators.google.options import Options

_LONG = (
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
    "'calendar-json.googleapis.com' for consumer 'project_number:103000000001'."
)


class Quotas:
    """Counts in a sliding window of a clock of their own; refused requests count as well."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options, self._clock = options, clock
        self._seen: dict[str, deque[datetime]] = defaultdict(deque)
        self._refusals = count()
        self._invited: set[tuple[str, str]] = set()
        self._locked_until: datetime | None = None

    def charge(self, project: str, user: str) -> None:
        """Count a request for its project and its user: quotaUser, else the service account."""
        options = self._options
        limits = ((f"project {project}", options.per_project), (f"user {user}", options.per_user))
        used = [(self._used(name), limit) for name, limit in limits]
        if any(limit is not None and count > limit for count, limit in used):
            raise self._refusal()

    def _used(self, name: str) -> int:
        now, seen = self._clock.now(), self._seen[name]
        seen.append(now)
        while seen[0] <= now - self._options.window:
            seen.popleft()
        return len(seen)

    def _refusal(self) -> ApiError:
        forms = self._options.quota_forms
        form = forms[next(self._refusals) % len(forms)]
        code = 429 if form.startswith("429") else 403
        wait = self._options.retry_after
        headers = {} if wait is None else {"Retry-After": str(wait)}
        if form.endswith("user"):
            reason, message = "userRateLimitExceeded", "User Rate Limit Exceeded"
            return ApiError(code, reason, message, "usageLimits", headers=headers)
        if form.endswith("long"):
            more = {"headers": headers, "status": "PERMISSION_DENIED"}
            return ApiError(code, "rateLimitExceeded", _LONG, "usageLimits", **more)
        message = "Rate Limit Exceeded"
        return ApiError(code, "rateLimitExceeded", message, "usageLimits", headers=headers)

    def invite(self, uid: str, outsiders: set[str]) -> None:
        """Count invitations of outsiders; over the cap every write that has any is refused."""
        cap = self._options.external_invites
        fresh = {(uid, one) for one in outsiders} - self._invited
        if cap is None or not fresh:
            return
        now = self._clock.now()
        if self._locked_until is not None and now >= self._locked_until:
            self._locked_until = None
            self._invited.clear()
        if self._locked_until is None and len(self._invited | fresh) > cap:
            self._locked_until = now + self._options.external_lock
        if self._locked_until is not None:
            message = "Calendar usage limits exceeded."
            raise ApiError(403, "quotaExceeded", message, "usageLimits")
        self._invited |= fresh
