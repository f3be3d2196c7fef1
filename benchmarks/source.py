"""An API that is never the bottleneck: pages rendered before the first request, each answered after a fixed
wait, some refused at their first request.

python -m benchmarks.source PAGES ROWS prints the port it listens on. `/begin?pages=…&latency=…&faults=…`
starts a new count; `/count` returns the number of requests since.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

LINES = [{"product_sku": "1095275", "quantity": 1, "amount": 2.5}] * 5
HEAD = "HTTP/1.1 {} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


@dataclass
class Count:
    """`faults` per cent of the pages are answered 503 at their first request; `waiting` requests are being
    answered."""

    pages: int
    latency: float
    faults: int = 0
    requests: int = 0
    requests_by_page: dict[int, int] = field(default_factory=dict)
    waiting: int = 0
    most: int = 0

    def record(self, page: int) -> bool:
        """Whether the request for this page succeeds."""
        self.requests += 1
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        self.requests_by_page[page] = self.requests_by_page.get(page, 0) + 1
        # Spread evenly over the pages, and the same pages for every tool.
        is_chosen = page * self.faults // 100 > (page - 1) * self.faults // 100
        return self.requests_by_page[page] > 1 or not is_chosen

    def to_json(self) -> bytes:
        counts = {"requests": self.requests, "pages": len(self.requests_by_page), "in_flight": self.most}
        return json.dumps(counts).encode()


class Shop:
    def __init__(self, pages: int, rows: int) -> None:
        self.rows = rows
        self.items = [json.dumps(sale(number)).encode() for number in range(1, pages * rows + 1)]
        self.count = Count(pages, 0.0)

    def answer(self, query: dict[str, str]) -> tuple[int, list[bytes]]:
        """A page of the ids from `start_sales_id` on."""
        before, last = int(query.get("start_sales_id") or 1) - 1, self.count.pages * self.rows
        page, many = int(query.get("page", 1)), last - before
        first = before + (page - 1) * self.rows
        # By the ids, not by the number of the request: a window of a resumed tool has other page numbers.
        if not self.count.record(first // self.rows + 1):
            return 503, [b"{}"]
        totals = {"page": page, "total_pages": -(-many // self.rows), "total_items": many}
        tail = b"], " + json.dumps(totals | {"last_sales_id": last}).encode()[1:]
        items = self.items[first : min(first + self.rows, last)]
        return 200, [b'{"items": [', b", ".join(items), tail]


def sale(number: int) -> dict[str, object]:
    """About 400 bytes; 250 of them are a page of 100 KB."""
    return {
        "id": number,
        "datetime": "2017-01-01T11:53:26Z",
        "customer_id": 900,
        "store_id": 330,
        "items": LINES,
    }


class Connection(asyncio.Protocol):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, _, self.received = self.received.partition(b"\r\n\r\n")
            self.handle(request.split(b" ", 2)[1].decode())

    def handle(self, target: str) -> None:
        address = urlsplit(target)
        query, count = dict(parse_qsl(address.query)), self.shop.count
        if address.path == "/count":
            self.write(200, [count.to_json()])
        elif address.path == "/begin":
            self.shop.count = Count(int(query["pages"]), float(query["latency"]), int(query.get("faults", 0)))
            self.write(200, [b"{}"])
        else:
            status, body = self.shop.answer(query)
            # The count at the time of the request: `/begin` may have started a new one during the wait.
            asyncio.get_running_loop().call_later(count.latency, self.end, count, status, body)

    def end(self, count: Count, status: int, body: list[bytes]) -> None:
        count.waiting -= 1
        self.write(status, body)

    def write(self, status: int, body: list[bytes]) -> None:
        head = HEAD.format(status, sum(map(len, body))).encode()
        self.transport.write(b"".join([head, *body]))  # type: ignore[attr-defined]


async def serve(pages: int, rows: int) -> None:
    shop = Shop(pages, rows)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(shop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
