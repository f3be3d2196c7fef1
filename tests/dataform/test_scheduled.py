"""The scheduled queries, run by the transfer service. test_types.py resolves their SQL."""

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
    """The project as Terraform created it, with rows in ods and in the run log."""
    client = Cloud(provisioned).bigquery
    client.query_and_wait(ODS)
    return client


@pytest.fixture
def run(provisioned):
    """Starts a scheduled query for a time and returns the finished run."""
    root = f"{provisioned.address}/bigquerydatatransfer/v1"
    path = f"{root}/projects/{provisioned.project}/locations/EU/transferConfigs"
    configs = requests.get(path, timeout=10).json()["transferConfigs"]
    by_title = {config["displayName"]: config["name"] for config in configs}

    def start(name, at):
        body = {"requestedRunTime": at.isoformat()}
        answer = requests.post(f"{root}/{by_title[name]}:startManualRuns", json=body, timeout=30).json()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            result = requests.get(f"{root}/{answer['runs'][0]['name']}", timeout=30).json()
            if result["state"] in ("SUCCEEDED", "FAILED"):
                return result
            time.sleep(0.05)
        raise AssertionError(f"{name} did not end within a minute")

    return start


def rows(client, sql):
    return [tuple(row.values()) for row in client.query_and_wait(sql)]


def assert_succeeded(result):
    assert result["state"] == "SUCCEEDED", result["errorStatus"]


def test_a_snapshot_is_the_table_of_that_day_and_expires(warehouse, run):
    for _ in range(2):
        assert_succeeded(run("snapshot_customers", NOON))
    assert_succeeded(run("snapshot_sales", NOON))
    assert rows(warehouse, "select * from snapshots.customers_20261120 order by id") == [
        (1, "Ann"),
        (2, "Bob"),
    ]
    assert rows(warehouse, "select id from snapshots.sales_20261120") == [(17,)]
    table = warehouse.get_table("snapshots.customers_20261120")
    assert timedelta(13) < table.expires - datetime.now(UTC) <= timedelta(14)


def test_freshness_is_the_age_at_the_time_of_the_run_and_idempotent(warehouse, run):
    for _ in range(2):
        assert_succeeded(run("freshness", NOON))
    assert rows(warehouse, "select * from ops.freshness order by table_name") == [
        (NOON, "ods.sales", NOON - timedelta(hours=1), 60),
        (NOON, "raw.sales", NOON - timedelta(minutes=90), 90),
    ]


def test_cost_is_counted_by_label_and_a_repeated_day_is_replaced(warehouse):
    """Today's cost, as tomorrow's run computes it: the service rejects a time in the future."""
    labelled = bigquery.QueryJobConfig(labels={"component": "test"})
    for _ in range(3):
        warehouse.query("select 1", job_config=labelled).result()
    today = datetime.now(UTC).date()
    values = f"('{today}', 'replaced', '', '', 1, 1, 1, 1), ('2026-01-01', 'unchanged', '', '', 1, 1, 1, 1)"
    warehouse.query_and_wait(f"insert into ops.costs values {values}")
    tomorrow = bigquery.ScalarQueryParameter("run_date", "DATE", today + timedelta(days=1))
    config = bigquery.QueryJobConfig(query_parameters=[tomorrow])
    for _ in range(2):
        warehouse.query_and_wait(configs()["cost"]["params"]["query"], job_config=config)
    costs = rows(warehouse, "select day, label_key, label_value, jobs, gib_billed, cost_usd from ops.costs")
    assert (today, "component", "test", 3, Decimal(0), Decimal(0)) in costs
    assert rows(warehouse, "select identity from ops.costs where identity in ('replaced', 'unchanged')") == [
        ("unchanged",)
    ]
    keys = "count(*) = count(distinct concat(day, identity, label_key, label_value))"
    assert rows(warehouse, f"select {keys} from ops.costs") == [(True,)]


def test_a_day_without_jobs_costs_nothing(warehouse, run):
    assert_succeeded(run("cost", NOON))
    assert rows(warehouse, "select * from ops.costs where day = '2026-11-19'") == []


def test_a_failed_query_is_published_to_the_topic(provisioned, warehouse, run):
    assert_succeeded(run("snapshot_products", NOON - timedelta(days=1)))
    warehouse.delete_table("ods.products")
    assert run("snapshot_products", NOON)["errorStatus"]["message"]
    path = f"projects/{provisioned.project}/subscriptions/scheduled-query-runs"
    pulled = requests.post(
        f"{provisioned.address}/pubsub/v1/{path}:pull", json={"maxMessages": 100}, timeout=10
    )
    received = [base64.b64decode(each["message"]["data"]) for each in pulled.json()["receivedMessages"]]
    runs = [json.loads(data) for data in received]
    assert {run["state"] for run in runs if "products" in run["params"]["query"]} == {"SUCCEEDED", "FAILED"}
