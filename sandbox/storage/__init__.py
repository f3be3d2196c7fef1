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
from sandbox.storage import (
    batch,
    buckets,
    listing,
    permissions,
    policies,
    reading,
    resumable,
    uploads,
    writing,
)
from sandbox.storage.call import Call, merged, replaced
from sandbox.storage.errors import BadRequest, MethodNotAllowed, NotFound, NotImplementedYet, StorageError
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
# https://cloud.google.com/storage/docs/json_api/v1/objects/restore and bulkRestore
RESTORE = re.compile(r"/storage/v1/b/[^/]+/o/([^/]+/restore|bulkRestore)")
PATTERNS = [re.compile(path.replace("*", "([^/]+)")) for path in CALLS]


def routes(state: State) -> list[BaseRoute]:
    storage = Storage(state)

    async def api(request: Request) -> Response:
        return answer(storage, *await received(request))

    async def batched(request: Request) -> Response:
        _, _, _, headers, body = await received(request)
        try:
            return batch.answered(headers["content-type"], body, of_caller(headers))
        except StorageError as error:
            return error.response()

    def of_caller(outer: dict[str, str]) -> batch.Answer:
        """A call in a batch has the token of the whole request, unless it has one of its own."""
        token = {name: value for name, value in outer.items() if name == "authorization"}

        def answer_one(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Response:
            return answer(storage, method, path, query, token | headers, body)

        return answer_one

    async def plain(request: Request) -> Response:
        _, path, query, headers, body = await received(request)
        bucket, name = (unquote(part) for part in path[1:].split("/", 1))
        call = Call("GET", (bucket, name), QueryParams(query), headers, body)
        try:
            permissions.check(storage, "/storage/v1/b/*/o/*", call)
        except StorageError as error:
            return error.response()
        return reading.xml(storage, call)

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
        reject_soft_delete(path, QueryParams(query))
        pattern, handler, names = find(method, path)
        call = Call(method, names, QueryParams(query), headers, body)
        permissions.check(storage, pattern, call)
        return handler(storage, call)
    except StorageError as error:
        return error.response()


def reject_soft_delete(path: str, query: QueryParams) -> None:
    """Deleted objects are not kept here, so a list of them would be wrong: empty, or with live ones."""
    if query.get("softDeleted", "").lower() == "true" or RESTORE.fullmatch(path):
        raise NotImplementedYet("Soft-deleted objects are not implemented: use versions of objects.")


def find(method: str, path: str) -> tuple[str, Handler, tuple[str, ...]]:
    """The pattern of the path in CALLS, its handler, and the names in the path."""
    for pattern, (call, methods) in zip(PATTERNS, CALLS.items(), strict=True):
        if match := pattern.fullmatch(path):
            if method not in methods:
                raise MethodNotAllowed(f"Method Not Allowed: {method} {path}")
            return call, methods[method], tuple(decoded(name) for name in match.groups())
    raise NotFound(f"Not Found: {path}")


def decoded(name: str) -> str:
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest(f"Invalid name {name!r}: it is not UTF-8.") from error
