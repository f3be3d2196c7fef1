"""The story on real data, chapter by chapter in this order: after each, the warehouse equals the oracle.

One law in all of them: the tables depend on which files were loaded, not on the order or the number of runs,
on what came late or failed first, or on whether a table was built in steps or at once.
"""

import base64
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import requests

from pipeline import quality
from pipeline.report import Report
from sandbox.demo import provision
from sandbox.demo.commands import Shell
from sandbox.oracle import last_sale
from sandbox.process import running
from sandbox.replay import replay
from sandbox.retail.clock import moment
from sandbox.retail.definitions import connect
from tests.town import Town

FIRST_DAY, SECOND_DAY, THIRD_DAY = "2017-01-02T00:00:00Z", "2017-01-03T00:00:00Z", "2017-01-04T00:00:00Z"
LATE_SALES = frozenset({5, 17, 100})
LATE_PRODUCTS = frozenset({"1095275", "9878513"})  # of the first two sales
LATE_CUSTOMERS = frozenset({1228})  # of the third


def unsold_products(until):
    """Products that no sale before `until` names: a full list of the others is 12 times shorter."""
    with connect() as data:
        rows = data.execute(
            "select product_sku from products where product_sku not in "
            "(select cast(product_id as varchar) from lines where sold_at < ?)",
            [until.removesuffix("Z")],
        ).fetchall()
    return frozenset(sku for (sku,) in rows)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with running(tmp_path_factory.mktemp("town")) as state:
        shell = Shell(state)
        replay(state)  # what Terraform sends; that it still sends this is tested where it is recorded
        provision.add_key(shell)
        provision.release(shell)
        yield Town(state, unsold_products(THIRD_DAY))


def test_a_first_day_with_gaps(town):
    """Some sales, products and customers are not shown yet: their lines are orphans, with a reason."""
    town.clock(FIRST_DAY)
    town.hide(LATE_SALES, LATE_PRODUCTS, LATE_CUSTOMERS)
    town.copy("customers", "products", "sales")
    town.transform()
    assert town.differences() == []
    assert town.count("ods.sales_orphans", "datetime > '2017-01-01' AND product_sku = '1095275'") > 0
    assert town.count("ods.sales_orphans", "datetime > '2017-01-01' AND customer_id = 1228") > 0


def test_everything_twice(town):
    """The rows in raw double, the tables above it do not notice."""
    before = town.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01'")
    town.copy("customers", "products")
    town.connector("--endpoint", "sales", "--start_sales_id", "1")
    town.transform()
    town.transform()
    assert town.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01'") == 2 * before
    assert town.differences() == []


def test_windows_in_another_order_and_what_comes_late(town):
    """The newest day first, then the one before; then late sales with low ids, late products, a customer."""
    town.clock(THIRD_DAY)
    last, first = last_sale(moment(THIRD_DAY)), last_sale(moment(SECOND_DAY)) + 1
    town.connector("--endpoint", "sales", "--start_sales_id", str(first))
    town.transform()
    done = last_sale(moment(FIRST_DAY))
    assert town.differences(without_sales=LATE_SALES | frozenset(range(done + 1, first))) == []
    town.connector("--endpoint", "sales", "--start_sales_id", str(done + 1), "--end_sales_id", str(first - 1))
    town.hide()
    town.connector("--endpoint", "sales", "--start_sales_id", "1", "--end_sales_id", "100")
    town.copy("products", "customers")
    town.transform()
    assert town.differences() == []
    assert town.count("ods.sales", "datetime > '2017-01-01'") == last


def test_a_file_that_failed_is_healed_and_replayed(town):
    """A sale whose lines are a word makes its page unreadable; a person corrects the file and replays it."""
    truth = sale(town, 700)
    town.hide(given=[truth | {"items": "none"}])
    succeeded, log = town.job(
        "connector", "--endpoint", "sales", "--start_sales_id", "600", "--end_sales_id", "800"
    )
    assert not succeeded
    paths = town.files("sales/failed/")  # one for each attempt that Cloud Run gave the task
    assert paths
    assert all(path.rsplit("/", 1)[-1] in log for path in paths)
    assert town.count("ops.run_log", "status = 'partial'") == len(paths)
    for path in paths:
        correct(town, path, '"items": "none"', f'"items": {json.dumps(truth["items"])}')
    town.hide()
    before = town.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01' AND id = '700'")
    town.connector("replay", "--endpoint", "sales")
    assert town.files("sales/failed/") == []
    after = town.count("raw.sales", "SYS_DATE_CREATE > '2017-01-01' AND id = '700'")
    assert after == before + len(paths)  # the next chapter's transformation sees them


