"""Errors of the API.

ApiError
├── BadRequest        400: the request is wrong
├── Unauthenticated   401: no token
├── Forbidden         403: not shared with the caller
├── NotFound          404: no such spreadsheet
├── Exhausted         429: quota
├── Broken            500, 503: as the tests ask for
└── Unsupported       501: Google has it, the sandbox has not
"""

from typing import Any


class ApiError(Exception):
    """A response in Google's format: {"error": {code, message, status}}."""

    code = 500
    status = "INTERNAL"

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "status": self.status}}


class BadRequest(ApiError):
    code, status = 400, "INVALID_ARGUMENT"


class Unauthenticated(ApiError):
    code, status = 401, "UNAUTHENTICATED"


class Forbidden(ApiError):
    code, status = 403, "PERMISSION_DENIED"


class NotFound(ApiError):
    code, status = 404, "NOT_FOUND"


class Exhausted(ApiError):
    code, status = 429, "RESOURCE_EXHAUSTED"


class Broken(ApiError):
    """A fault that a test requested."""

    def __init__(self, code: int, message: str = "Internal error encountered.") -> None:
        super().__init__(message)
        self.code = code
        self.status = {500: "INTERNAL", 503: "UNAVAILABLE"}.get(code, "UNKNOWN")


class Unsupported(ApiError):
    code, status = 501, "UNIMPLEMENTED"
