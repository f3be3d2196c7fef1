"""A proxy before a server: it counts the requests, and kills the client process at one of them."""

import http.client
import os
import signal
import threading
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tests import serving

# Headers of one connection, which a proxy does not forward: RFC 9110, section 7.6.1.
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
Moment = Literal["before", "after"]


@dataclass
class PlannedKill:
    """Kill process `pid` at the `number`-th request from now: before the request reaches the server, or after
    it did, so that its response is lost."""

    number: int
    moment: Moment
    pid: int

    def execute(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class Proxy(serving.Served):
    """`paths` are the requests since the last `reset`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.paths: list[str] = []
        self.planned: PlannedKill | None = None
        self.lock = threading.Lock()
        super().__init__(Handler)

    def reset(self, planned: PlannedKill | None = None) -> None:
        with self.lock:
            self.paths, self.planned = [], planned

    def record(self, path: str) -> PlannedKill | None:
        """The kill that is planned at this request."""
        with self.lock:
            self.paths.append(path)
            is_due = self.planned and len(self.paths) == self.planned.number
            return self.planned if is_due else None


class Handler(serving.Handler):
    owner: Proxy

    def setup(self) -> None:
        super().setup()
        self.upstream = http.client.HTTPConnection(self.owner.upstream, timeout=60)

    def finish(self) -> None:
        self.upstream.close()
        super().finish()

    def forward(self) -> None:
        body = self.body()
        planned = self.owner.record(self.path)
        if planned and planned.moment == "before":
            return self.kill_client(planned)
        self.upstream.request(self.command, self.path, body, dict(self.headers))
        response = self.upstream.getresponse()
        content = response.read()
        if planned:
            return self.kill_client(planned)
        headers = {name: value for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP}
        return self.reply(response.status, headers, content)

    def kill_client(self, planned: PlannedKill) -> None:
        planned.execute()
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward
