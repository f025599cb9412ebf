"""Google's two shapes of an error: the Calendar backend's and the front end's (section 10)."""

from typing import Any

from tests.emulators.wire import JSON_TYPE, Json, Reply

__all__ = [
    "JSON_TYPE",
    "ApiError",
    "bad_request",
    "invalid",
    "invalid_parameter",
    "not_found",
    "required",
]


class ApiError(Exception):
    """An error of the Calendar backend; with `status`, of the front end."""

    def __init__(
        self, code: int, reason: str, message: str, domain: str = "global", **more: Any
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.domain = code, reason, message, domain
        self.headers: dict[str, str] = more.pop("headers", {})
        self.status: str | None = more.pop("status", None)
        self.outer: str = more.pop("outer", message)
        self.details: list[Json] = more.pop("details", [])
        self.where: Json = more

    def reply(self) -> Reply:
        one = {"domain": self.domain, "reason": self.reason, "message": self.message, **self.where}
        body: Json = {"errors": [one], "code": self.code, "message": self.outer}
        if self.status:
            body = {"code": self.code, "message": self.outer, "errors": [one]}
            body["status"] = self.status
        if self.details:
            body["details"] = self.details
        return Reply.of({"error": body}, self.code, **self.headers)


def not_found() -> ApiError:
    return ApiError(404, "notFound", "Not Found")


def bad_request(message: str = "Bad Request") -> ApiError:
    return ApiError(400, "badRequest", message)


def invalid(message: str, domain: str = "global") -> ApiError:
    return ApiError(400, "invalid", message, domain)


def required(message: str) -> ApiError:
    return ApiError(400, "required", message)


def invalid_parameter(name: str, message: str) -> ApiError:
    return ApiError(400, "invalidParameter", message, locationType="parameter", location=name)
