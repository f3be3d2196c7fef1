"""The connector as a process of its own, behind proxies that know each request it sends."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.campaign.proxy import Blow, Moment, Proxy

LIMIT_SECONDS = 120
RENEW_SECONDS = 0.2  # a dead one's lease is watched for three times as long


@dataclass(frozen=True)
class Point:
    """Where a process is killed: at the `number`-th request to `target`, or at the `number`-th line of its
    log (`target` log)."""

    target: str
    number: int
    moment: Moment = "after"

    def __str__(self) -> str:
        return f"{self.moment} {self.target} {self.number}"


@dataclass
class Ended:
    """`code` is negative for a process that was killed."""

    code: int
    said: list[dict[str, Any]] = field(default_factory=list)

    @property
    def killed(self) -> bool:
        return self.code < 0


class Connector:
    """`proxies` stand before API, bucket and BigQuery; `environ` points the process at them."""

    def __init__(self, proxies: dict[str, Proxy], environ: dict[str, str]) -> None:
        self.proxies = proxies
        self.environ = os.environ | environ

    def run(self, *arguments: str, point: Point | None = None) -> Ended:
        """Until its end, its own or the one at `point`."""
        command = [sys.executable, "-m", "connector", "--renew_seconds", str(RENEW_SECONDS), *arguments]
        for proxy in self.proxies.values():
            proxy.watch()
        with subprocess.Popen(command, env=self.environ, stderr=subprocess.PIPE, text=True) as process:
            if point and point.target != "log":
                blow = Blow(point.number, point.moment, process.pid)
                self.proxies[point.target].watch(blow)
            late = threading.Timer(LIMIT_SECONDS, process.kill)
            late.start()
            said = []
            assert process.stderr
            for line in process.stderr:
                said.append(json.loads(line) if line.startswith("{") else {"message": line})
                if point and point.target == "log" and len(said) == point.number:
                    process.kill()
            late.cancel()
        return Ended(process.returncode, said)

    def requests(self, target: str) -> list[str]:
        """The paths that the last process asked `target` for."""
        return list(self.proxies[target].paths)
