"""The environment of a measured tool: the source, a sandbox for its bucket, an empty folder for each run."""

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import rows
from benchmarks.contenders import Contender, Place
from benchmarks.cores import apart
from sandbox.process import running
from sandbox.state import State

ROWS = 250


@dataclass(frozen=True)
class Case:
    """Seconds until an answer; per cent of the pages that are refused at first."""

    pages: int
    latency: float
    faults: int


@dataclass
class Stage:
    url: str
    sandbox: State
    root: Path
    numbers: Iterator[int] = field(default_factory=count)

    def begin(self, case: Case) -> None:
        self.call_source(f"begin?pages={case.pages}&latency={case.latency}&faults={case.faults}")

    def count(self) -> dict[str, int]:
        """Requests and pages since `begin`, and how many were in flight."""
        return {name: int(value) for name, value in self.call_source("count").items()}

    def call_source(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=10) as response:
            body: dict[str, Any] = json.load(response)
        return body

    @contextmanager
    def place(self, contender: Contender, case: Case) -> Iterator[Place]:
        number = next(self.numbers)
        folder, bucket = self.root / str(number), f"bench-{number}-landing"
        folder.mkdir()
        if contender.to_bucket:
            self.create(bucket)
        yield Place(self.url, case.pages, folder, self.sandbox.address, bucket)
        shutil.rmtree(folder)
        shutil.rmtree(self.bucket_folder(bucket), ignore_errors=True)

    def create(self, bucket: str) -> None:
        address = f"{self.sandbox.address}/storage/v1/b?project={self.sandbox.project}"
        body, headers = json.dumps({"name": bucket}).encode(), {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10).close()

    def bucket_folder(self, bucket: str) -> Path:
        return self.sandbox.root / "storage" / bucket

    def written(self, contender: Contender, place: Place) -> str:
        """How many rows, and the checksum of their ids; "" of one that keeps none."""
        folder = self.bucket_folder(place.bucket) if contender.to_bucket else place.folder
        return rows.written(contender.form, folder) if contender.form else ""


@contextmanager
def stage(pages: int) -> Iterator[Stage]:
    with (
        # First: the source and the sandbox inherit the processors of this process when they start.
        apart(),
        tempfile.TemporaryDirectory() as folder,
        source(pages) as url,
        running(Path(folder, "cloud")) as cloud,
    ):
        yield Stage(url, cloud, Path(folder))


@contextmanager
def source(pages: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.source", str(pages), str(ROWS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
