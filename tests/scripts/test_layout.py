"""Layouts of compiled and stored tables in one form."""

import pytest
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from scripts.release.layout import compare_layouts, describe_expression
from scripts.release.schemas import compare_table


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "none"),
        ("day", "DAY of day"),
        ("date(datetime)", "DAY of datetime"),
        ("timestamp_trunc(at, hour)", "HOUR of at"),
        ("date_trunc(day,\n  month)", "MONTH of day"),
        ("range_bucket(id, generate_array(0, 100, 10))", "0 to 100 by 10 of id"),
    ],
)
def test_an_expression_is_described(expression, expected):
    assert describe_expression(expression) == expected


def stored(**properties):
    table = bigquery.Table(
        "p.d.t", [bigquery.SchemaField("id", "INTEGER"), bigquery.SchemaField("day", "DATE")]
    )
    for name, value in properties.items():
        setattr(table, name, value)
    return table


BY_DAY = bigquery.TimePartitioning(field="day")
BY_RANGE = bigquery.RangePartitioning(
    field="id", range_=bigquery.PartitionRange(start=0, end=100, interval=10)
)


@pytest.mark.parametrize(
    ("properties", "compiled"),
    [
        ({}, {}),
        ({"time_partitioning": BY_DAY}, {"partition_expression": "day"}),
        (
            {"range_partitioning": BY_RANGE},
            {"partition_expression": "range_bucket(id, generate_array(0, 100, 10))"},
        ),
        ({"clustering_fields": ["id"]}, {"cluster_expressions": ["id"]}),
        (
            {"time_partitioning": BY_DAY, "require_partition_filter": True},
            {"partition_expression": "day", "require_partition_filter": True},
        ),
    ],
)
def test_an_equal_layout_is_not_reported(properties, compiled):
    relation = api.CompilationResultAction.Relation(**compiled)
    assert list(compare_layouts(relation, stored(**properties))) == []


@pytest.mark.parametrize(
    ("properties", "compiled", "change"),
    [
        ({"time_partitioning": BY_DAY}, {}, "partitions DAY of day → none"),
        ({}, {"partition_expression": "date_trunc(day, month)"}, "partitions none → MONTH of day"),
        ({"clustering_fields": ["id"]}, {"cluster_expressions": ["day", "id"]}, "clusters id → day, id"),
        (
            {"time_partitioning": BY_DAY},
            {"partition_expression": "day", "require_partition_filter": True},
            "required filter false → true",
        ),
    ],
)
def test_another_layout_is_a_change(properties, compiled, change):
    relation = api.CompilationResultAction.Relation(**compiled)
    assert list(compare_layouts(relation, stored(**properties))) == [change]


@pytest.mark.parametrize(
    ("properties", "compiled", "change"),
    [
        ({"time_partitioning": BY_DAY}, {"partition_expression": "day"}, None),
        ({}, {"partition_expression": "day"}, "d.t: partitions none → DAY of day"),
        ({"clustering_fields": ["id"]}, {}, "d.t: clusters id → none"),
        # BigQuery replaces these, and Dataform drops a view first.
        ({"require_partition_filter": True}, {}, None),
        ({"view_query": "select 1"}, {"partition_expression": "day"}, None),
    ],
)
def test_a_plain_table_must_be_dropped_for_another_layout_only(properties, compiled, change):
    relation = api.CompilationResultAction.Relation(relation_type="TABLE", **compiled)
    action = api.CompilationResultAction(
        target=api.Target(database="p", schema="d", name="t"), relation=relation
    )
    compared = compare_table(action, stored(**properties), {})
    assert (str(compared) if compared else None) == change
    assert compared is None or compared.is_recreated
