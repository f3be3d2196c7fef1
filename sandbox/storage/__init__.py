"""Cloud Storage's JSON API over plain files, where BigQuery reads them too.

Calls are answered on the event loop, one at a time: each takes about a millisecond, and no precondition needs
a lock.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from sandbox.state import State
from sandbox.storage import batch, buckets, listing, policies, reading, resumable, uploads, writing
from sandbox.storage.call import Call, merged, replaced
from sandbox.storage.errors import BadRequest, MethodNotAllowed, NotFound, StorageError
from sandbox.storage.objects import Storage

Handler = Callable[[Storage, Call], Response]
Methods = dict[str, Handler]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# `*` is one name, percent-encoded: a slash in an object's name arrives as %2F.
CALLS: dict[str, Methods] = {
    "/storage/v1/b": {"GET": buckets.list_all, "POST": buckets.insert},
    "/storage/v1/b/*": {
        "GET": buckets.get,
        "PATCH": partial(buckets.change, combine=merged),
        "PUT": partial(buckets.change, combine=replaced),
        "DELETE": buckets.delete,
    },
    "/storage/v1/b/*/iam": {"GET": policies.get, "PUT": policies.put},
    "/storage/v1/b/*/iam/testPermissions": {"GET": policies.test},
    "/storage/v1/b/*/anywhereCaches": {"GET": buckets.anywhere_caches},
    "/storage/v1/b/*/storageLayout": {"GET": buckets.layout},
    "/storage/v1/b/*/o": {"GET": listing.list_objects, "POST": uploads.insert},
    "/storage/v1/b/*/o/*": {
        "GET": reading.get,
        "PATCH": partial(writing.change, combine=merged),
        "PUT": partial(writing.change, combine=replaced),
        "DELETE": writing.delete,
    },
    "/storage/v1/b/*/o/*/compose": {"POST": writing.compose},
    "/storage/v1/b/*/o/*/copyTo/b/*/o/*": {"POST": writing.copy},
    "/storage/v1/b/*/o/*/moveTo/o/*": {"POST": writing.move},
    "/storage/v1/b/*/o/*/rewriteTo/b/*/o/*": {"POST": writing.rewrite},
    "/upload/storage/v1/b/*/o": {
        "POST": uploads.insert,
        "PUT": resumable.proceed,
        "DELETE": resumable.cancel,
    },
    "/download/storage/v1/b/*/o/*": {"GET": reading.download},
}
PATTERNS = [(re.compile(path.replace("*", "([^/]+)")), methods) for path, methods in CALLS.items()]


def routes(state: State) -> list[BaseRoute]:
    storage = Storage(state)

    async def api(request: Request) -> Response:
        return answer(storage, *await received(request))

    async def batched(request: Request) -> Response:
        _, _, _, headers, body = await received(request)
        try:
            return batch.answered(headers["content-type"], body, lambda *call: answer(storage, *call))
        except StorageError as error:
            return error.response()

    async def plain(request: Request) -> Response:
        _, path, query, headers, body = await received(request)
        bucket, name = (unquote(part) for part in path[1:].split("/", 1))
        return reading.xml(storage, Call("GET", (bucket, name), QueryParams(query), headers, body))

    return [
        *(
            Route(f"{prefix}/storage/v1/{{rest:path}}", api, methods=METHODS)
            for prefix in ("", "/upload", "/download")
        ),
        Route("/batch/storage/v1", batched, methods=["POST"]),
        OfBucket(storage, "/{bucket}/{name:path}", plain, methods=["GET"]),
    ]


class OfBucket(Route):
    """Matches only if the path begins with the name of a bucket; all other paths belong to other services."""

    def __init__(self, storage: Storage, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)  # type: ignore[arg-type]
        self.storage = storage

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is Match.FULL and not self.storage.catalogue.bucket(child["path_params"]["bucket"]):
            return Match.NONE, {}
        return match, child


async def received(request: Request) -> tuple[str, str, str, dict[str, str], bytes]:
    """Method, path as it was sent, query, headers, body."""
    path, query = request.scope["raw_path"].decode("ascii"), request.url.query
    return request.method, path, query, dict(request.headers), await request.body()


def answer(
    storage: Storage, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> Response:
    try:
        handler, names = find(method, path)
        return handler(storage, Call(method, names, QueryParams(query), headers, body))
    except StorageError as error:
        return error.response()


def find(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    for pattern, methods in PATTERNS:
        if match := pattern.fullmatch(path):
            if method not in methods:
                raise MethodNotAllowed(f"Method Not Allowed: {method} {path}")
            return methods[method], tuple(decoded(name) for name in match.groups())
    raise NotFound(f"Not Found: {path}")


def decoded(name: str) -> str:
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest(f"Invalid name {name!r}: it is not UTF-8.") from error
