"""A table is not replaced by one with other partitions or clusters, as in BigQuery."""

import uuid

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

BY_DAY = "(at TIMESTAMP, id INT64) PARTITION BY DATE(at) CLUSTER BY id"


@pytest.fixture(scope="module")
def dataset(client: bigquery.Client) -> str:
    name = f"layout_{uuid.uuid4().hex[:8]}"
    client.query_and_wait(f"CREATE SCHEMA {name}")
    client.query_and_wait(f"CREATE TABLE {name}.days {BY_DAY}")
    client.query_and_wait(f"CREATE TABLE {name}.plain (at TIMESTAMP, id INT64)")
    return name


@pytest.mark.parametrize(
    ("statement", "specs"),
    [
        (
            "TABLE {}.plain CLONE {}.days",
            "New partitioning spec is interval(type:day,field:at) clustering(id) and existing spec is",
        ),
        ("TABLE {}.days CLONE {}.plain", "none and existing"),
        ("TABLE {}.days (at TIMESTAMP, id INT64)", "none and existing"),
        (
            "TABLE {}.days PARTITION BY DATE(at) AS SELECT * FROM {}.plain",
            "spec is interval(type:day,field:at) and",
        ),
        (
            "TABLE {}.days (at TIMESTAMP, id INT64) PARTITION BY TIMESTAMP_TRUNC(at, MONTH) CLUSTER BY id",
            "interval(type:month,field:at) clustering(id) and existing spec is interval(type:day",
        ),
        (
            "TABLE {}.days (id INT64) PARTITION BY RANGE_BUCKET(id, GENERATE_ARRAY(0, 9, 3))",
            "range(field:id,0,9,3) and",
        ),
        ("TABLE {}.days (at TIMESTAMP, id INT64) PARTITION BY DATE(at) CLUSTER BY at", "clustering(at) and"),
    ],
)
def test_another_layout_is_rejected(
    client: bigquery.Client, dataset: str, statement: str, specs: str
) -> None:
    with pytest.raises(
        BadRequest, match="Cannot replace a table with a different partitioning spec"
    ) as error:
        client.query_and_wait(f"CREATE OR REPLACE {statement.format(dataset, dataset)}")
    assert specs in str(error.value)


@pytest.mark.parametrize(
    ("statement", "performed"),
    [
        (f"TABLE {{}}.days {BY_DAY}", "REPLACE"),
        ("TABLE {}.days PARTITION BY DATE(at) CLUSTER BY id AS SELECT * FROM {}.plain", "REPLACE"),
        ("TABLE {}.other CLONE {}.days", "CREATE"),
        ("TABLE {}.plain (id INT64)", "REPLACE"),
        ("TEMP TABLE days AS SELECT * FROM {}.plain", "CREATE"),
    ],
)
def test_the_same_layout_is_accepted(
    client: bigquery.Client, dataset: str, statement: str, performed: str
) -> None:
    job = client.query(f"CREATE OR REPLACE {statement.format(dataset, dataset)}")
    job.result()
    assert job.ddl_operation_performed == performed
