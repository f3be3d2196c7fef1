"""The purchasing portal: GET /v2/requests?offset=0&limit=50, with a key in the header X-Token."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from demo.companies.backoffice.data import Desk, Request

API_KEY = "portal-demo-key"
PATH = "/v2/requests"
MAX_LIMIT = 50


class Portal:
    """`desk` is what the next response lists."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.address = ""

    def respond(self, path: str, token: str | None) -> tuple[int, object]:
        """Status and body."""
        parts = urlsplit(path)
        if token != API_KEY:
            return 401, {"error": "the header X-Token is missing or wrong"}
        if parts.path != PATH:
            return 404, {"error": f"no resource {parts.path}"}
        query = parse_qs(parts.query)
        offset, limit = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["20"])[0])
        if limit > MAX_LIMIT:
            return 400, {"error": f"limit is at most {MAX_LIMIT}, not {limit}"}
        rows = [render(request) for request in self.desk.requests.values()]
        return 200, {"requests": rows[offset : offset + limit], "total": len(rows)}


def render(request: Request) -> dict[str, str]:
    return {
        "id": request.id,
        "department": request.department,
        "item": request.item,
        "amount": str(request.amount),
        "requested_on": request.requested_on.isoformat(),
    }


@contextmanager
def running_portal(desk: Desk) -> Iterator[Portal]:
    portal = Portal(desk)

    class Handler(BaseHTTPRequestHandler):
        # The default, HTTP/1.0, closes the connection after every response; with HTTP/1.1 clients reuse it.
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = portal.respond(self.path, self.headers.get("X-Token"))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name in the base class
            """Nothing: the demo's terminal shows its own steps."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        portal.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield portal
        finally:
            server.shutdown()
            thread.join()
