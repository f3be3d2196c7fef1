"""What a sync of a sheet costs beside clear-and-append: python -m benchmarks.sheets

Tables of 10 columns: a key, a date, four numbers, four texts. Each is written, then synced again with
nothing changed (compared; without reading the mart, because its table is as it was; without reading the
sheet either, because Drive reports the same version), with 1 % of the rows changed in two cells, with 1 %
inserted and 1 % deleted, and with its halves in the other order. Clear-and-append is what common tools do
at every run, whatever changed: `values.clear`, then `values.append` of 5,000 rows each.

Reads and writes are those that the quota of the Sheets API counts; a request to Drive is in the bytes only.
Calls and bytes are those of the requests that the sandbox received: Google would receive the same. Wall time
is that of the sandbox and the sync on this machine, without the start of an interpreter; it does not predict
Google's."""

import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import google.oauth2.credentials
import requests

from benchmarks.errors import BenchmarkError
from sandbox.process import running
from sandbox.state import State
from sheets_sync import sync
from sheets_sync.destination import Checked
from sheets_sync.destinations.sheets.desired.table import build_table
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.destinations.sheets.spreadsheet import SheetsClient, Spreadsheet
from sheets_sync.export import Export
from sheets_sync.export_parser import parse_export
from sheets_sync.seen import Seen
from sheets_sync.transient import RETRY_POLICY
from sheets_sync.warehouse import Mart

SIZES = (100, 5_000, 50_000)  # rows
WIDTH = 10
RUNS = 3  # of the largest table one
APPENDED = 5_000  # rows a call of the others
DOCUMENT = Path(__file__).parents[1] / "docs/reports/benchmarks-sheets.md"
HEADS = ("cells", "what", "reads", "writes", "bytes read", "bytes sent", "of a rewrite", "wall s")
NOTHING = "nothing changed"
TYPES = dict(zip("abcdefghij", ["STRING", "DATE", *["NUMERIC"] * 4, *["STRING"] * 4], strict=True))
type Row = tuple[Any, ...]


@dataclass(frozen=True)
class Cost:
    reads: int
    writes: int
    read: int
    sent: int
    seconds: float


@dataclass(frozen=True)
class Desk:
    """A new spreadsheet of the sandbox, and its requests."""

    state: State
    client: SheetsClient
    id: str

    def measured(self, work: Callable[[], object]) -> Cost:
        calls = f"{self.state.address}/sandbox/sheets/calls"
        requests.delete(calls, timeout=10)
        start = perf_counter()
        work()
        seconds = perf_counter() - start
        counted = requests.get(calls, timeout=10).json()
        read = sum(call["answered"] for call in counted["calls"] if call["cost"] != "write")
        sent = sum(call["bytes"] for call in counted["calls"])
        return Cost(counted["reads"], counted["writes"], read, sent, seconds)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as state:
        # Without the quota: the sync would wait for the next minute, and the wall time would be that wait.
        requests.put(f"{state.address}/sandbox/sheets/quota", json={"read": None, "write": None}, timeout=10)
        lines = [line for rows in SIZES for line in measured(state, rows)]
    table = "\n".join([format_line(HEADS), format_line("---" for _ in HEADS), *map(format_line, lines)])
    print(table)
    if "--write" in sys.argv:
        DOCUMENT.write_text(f"{preface()}\n{table}\n")


def preface() -> str:
    body = (__doc__ or "").partition("\n\n")[2]
    return (
        "# What a sync of a sheet costs\n\n"
        f"`make bench-sheets` wrote this page: Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load average {os.getloadavg()[0]:.0f} at the end (beyond the cores, wall times are too long), "
        f"median of {RUNS} runs, of the largest table one.\n\n{body}\n"
    )


