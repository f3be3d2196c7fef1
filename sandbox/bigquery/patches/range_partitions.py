"""A table partitioned by RANGE_BUCKET is described with rangePartitioning, as BigQuery describes it.

Version: local-bigquery 0.3.2.
Reason: its dialect parses RANGE_BUCKET as an unknown function, so the table was described as partitioned by days of an
INTEGER column. The filter that such a table requires is looked up in timePartitioning, which therefore stays stored.
Upstream change that removes it: `_partitioning` for the function's name, and `_check` for rangePartitioning.
https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#RangePartitioning
"""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

BOUNDS = ("start", "end", "interval")


def install() -> None:
    from local_bigquery.catalog import ddl, tables

    if not hasattr(ddl._partitioning, "with_ranges"):
        ddl._partitioning = with_ranges(ddl._partitioning)
        tables.get = without_days_of_numbers(tables.get)


def with_ranges(partitioning: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def read(node: Any) -> dict[str, Any]:
        expression = node.this
        resource = partitioning(node)
        if not (isinstance(expression, exp.Anonymous) and expression.name.lower().endswith("range_bucket")):
            return resource
        column, series = expression.expressions
        numbers = [number.sql() for number in series.expressions]
        bounds = dict(zip(BOUNDS, numbers, strict=True))
        return resource | {"rangePartitioning": {"field": column.name, "range": bounds}}

    read.with_ranges = True  # type: ignore[attr-defined]
    return read


def without_days_of_numbers(get: Callable[..., Any]) -> Callable[..., Any]:
    def get_table(*arguments: Any, **options: Any) -> Any:
        table = get(*arguments, **options)
        return table.replace(timePartitioning=None) if table.rangePartitioning else table

    return get_table
