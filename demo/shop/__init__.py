"""The retail API over a real grocer's year, with a clock and faults of its own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from demo.shop.api import answer
from demo.shop.controls import control
from demo.shop.shop import Shop
from sandbox.state import State

URL_VARIABLE = "RETAIL_URL"  # the connector's name for the address of source `retail`
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def routes(state: State) -> list[BaseRoute]:
    """/retail/v1/{endpoint} for the product, /sandbox/retail/{control} for whoever tells a story with it."""
    shop = Shop(state.root)
    shop.keys  # noqa: B018 - the first is made at the first start, so that a person can read it before any request

    async def api(request: Request) -> Response:
        return await answer(request, shop)

    async def controls(request: Request) -> Response:
        return await control(request, shop)

    return [
        Route("/retail/v1/{path:path}", api, methods=METHODS),
        Route("/sandbox/retail/{name}", controls, methods=["GET", "PUT", "POST"]),
    ]


def job_variables(state: State) -> dict[str, str]:
    return {URL_VARIABLE: f"{state.address}/retail/v1"}
