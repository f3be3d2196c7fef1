"""A small shop with an API like the retail one, over HTTP, that misbehaves as it is told."""

import gzip
import json
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "the-key-of-the-shop"


@dataclass
class Fault:
    """What `page` (None: every page) is answered with `times` times, in place of its items."""

    page: int | None = None
    times: int = 1
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    change: dict = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    zipped: bool = False
    slow: float = 0.0  # seconds between two drops of the body


class Shop:
    """Serves `items` of every endpoint. Counts what it is asked, and how much of it at once."""

    def __init__(self):
        self.items: dict[str, list] = {"sales": [], "products": [], "customers": []}
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.asked: list[dict[str, str]] = []
        self.pages: Counter[int] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.after_page: dict[int, object] = {}
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def hold(self, page, until):
        """Answers `page` only when the event `until` is set."""
        self.after_page[page] = lambda: until.wait(60)

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


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that was killed hangs up; nothing to print."""


def handler(shop):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self):
            with shop.lock:
                shop.in_flight += 1
                shop.most_in_flight = max(shop.most_in_flight, shop.in_flight)
            try:
                time.sleep(shop.latency)
                status, headers, body, fault = self.respond()
            finally:
                with shop.lock:
                    shop.in_flight -= 1
            if fault.reset:
                return self.reset()
            if fault.zipped:
                headers, body = {**headers, "Content-Encoding": "gzip"}, gzip.compress(body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.pour(body[: len(body) // 2] if fault.cut else body, fault.slow)
            if fault.cut:
                self.close_connection = True
            return None

        def reset(self):
            """As a router does that has forgotten the connection: no end, but an RST."""
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True

        def pour(self, body, slow):
            drop = len(body) // 8 + 1 if slow else len(body) + 1
            for start in range(0, len(body), drop):
                time.sleep(slow)
                self.wfile.write(body[start : start + drop])
                self.wfile.flush()

        def respond(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            endpoint = parts.path.removeprefix("/v1/")
            if self.headers.get("X-API-Key") != KEY:
                said = {"error": f"bad key {self.headers.get('X-API-Key')}"}
                return 401, {}, json.dumps(said).encode(), Fault()
            if endpoint not in shop.items:
                return 404, {}, b'{"error": "no such path"}', Fault()
            page = int(query["page"])
            with shop.lock:
                shop.asked.append(query)
                shop.pages[page] += 1
            fault = shop.fault_for(page) or Fault()
            body = shop.answer(endpoint, query) | fault.change
            body = {name: value for name, value in body.items() if value != "absent"}
            if action := shop.after_page.pop(page, None):
                action()
            content = fault.body if fault.body is not None else json.dumps(body).encode()
            return fault.status, fault.headers, content, fault

        def log_message(self, *arguments):
            pass

    return Handler
