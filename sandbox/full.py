"""A full disk, which Google does not have: said as such, with a status that no client tries again."""

import errno
import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from sandbox.state import State

FULL = {errno.ENOSPC, errno.EDQUOT}
INSUFFICIENT_STORAGE = 507


def handlers(state: State) -> dict[type[Exception], ExceptionHandler]:
    """What becomes of an error that a service did not expect; any other than a full disk is a 500."""

    def answer(request: Request, error: Exception) -> Response:
        if not is_full(error):
            raise error
        sentence = f"The disk that holds {state.root} is full; make room and try again."
        return JSONResponse(
            {"error": {"code": INSUFFICIENT_STORAGE, "message": sentence}}, INSUFFICIENT_STORAGE
        )

    return {OSError: answer, sqlite3.OperationalError: answer}


def is_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in FULL
