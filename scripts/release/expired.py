"""Rows of ods that a full refresh would lose, because the rows of raw that they come from have expired.

Where partitions of raw do not expire, what raw lacks was deleted on purpose, unless it lacks everything.
"""

import argparse
from collections.abc import Iterable

from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import Refused
from scripts.partitions import filter_all
from scripts.release.column_types import name_of
from scripts.release.schemas import read_table

RAW = "raw"
LOADED = "SYS_DATE_CREATE"  # of a row of ods: when the version that won was loaded into raw
# Partitions of raw expire, the oldest first. Without any row of raw all rows would be lost.
LOST = """
select count(*) as lost_rows
from `{table}`
where {every} and {loaded} < ifnull((
  select {oldest} from ({sources})
), timestamp '9999-12-31')"""
OLDEST = f"min({LOADED})"
BEFORE_ANY = "if(count(*) = 0, null, timestamp '0001-01-01')"


def add_lose_expired(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lose-expired",
        action="store_true",
        help="also replace a table with rows that raw no longer has: they are lost",
    )


def check_expired(warehouse: bigquery.Client, actions: Iterable[api.CompilationResultAction]) -> None:
    """Refused, with nothing changed, if a full refresh of one of these tables would lose rows."""
    lost = {
        f"{action.target.schema}.{action.target.name}": count_lost(warehouse, action) for action in actions
    }
    if texts := [f"{name} ({rows} rows)" for name, rows in lost.items() if rows]:
        raise Refused(
            "raw no longer has the rows from which these tables were written, and a full refresh would lose them: "
            f"{', '.join(texts)}; nothing was changed. Copy the tables first, or pass --lose-expired if the rows are "
            "not needed, or were deleted from raw on purpose."
        )


def count_lost(warehouse: bigquery.Client, action: api.CompilationResultAction) -> int:
    """0 for a table that does not read raw, or does not exist."""
    targets = [each for each in action.relation.dependency_targets if each.schema == RAW]
    table = read_table(warehouse, action.target) if targets else None
    if table is None or LOADED not in {field.name for field in table.schema}:
        return 0
    rows = " union all ".join(f"select {LOADED} from `{name_of(each)}`" for each in targets)
    oldest = OLDEST if any(expires(read_table(warehouse, each)) for each in targets) else BEFORE_ANY
    sql = LOST.format(
        table=name_of(action.target), every=filter_all(table), loaded=LOADED, oldest=oldest, sources=rows
    )
    [row] = warehouse.query_and_wait(sql)
    return int(row["lost_rows"])


def expires(table: bigquery.Table | None) -> bool:
    partitioning = table.time_partitioning if table else None
    return bool(partitioning and partitioning.expiration_ms)
