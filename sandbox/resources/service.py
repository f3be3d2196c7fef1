"""One Google API at its prefix: it hands requests to handlers, and their errors back as Google's."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.discovery.middleware import ApiRequest
from sandbox.iam.access import Access
from sandbox.resources.errors import GoogleError, InvalidArgument, NotFound, PermissionDenied, Unimplemented
from sandbox.resources.store import Json, Store
from sandbox.state import PROJECT_NUMBER, State

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Segment(StringConvertor):
    """A placeholder of a path. It ends at a colon, after which comes a verb: `{id}:enable`."""

    regex = "[^/:]+"


register_url_convertor("segment", Segment())


@dataclass(frozen=True)
class Call:
    """A request as a handler gets it: `path` holds the placeholders of the route.

    The query and the body have passed `sandbox.discovery`: they hold only what the method declares.
    """

    api: ApiRequest
    path: dict[str, str]

    @property
    def query(self) -> dict[str, str]:
        return self.api.query

    @property
    def body(self) -> Json:
        return self.api.body

    @property
    def caller(self) -> str:
        """The e-mail of the service account whose token came along; "" for a person, with all rights."""
        return self.api.caller


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Service:
    state: State
    store: Store
    prefix: str

    @property
    def access(self) -> Access:
        return Access(self.state, self.store)

    def allows(self, email: str, permission: str, name: str) -> bool:
        """Whether an identity has the permission on a resource of this service."""
        return self.access.allowed(email, permission, f"{self.prefix[1:]}/{name}")

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def numbered(self, name: str) -> str:
        """A name with the project's number in it, where Google answers so."""
        return name.replace(f"projects/{self.state.project}/", f"projects/{PROJECT_NUMBER}/", 1)

    def find(self, name: str) -> Json:
        """Raises NotFound if no resource of that name is stored."""
        resource = self.store.get(self.key(name))
        if resource is None:
            raise NotFound(f"Resource {name!r} was not found.")
        return resource

    def route(self, method: str, path: str, handler: Handler, query: str = "") -> Route:
        """`handler` runs in a thread of its own; `query` names the parameters that it supports.

        A placeholder is one segment of the path, `{id*}` any number of them: Starlette decodes the slashes
        of an id before it matches.
        """

        async def endpoint(request: Request) -> Response:
            try:
                call = self.call(request, set(query.split()))
                # In a thread: SQLite and files block, and other requests are served meanwhile.
                return JSONResponse(await run_in_threadpool(handler, call))
            except GoogleError as error:
                return JSONResponse(error.body(), error.code)

        # `path` is Starlette's own convertor; every other placeholder ends at a colon (Segment).
        typed = path.replace("*}", ":path}").replace("}", ":segment}").replace(":path:segment}", ":path}")
        return Route(self.key(typed), endpoint, methods=[method])

    def call(self, request: Request, supported: set[str]) -> Call:
        """The project by its id, whichever form was sent; the sandbox has one, and others are forbidden."""
        path = {name: quoted(value) for name, value in request.path_params.items()}
        call = Call(request.state.api, path)
        # Parameters that Google has and this sandbox would ignore: a filter, or a create that only validates.
        for name in (call.query.keys() - supported) | ({"validateOnly"} & call.body.keys()):
            raise InvalidArgument(f"The sandbox does not support {name} of {call.api.method.id}.")
        if "project" not in path:
            return call
        if path["project"] not in (self.state.project, PROJECT_NUMBER):
            raise PermissionDenied(
                f"Permission denied on resource project {path['project']} (or it may not exist)."
            )
        return replace(call, path=path | {"project": self.state.project})

    def unserved(self) -> Route:
        """The last route of a service: the methods that Google's API has and this sandbox does not."""

        async def endpoint(request: Request) -> Response:
            api: ApiRequest = request.state.api
            error = Unimplemented(f"The sandbox does not serve the method {api.method.id}.")
            return JSONResponse(error.body(), error.code)

        return Route(f"{self.prefix}/{{rest:path}}", endpoint, methods=METHODS)


def quoted(identity: str) -> str:
    """An id as one segment of a name."""
    return identity.replace("/", "%2F")
