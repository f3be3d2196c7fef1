"""The line about what Dataform made: its numbers are those of the warehouse, and it never breaks a run."""

import io
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from pipeline.quality import measure, numbers
from pipeline.report import Report

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
    """A project of this test's own with the tables that are measured, empty."""
    options = {"api_endpoint": sandbox.address}
    project = f"quality-{uuid.uuid4().hex[:8]}"
    made = bigquery.Client(project, credentials=AnonymousCredentials(), client_options=options)
    for dataset in ("ods", "dmt"):
        made.create_dataset(dataset)
    made.query_and_wait(TABLES)
    return made


def told(connect):
    """The one line, as a dictionary."""
    stream = io.StringIO()
    measure(connect, Report(stream, schedule="hourly"))
    [line] = stream.getvalue().splitlines()
    return json.loads(line)


def test_counts_of_tables_become_the_numbers_that_alerts_compare(client):
    days = [TODAY, TODAY - timedelta(1), TODAY - timedelta(2)]
    client.query_and_wait(
        "insert into ods.sales values (1, current_timestamp());"
        "insert into ods.sales_days values (1);"
        "insert into ods.sales_orphans values ('1-a', timestamp '2017-01-01');"
        "insert into dmt.sales_items (id) select cast(n as string) from unnest([1, 2, 3]) as n;"
        f"insert into ods.sales_rejects values ('a', '{days[0]}'), ('b', '{days[1]}'), ('old', '{days[2]}');"
        f"insert into ods.products_rejects values ('no price', '{days[0]}'), ('no day', null);"
    )
    line = told(lambda: client)
    assert (line["severity"], line["message"]) == ("INFO", "what Dataform made was measured")
    assert (line["orphans"], line["orphan_rate"], line["rejects"]) == (1, 0.25, 3)
    assert 0 <= line["age_minutes"] <= 1


def test_nothing_yet_is_no_orphan_and_no_reject(client):
    line = told(lambda: client)
    assert (line["orphans"], line["orphan_rate"], line["rejects"]) == (0, 0.0, 0)


def test_a_table_that_never_was_has_no_age():
    row = {"orphans": None, "known_lines": None, "newest_ms": None, "now_ms": 1, "rejects": None}
    assert numbers(row) == {"orphans": 0, "orphan_rate": 0.0, "rejects": 0}


def test_a_warehouse_that_does_not_answer_is_a_warning():
    class Gone:
        def query_and_wait(self, query, *, wait_timeout):
            raise ServiceUnavailable("not today")

    line = told(Gone)
    assert line["severity"] == "WARNING" and "not today" in line["message"]
    assert "orphan_rate" not in line
