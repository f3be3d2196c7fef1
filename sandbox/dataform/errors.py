"""What this API refuses, in Google's words.

Refusal                 code and status of https://cloud.google.com/apis/design/errors
├── InvalidArgument     400: the request is wrong whatever the state
├── FailedPrecondition  400: the state does not allow it now
├── NotFound            404
├── AlreadyExists       409
├── Aborted             409: somebody else changed it meanwhile
└── Unimplemented       501: Google has it, the sandbox does not
"""


class Refusal(Exception):
    code = 500
    status = "INTERNAL"

    @property
    def body(self) -> dict[str, object]:
        return {"error": {"code": self.code, "message": str(self), "status": self.status}}


class InvalidArgument(Refusal):
    code, status = 400, "INVALID_ARGUMENT"


class FailedPrecondition(Refusal):
    code, status = 400, "FAILED_PRECONDITION"


class NotFound(Refusal):
    code, status = 404, "NOT_FOUND"


class AlreadyExists(Refusal):
    code, status = 409, "ALREADY_EXISTS"


class Aborted(Refusal):
    code, status = 409, "ABORTED"


class Unimplemented(Refusal):
    code, status = 501, "UNIMPLEMENTED"
