"""Stands before a server, counts its requests, and kills somebody at one of them."""

import http.client
import os
import signal
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
Moment = Literal["before", "after"]


@dataclass
class Blow:
    """Kill the process `victim` at the `number`-th request from now on: before it arrives at the server, or
    after it did, so that its answer is lost."""

    number: int
    moment: Moment
    victim: int
    struck: bool = False

    def strike(self) -> None:
        os.kill(self.victim, signal.SIGKILL)
        self.struck = True


class Proxy:
    """`paths` are the requests since the last `watch`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.paths: list[str] = []
        self.blow: Blow | None = None
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), handler(self))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def watch(self, blow: Blow | None = None) -> None:
        with self.lock:
            self.paths, self.blow = [], blow

    def arrived(self, path: str) -> Blow | None:
        """The blow, if it is this request's."""
        with self.lock:
            self.paths.append(path)
            mine = self.blow and len(self.paths) == self.blow.number
            return self.blow if mine else None


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever was killed hangs up; nothing to print."""


def handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            self.upstream = http.client.HTTPConnection(proxy.upstream, timeout=60)

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            blow = proxy.arrived(self.path)
            if blow and blow.moment == "before":
                return self.hang_up(blow)
            self.upstream.request(self.command, self.path, body, dict(self.headers))
            answer = self.upstream.getresponse()
            content = answer.read()
            if blow:
                return self.hang_up(blow)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return None

        def hang_up(self, blow: Blow) -> None:
            blow.strike()
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler
