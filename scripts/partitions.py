"""Conditions on the partitions of a table: all of them, and as many as one statement may write.

BigQuery: 4,000 in a statement, https://cloud.google.com/bigquery/quotas#partitioned_tables
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import batched

from google.cloud import bigquery

PER_STATEMENT = 3000


def partition_of(table: bigquery.Table) -> str:
    """An SQL expression with one value for each partition; empty for a table without partitions."""
    if by_range := table.range_partitioning:
        bounds = by_range.range_
        return f"range_bucket(`{by_range.field}`, generate_array({bounds.start}, {bounds.end}, {bounds.interval}))"
    if not (by_time := table.time_partitioning):
        return ""
    if not by_time.field:
        return "_PARTITIONTIME"
    kind = next(field.field_type for field in table.schema if field.name == by_time.field)
    return f"{kind.lower()}_trunc(`{by_time.field}`, {by_time.type_ or 'DAY'})"


def filter_all(table: bigquery.Table) -> str:
    """All partitions, where the table requires a filter; also the one of rows without a day."""
    if by_range := table.range_partitioning:
        return f"(`{by_range.field}` >= -9223372036854775808 or `{by_range.field}` is null)"
    if not table.time_partitioning:
        return "true"
    column = table.time_partitioning.field
    if not column:
        return "(_PARTITIONTIME >= timestamp '0001-01-01' or _PARTITIONTIME is null)"
    kind = next(field.field_type for field in table.schema if field.name == column)
    return f"(`{column}` >= {kind.lower()} '0001-01-01' or `{column}` is null)"


def cut(partition: str, values: Iterable[int | date], size: int = PER_STATEMENT) -> Iterator[str]:
    """`values` of the expression `partition`, in order; each row is in one slice, those without a value in the last."""
    for some in batched(values, size, strict=False):
        yield f"{partition} between {literal(some[0])} and {literal(some[-1])}"
    yield f"{partition} is null"


def literal(value: int | date) -> str:
    if isinstance(value, datetime):
        return f"{'timestamp' if value.tzinfo else 'datetime'} '{value.isoformat()}'"
    return f"date '{value}'" if isinstance(value, date) else str(value)
