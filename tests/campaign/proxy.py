"""Stands before a server, counts its requests, and kills somebody at one of them."""

import http.client
import os
import signal
import threading
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tests import serving

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


class Proxy(serving.Served):
    """`paths` are the requests since the last `watch`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.paths: list[str] = []
        self.blow: Blow | None = None
        self.lock = threading.Lock()
        super().__init__(Handler)

    def watch(self, blow: Blow | None = None) -> None:
        with self.lock:
            self.paths, self.blow = [], blow

    def arrived(self, path: str) -> Blow | None:
        """The blow, if it is this request's."""
        with self.lock:
            self.paths.append(path)
            mine = self.blow and len(self.paths) == self.blow.number
            return self.blow if mine else None


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
        blow = self.owner.arrived(self.path)
        if blow and blow.moment == "before":
            return self.hang_up(blow)
        self.upstream.request(self.command, self.path, body, dict(self.headers))
        answer = self.upstream.getresponse()
        content = answer.read()
        if blow:
            return self.hang_up(blow)
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
        return self.reply(answer.status, kept, content)

    def hang_up(self, blow: Blow) -> None:
        blow.strike()
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward
