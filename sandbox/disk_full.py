"""A full disk of this machine as HTTP 507, a status that no client retries; Google has no such error."""

import errno
import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from sandbox.state import State

# EDQUOT: the disk has room, but the user's quota is used up.
FULL = {errno.ENOSPC, errno.EDQUOT}
INSUFFICIENT_STORAGE = 507


def handlers(state: State) -> dict[type[Exception], ExceptionHandler]:
    """Starlette's handlers of unexpected errors: any error except a full disk stays a 500."""

    def handle(request: Request, error: Exception) -> Response:
        if not is_disk_full(error):
            raise error
        message = f"The disk that holds {state.root} is full; make room and try again."
        return JSONResponse(
            {"error": {"code": INSUFFICIENT_STORAGE, "message": message}}, INSUFFICIENT_STORAGE
        )

    return {OSError: handle, sqlite3.OperationalError: handle}


def is_disk_full(error: Exception) -> bool:
    # SQLite reports a full disk with a code of its own and without an errno.
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in FULL
