"""The flow from API to warehouse on real data. The tests run in this order, on one project.

After each, the warehouse equals the expected results: the tables depend only on which files were loaded, not
on the order or the number of runs, on late items, on earlier failures, or on incremental or full builds.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests

from connector.load.loader import MAX_REJECTED_ROWS
from demo import provision
from demo.commands import Shell
from demo.expected import last_sale
from demo.recorded_apply.replay import replay
from demo.server import running
from demo.shop.clock import parse_clock
from tests.dataform.retail import BAD_SALES
from tests.pipeline.test_run_record import BigQuery, run_row, write
from tests.scenario import Scenario, unsold_products

FIRST_DAY, SECOND_DAY, THIRD_DAY = "2017-01-02T00:00:00Z", "2017-01-03T00:00:00Z", "2017-01-04T00:00:00Z"
LATE_SALES = frozenset({5, 17, 100})
LATE_PRODUCTS = frozenset({"1095275", "9878513"})  # of the first two sales
LATE_CUSTOMERS = frozenset({1228})  # of the third


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    with running(tmp_path_factory.mktemp("scenario")) as state:
        shell = Shell(state)
        replay(state)  # tests/terraform checks that the record is current
        provision.add_secrets(shell)
        provision.release_dataform(shell)
        yield Scenario(state, unsold_products(THIRD_DAY))


def test_lines_of_hidden_products_and_customers_are_orphans(scenario):
    """The shop hides some sales, products and customers on the first day."""
    scenario.set_clock(FIRST_DAY)
    scenario.set_items(LATE_SALES, LATE_PRODUCTS, LATE_CUSTOMERS)
    scenario.copy("customers", "products", "sales")
    scenario.transform()
    assert scenario.differences() == []
    assert scenario.count("ods.sales_orphans", "datetime > '2017-01-01' AND product_sku = '1095275'") > 0
    assert scenario.count("ods.sales_orphans", "datetime > '2017-01-01' AND customer_id = 1228") > 0


def test_loading_everything_twice_is_idempotent(scenario):
    """The rows in raw double; ods and dmt stay the same."""
    before = scenario.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01'")
    scenario.copy("customers", "products")
    scenario.run_connector("--endpoint", "sales", "--start_sales_id", "1")
    scenario.transform()
    scenario.transform()
    assert scenario.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01'") == 2 * before
    assert scenario.differences() == []


def test_windows_in_another_order_and_late_items(scenario):
    """The newest day, then the day before, then late sales with low ids, late products and a customer."""
    scenario.set_clock(THIRD_DAY)
    last, first = last_sale(parse_clock(THIRD_DAY)), last_sale(parse_clock(SECOND_DAY)) + 1
    scenario.run_connector("--endpoint", "sales", "--start_sales_id", str(first))
    scenario.transform()
    loaded = last_sale(parse_clock(FIRST_DAY))
    assert scenario.differences(without_sales=LATE_SALES | frozenset(range(loaded + 1, first))) == []
    scenario.run_connector(
        "--endpoint", "sales", "--start_sales_id", str(loaded + 1), "--end_sales_id", str(first - 1)
    )
    scenario.set_items()
    scenario.run_connector("--endpoint", "sales", "--start_sales_id", "1", "--end_sales_id", "100")
    scenario.copy("products", "customers")
    scenario.transform()
    assert scenario.differences() == []
    assert scenario.count("ods.sales", "datetime > '2017-01-01'") == last


def test_a_row_that_bigquery_rejects_is_taken_out_of_its_file(scenario):
    """One sale with text instead of a list of lines: the other 200 are loaded, and it is stored with its reason."""
    [original] = read_sales(scenario, 700, 1)
    scenario.set_items(added=[original | {"items": "none"}])
    before = scenario.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01' AND id = '700'")
    log = scenario.run_connector("--endpoint", "sales", "--start_sales_id", "600", "--end_sales_id", "800")
    [path] = scenario.files("retail/sales/rejects/")
    [reject] = [json.loads(line) for line in read_file(scenario, path).splitlines()]
    assert '"items": "none"' in reject["line"] and "Expected ARRAY" in reject["reason"], reject
    assert "1 rows were rejected by BigQuery and are in rejects/" in log, log
    assert scenario.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01' AND id = '700'") == before
    scenario.set_items()


def test_a_failed_file_is_corrected_and_replayed(scenario):
    """A file with more rejected rows than MAX_REJECTED_ROWS fails; a person corrects and replays it."""
    originals = {sale["id"]: sale for sale in read_sales(scenario, 700, MAX_REJECTED_ROWS + 1)}
    scenario.set_items(added=[sale | {"items": "none"} for sale in originals.values()])
    succeeded, log = scenario.run_job(
        "connector", "--endpoint", "sales", "--start_sales_id", "600", "--end_sales_id", "800"
    )
    assert not succeeded
    paths = scenario.files("retail/sales/failed/")  # one for each attempt of the task
    assert paths
    assert all(path.rsplit("/", 1)[-1] in log for path in paths)
    assert scenario.count("ops.run_log", "status = 'partial'") == len(paths)
    for path in paths:
        correct(scenario, path, originals)
    scenario.set_items()
    before = scenario.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01' AND id = '700'")
    scenario.run_connector("replay", "--endpoint", "sales")
    assert scenario.files("retail/sales/failed/") == []
    after = scenario.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01' AND id = '700'")
    assert after == before + len(paths)  # the next test transforms them


def read_sales(scenario, first, count):
    """`count` sales from id `first` on."""
    key = (scenario.cloud.state.root / "retail-api-key").read_text()
    query = f"start_sales_id={first}&page_size={count}"
    url = f"{scenario.cloud.state.address}/retail/v1/sales?{query}"
    return requests.get(url, headers={"X-API-Key": key}, timeout=30).json()["items"]


def read_file(scenario, path):
    name, bucket = path.replace("/", "%2F"), f"{scenario.cloud.state.project}-landing"
    return scenario.cloud.get_text(f"/download/storage/v1/b/{bucket}/o/{name}?alt=media")


def correct(scenario, path, originals):
    """As a person does with an editor and `gcloud storage cp`: the lines of each sale in `originals` again."""
    rows = [json.loads(line) for line in read_file(scenario, path).splitlines()]
    corrected = [row | {"items": originals.get(row["id"], row)["items"]} for row in rows]
    assert sum(row["items"] == "none" for row in rows) == len(originals)
    name, bucket = path.replace("/", "%2F"), f"{scenario.cloud.state.project}-landing"
    response = requests.post(
        f"{scenario.cloud.state.address}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}",
        data="".join(f"{json.dumps(row)}\n" for row in corrected).encode(),
        timeout=30,
    )
    assert response.ok, response.text


def test_rows_with_invalid_values_are_rejected_with_their_reasons(scenario):
    """The API returns another version of sales that are loaded: each is a reject, and the valid version stays."""
    hostile = [
        bad | {"id": id if isinstance(bad["id"], int) else bad["id"]}
        for id, bad in enumerate(BAD_SALES.values(), start=650)
    ]
    scenario.set_items(added=hostile)
    scenario.run_connector("--endpoint", "sales", "--start_sales_id", "600", "--end_sales_id", "700")
    scenario.transform()
    reasons = scenario.query("SELECT reason FROM ods.sales_rejects WHERE file_day > '2017-01-01'")
    assert sorted(reason for (reason,) in reasons) == sorted(BAD_SALES)
    assert scenario.differences() == []


def test_a_full_refresh_gives_the_same_rows(scenario):
    scenario.transform(full=True)
    assert scenario.differences() == []
    assert scenario.count("ods.sales_rejects", "file_day > '2017-01-01'") == len(BAD_SALES)


def test_a_due_key_is_rotated_and_copies_continue(scenario):
    """Each job runs with the identity and the grants that Terraform gave it."""
    secret = f"/secretmanager/v1/projects/{scenario.cloud.state.project}/secrets/retail-api-key"

    def latest():
        version = scenario.cloud.call("GET", f"{secret}/versions/latest:access")
        return base64.b64decode(version["payload"]["data"]).decode()

    def status(key):
        url = f"{scenario.cloud.state.address}/retail/v1/sales"
        return requests.get(url, headers={"X-API-Key": key}, timeout=30).status_code

    old = latest()
    scenario.cloud.call("POST", "/sandbox/secretmanager/rotate/retail-api-key")
    succeeded, log = scenario.run_job("key-rotation")
    new = latest()
    assert succeeded and '"rotated": true' in log, log
    assert old not in log and new not in log
    assert (new != old, status(new), status(old)) == (
        True,
        200,
        200,
    )  # a running copy still uses the old key
    succeeded, log = scenario.run_job("key-rotation", "--grace-seconds", "0")  # as after a day
    assert succeeded, log
    assert (latest(), status(new), status(old)) == (new, 200, 401)
    scenario.copy("customers")


def test_logged_metrics_equal_the_tables(scenario):
    """The line at the end of a run. Dataform wrote every table since 1970, so all days count."""
    run = run_row()
    step = replace(run.steps[0], started_at=datetime(1970, 1, 1, tzinfo=UTC))
    line, *_ = write(lambda: BigQuery(scenario.cloud.bigquery), replace(run, steps=[step]))
    [expected] = scenario.cloud.rows(
        "with line as (select date(sales_datetime) as day, 0 as bad from dmt.sales_items union all"
        " select date(datetime), 1 from ods.sales_orphans where datetime > '1970-01-01'),"
        " rate as (select day, sum(bad) as bad, round(sum(bad) / count(*), 6) as rate from line group by day)"
        " select sum(bad) as orphans, max(rate) as orphan_rate from rate"
    )
    assert (line["orphans"], line["orphan_rate"]) == (expected["orphans"], expected["orphan_rate"])
    assert line["orphans"] > 0
    rejects = [
        scenario.count(f"ods.{name}_rejects", "file_day >= '1970-01-01'")
        for name in ("sales", "products", "customers")
    ]
    assert line["rejects"] == sum(rejects)


def test_declared_primary_keys_are_unique(scenario):
    """BigQuery does not enforce them, but optimizes joins with them: a wrong one gives wrong results."""
    declared = 0
    for dataset in ("ops", "ods", "dmt"):
        for item in scenario.cloud.bigquery.list_tables(dataset):
            table = scenario.cloud.bigquery.get_table(item.reference)
            if key := primary_key(table):
                rows = f"{dataset}.{item.table_id} WHERE {all_rows_filter(table)} GROUP BY {', '.join(key)}"
                assert scenario.cloud.rows(f"SELECT 1 AS doubled FROM {rows} HAVING COUNT(*) > 1") == [], rows
                declared += 1
    assert declared >= 9


def primary_key(table):
    constraints = table.table_constraints
    return constraints.primary_key.columns if constraints and constraints.primary_key else []


def all_rows_filter(table):
    """A filter that every row passes, on the partition column if the table requires one."""
    by_day = table.time_partitioning and table.time_partitioning.field
    return f"{by_day} >= '0001-01-01'" if by_day else "TRUE"
