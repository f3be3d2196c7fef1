"""All services of the sandbox on one port."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox import (
    bigquery,
    dataform,
    dataproc,
    disk_full,
    jobs,
    keyless,
    metadata,
    scheduler,
    sheets,
    storage,
    transfers,
)
from sandbox.discovery.middleware import ApiMiddleware
from sandbox.iam.access import Access
from sandbox.iam.guard import Guard
from sandbox.iam.identities import IdentityMiddleware
from sandbox.resources import apis
from sandbox.resources.store import Store
from sandbox.state import State

SERVICES = (metadata, storage, apis, jobs, keyless, scheduler, transfers, dataform, dataproc, sheets)


def application(state: State, extra_routes: Sequence[BaseRoute] = ()) -> Starlette:
    """`extra_routes` are those of extensions. A path without a route goes to local-bigquery."""
    routes: list[BaseRoute] = [Route("/", lambda request: ready(request, state))]
    for service in SERVICES:
        routes += service.routes(state)
    routes += extra_routes
    access = Access(state, Store(state.root))
    routes.append(Mount("/", app=bigquery.application(state, access)))
    # Identities first: the API is matched by the path without /as/<e-mail>, and the caller by the token that
    # replaces it.
    middleware = [Middleware(IdentityMiddleware), Middleware(ApiMiddleware, guard=Guard(access))]
    return Starlette(routes=routes, middleware=middleware, exception_handlers=disk_full.handlers(state))


def ready(request: Request, state: State) -> Response:
    """google-auth also requests this path, to detect a metadata server."""
    return PlainTextResponse(f"sandbox of project {state.project}\n", headers=metadata.FLAVOR)
