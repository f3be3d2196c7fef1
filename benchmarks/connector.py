"""How close the connector comes to what physics allows: python -m benchmarks.connector [PAGES] [LATENCY]

The source answers PAGES pages of 250 rows, each after LATENCY seconds, to at most 16 requests at once; so
nobody can be faster than ceil(PAGES / 16) * LATENCY. Wall time is that of a whole process, with the start of
the interpreter and all imports. Source, sandbox and connector share this machine's cores."""

import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from benchmarks.bare import IN_FLIGHT
from sandbox.process import running

ROWS = 250
RUNS = 5
HEADS = ("what", "wall s", "range", "x floor", "peak MB", "rows")


@dataclass(frozen=True)
class Measured:
    seconds: float
    megabytes: float
    rows: int


@dataclass(frozen=True)
class Place:
    """Where pages land: arguments of a run into a fresh place, and how many rows are there afterwards."""

    name: str
    fresh: Callable[[], list[str]]
    rows: Callable[[list[str]], int]


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


def contenders(folder: Path, port: int, pages: int) -> Iterator[tuple[str, Callable[[], Measured]]]:
    url = f"http://127.0.0.1:{port}"
    yield (
        "bare loop: reads and throws away",
        lambda: measured(["benchmarks.bare", str(port), str(pages)], lambda: 0),
    )
    disk = (folder / str(number) for number in range(1000))

    def to_disk() -> Measured:
        place = next(disk)
        place.mkdir()
        return measured(["benchmarks.copy", url, "disk", str(place)], lambda: rows_in(place.rglob("*.json")))

    yield "connector to a disk, fsync per page", to_disk
    with running(folder / "sandbox") as state:
        os.environ |= {"STORAGE_EMULATOR_HOST": state.address}
        google = Client(state.project, AnonymousCredentials())
        buckets = (google.create_bucket(f"bench-{number}-landing") for number in range(1000))

        def to_bucket() -> Measured:
            bucket = next(buckets).name
            landed = state.root / "storage" / bucket / "sales" / "in"
            return measured(
                ["benchmarks.copy", url, "bucket", bucket], lambda: rows_in(landed.glob("*.json"))
            )

        yield "connector to the sandbox's bucket", to_bucket


def rows_in(files: Iterator[Path]) -> int:
    return sum(path.read_bytes().count(b"\n") for path in files)


def measured(command: list[str], rows: Callable[[], int]) -> Measured:
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Measured(seconds, usage.ru_maxrss / 1024, rows())


def summary(name: str, runs: list[Measured], floor: float) -> tuple[str, ...]:
    seconds = [run.seconds for run in runs]
    middle = statistics.median(seconds)
    rows = {run.rows for run in runs}
    return (
        name,
        f"{middle:.2f}",
        f"{min(seconds):.2f}-{max(seconds):.2f}",
        f"{middle / floor:.1f}",
        f"{max(run.megabytes for run in runs):.0f}",
        " or ".join(str(count) for count in sorted(rows)),
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
