"""One Google API at its prefix: requests become calls, refusals become Google's errors."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.metadata import token_of
from sandbox.resources.errors import GoogleError, InvalidArgument, NotFound, PermissionDenied
from sandbox.resources.store import Json, Store
from sandbox.state import PROJECT_NUMBER, State

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# https://cloud.google.com/apis/docs/system-parameters; any other parameter must be declared by its route.
SYSTEM_PARAMETERS = {"alt", "$alt", "fields", "$fields", "prettyPrint", "$prettyPrint", "key", "quotaUser"}


class Segment(StringConvertor):
    """A placeholder of a path. A colon ends it, for what follows is a verb: `{id}:enable`."""

    regex = "[^/:]+"


register_url_convertor("segment", Segment())


@dataclass(frozen=True)
class Call:
    """`path` holds the placeholders of the route, `query` its parameters, `body` the JSON object.

    caller: the e-mail of the service account whose token came along; "" for a person, who may do everything.
    """

    path: dict[str, str]
    query: dict[str, str]
    body: Json
    caller: str = ""


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Service:
    state: State
    store: Store
    prefix: str

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def numbered(self, name: str) -> str:
        """A name with the project's number in it, where Google answers so."""
        return name.replace(f"projects/{self.state.project}/", f"projects/{PROJECT_NUMBER}/", 1)

    def find(self, name: str) -> Json:
        """The stored resource of that name, or NotFound."""
        resource = self.store.get(self.key(name))
        if resource is None:
            raise NotFound(f"Resource {name!r} was not found.")
        return resource

    def route(self, method: str, path: str, handler: Handler, query: str = "") -> Route:
        """`handler` runs in a thread of its own; `query` names its parameters, separated by blanks.

        A placeholder is one segment of the path, `{id*}` any number of them: slashes in ids arrive undone.
        """

        async def endpoint(request: Request) -> Response:
            try:
                call = await self.call(request, set(query.split()))
                return JSONResponse(await run_in_threadpool(handler, call))
            except GoogleError as error:
                return JSONResponse(error.body(), error.code)

        typed = path.replace("*}", ":path}").replace("}", ":segment}").replace(":path:segment}", ":path}")
        return Route(self.key(typed), endpoint, methods=[method])

    async def call(self, request: Request, parameters: set[str]) -> Call:
        query = dict(request.query_params)
        for name in query.keys() - parameters - SYSTEM_PARAMETERS:
            raise InvalidArgument(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            )
        path = {name: quoted(value) for name, value in request.path_params.items()}
        call = Call(path, query, body(await request.body()), caller(request))
        return self.own(call) if "project" in call.path else call

    def own(self, call: Call) -> Call:
        """A project is named by its id or its number; there is one, and others are not ours to see."""
        if call.path["project"] not in (self.state.project, PROJECT_NUMBER):
            raise PermissionDenied(
                f"Permission denied on resource project {call.path['project']} (or it may not exist)."
            )
        return replace(call, path=call.path | {"project": self.state.project})

    def unknown(self) -> Route:
        """The last route of a service: what it does not know, another method on a known path included."""

        async def endpoint(request: Request) -> Response:
            error = NotFound(f"The requested URL {request.url.path} was not found for {request.method}.")
            return JSONResponse(error.body(), error.code)

        return Route(f"{self.prefix}/{{rest:path}}", endpoint, methods=METHODS)


def quoted(identity: str) -> str:
    """An id as one segment of a name."""
    return identity.replace("/", "%2F")


def caller(request: Request) -> str:
    """Whose token it is, as the metadata server hands them out."""
    start, header = f"Bearer {token_of('')}", request.headers.get("Authorization", "")
    return header.removeprefix(start) if header.startswith(start) else ""


def body(content: bytes) -> Json:
    try:
        parsed = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"Invalid JSON payload received. {error}") from error
    if not isinstance(parsed, dict):
        raise InvalidArgument("Invalid JSON payload received. The root must be an object.")
    return parsed
