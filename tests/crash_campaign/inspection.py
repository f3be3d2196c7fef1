"""Inspect warehouse and bucket after a load."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

PAGE = 250


@dataclass(frozen=True)
class Findings:
    """Defects after a load: rows in raw that are duplicated or missing, objects in in/ or processing/ or a
    lease without owner, and deviations of the log. All empty: the load is correct."""

    twice: int = 0
    missing: int = 0
    remaining: int = 0
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """`query` returns the rows of a SELECT as tuples, `names` the objects under a prefix."""

    query: Callable[[str], list[tuple[Any, ...]]]
    names: Callable[[str], Iterable[str]]

    def remaining(self) -> list[str]:
        """Objects of sales that a finished run must not leave behind."""
        permanent = ("/archive/", "/failed/", "/shape.json")
        return [name for name in self.names("retail/sales/") if not any(part in name for part in permanent)]

    def inspect_load(self, first: int, last: int) -> Findings:
        """After one load of sales `first` to `last`, which were not loaded before."""
        size, pages = last - first + 1, -(-(last - first + 1) // PAGE)
        [(rows, ids)] = self.query(
            f"""SELECT COUNT(*), COUNT(DISTINCT id) FROM raw.sales
            WHERE SYS_DATE_CREATE > '2000-01-01' AND CAST(id AS INT64) BETWEEN {first} AND {last}"""
        )
        runs = self.runs(f"window_from = {first} AND window_until = {last}")
        log = self.log_deviations(runs, size, pages)
        return Findings(rows - ids, size - ids, len(self.remaining()), log)

    def inspect_replay(self, file: str, rows: int, loads: int) -> Findings:
        """After `loads` loads of `file`, the first of which was not a replay."""
        count = f"SELECT COUNT(*), COUNT(DISTINCT id) FROM raw.sales WHERE SYS_FILE_NAME = '{file}'"
        [(loaded, ids)] = self.query(f"{count} AND SYS_DATE_CREATE > '2000-01-01'")
        runs = self.replays(file)
        is_complete = len(runs) == loads - 1
        log = self.log_deviations(runs[-1:], rows, 1) if is_complete else (f"{len(runs)} replays",)
        missing = max(rows * loads - loaded, rows - ids)
        return Findings(max(loaded - rows * loads, 0), missing, len(self.remaining()), log)

    def replays(self, file: str) -> list[tuple[Any, ...]]:
        """Finished replays of the file, the oldest first."""
        ids = f"SELECT run_id FROM ops.file_log WHERE file_name = '{file}'"
        return self.runs(f"window_from IS NULL AND run_id IN ({ids})")

    def runs(self, condition: str) -> list[tuple[Any, ...]]:
        return self.query(
            f"""SELECT run_id, status, rows_loaded, files FROM ops.run_log
            WHERE endpoint = 'sales' AND {condition} ORDER BY started_at"""
        )

    def log_deviations(self, runs: list[tuple[Any, ...]], rows: int, files: int) -> tuple[str, ...]:
        """Where the log of one load differs from one success with its rows and each file once."""
        if [run[1:] for run in runs] != [("success", rows, files)]:
            return (f"runs in the log: {runs}",)
        logged = self.query(
            f"""SELECT COUNT(*), COUNT(DISTINCT file_name), SUM(`rows`) FROM ops.file_log
            WHERE run_id = '{runs[0][0]}' AND state = 'archived'"""
        )
        return () if logged == [(files, files, rows)] else (f"files in the log: {logged}",)
