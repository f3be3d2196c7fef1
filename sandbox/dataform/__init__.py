"""Dataform on this machine: Google's API in front, the real CLI behind it, state in one SQLite file.

transcoding   HTTP in, Google's own request messages out, and back
methods       which method answers which path
repositories, files, releases, compilations, invocations, …    what the methods do
cli, report   the Dataform CLI: a scratch project, a process, what it printed
store         what is kept
"""

from collections.abc import Callable
from functools import cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.state import State

VERBS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def routes(state: State) -> list[BaseRoute]:
    async def answer(request: Request) -> Response:
        return await run_in_threadpool(answer_with(state), request, await request.body())

    return [Route("/dataform/v1/{path:path}", answer, methods=VERBS)]


@cache
def answer_with(state: State) -> Callable[[Request, bytes], Response]:
    # Google's message classes take a second to import; a sandbox that starts does not wait for them.
    from sandbox.dataform.methods import Api

    return Api(state)
