"""/retail/v1: authentication; pages of sales, products, customers: docs/reference/demo-retail-api.md."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from demo.shop import key_api
from demo.shop.errors import RequestRejected
from demo.shop.faults import Faults
from demo.shop.items import KEYS, Items, Window
from demo.shop.keys import Key
from demo.shop.shop import Shop

MAX_PAGE_SIZE = 250
PAGING = {"page", "page_size"}
WINDOW = {"start_sales_id", "end_sales_id", "start_date"}


async def handle_request(request: Request, shop: Shop) -> Response:
    """The response to one request, or the fault that the fault plan has for it."""
    # Before any wait: the outcome depends on the order of arrival, not on when other responses are sent.
    outcome = shop.faults.next_outcome()
    await asyncio.sleep(shop.faults.plan.latency_ms / 1000)
    response = fault_response(outcome, shop.faults) or await serve(request, shop, outcome)
    shop.faults.outcomes[str(response.status_code) if outcome == "served" else outcome] += 1
    return TruncatedResponse(response.body) if outcome == "reset" else response


async def serve(request: Request, shop: Shop, outcome: str) -> Response:
    resource, _, rest = request.path_params["path"].strip("/").partition("/")
    try:
        key = authenticate(request, shop)
        if resource == "keys":
            return await key_api.handle_request(request, key, rest, shop.keys, shop.faults)
        body = await build_page(request, shop, with_items=outcome != "drop_items_list")
    except RequestRejected as error:
        return error_response(error)
    return Response(body, media_type="application/json")


def error_response(error: RequestRejected) -> Response:
    return JSONResponse({"error": error.message}, error.status)


def fault_response(outcome: str, faults: Faults) -> Response | None:
    """None for outcomes that change the response of a served request instead of replacing it."""
    if outcome == "status_503":
        return JSONResponse({"error": "the shop is closed for a moment; try again"}, 503)
    if outcome == "status_429":
        headers = {"Retry-After": str(faults.plan.retry_after)}
        return JSONResponse({"error": "too many requests; see Retry-After"}, 429, headers=headers)
    if outcome == "not_json":
        return Response("<html><body>Back soon.</body></html>", media_type="text/html")
    return None


class TruncatedResponse(Response):
    """A response whose connection ends in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        # The headers have the Content-Length of the whole body, so a client can detect that the rest is missing.
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": bytes(half), "more_body": True})


async def build_page(request: Request, shop: Shop, *, with_items: bool) -> bytes:
    """The JSON of a page. It is concatenated: the items are already JSON, which saves most of the time."""
    endpoint = request.path_params["path"].strip("/")
    validate_request(request, endpoint)
    query = request.query_params
    number, size = parse_integer(query, "page", 1), parse_integer(query, "page_size", MAX_PAGE_SIZE)
    if not 1 <= size <= MAX_PAGE_SIZE or number < 1:
        raise RequestRejected(
            400, f"page is at least 1 and page_size 1 to {MAX_PAGE_SIZE}, not page {number} of {size}"
        )
    # In a thread: the first request of a process computes the items, which would block all other services.
    items = await asyncio.to_thread(shop.items, endpoint)
    # Before the window is applied: this is the newest sale of the shop, not that of the window.
    last = f',"last_sales_id":{items.keys[-1] if items.keys else 0}' if endpoint == "sales" else ""
    window = select_window(items, query, shop)
    listed = b'"items":[' + b",".join(window.page(number, size)) + b"]," if with_items else b""
    pages = -(-len(window) // size)
    tail = f'"page":{number},"page_size":{size},"total_items":{len(window)},"total_pages":{pages}{last}}}'
    return b"{" + listed + tail.encode()


def authenticate(request: Request, shop: Shop) -> Key:
    """The key of the request. It is checked first: without one, the response reveals no valid path."""
    key = shop.keys.find(request.headers.get("X-API-Key", ""))
    if key is None:
        raise RequestRejected(401, "the header X-API-Key is missing or wrong")
    return key


def validate_request(request: Request, endpoint: str) -> None:
    """Path, method and parameters: 404, 405 and 400 in this order."""
    if endpoint not in KEYS:
        raise RequestRejected(404, f"no path {endpoint!r}; there are keys, {', '.join(KEYS)}")
    if request.method != "GET":
        raise RequestRejected(405, f"{request.method} is not served; GET is")
    accepted = PAGING | WINDOW if endpoint == "sales" else PAGING
    if unknown := sorted(request.query_params.keys() - accepted):
        raise RequestRejected(400, f"unknown parameters {unknown}; {endpoint} takes {sorted(accepted)}")


def select_window(items: Items, query: Mapping[str, str], shop: Shop) -> Window:
    """With both start_sales_id and start_date, the later start applies; other endpoints have neither."""
    first = parse_integer(query, "start_sales_id", None)
    if "start_date" in query:
        first = max(first or 1, shop.first_sale(parse_date(query["start_date"])))
    return items.window(first, parse_integer(query, "end_sales_id", None))


def parse_integer[Default: int | None](
    query: Mapping[str, str], name: str, default: Default
) -> int | Default:
    text = query.get(name)
    if text is None:
        return default
    # int() also accepts 1_000 and Arabic digits.
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise RequestRejected(400, f"{name} is a whole number, not {text!r}")
    return int(text)


def parse_date(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise RequestRejected(400, f"start_date is a day such as 2017-01-29, not {text!r}") from error
