"""Errors of Cloud Storage in the format of its JSON API.

StorageError
├── NotModified          304  a read whose precondition states that the reader already has it
├── BadRequest           400
├── NotFound             404
├── MethodNotAllowed     405
├── Conflict             409
├── PreconditionFailed   412
├── BadRange             416
└── Cancelled            499  a resumable upload that its client gave up

https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""

from starlette.responses import JSONResponse, Response


class StorageError(Exception):
    code = 500
    reason = "backendError"

    def response(self) -> Response:
        entry = {"message": str(self), "domain": "global", "reason": self.reason}
        return JSONResponse(
            {"error": {"code": self.code, "message": str(self), "errors": [entry]}}, self.code
        )


class NotModified(StorageError):
    code = 304

    def response(self) -> Response:
        return Response(status_code=self.code)


class BadRequest(StorageError):
    code = 400
    reason = "invalid"


class NotFound(StorageError):
    code = 404
    reason = "notFound"


class MethodNotAllowed(StorageError):
    code = 405
    reason = "methodNotAllowed"


class Conflict(StorageError):
    code = 409
    reason = "conflict"


class PreconditionFailed(StorageError):
    code = 412
    reason = "conditionNotMet"


class BadRange(StorageError):
    code = 416
    reason = "requestedRangeNotSatisfiable"


class Cancelled(StorageError):
    code = 499
    reason = "cancelled"
