"""The warehouse and the bucket, looked at from outside after a load."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

PAGE = 250


@dataclass(frozen=True)
class Found:
    """What is wrong after a load: rows in raw that are twice or missing, objects in in/ or processing/ or a
    lease that nobody holds, sentences about the log."""

    twice: int = 0
    missing: int = 0
    left: int = 0
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looks:
    """`query` gives the rows of a SELECT as tuples, `names` the objects under a prefix."""

    query: Callable[[str], list[tuple]]
    names: Callable[[str], Iterable[str]]

    def left(self) -> list[str]:
        """Objects of sales that no run that has ended leaves behind."""
        kept = ("/archive/", "/failed/", "/shape.json")
        return [name for name in self.names("sales/") if not any(part in name for part in kept)]

    def load_batch(self, first: int, last: int) -> Found:
        """After one load of sales `first` to `last`, which nobody loaded before."""
        size, pages = last - first + 1, -(-(last - first + 1) // PAGE)
        [(rows, ids)] = self.query(
            f"""SELECT COUNT(*), COUNT(DISTINCT id) FROM raw.sales
            WHERE SYS_DATE_CREATE > '2000-01-01' AND CAST(id AS INT64) BETWEEN {first} AND {last}"""
        )
        runs = self.runs(f"window_from = {first} AND window_until = {last}")
        log = self.story(runs, size, pages)
        return DriftReport(rows - ids, size - ids, len(self.left()), log)

    def replay(self, file: str, rows: int, loads: int) -> Found:
        """After `loads` loads of `file`, the first of which was no replay."""
        counted = f"SELECT COUNT(*), COUNT(DISTINCT id) FROM raw.sales WHERE SYS_FILE_NAME = '{file}'"
        [(there, ids)] = self.query(f"{counted} AND SYS_DATE_CREATE > '2000-01-01'")
        runs = self.replays(file)
        log = self.story(runs[-1:], rows, 1) if len(runs) == loads - 1 else (f"{len(runs)} replays",)
        return DriftReport(
            max(there - rows * loads, 0), max(rows * loads - there, rows - ids), len(self.left()), log
        )

    def replays(self, file: str) -> list[tuple]:
        """Finished ones, the oldest first."""
        ids = f"SELECT run_id FROM ops.file_log WHERE file_name = '{file}'"
        return self.runs(f"window_from IS NULL AND run_id IN ({ids})")

    def runs(self, where: str) -> list[tuple]:
        return self.query(
            f"""SELECT run_id, status, rows_loaded, files FROM ops.run_log
            WHERE endpoint = 'sales' AND {where} ORDER BY started_at"""
        )

    def story(self, runs: list[tuple], rows: int, files: int) -> tuple[str, ...]:
        """What the log should say otherwise of one load: one success, its rows, each file once."""
        if [run[1:] for run in runs] != [("success", rows, files)]:
            return (f"runs in the log: {runs}",)
        logged = self.query(
            f"""SELECT COUNT(*), COUNT(DISTINCT file_name), SUM(rows) FROM ops.file_log
            WHERE run_id = '{runs[0][0]}' AND state = 'archived'"""
        )
        return () if logged == [(files, files, rows)] else (f"files in the log: {logged}",)