def sale(town, number):
    key = (town.cloud.state.root / "retail-api-key").read_text()
    url = f"{town.cloud.state.address}/retail/v1/sales?start_sales_id={number}&page_size=1"
    return requests.get(url, headers={"X-API-Key": key}, timeout=30).json()["items"][0]


def correct(town, path, wrong, right):
    """What a person does with an editor and `gcloud storage cp`."""
    name, bucket = path.replace("/", "%2F"), f"{town.cloud.state.project}-landing"
    text = town.cloud.text(f"/download/storage/v1/b/{bucket}/o/{name}?alt=media")
    assert wrong in text
    answer = requests.post(
        f"{town.cloud.state.address}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}",
        data=text.replace(wrong, right).encode(),
        timeout=30,
    )
    assert answer.ok, answer.text


def test_a_row_that_cannot_be_typed_is_kept_with_its_reason(town):
    """A sale without id and one with a bad date: quarantined, while the good version of the second stands."""
    truth = sale(town, 650)
    strange = [{**truth, "id": None}, {**truth, "datetime": "soon"}]
    town.hide(given=strange)
    town.connector("--endpoint", "sales", "--start_sales_id", "600", "--end_sales_id", "700")
    town.transform()
    assert town.count("ods.sales_rejects", "file_day > '2017-01-01'") == 2
    assert town.differences() == []


def test_a_full_refresh_gives_the_same_rows(town):
    town.transform(full=True)
    assert town.differences() == []
    assert town.count("ods.sales_rejects", "file_day > '2017-01-01'") == 2


def test_a_key_that_is_due_is_changed_and_the_copies_go_on(town):
    """Each job with the identity and the grants that Terraform gave it."""
    secret = f"/secretmanager/v1/projects/{town.cloud.state.project}/secrets/retail-api-key"

    def latest():
        version = town.cloud.call("GET", f"{secret}/versions/latest:access")
        return base64.b64decode(version["payload"]["data"]).decode()

    def status(key):
        url = f"{town.cloud.state.address}/retail/v1/sales"
        return requests.get(url, headers={"X-API-Key": key}, timeout=30).status_code

    old = latest()
    town.cloud.call("POST", "/sandbox/secretmanager/rotate/retail-api-key")
    succeeded, log = town.job("key-rotation")
    new = latest()
    assert succeeded and '"rotated": true' in log, log
    assert old not in log and new not in log
    assert (new != old, status(new), status(old)) == (
        True,
        200,
        200,
    )  # a copy that runs still has the old one
    succeeded, log = town.job("key-rotation", "--grace_seconds", "0")  # as if a day had passed
    assert succeeded, log
    assert (latest(), status(new), status(old)) == (new, 200, 401)
    town.copy("customers")


def test_what_alerts_compare_is_what_the_tables_hold(town):
    """The line that the pipeline prints after Dataform, over every table that Dataform makes."""
    stream = io.StringIO()
    quality.measure(lambda: town.cloud.bigquery, StructuredLog(stream))
    [line] = [json.loads(told) for told in stream.getvalue().splitlines()]
    orphans, items = town.count("ods.sales_orphans"), town.count("dmt.sales_items")
    assert (line["orphans"], line["orphan_rate"]) == (orphans, round(orphans / (orphans + items), 6))
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    rejects = [
        town.count(f"ods.{name}_rejects", f"file_day >= '{day}'")
        for name in ("sales", "products", "customers")
    ]
    assert (line["rejects"], orphans > 0) == (sum(rejects), True)


def test_the_keys_that_bigquery_believes_are_keys(town):
    """They are not enforced, so a wrong one would make joins wrong."""
    declared = 0
    for dataset in ("ops", "ods", "dmt"):
        for one in town.cloud.bigquery.list_tables(dataset):
            table = town.cloud.bigquery.get_table(one.reference)
            if key := primary_key(table):
                rows = f"{dataset}.{one.table_id} WHERE {everything(table)} GROUP BY {', '.join(key)}"
                assert town.cloud.rows(f"SELECT 1 AS doubled FROM {rows} HAVING COUNT(*) > 1") == [], rows
                declared += 1
    assert declared >= 9


def primary_key(table):
    constraints = table.table_constraints
    return constraints.primary_key.columns if constraints and constraints.primary_key else []


def everything(table):
    """A filter that every row passes, on the column by which the table wants one."""
    by_day = table.time_partitioning and table.time_partitioning.field
    return f"{by_day} >= '0001-01-01'" if by_day else "TRUE"
