"""Which rows of which tables a restore writes: the days that checkpoints name, never a whole history.

| table | rows |
|---|---|
| ods.checkpoints | those written since the first that differs |
| with checkpoints, partitioned by day | the days that they name |
| with checkpoints, not partitioned (a list, a mart of days) | all |
| `<table>_rejects` | the days of files whose rows were read since |
| `<table>_days`, partitioned by the key's range | the range of the keys on the days that <table> changed |
| `<table>_changes`, the states of a list's keys | all |
| ods.file_reads | the loads that were read since |
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched

from pipeline.restore.diff import Diff, literal
from pipeline.restore.warehouse import Table, Warehouse

CHECKPOINTS, FILE_READS = "ods.checkpoints", "ods.file_reads"
# BigQuery writes at most 4,000 partitions in one statement: https://cloud.google.com/bigquery/quotas
DAYS_PER_STATEMENT = 3000
# A script has at most 1 MB, and names the days of a part three times: https://cloud.google.com/bigquery/quotas#query_jobs
DAYS_OF_LIST = 100
FILE_DAYS = """
select distinct file_day from {table} where file_day >= date '0001-01-01' and SYS_DATE_CREATE > {since}
union distinct
select distinct file_day from {table} for system_time as of {moment}
where file_day >= date '0001-01-01' and SYS_DATE_CREATE > {since}
"""
KEYS = """
select min(key) as low, max(key) as high from (
  select {key} as key from {table} where {where}
  union all
  select {key} as key from {table} for system_time as of {moment} where {where}
)
"""


@dataclass(frozen=True)
class Part:
    """Rows of `table` that fulfil `where`, an SQL condition that filters its partitions."""

    table: Table
    where: str
    extent: str  # for people


def find_parts(warehouse: Warehouse, diff: Diff, tables: Iterable[Table]) -> Iterator[Part]:
    """In the order of the tables; nothing for tables that no differing run has changed."""
    by_name = {table.name: table for table in tables}
    for name, table in by_name.items():
        # Companions have no checkpoints of their own: they follow the table whose script writes them.
        base = by_name.get(name.removesuffix("_rejects").removesuffix("_days").removesuffix("_changes"))
        if not diff.days:
            return
        if name == CHECKPOINTS:
            yield Part(table, f"written_at >= {literal(diff.first or diff.moment)}", f"since {diff.first}")
        elif name == FILE_READS:
            yield Part(table, f"SYS_DATE_CREATE > {literal(diff.since)}", f"loads after {diff.since}")
        elif name in diff.days:
            yield from parts_of_changed(table, diff)
        elif base is not None and base.name in diff.days:
            yield from parts_of_companion(warehouse, diff, table, base)


def parts_of_changed(table: Table, diff: Diff) -> Iterator[Part]:
    if table.partition is None:
        yield Part(table, "true", "all rows")
    else:
        yield from parts_of_days(table, diff.days[table.name])


def parts_of_companion(warehouse: Warehouse, diff: Diff, table: Table, base: Table) -> Iterator[Part]:
    """Tables that the script of `base` writes besides its own."""
    if table.name.endswith("_changes"):
        yield Part(table, "true", "all rows")
        return
    # Rejects: partitioned by the day of the file, which no checkpoint names.
    if table.range_column is None:
        sql = FILE_DAYS.format(table=table.name, since=literal(diff.since), moment=literal(diff.moment))
        yield from parts_of_days(table, {row["file_day"] for row in warehouse.rows(sql)})
        return
    for part in parts_of_days(base, diff.days[base.name]):
        sql = KEYS.format(
            key=table.range_column, table=base.name, where=part.where, moment=literal(diff.moment)
        )
        [keys] = warehouse.rows(sql)
        # Null where those days have no row, neither now nor then.
        if keys["low"] is not None:
            where = f"{table.range_column} between {keys['low']} and {keys['high']}"
            yield Part(table, where, f"{table.range_column} {keys['low']} to {keys['high']}")


def parts_of_days(table: Table, days: Iterable[date]) -> Iterator[Part]:
    for some in batched(sorted(days), DAYS_PER_STATEMENT, strict=False):
        column = f"{table.partition}" if table.partition_type == "DATE" else f"date({table.partition})"
        yield Part(table, condition(column, some), f"{len(some)} days, {some[0]} to {some[-1]}")


def condition(column: str, days: Sequence[date]) -> str:
    """Exactly these days. Many are ranges where they follow each other: the text of a query is limited."""
    runs = list(follow(days)) if len(days) > DAYS_OF_LIST else []
    ranges = [f"{column} between date '{run[0]}' and date '{run[-1]}'" for run in runs if len(run) > 2]
    covered = {day for run in runs if len(run) > 2 for day in run}
    if single := [f"date '{day}'" for day in days if day not in covered]:
        ranges.append(f"{column} in ({', '.join(single)})")
    return ranges[0] if len(ranges) == 1 else f"({' or '.join(ranges)})"


def follow(days: Sequence[date]) -> Iterator[Sequence[date]]:
    """Runs of days that follow each other, of days in their order."""
    start = 0
    for end in range(1, len(days) + 1):
        if end == len(days) or (days[end] - days[end - 1]).days > 1:
            yield days[start:end]
            start = end
