"""/sandbox/retail/…: the demo and tests change clock, faults and items here; the product never calls it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.shop.api import error_response
from demo.shop.clock import format_clock, parse_clock
from demo.shop.errors import RequestRejected
from demo.shop.faults import Faults, parse_plan
from demo.shop.shop import Shop


async def handle_control(request: Request, shop: Shop) -> Response:
    """GET returns, PUT replaces; POST clock:advance {"seconds": 3600} moves the clock forward."""
    try:
        body = {} if request.method == "GET" else await read_object(request)
        return JSONResponse(apply_control(request.method, request.path_params["name"], body, shop))
    except RequestRejected as error:
        return error_response(error)


def apply_control(method: str, name: str, body: dict[str, Any], shop: Shop) -> dict[str, Any]:
    match method, name:
        case "PUT", "clock":
            shop.clock.set(parse_clock(body.get("now")))
        case "POST", "clock:advance":
            shop.clock.advance(parse_seconds(body))
        case "PUT", "faults":
            shop.faults = Faults(parse_plan(body))
        case "PUT", "rows":
            shop.set_overlays(body)
        case "GET", "clock" | "faults" | "rows":
            return show(name, shop)
        case _:
            raise RequestRejected(
                404, f"no {method} {name}; there are GET and PUT of clock, faults, rows, POST clock:advance"
            )
    shop.clear_cache()
    return show(name, shop)


def show(name: str, shop: Shop) -> dict[str, Any]:
    if name == "faults":
        return shop.faults.as_json()
    return shop.overlays() if name == "rows" else {"now": format_clock(shop.clock.now())}


def parse_seconds(body: dict[str, Any]) -> float:
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise RequestRejected(
            400, f"seconds is a number and not negative, not {seconds!r}; PUT clock sets it back"
        )
    return seconds


async def read_object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise RequestRejected(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise RequestRejected(400, f"the body is an object, not {body!r}")
    return body
