"""An API that is never the bottleneck: pages rendered before the first request, each answered after a fixed
wait.

python -m benchmarks.source PAGES ROWS LATENCY prints the port it listens on."""

import asyncio
import json
import re
import sys

LINES = [{"product_sku": "1095275", "quantity": 1, "amount": 2.5}] * 5
PAGE = re.compile(rb"[?&]page=(\d+)")


def render(pages: int, rows: int) -> list[bytes]:
    """Answers by page number from 0 (an empty one), about 100 KB each with 250 rows."""
    return [answer(number, pages, rows) for number in range(pages + 1)]


def answer(number: int, pages: int, rows: int) -> bytes:
    items = [sale(rows * (number - 1) + row + 1) for row in range(rows if number else 0)]
    totals = {"total_pages": pages, "total_items": pages * rows, "last_sales_id": pages * rows}
    body = json.dumps({"items": items, "page": number, **totals}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def sale(number: int) -> dict[str, object]:
    return {
        "id": number,
        "datetime": "2017-01-01T11:53:26Z",
        "customer_id": 900,
        "store_id": 330,
        "items": LINES,
    }


class Connection(asyncio.Protocol):
    def __init__(self, answers: list[bytes], latency: float) -> None:
        self.answers, self.latency = answers, latency
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, _, self.received = self.received.partition(b"\r\n\r\n")
            found = PAGE.search(request)
            number = int(found[1]) if found else 0
            content = self.answers[number if number < len(self.answers) else 0]
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, content)


async def serve(pages: int, rows: int, latency: float) -> None:
    answers = render(pages, rows)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(answers, latency), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
