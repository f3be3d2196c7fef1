"""A small HTTP server on a free port of 127.0.0.1: the base of the tests' fake APIs."""

import sys
import threading
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Served:
    """Listens until it is closed. `path` is the part of `url` before the API's own paths."""

    path = ""

    def __init__(self, handler: type["Handler"]) -> None:
        self.server = Server(("127.0.0.1", 0), partial(handler, self))
        self.url = f"http://127.0.0.1:{self.server.server_port}{self.path}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A closed connection is normal: tests kill clients."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """A persistent connection. `owner` is the fake API."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, owner: Any, *connection: Any) -> None:
        self.owner = owner
        super().__init__(*connection)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.head(status, headers, len(content))
        self.wfile.write(content)

    def head(self, status: int, headers: Mapping[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(length)} | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass
