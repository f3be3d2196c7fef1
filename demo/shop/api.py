"""/retail/v1: who asks, and pages of sales, products and customers, as docs/design.md says."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from demo.shop import issuing
from demo.shop.errors import Refused
from demo.shop.faults import Faults
from demo.shop.keys import Key
from demo.shop.rows import KEYS, Rows
from demo.shop.shop import Shop

MAX_PAGE_SIZE = 250
PAGING = {"page", "page_size"}
WINDOW = {"start_sales_id", "end_sales_id", "start_date"}


async def answer(request: Request, shop: Shop) -> Response:
    """One request, after what the faults in force make of it."""
    outcome = shop.faults.next()
    await asyncio.sleep(shop.faults.plan.latency_ms / 1000)
    response = fault(outcome, shop.faults) or await served(request, shop, outcome)
    shop.faults.answered[str(response.status_code) if outcome == "served" else outcome] += 1
    return Cut(response.body) if outcome == "reset" else response


async def served(request: Request, shop: Shop, outcome: str) -> Response:
    resource, _, rest = request.path_params["path"].strip("/").partition("/")
    try:
        key = admit(request, shop)
        if resource == "keys":
            return await issuing.answer(request, key, rest, shop.keys, shop.faults)
        body = await page(request, shop, with_items=outcome != "drop_items_list")
    except Refused as error:
        return refused(error)
    return Response(body, media_type="application/json")


def refused(error: Refused) -> Response:
    return JSONResponse({"error": error.sentence}, error.status)


def fault(outcome: str, faults: Faults) -> Response | None:
    if outcome == "status_503":
        return JSONResponse({"error": "the shop is closed for a moment; try again"}, 503)
    if outcome == "status_429":
        wait = {"Retry-After": str(faults.plan.retry_after)}
        return JSONResponse({"error": "too many requests; see Retry-After"}, 429, headers=wait)
    if outcome == "not_json":
        return Response("<html><body>Back soon.</body></html>", media_type="text/html")
    return None


class Cut(Response):
    """An answer whose connection ends in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": bytes(half), "more_body": True})


async def page(request: Request, shop: Shop, *, with_items: bool) -> bytes:
    endpoint = request.path_params["path"].strip("/")
    check(request, endpoint)
    query = request.query_params
    number, size = whole(query, "page", 1), whole(query, "page_size", MAX_PAGE_SIZE)
    if not 1 <= size <= MAX_PAGE_SIZE or number < 1:
        raise Refused(
            400, f"page is at least 1 and page_size 1 to {MAX_PAGE_SIZE}, not page {number} of {size}"
        )
    # The first request of a process makes the rows, which would stop every other service's answers meanwhile.
    rows = await asyncio.to_thread(shop.rows, endpoint)
    last = f',"last_sales_id":{rows.keys[-1] if rows.keys else 0}' if endpoint == "sales" else ""
    if endpoint == "sales":
        rows = window(rows, query, shop)
    items = b'"items":[' + b",".join(rows.page(number, size)) + b"]," if with_items else b""
    pages = -(-len(rows) // size)
    tail = f'"page":{number},"page_size":{size},"total_items":{len(rows)},"total_pages":{pages}{last}}}'
    return b"{" + items + tail.encode()


def admit(request: Request, shop: Shop) -> Key:
    """The key that asks; nobody learns without one what there is."""
    key = shop.keys.find(request.headers.get("X-API-Key", ""))
    if key is None:
        raise Refused(401, "the header X-API-Key is missing or wrong")
    return key


def check(request: Request, endpoint: str) -> None:
    """What is asked for: 404, 405 and 400 in this order."""
    if endpoint not in KEYS:
        raise Refused(404, f"no path {endpoint!r}; there are keys, {', '.join(KEYS)}")
    if request.method != "GET":
        raise Refused(405, f"{request.method} is not served; GET is")
    known = PAGING | WINDOW if endpoint == "sales" else PAGING
    if unknown := sorted(request.query_params.keys() - known):
        raise Refused(400, f"unknown parameters {unknown}; {endpoint} knows {sorted(known)}")


def window(rows: Rows, query: Mapping[str, str], shop: Shop) -> Rows:
    first = whole(query, "start_sales_id", None)
    if "start_date" in query:
        first = max(first or 1, shop.first_sale(day(query["start_date"])))
    return rows.window(first, whole(query, "end_sales_id", None))


def whole[Default: int | None](query: Mapping[str, str], name: str, default: Default) -> int | Default:
    text = query.get(name)
    if text is None:
        return default
    # int() would take 1_000 and Arabic digits too.
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise Refused(400, f"{name} is a whole number, not {text!r}")
    return int(text)


def day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused(400, f"start_date is a day as 2017-01-29, not {text!r}") from error
