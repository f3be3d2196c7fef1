"""The connector as a process, behind proxies that record every request."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.crash_campaign.proxy import Moment, PlannedKill, Proxy

LIMIT_SECONDS = 120
RENEW_SECONDS = 0.2  # the lease of a killed process is watched for three times as long


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
class Exit:
    """How a process ended: `code` is negative if it was killed; `log` are its lines."""

    code: int
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def was_killed(self) -> bool:
        return self.code < 0


class Connector:
    """`proxies` are before API, bucket and BigQuery; `environ` makes the process use them."""

    def __init__(self, proxies: dict[str, Proxy], environ: dict[str, str]) -> None:
        self.proxies = proxies
        self.environ = os.environ | environ

    def run(self, *arguments: str, point: Point | None = None) -> Exit:
        """Run the connector to its end, or kill it at `point`."""
        command = [sys.executable, "-m", "connector", "--renew-seconds", str(RENEW_SECONDS), *arguments]
        for proxy in self.proxies.values():
            proxy.reset()
        with subprocess.Popen(command, env=self.environ, stderr=subprocess.PIPE, text=True) as process:
            if point and point.target != "log":
                self.proxies[point.target].reset(PlannedKill(point.number, point.moment, process.pid))
            timer = threading.Timer(LIMIT_SECONDS, process.kill)
            timer.start()
            log = []
            assert process.stderr
            for line in process.stderr:
                log.append(json.loads(line) if line.startswith("{") else {"message": line})
                if point and point.target == "log" and len(log) == point.number:
                    process.kill()
            timer.cancel()
        return Exit(process.returncode, log)

    def requests(self, target: str) -> list[str]:
        """The paths that the last process requested from `target`."""
        return list(self.proxies[target].paths)
