"""The shop: a retail API over a year of a real grocer's sales, with its own clock and faults.

An extension of the sandbox (sandbox/extensions.py): the API is served on the sandbox's port.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from demo.shop.api import handle_request
from demo.shop.controls import handle_control
from demo.shop.shop import Shop
from sandbox.state import State

# All methods reach the handler, which checks the key first: a router's 405 would reveal valid paths without one.
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def routes(state: State) -> list[BaseRoute]:
    """/retail/v1/{endpoint} for the product, /sandbox/retail/{control} for the demo and for tests."""
    shop = Shop(state.root)
    shop.keys  # noqa: B018 - creates the first key now: a person can read its file before any request

    async def api(request: Request) -> Response:
        return await handle_request(request, shop)

    async def controls(request: Request) -> Response:
        return await handle_control(request, shop)

    return [
        Route("/retail/v1/{path:path}", api, methods=METHODS),
        Route("/sandbox/retail/{name}", controls, methods=["GET", "PUT", "POST"]),
    ]


def job_variables(state: State) -> dict[str, str]:
    """The variable from which the connector reads the address of source `retail`."""
    return {"RETAIL_URL": f"{state.address}/retail/v1"}
