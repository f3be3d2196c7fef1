"""The customer relations system: GET /api/v1/accounts?page=1&per_page=100, with a key as bearer token."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from demo.companies.erp.data import ErpData

API_KEY = "crm-demo-key"
PATH = "/api/v1/accounts"


class Accounts:
    """`data` is what the next response contains."""

    def __init__(self, data: ErpData) -> None:
        self.data = data
        self.address = ""

    def respond(self, path: str, authorization: str | None) -> tuple[int, object]:
        """Status and body."""
        parts = urlsplit(path)
        if authorization != f"Bearer {API_KEY}":
            return 401, {"error": "the token is missing or wrong"}
        if parts.path != PATH:
            return 404, {"error": f"no resource {parts.path}"}
        query = parse_qs(parts.query)
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["20"])[0])
        items = list(self.data.accounts.values())
        meta = {"pages": -(-len(items) // size), "total": len(items)}
        return 200, {"data": items[(page - 1) * size : page * size], "meta": meta}


@contextmanager
def running_accounts(data: ErpData) -> Iterator[Accounts]:
    accounts = Accounts(data)

    class Handler(BaseHTTPRequestHandler):
        # The default, HTTP/1.0, closes the connection after every response; with HTTP/1.1 clients reuse it.
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = accounts.respond(self.path, self.headers.get("Authorization"))
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
        accounts.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield accounts
        finally:
            server.shutdown()
            thread.join()
