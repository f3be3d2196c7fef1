"""The sandbox's services behind one port."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox import (
    bigquery,
    dataform,
    disk_full,
    jobs,
    metadata,
    retail,
    scheduler,
    sheets,
    storage,
    transfers,
)
from sandbox.discovery.middleware import ApiMiddleware
from sandbox.resources import apis
from sandbox.state import State

SERVICES = (metadata, storage, apis, jobs, scheduler, transfers, dataform, sheets, retail)


def application(state: State) -> Starlette:
    """Every service's routes; what none of them knows goes to local-bigquery, as strict as BigQuery."""
    routes: list[BaseRoute] = [Route("/", lambda request: ready(request, state))]
    for service in SERVICES:
        routes += service.routes(state)
    routes.append(Mount("/", app=bigquery.application(state)))
    return Starlette(
        routes=routes, middleware=[Middleware(ApiMiddleware)], exception_handlers=disk_full.handlers(state)
    )


def ready(request: Request, state: State) -> Response:
    """Also what google-auth asks to learn whether a metadata server is here."""
    return PlainTextResponse(f"sandbox of project {state.project}\n", headers=metadata.FLAVOR)
