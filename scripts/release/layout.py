"""Partitions, clustering and required filters of a table: as compiled, and as stored."""

import re
from collections.abc import Iterator

from google.cloud import bigquery
from google.cloud import dataform_v1 as api

# The expressions that PARTITION BY accepts, besides a column of type DATE:
# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#partition_expression
BY_DAY = re.compile(r"(?:date\((\w+)\)|(\w+))", re.IGNORECASE)
TRUNCATED = re.compile(r"(?:date|datetime|timestamp)_trunc\((\w+),\s*(\w+)\)", re.IGNORECASE)
BY_RANGE = re.compile(
    r"range_bucket\((\w+),\s*generate_array\((-?\d+),\s*(-?\d+),\s*(\d+)\)\)", re.IGNORECASE
)
NONE = "none"


def compare_layouts(relation: api.CompilationResultAction.Relation, table: bigquery.Table) -> Iterator[str]:
    """`partitions DAY of day → none` for each difference that a later run of the table would ignore."""
    compiled = [
        describe_expression(relation.partition_expression),
        ", ".join(relation.cluster_expressions) or NONE,
        str(relation.require_partition_filter).lower(),
    ]
    stored = [
        describe_partitions(table),
        ", ".join(table.clustering_fields or []) or NONE,
        str(bool(table.require_partition_filter)).lower(),
    ]
    for what, before, after in zip(
        ("partitions", "clusters", "required filter"), stored, compiled, strict=True
    ):
        if before != after:
            yield f"{what} {before} → {after}"


def describe_expression(expression: str) -> str:
    text = " ".join(expression.split())
    if not text:
        return NONE
    if match := BY_DAY.fullmatch(text):
        return f"DAY of {match[1] or match[2]}"
    if match := TRUNCATED.fullmatch(text):
        return f"{match[2].upper()} of {match[1]}"
    if match := BY_RANGE.fullmatch(text):
        return f"{match[2]} to {match[3]} by {match[4]} of {match[1]}"
    return text


def describe_partitions(table: bigquery.Table) -> str:
    if by_time := table.time_partitioning:
        return f"{by_time.type_} of {by_time.field}"
    if by_range := table.range_partitioning:
        bounds = by_range.range_
        return f"{bounds.start} to {bounds.end} by {bounds.interval} of {by_range.field}"
    return NONE
