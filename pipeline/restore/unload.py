"""A load that is taken out of raw: its rows deleted, its files to failed/, its log rows `withdrawn`.

The warehouse is restored to the moment before the load in the same transaction, so the next run computes it from the
files that remain. Files move after the commit; a process that ends between the two leaves them in archive/, where
running the command again finds them by their state `withdrawn`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.restore.diff import literal
from pipeline.restore.errors import NotLoaded
from pipeline.restore.script import raise_if
from pipeline.restore.warehouse import Warehouse

# The newest state of each file counts: a replay archives it again.
FILES = """
select file_name, endpoint, source, `rows`, bytes, run_id, state, first_logged
from (
  select *, min(logged_at) over (partition by file_name) as first_logged
  from ops.file_log
  where {selected}
)
where true
qualify row_number() over (partition by file_name order by logged_at desc) = 1
"""
ROWS = """
select count(*) as row_count, min(SYS_DATE_CREATE) as first_load
from {table}
where SYS_DATE_CREATE >= {since} and SYS_FILE_NAME in ({files})
"""
MARGIN = timedelta(days=1)  # clocks of the connector and of BigQuery differ, and a load may run for hours


@dataclass(frozen=True)
class Load:
    """Files of one selection; `rows` in raw by table; `first_load` does not exist if all were deleted before."""

    files: Sequence[Mapping[str, Any]]
    rows: Mapping[str, int]
    first_load: datetime | None
    since: datetime

    @property
    def moment(self) -> datetime:
        """Just before the first of its rows was in raw."""
        # Only used for loads with rows, which have a first one.
        assert self.first_load is not None
        return self.first_load - timedelta(microseconds=1)


def find_load(warehouse: Warehouse, run: str | None, names: Sequence[str]) -> Load:
    """NotLoaded if no file is known, or a file is neither archived nor withdrawn."""
    selected = f"run_id = {text(run)}" if run else f"file_name in ({listed(names)})"
    files = warehouse.rows(FILES.format(selected=selected))
    missing = set(names) - {file["file_name"] for file in files}
    # Withdrawn is accepted: an interrupted command is finished by running it again.
    refused = [file["file_name"] for file in files if file["state"] not in ("archived", "withdrawn")]
    if not files or missing or refused:
        raise NotLoaded(
            f"{', '.join(sorted(missing or refused)) or f'run {run!r}'}: no such load is in raw; nothing was changed. "
            "ops.file_log lists the files of each run."
        )
    since = min(file["first_logged"] for file in files) - MARGIN
    return count_rows(warehouse, files, since)


def count_rows(warehouse: Warehouse, files: Sequence[Mapping[str, Any]], since: datetime) -> Load:
    names = listed([file["file_name"] for file in files])
    rows: dict[str, int] = {}
    first: list[datetime] = []
    # Every table, because the log does not name the table of a file.
    for table in warehouse.tables("raw"):
        [counted] = warehouse.rows(ROWS.format(table=table.name, since=literal(since), files=names))
        if counted["row_count"]:
            rows[table.name] = counted["row_count"]
            first.append(counted["first_load"])
    return Load(files, rows, min(first, default=None), since)


def statements(load: Load, reason: str) -> Iterator[str]:
    """For the transaction of the restore. The counts are compared, so that no row stays behind."""
    names = listed([file["file_name"] for file in load.files])
    for table, count in load.rows.items():
        where = f"SYS_DATE_CREATE >= {literal(load.since)} and SYS_FILE_NAME in ({names})"
        changed = f"{table} has other rows of these files than the plan counted; run it again"
        yield raise_if(f"(select count(*) from {table} where {where}) != {count}", changed)
        yield f"delete from {table} where {where};"
    yield from (log_row(file, reason) for file in load.files)


def log_row(file: Mapping[str, Any], reason: str) -> str:
    return (
        "insert into ops.file_log (run_id, source, endpoint, file_name, state, `rows`, bytes, reason, logged_at) "
        f"values ({text(file['run_id'])}, {text(file['source'])}, {text(file['endpoint'])}, "
        f"{text(file['file_name'])}, 'withdrawn', {file['rows']}, {file['bytes']}, {text(reason)}, "
        "current_timestamp());"
    )


def listed(names: Sequence[str]) -> str:
    return ", ".join(map(text, names))


def text(value: str | None) -> str:
    """An SQL literal."""
    if value is None:
        return "null"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
