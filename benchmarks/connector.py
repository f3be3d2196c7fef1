"""How close the connector comes to what physics allows: python -m benchmarks.connector [PAGES] [LATENCY]

The source answers PAGES pages of 250 rows, each after LATENCY seconds, to at most 16 requests at once; so
nobody can be faster than ceil(PAGES / 16) * LATENCY. Wall time is that of a whole process, with the start of
the interpreter and all imports. Source, sandbox and connector share this machine's cores."""

import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

from benchmarks.bare import IN_FLIGHT
from sandbox.process import running
from sandbox.state import State

ROWS = 250
RUNS = 5
HEADS = ("what", "wall s", "range", "x floor", "peak MB", "rows")


@dataclass(frozen=True)
class Measured:
    seconds: float
    megabytes: float
    rows: int


Measure = Callable[[], Measured]


def main(pages: int, latency: float) -> None:
    floor = math.ceil(pages / IN_FLIGHT) * latency
    print(
        f"{pages} pages of {ROWS} rows, {latency * 1000:.0f} ms each, at most {IN_FLIGHT} requests at once;"
    )
    print(f"{RUNS} runs after a warm-up, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(row(HEADS))
    print(row(("floor: ceil(pages / 16) * latency", f"{floor:.2f}", "", "1.0", "", "")))
    with tempfile.TemporaryDirectory() as folder, source(pages, latency) as port:
        for name, measure in contenders(Path(folder), port, pages):
            measure()
            print(row(summary(name, [measure() for _ in range(RUNS)], floor)))


def contenders(folder: Path, port: int, pages: int) -> Iterator[tuple[str, Measure]]:
    """Start and imports stand beside each landing: so much of it has nothing to do with pages."""
    url, numbers = f"http://127.0.0.1:{port}", count()

    def to_disk() -> Measured:
        place = folder / str(next(numbers))
        place.mkdir()
        return measured("benchmarks.copy", url, "disk", str(place), landed=place)

    yield "bare loop: reads, throws away", lambda: measured("benchmarks.bare", str(port), str(pages))
    yield "start and imports", lambda: measured("connector", "--help")
    yield "connector to a disk, fsync per page", to_disk
    with running(folder / "sandbox") as state:
        os.environ |= {"STORAGE_ENDPOINT": state.address}

        def to_bucket() -> Measured:
            bucket = f"bench-{next(numbers)}-landing"
            create(state, bucket)
            return measured("benchmarks.copy", url, "bucket", bucket, landed=state.root / "storage" / bucket)

        yield "start and imports, Google's client", lambda: measured("benchmarks.copy", url, "nowhere", "b")
        yield "connector to the sandbox's bucket", to_bucket


def create(state: State, bucket: str) -> None:
    """Without Google's client, because the peak memory of a process is at least that of its parent."""
    request = urllib.request.Request(
        f"{state.address}/storage/v1/b?project={state.project}",
        json.dumps({"name": bucket}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def measured(*command: str, landed: Path | None = None) -> Measured:
    begin = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return Measured(seconds, usage.ru_maxrss / 1024, rows_in(landed) if landed else 0)


def rows_in(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("sales/in/*.json"))


def summary(name: str, runs: list[Measured], floor: float) -> tuple[str, ...]:
    seconds = [run.seconds for run in runs]
    middle = statistics.median(seconds)
    return (
        name,
        f"{middle:.2f}",
        f"{min(seconds):.2f}-{max(seconds):.2f}",
        f"{middle / floor:.1f}",
        f"{max(run.megabytes for run in runs):.0f}",
        " or ".join(str(rows) for rows in sorted({run.rows for run in runs})),
    )


def row(cells: tuple[str, ...]) -> str:
    first, *others = cells
    return f"{first:36}" + "".join(f"{cell:>12}" for cell in others)


@contextmanager
def source(pages: int, latency: float) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.source", str(pages), str(ROWS), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    numbers = sys.argv[1:]
    main(int(numbers[0]) if numbers else 400, float(numbers[1]) if numbers[1:] else 0.02)
