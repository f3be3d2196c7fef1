"""/sandbox/retail/…: what a demo or a test changes in the retail API; the product never calls these."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.shop.api import refused
from demo.shop.clock import moment, text
from demo.shop.errors import Refused
from demo.shop.faults import Faults, plan
from demo.shop.shop import Shop


async def control(request: Request, shop: Shop) -> Response:
    """GET shows, PUT replaces; POST clock:advance {"seconds": 3600} moves the clock on."""
    try:
        body = {} if request.method == "GET" else await fields(request)
        return JSONResponse(apply(request.method, request.path_params["name"], body, shop))
    except Refused as error:
        return refused(error)


def apply(method: str, name: str, body: dict[str, Any], shop: Shop) -> dict[str, Any]:
    match method, name:
        case "PUT", "clock":
            shop.clock.set(moment(body.get("now")))
        case "POST", "clock:advance":
            shop.clock.advance(seconds(body))
        case "PUT", "faults":
            shop.faults = Faults(plan(body))
        case "PUT", "rows":
            shop.set_overlays(body)
        case "GET", "clock" | "faults" | "rows":
            return show(name, shop)
        case _:
            raise Refused(
                404, f"no {method} {name}; there are GET and PUT of clock, faults, rows, POST clock:advance"
            )
    shop.changed()
    return show(name, shop)


def show(name: str, shop: Shop) -> dict[str, Any]:
    if name == "faults":
        return shop.faults.as_json()
    return shop.overlays() if name == "rows" else {"now": text(shop.clock.now())}


def seconds(body: dict[str, Any]) -> float:
    told = body.get("seconds")
    if not isinstance(told, int | float) or told < 0:
        raise Refused(400, f"seconds is a number and not negative, not {told!r}; PUT clock sets it back")
    return told


async def fields(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise Refused(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, f"the body is an object, not {body!r}")
    return body
