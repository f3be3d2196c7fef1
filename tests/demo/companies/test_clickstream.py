"""The web shop's access logs: Spark prepares them, and the tables equal an oracle in Python and DuckDB's reading.

The tests of this file share one warehouse and run in order.
"""

import copy
import io
import json
import time

import duckdb
import pytest

from demo.companies.rows import normalize
from demo.companies.shop.changes import SECOND_CLOCK, pass_hour
from demo.companies.shop.clickstream import log_of
from demo.companies.shop.data import create_data
from demo.companies.shop.logs_bucket import LogsBucket
from demo.companies.shop.oracle import all_requests, expect_requests, expect_visitors
from pipeline.batches import BatchRunner, key_of
from pipeline.errors import BatchFailed
from pipeline.new_files import NewFiles
from pipeline.polling import Poller
from runtime.structured_log import StructuredLog
from tests.demo.companies.system import COMPANIES, System, lay_out_company
from tests.spark_project import NO_JAVA, create_spark_project, has_java, now

pytestmark = pytest.mark.skipif(not has_java(), reason=NO_JAVA)
ENDPOINT = "clickstream/page_requests"
TRANSFORMATION = COMPANIES / "shop/declarations/connector/transformations/page_requests.py"
POLLER = Poller(lambda seconds: time.sleep(min(seconds, 0.5)), lambda: None)
# Written by hand, with another engine than the transformation and other functions than the oracle.
DUCKDB = """
with line as (
  select regexp_extract(value,
    '\\[([^\\]]+)\\] "GET ([^ ?]+)(\\S*) HTTP/[0-9.]+" ([0-9]+) ([0-9]+|-) "[^"]*" "([^"]*)" "([^"]*)" (\\S+)$',
    ['at', 'page', 'query', 'status', 'bytes', 'agent', 'visitor', 'request']) as part
  from read_csv(?, columns = {'value': 'varchar'}, delim = '\x01', quote = '', escape = '', header = false,
    auto_detect = false)
)
select part.request,
  strftime(timezone('UTC', strptime(part.at, '%d/%b/%Y:%H:%M:%S %z')), '%Y-%m-%dT%H:%M:%S+00:00'),
  if(part.page like '%\\%/%', part.page, url_decode(part.page)),
  nullif(regexp_extract(part.page, '^/product/([0-9]+)', 1), ''),
  nullif(url_decode(regexp_extract(part.query, '[?&]q=([^&]*)', 1)), ''),
  nullif(part.visitor, '-'),
  if(contains(part.agent, 'Mobile'), 'phone', 'computer'),
  part.status::int,
  coalesce(try_cast(part.bytes as int), 0)
from line
where part.request != ''
"""


@pytest.fixture(scope="module")
def data():
    return create_data()


@pytest.fixture(scope="module")
def spark(sandbox):
    return create_spark_project(sandbox)


@pytest.fixture(scope="module")
def logs(spark, data):
    logs = LogsBucket(lambda name, content: spark.put(spark.source, name, content))
    logs.publish(data)
    return logs


@pytest.fixture(scope="module")
def shop(sandbox, spark, logs, tmp_path_factory):
    graph = lay_out_company("shop", tmp_path_factory.mktemp("clickstream") / "project").compile()
    variables = {"CLICKSTREAM_PREPARED": f"gs://{spark.bucket}/runs/"}
    shop = System(sandbox.address, "shop", graph, variables, {})
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def run(spark, shop):
    """The two steps of a pipeline's run for the endpoint, and the models."""
    settings = spark.settings(TRANSFORMATION, "web/*.log.gz", ENDPOINT, "--keeps-rows")

    def run_once(run_id, settings=settings):
        log = StructuredLog(io.StringIO())
        new_files = NewFiles(spark.open_bucket, log)
        BatchRunner(spark.client, settings, spark.location, run_id, POLLER, log, now, new_files).run(ENDPOINT)
        shop.copy("clickstream", "page_requests")
        shop.transform()

    return run_once


def success(spark):
    """What the newest complete batch has reported."""
    names = [name for name in spark.names(spark.bucket, f"runs/{ENDPOINT}/") if name.endswith("/_SUCCESS")]
    return json.loads(spark.get(spark.bucket, max(names)))


def expected(data):
    return [expect_requests(data), expect_visitors(data)]


def test_the_first_load_equals_the_oracle(run, shop, data, spark):
    run("run-1")
    assert shop.differences(expected(data)) == []
    counts = {name: success(spark)[name] for name in ("read", "written", "rejected")}
    assert counts == {"read": 3000, "written": 3000, "rejected": 0} and len(success(spark)["inputs"]) == 60


def test_an_hour_reads_only_new_and_changed_files(run, shop, data, logs, spark):
    """A log that has grown, one that is a week late, a new one with lines of another format."""
    before = copy.deepcopy(data)
    pass_hour(data)
    logs.publish(data)
    run("run-2")
    assert shop.differences(expected(data)) == []
    changed = sum(len(log) for name, log in data.logs.items() if before.logs.get(name) != log)
    report = success(spark)
    assert (report["read"], report["written"], report["rejected"]) == (changed + 2, changed, 2)
    assert changed < len(all_requests(data)) / 10
    assert [each["reason"] for each in shop.rejects(ENDPOINT)] == ["not a line of the access log"] * 2
    assert data.broken[log_of("fra", SECOND_CLOCK)][0] in shop.rejects(ENDPOINT)[0]["line"].encode().decode(
        "unicode_escape"
    )


def test_a_run_without_new_files_starts_no_batch_and_changes_nothing(run, shop, data, spark):
    before, report = shop.rows("SELECT COUNT(*) FROM raw.page_requests"), success(spark)
    run("run-3")
    assert shop.rows("SELECT COUNT(*) FROM raw.page_requests") == before
    assert shop.differences(expected(data)) == []
    assert success(spark) == report and report["written"]
    assert len(spark.client.list_batches(spark.location, f"labels.endpoint={key_of(ENDPOINT)}")) == 2


def test_the_result_equals_that_of_duckdb(shop, logs, tmp_path):
    for name, content in logs.files.items():
        (tmp_path / name).write_bytes(content)
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        read = {normalize(row) for row in engine.execute(DUCKDB, [f"{tmp_path}/*.log.gz"]).fetchall()}
    columns = "request, requested_at, page, sku, search, visitor, device, status, bytes"
    stored = {normalize(row) for row in shop.rows(f"SELECT {columns} FROM ods.page_requests")}
    assert len(stored) == 3060 and stored == read


def test_a_transformation_that_loses_rows_fails_and_nothing_is_loaded(run, shop, spark, logs, data, tmp_path):
    path = tmp_path / "page_requests.py"
    path.write_text(
        "def transform(lines):\n    return lines.limit(5).withColumnRenamed('value', 'request')\n"
    )
    logs.put("web/lon-2026-04-01.log.gz", logs.files[min(logs.files)])
    settings = spark.settings(path, "web/*.log.gz", ENDPOINT, "--keeps-rows")
    before, complete = shop.rows("SELECT COUNT(*) FROM raw.page_requests"), success(spark)
    with pytest.raises(BatchFailed, match=r"IncompleteOutput: \d+ rows were read, 5 written and 0 rejected"):
        run("run-4", settings)
    shop.copy("clickstream", "page_requests")
    assert shop.rows("SELECT COUNT(*) FROM raw.page_requests") == before
    assert success(spark) == complete
    run("run-5")  # the next batch reads the file again
    assert shop.differences(expected(data)) == []
    assert success(spark)["read"] == len(data.logs[min(data.logs)])
