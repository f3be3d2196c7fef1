"""The metrics line equals the numbers of the warehouse, and a failed measurement never fails a run."""

import io
import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from pipeline.warehouse_metrics import QUERY, log_metrics, read_metrics
from runtime.structured_log import StructuredLog

TODAY = datetime.now(UTC).date()
TABLES = """
create table ods.sales (id int64, datetime timestamp) partition by date(datetime) options(require_partition_filter = true);
create table ods.sales_days (id int64) partition by range_bucket(id, generate_array(0, 900000000, 100000));
create table ods.sales_orphans (id string, datetime timestamp) partition by date(datetime);
create table ods.sales_rejects (reason string, file_day date) partition by file_day options(require_partition_filter = true);
create table ods.products_rejects (reason string, file_day date) partition by file_day;
create table dmt.sales_items (id string, sales_datetime timestamp) partition by date(sales_datetime);
"""  # noqa: E501


@pytest.fixture
def client(sandbox):
    """A new project with the measured tables, empty."""
    options = {"api_endpoint": sandbox.address}
    project = f"quality-{uuid.uuid4().hex[:8]}"
    client = bigquery.Client(project, credentials=AnonymousCredentials(), client_options=options)
    for dataset in ("ods", "dmt"):
        client.create_dataset(dataset)
    client.query_and_wait(TABLES)
    return client


def logged_line(connect):
    """The one line of the log, decoded."""
    stream = io.StringIO()
    log_metrics(connect, StructuredLog(stream, schedule="hourly"))
    [line] = stream.getvalue().splitlines()
    return json.loads(line)


def test_table_sizes_become_the_facts_that_alerts_compare(client):
    days = [TODAY, TODAY - timedelta(1), TODAY - timedelta(2)]
    client.query_and_wait(
        "insert into ods.sales values (1, current_timestamp());"
        "insert into ods.sales_days values (1);"
        "insert into ods.sales_orphans values ('1-a', timestamp '2017-01-01');"
        "insert into dmt.sales_items (id) select cast(n as string) from unnest([1, 2, 3]) as n;"
        f"insert into ods.sales_rejects values ('a', '{days[0]}'), ('b', '{days[1]}'), ('old', '{days[2]}');"
        f"insert into ods.products_rejects values ('no price', '{days[0]}'), ('no day', null);"
    )
    line = logged_line(lambda: client)
    assert (line["severity"], line["message"]) == ("INFO", "measured the tables of Dataform")
    assert (line["orphans"], line["orphan_rate"], line["rejects"]) == (1, 0.25, 3)
    assert 0 <= line["age_minutes"] <= 1


def test_empty_tables_have_no_orphans_and_no_rejects(client):
    line = logged_line(lambda: client)
    assert (line["orphans"], line["orphan_rate"], line["rejects"]) == (0, 0.0, 0)


def test_a_warehouse_without_partitions_has_no_orphans():
    row = {"orphans": None, "known_lines": None, "rejects": None}
    assert read_metrics(row) == {"orphans": 0, "orphan_rate": 0.0, "rejects": 0}


def test_a_missing_table_has_no_age(client):
    client.delete_table("ods.sales")
    assert "age_minutes" not in logged_line(lambda: client)


def test_only_metadata_is_read():
    """__TABLES__ requires bigquery.tables.getData, which roles/bigquery.metadataViewer does not have."""
    assert "__TABLES__" not in QUERY
    assert set(re.findall(r"from (\S+)", QUERY)) == {
        "partitions",
        *(f"{dataset}.INFORMATION_SCHEMA.PARTITIONS" for dataset in ("ods", "dmt")),
    }


def test_an_unavailable_warehouse_is_a_warning():
    class Unavailable:
        def query_and_wait(self, query, *, wait_timeout):
            raise ServiceUnavailable("not today")

    line = logged_line(Unavailable)
    assert line["severity"] == "WARNING" and "not today" in line["message"]
    assert "orphan_rate" not in line
    assert line["measurement"] == "failed"  # counted by the alert measurement-failed