def measured(state: State, rows: int) -> list[tuple[str, ...]]:
    runs = 1 if rows == max(SIZES) else RUNS
    table = [row(number) for number in range(rows)]
    few = max(1, rows // 100)
    changed = [
        (*item[:3], item[3] + 1, *item[4:9], "new") if at % 100 == 7 else item
        for at, item in enumerate(table)
    ]
    turned = [row(rows + number) for number in range(few)] + table[few:]
    stories: dict[str, tuple[list[Row], list[Row]]] = {
        "first sync": ([], table),
        NOTHING: (table, table),
        "1 % changed": (table, changed),
        "1 % inserted, 1 % deleted": (table, turned),
        "half in another place": (table, [*table[rows // 2 :], *table[: rows // 2]]),
    }
    rewrite = middle([clear_and_append(desk(state), table) for _ in range(runs)])
    lines = [line(rows, "clear and append", rewrite, rewrite)]
    for name, (before, after) in stories.items():
        costs = [synced(desk(state), before, after) for _ in range(runs)]
        lines.append(line(rows, name, middle(costs), rewrite))
        if name == NOTHING:
            lines += unchanged_lines(state, rows, table, rewrite)
    return lines


def unchanged_lines(state: State, rows: int, table: list[Row], rewrite: Cost) -> list[tuple[str, ...]]:
    """What later runs cost whose table is as it was: the sheet is read once, then it is not."""
    at = desk(state)
    book = Spreadsheet(at.client, at.id, "person", RETRY_POLICY)
    place = SheetsDestination(book, "p")
    # Twice: `Seen` is the record of a sync that had nothing to write, which is the second.
    for _ in range(2):
        done = sync.sync_until_known(export(), Mart(TYPES, table, "1"), place)
    seen = Seen("d", "1", done.content, datetime.now(UTC).isoformat())
    checked: list[Checked] = []

    def check() -> None:
        result = place.find_unchanged(export(), checked[-1].seen if checked else seen)
        checked.extend([result] if result else [])

    costs = [at.measured(check), at.measured(check)]
    if [item.is_read for item in checked] != [True, False]:
        raise BenchmarkError(f"The sheet of {rows} rows was not found unchanged: {checked}.")
    names = (f"{NOTHING}, mart not read", f"{NOTHING}, mart and sheet not read")
    return [line(rows, name, cost, rewrite) for name, cost in zip(names, costs, strict=True)]


def line(rows: int, name: str, cost: Cost, rewrite: Cost) -> tuple[str, ...]:
    share = f"{100 * cost.sent / rewrite.sent:.1f} %"
    seconds = f"{cost.seconds:.2f}"
    counts = (f"{cost.reads}", f"{cost.writes}", f"{cost.read:,}", f"{cost.sent:,}")
    return (f"{rows * WIDTH:,}", name, *counts, share, seconds)


def row(number: int) -> Row:
    day = date(2017, 1, 1) + timedelta(number % 365)
    numbers = (Decimal(number), Decimal(number) / 100, Decimal(number % 7), Decimal("12.5"))
    return f"customer-{number:06}", day, *numbers, f"name {number}", "open", f"note of {number % 97}", "old"


def desk(state: State) -> Desk:
    token = google.oauth2.credentials.Credentials("person")  # type: ignore[no-untyped-call]
    client = SheetsClient(token, f"{state.address}/sheets", state.address)
    headers = {"Authorization": "Bearer person"}
    files = f"{state.address}/drive/v3/files"
    spreadsheet = requests.post(files, json={"name": "Benchmark"}, headers=headers, timeout=10).json()["id"]
    return Desk(state, client, spreadsheet)


def export() -> Export:
    columns = {name: {"header": name.upper()} for name in TYPES}
    # shrink 100: the guard against removed rows must not refuse a case of the benchmark.
    fields = {"table": "t", "tab": "Bench", "mode": "mirror", "key": ["a"], "columns": columns, "shrink": 100}
    return parse_export("bench", "bench.yaml", fields)


def synced(at: Desk, before: Sequence[Row], after: Sequence[Row]) -> Cost:
    def run(rows: Sequence[Row]) -> None:
        book = Spreadsheet(at.client, at.id, "person", RETRY_POLICY)
        sync.sync_until_known(export(), Mart(TYPES, list(rows)), SheetsDestination(book, "p"))

    if before:
        run(before)
    return at.measured(lambda: run(after))


def clear_and_append(at: Desk, rows: Sequence[Row]) -> Cost:
    cells = [item.cells for item in build_table(export(), Mart(TYPES, list(rows)), "p", "Etc/GMT").rows]

    def write() -> None:
        at.client.values_clear(at.id, "Sheet1")
        for start in range(0, len(cells), APPENDED):
            body = {"values": cells[start : start + APPENDED]}
            at.client.values_append(at.id, "Sheet1!A1", {"valueInputOption": "RAW"}, body)

    write()  # the sheet holds a run before
    return at.measured(write)


def middle(costs: Sequence[Cost]) -> Cost:
    first = costs[0]
    seconds = statistics.median(cost.seconds for cost in costs)
    return Cost(first.reads, first.writes, first.read, first.sent, seconds)


def format_line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
