"""Rows per second and memory from databases and files to where rows are kept: python -m benchmarks.extraction

Each contender is a whole process, with the start of the interpreter and its imports, beside the lower bound of the
same source in the same run.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peer
from benchmarks.contenders import HERE
from benchmarks.document import circumstances, table, write
from benchmarks.errors import BenchmarkError
from benchmarks.extraction import rows, tables
from benchmarks.extraction.contenders import CONNECTOR, CONTENDERS, Contender, on_all_cores, runnable
from benchmarks.process import Taken, run
from demo.servers.database import NO_MARIADB, find_mariadb

DOCUMENT = Path(__file__).parents[2] / "docs/reports/benchmarks-sources.md"
PEERS = ("extractors", "taps")
HEADS = ("", "rows/s", "wall s", "runs", "CPU s", "peak MB", "MB written", "rows checked by")
TITLES = {"postgres": "PostgreSQL", "mysql": "MariaDB", "mongodb": "MongoDB", "files": "CSV"}
# Rows per second and peak MB of the connector, of 1,000,000 rows on a quiet machine of two cores.
TARGETS = {
    "postgres": (350_000, 250),
    "mysql": (250_000, 100),
    "mongodb": (65_000, None),
    "files": (250_000, 64),
}
NOTES = (
    "`make bench-sources` wrote this page. Wall time is that of a whole process; contender and server share "
    "all cores, and nothing crosses a network. Medians; contenders that take long are measured once. The number of "
    "rows and the sum of their ids are checked after each run. `connector` writes landing files as in "
    "production, with fsync, and without the warehouse. CPU and memory are the contender's, not the server's. Whether "
    "values survive is a matter of the tests, not of this page: Parquet writers convert types, the connector keeps "
    "the server's own text. The MongoDB server sends documents that are ready bytes, so it costs less than mongod."
)


@dataclass(frozen=True)
class Measured:
    taken: list[Taken]
    megabytes: float
    check: str


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction")
    parser.add_argument("kinds", nargs="*", choices=[*TITLES, []], help="default: all")
    parser.add_argument("--rows", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}")
    arguments = parser.parse_args()
    for name in PEERS:
        peer.install(name)
    try:
        for kind in arguments.kinds or TITLES:
            title, body = section(kind, arguments.rows, arguments.runs)
            if arguments.write:
                write(title, body, DOCUMENT, f"# Speed of sources\n\n{NOTES} {versions()}\n")
    except BenchmarkError as error:
        sys.exit(f"benchmarks: {error}")


def versions() -> str:
    """Of the other tools, as pinned."""
    pins = [line for name in PEERS for line in (HERE / "requirements" / f"{name}.in").read_text().split()]
    return f"Other tools: {', '.join(pins).replace('==', ' ')}."


def section(kind: str, size: int, runs: int) -> tuple[str, str]:
    now, title = circumstances(), TITLES[kind]
    print(f"{title}, {size:,} rows. {now}", flush=True)
    if kind == "mysql" and find_mariadb() is None:
        print(NO_MARIADB)
        return title, f"Not measured: {NO_MARIADB}"
    with tempfile.TemporaryDirectory() as folder, open_source(kind, size, Path(folder)) as source:
        lines = list(measured_lines(source, runs))
    return (
        title,
        f"{size:,} rows × {len(tables.COLUMNS)} columns. {now} {target(kind)}\n\n{table(HEADS, lines)}",
    )


def target(kind: str) -> str:
    speed, memory = TARGETS[kind]
    of_memory = f" and at most {memory} MB" if memory else ""
    return f"Target of the connector, on a quiet machine: {speed:,} rows/s{of_memory}."


def open_source(kind: str, size: int, folder: Path) -> AbstractContextManager[tables.Source]:
    servers: dict[str, Callable[[], AbstractContextManager[tables.Source]]] = {
        "postgres": lambda: tables.postgres(size),
        "mysql": lambda: tables.mysql(size),
        "mongodb": lambda: tables.mongodb(size),
        "files": lambda: tables.csv_file(size, folder),
    }
    return servers[kind]()


def measured_lines(source: tables.Source, runs: int) -> Iterator[tuple[str, ...]]:
    for contender in CONTENDERS[source.kind]:
        try:
            measured = measure(contender, source, 1 if contender.is_slow else runs)
            line = format_line(contender.name, source.rows, measured)
        except BenchmarkError as error:
            # Of a peer: its message is the result. The connector and the lower bounds must run.
            if contender is CONNECTOR or "bound" in contender.name:
                raise
            line = (contender.name, *[""] * (len(HEADS) - 2), f"failed: {str(error)[-200:]}")
        print("  ".join(line), flush=True)
        yield line


def measure(contender: Contender, source: tables.Source, runs: int) -> Measured:
    taken: list[Taken] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if not runnable(contender, source, folder):
                raise BenchmarkError(f"{contender.name}: the program is not installed")
            taken.append(run(on_all_cores(contender.command(source, folder))))
            check = check_rows(contender, folder, source.rows)
            written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Measured(taken, written / 1e6, check)


def check_rows(contender: Contender, folder: Path, expected: int) -> str:
    """BenchmarkError if a row is missing or there twice."""
    if not contender.form:
        return "keeps none"
    count, total = rows.FORMS[contender.form](folder)
    ids = expected * (expected + 1) // 2
    if count != expected or total not in (None, ids):
        raise BenchmarkError(
            f"{contender.name} wrote {count} of {expected} rows, sum of ids {total} of {ids}"
        )
    return "number" if total is None else "number, ids"


def format_line(name: str, size: int, measured: Measured) -> tuple[str, ...]:
    wall = statistics.median(taken.wall for taken in measured.taken)
    return (
        name,
        f"{size / wall:,.0f}",
        f"{wall:.2f}",
        str(len(measured.taken)),
        f"{statistics.median(taken.cpu for taken in measured.taken):.2f}",
        f"{max(taken.memory for taken in measured.taken):.0f}",
        f"{measured.megabytes:.0f}",
        measured.check,
    )


if __name__ == "__main__":
    main()
