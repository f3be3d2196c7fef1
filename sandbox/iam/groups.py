"""The members of Google groups, which Google manages outside of the project."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.iam.access import GROUPS
from sandbox.resources.store import Store


def control(store: Store) -> Route:
    """PUT /sandbox/iam/groups/<e-mail> with {"members": ["a@example.com"]} replaces the members of a group."""

    async def endpoint(request: Request) -> Response:
        members = json.loads(await request.body()).get("members", [])
        store.put(f"{GROUPS}/{request.path_params['group']}", {"members": members})
        return JSONResponse({"members": members})

    return Route(f"{GROUPS}/{{group}}", endpoint, methods=["PUT"])
