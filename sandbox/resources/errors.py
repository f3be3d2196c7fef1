"""The errors of Google's APIs: a status code, a message, and the name of a google.rpc.Code.

GoogleError
├── InvalidArgument      400  the request is wrong: a field, a mask, an id
├── FailedPrecondition   400  the request is right, but the resource is not in a state for it
├── PermissionDenied     403  also another project
├── NotFound             404
├── AlreadyExists        409
├── Aborted              409  a concurrent change (a stale etag)
└── Unimplemented        501  Google has the method, this sandbox does not

https://cloud.google.com/apis/design/errors
"""

from typing import Any


class GoogleError(Exception):
    code = 500
    status = "INTERNAL"

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": str(self), "status": self.status}}


class InvalidArgument(GoogleError):
    code = 400
    status = "INVALID_ARGUMENT"


class FailedPrecondition(GoogleError):
    code = 400
    status = "FAILED_PRECONDITION"


class PermissionDenied(GoogleError):
    code = 403
    status = "PERMISSION_DENIED"


class NotFound(GoogleError):
    code = 404
    status = "NOT_FOUND"


class AlreadyExists(GoogleError):
    code = 409
    status = "ALREADY_EXISTS"


class Aborted(GoogleError):
    code = 409
    status = "ABORTED"


class Unimplemented(GoogleError):
    code = 501
    status = "UNIMPLEMENTED"
