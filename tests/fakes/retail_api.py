"""A small shop with an API like the retail one, over HTTP, with faults that a test declares."""

import gzip
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests import serving

KEY = "the-key-of-the-shop"


@dataclass
class Fault:
    """The response to `page` (None: every page) for `times` requests, instead of its items.

    change: replaces fields of the body. cut, reset: the body, or the connection, ends early. zipped: gzip. slow:
    seconds between two parts of the body.
    """

    page: int | None = None
    times: int = 1
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    change: dict[str, Any] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    zipped: bool = False
    slow: float = 0.0


class FakeRetailApi(serving.Served):
    """Serves `items` of every endpoint. Records `queries`, requests by page, and how many were in flight."""

    path = "/v1"

    def __init__(self):
        self.items: dict[str, list[Any]] = {"sales": [], "products": [], "customers": []}
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.queries: list[dict[str, str]] = []
        self.pages: Counter[int] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.after_page: dict[int, Callable[[], object]] = {}
        self.lock = threading.Lock()
        super().__init__(Handler)

    def hold(self, page, until):
        """Responds to `page` only when the event `until` is set."""
        self.after_page[page] = lambda: until.wait(60)

    @contextmanager
    def counted(self):
        """A request that is in flight."""
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            with self.lock:
                self.in_flight -= 1

    def serve(self, endpoint, query):
        """The fault of this request, and the bytes of the body."""
        page = int(query["page"])
        with self.lock:
            self.queries.append(query)
            self.pages[page] += 1
        fault = self.fault_for(page) or Fault()
        body = self.answer(endpoint, query) | fault.change
        body = {name: value for name, value in body.items() if value != "absent"}
        if action := self.after_page.pop(page, None):
            action()
        return fault, json.dumps(body).encode() if fault.body is None else fault.body

    def fault_for(self, page):
        with self.lock:
            for fault in self.faults:
                if fault.times and fault.page in (None, page):
                    fault.times -= 1
                    return fault
        return None

    def answer(self, endpoint, query):
        page, size = int(query["page"]), int(query["page_size"])
        items = self.window(endpoint, query)
        body = {
            "items": items[(page - 1) * size : page * size],
            "page": page,
            "page_size": size,
            "total_items": len(items),
            "total_pages": -(-len(items) // size),
        }
        if endpoint == "sales":
            ids = [item["id"] for item in self.items["sales"] if isinstance(item, dict) and "id" in item]
            body["last_sales_id"] = max(ids, default=0)
        return body

    def window(self, endpoint, query):
        first, last = int(query.get("start_sales_id", 0)), int(query.get("end_sales_id", 10**18))
        day = query.get("start_date", "")
        return [
            item
            for item in self.items[endpoint]
            if not isinstance(item, dict)
            or (first <= item.get("id", first) <= last and item.get("datetime", "9") >= day)
            or endpoint != "sales"
        ]


class Handler(serving.Handler):
    def do_GET(self):
        with self.owner.counted():
            time.sleep(self.owner.latency)
            fault, body = self.respond()
        if fault.reset:
            self.reset()
        else:
            self.send(fault, body)

    def respond(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        endpoint = parts.path.removeprefix("/v1/")
        key = self.headers.get("X-API-Key")
        if key != KEY:
            return Fault(status=401), json.dumps({"error": f"bad key {key}"}).encode()
        if endpoint not in self.owner.items:
            return Fault(status=404), b'{"error": "no such path"}'
        return self.owner.serve(endpoint, query)

    def reset(self):
        """Close with RST, as a router does that has lost the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def send(self, fault, body):
        coding = {"Content-Encoding": "gzip"} if fault.zipped else {}
        body = gzip.compress(body) if fault.zipped else body
        self.head(fault.status, fault.headers | coding, len(body))
        self.pour(body[: len(body) // 2] if fault.cut else body, fault.slow)
        self.close_connection |= fault.cut

    def pour(self, body, slow):
        part = len(body) // 8 + 1 if slow else len(body) + 1
        for start in range(0, len(body), part):
            time.sleep(slow)
            self.wfile.write(body[start : start + part])
            self.wfile.flush()
