"""The scheduled queries, run by the transfer service: rows in, rows out. test_types.py resolves their SQL."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from google.cloud import bigquery

from demo.cloud import Cloud
from tests.dataform.scheduled import configs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ODS = """
create table ods.customers (id int64, name string);
create table ods.products (product_sku string);
create table ods.sales (id int64, datetime timestamp) partition by date(datetime) options(require_partition_filter = true);
create table ods.checkpoints (table_name string, seen_until timestamp, written_at timestamp)
  partition by date(written_at) options(require_partition_filter = true);
insert into ods.customers values (1, 'Ann'), (2, 'Bob');
insert into ods.sales values (17, timestamp '2017-01-01 11:53:26');
insert into ods.checkpoints values
  ('ods.sales', timestamp '2026-11-20 09:00:00', timestamp '2026-11-20 09:05:00'),
  ('ods.sales', timestamp '2026-11-20 11:00:00', timestamp '2026-11-20 11:05:00'),
  ('ods.sales', timestamp '2026-11-20 13:00:00', timestamp '2026-11-20 13:05:00');
insert into ops.run_log (run_id, endpoint, started_at, finished_at, status, pages, files, rows_loaded, bytes) values
  ('a', 'sales', timestamp '2026-11-20 10:00:00', timestamp '2026-11-20 10:30:00', 'success', 1, 1, 1, 1),
  ('b', 'sales', timestamp '2026-11-20 11:00:00', timestamp '2026-11-20 11:30:00', 'failed', 1, 1, 1, 1);
"""  # noqa: E501


@pytest.fixture(scope="module")
def warehouse(provisioned):
    """The project as Terraform made it, with rows in ods and in the run log."""
    client = Cloud(provisioned).bigquery
    client.query_and_wait(ODS)
    return client


@pytest.fixture
def run(provisioned):
    """Starts a scheduled query for a time, and returns the run when it has ended."""
    root = f"{provisioned.address}/bigquerydatatransfer/v1"
    path = f"{root}/projects/{provisioned.project}/locations/EU/transferConfigs"
    known = {
        one["displayName"]: one["name"] for one in requests.get(path, timeout=10).json()["transferConfigs"]
    }

    def started(name, at):
        asked = {"requestedRunTime": at.isoformat()}
        answer = requests.post(f"{root}/{known[name]}:startManualRuns", json=asked, timeout=30).json()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            followed = requests.get(f"{root}/{answer['runs'][0]['name']}", timeout=30).json()
            if followed["state"] in ("SUCCEEDED", "FAILED"):
                return followed
            time.sleep(0.05)
        raise AssertionError(f"{name} did not end")

    return started


def rows(client, sql):
    return [tuple(row.values()) for row in client.query_and_wait(sql)]


def succeeded(ended):
    assert ended["state"] == "SUCCEEDED", ended["errorStatus"]


def test_a_snapshot_is_the_table_of_that_day_and_expires(warehouse, run):
    for _ in range(2):
        succeeded(run("snapshot_customers", NOON))
    succeeded(run("snapshot_sales", NOON))
    assert rows(warehouse, "select * from snapshots.customers_20261120 order by id") == [
        (1, "Ann"),
        (2, "Bob"),
    ]
    assert rows(warehouse, "select id from snapshots.sales_20261120") == [(17,)]
    made = warehouse.get_table("snapshots.customers_20261120")
    assert timedelta(13) < made.expires - datetime.now(UTC) <= timedelta(14)


def test_freshness_is_the_age_at_the_time_of_the_run_once(warehouse, run):
    for _ in range(2):
        succeeded(run("freshness", NOON))
    assert rows(warehouse, "select * from ops.freshness order by table_name") == [
        (NOON, "ods.sales", NOON - timedelta(hours=1), 60),
        (NOON, "raw.sales", NOON - timedelta(minutes=90), 90),
    ]


def test_cost_is_counted_by_label_and_a_day_is_written_again_as_a_whole(warehouse):
    """Of today, as tomorrow's run does it: the service refuses a time that has not come."""
    labelled = bigquery.QueryJobConfig(labels={"component": "test"})
    for _ in range(3):
        warehouse.query("select 1", job_config=labelled).result()
    today = datetime.now(UTC).date()
    values = f"('{today}', 'gone', '', '', 1, 1, 1, 1), ('2026-01-01', 'kept', '', '', 1, 1, 1, 1)"
    warehouse.query_and_wait(f"insert into ops.costs values {values}")
    tomorrow = bigquery.ScalarQueryParameter("run_date", "DATE", today + timedelta(days=1))
    config = bigquery.QueryJobConfig(query_parameters=[tomorrow])
    for _ in range(2):
        warehouse.query_and_wait(configs()["cost"]["params"]["query"], job_config=config)
    found = rows(warehouse, "select day, label_key, label_value, jobs, gib_billed, cost_usd from ops.costs")
    assert (today, "component", "test", 3, Decimal(0), Decimal(0)) in found
    assert rows(warehouse, "select identity from ops.costs where identity in ('gone', 'kept')") == [("kept",)]
    keys = "count(*) = count(distinct concat(day, identity, label_key, label_value))"
    assert rows(warehouse, f"select {keys} from ops.costs") == [(True,)]


def test_a_day_without_jobs_costs_nothing(warehouse, run):
    succeeded(run("cost", NOON))
    assert rows(warehouse, "select * from ops.costs where day = '2026-11-19'") == []


def test_a_query_that_fails_is_told_to_the_topic(provisioned, warehouse, run):
    ended = run("snapshot_products", NOON - timedelta(days=1))
    assert ended["state"] == "SUCCEEDED"
    warehouse.delete_table("ods.products")
    assert run("snapshot_products", NOON)["errorStatus"]["message"]
    path = f"projects/{provisioned.project}/subscriptions/scheduled-query-runs"
    pulled = requests.post(
        f"{provisioned.address}/pubsub/v1/{path}:pull", json={"maxMessages": 100}, timeout=10
    )
    told = [json.loads(base64.b64decode(one["message"]["data"])) for one in pulled.json()["receivedMessages"]]
    assert {one["state"] for one in told if "products" in one["params"]["query"]} == {"SUCCEEDED", "FAILED"}
