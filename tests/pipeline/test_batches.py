"""Spark batches of a pipeline run, on the sandbox's Dataproc: started once, adopted, cancelled, reported."""

import dataclasses
import io
import json
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from msgspec.structs import replace

from pipeline.batches import Batch, BatchRunner, describe_failure, key_of
from pipeline.dataproc import BatchesClient
from pipeline.errors import BatchFailed, Unavailable
from pipeline.new_files import NewFiles
from pipeline.polling import Poller
from pipeline.settings import Preparation, SparkSettings, parse_spark
from runtime.errors import LeaseLost, SettingsError, Terminated
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.structured_log import StructuredLog
from sandbox.process import free_port
from tests.spark_project import NO_JAVA, create_spark_project, has_java

MOMENT = datetime(2026, 3, 1, 6, 5, tzinfo=UTC)
needs_java = pytest.mark.skipif(not has_java(), reason=NO_JAVA)
SLEEP = "import time\ntime.sleep(600)\n"
SHORT = "import time\ntime.sleep(3)\n"


@pytest.fixture(scope="module")
def spark(sandbox):
    return create_spark_project(sandbox)


@pytest.fixture
def endpoint():
    return f"logs/visits_{uuid.uuid4().hex[:6]}"


class Waiting:
    """A run's poller: `stop` is raised at the next poll. `seen` is set after the first one."""

    def __init__(self):
        self.stop, self.seen = None, threading.Event()
        self.poller = Poller(self.sleep, self.check)

    def sleep(self, seconds):
        self.seen.set()
        threading.Event().wait(min(seconds, 0.3))

    def check(self):
        if self.stop:
            raise self.stop


class Flaky:
    """A client whose first requests of each kind are lost: before, or after Dataproc has accepted them."""

    def __init__(self, client, lost):
        self.client, self.lost = client, list(lost)

    def create(self, *arguments):
        kind = self.lost.pop() if self.lost else ""
        if kind != "before":
            self.client.create(*arguments)
        if kind:
            raise ServiceUnavailable(kind)

    def __getattr__(self, name):
        return getattr(self.client, name)


def settings_of(spark, endpoint, code):
    """`code` is the driver; without one it does not exist, and the batch fails at once."""
    main = f"gs://{spark.bucket}/code/absent.py"
    if code:
        main = spark.put(spark.bucket, f"code/{uuid.uuid4().hex}.py", code.encode())
    prepared = Preparation(
        main,
        ["--module", "x", "--input", f"gs://{spark.source}/*.log"],
        f"gs://{spark.bucket}/runs/{endpoint}/",
    )
    return SparkSettings(main, spark.account, spark.subnetwork, {endpoint: prepared})


@pytest.fixture
def runner(spark, endpoint):
    def make(code="", run_id="r1", waiting=None, client=None):
        log, poller = io.StringIO(), (waiting or Waiting()).poller
        batch_runner = BatchRunner(
            client or spark.client,
            settings_of(spark, endpoint, code),
            spark.location,
            run_id,
            poller,
            StructuredLog(log),
            lambda: MOMENT,
            NewFiles(spark.open_bucket, StructuredLog(log)),
        )
        return batch_runner, log

    return make


def batches(spark, endpoint):
    query = f"filter=labels.endpoint={key_of(endpoint)}"
    return spark.call("GET", f"{spark.location}/batches?{query}").json().get("batches", [])


def test_the_batch_names_what_terraform_has_created(spark, runner, endpoint):
    batch_runner, _ = runner(run_id="0af7651916cd43dd8448eb211c80319c")
    with pytest.raises(BatchFailed):
        batch_runner.run(endpoint)
    [batch] = batches(spark, endpoint)
    batch_id = batch["name"].rsplit("/", 1)[-1]
    assert batch_id == f"{key_of(endpoint)}-0af7651916cd43dd8448eb211c80319c" and len(batch_id) <= 63
    folder = f"gs://{spark.bucket}/runs/{endpoint}/"
    assert batch["pysparkBatch"]["args"] == [
        *("--module", "x", "--input", f"gs://{spark.source}/*.log", "--runs", folder),
        *("--output", f"{folder}20260301T060500Z-{batch_id}/"),
    ]
    execution = batch["environmentConfig"]["executionConfig"]
    assert execution == spark.execution | {"ttl": "7200s"}
    assert batch["runtimeConfig"] == {"version": "3.0"}


def test_a_failure_has_the_id_the_message_and_the_remedy(runner, endpoint, spark):
    batch_runner, _ = runner(run_id="r7")
    with pytest.raises(BatchFailed) as raised:
        batch_runner.run(endpoint)
    batch_id = f"{key_of(endpoint)}-r7"
    assert str(raised.value) == (
        f"batch {batch_id} is FAILED: gs://{spark.bucket}/code/absent.py does not exist. Correct the transformation or "
        f"its input; the next run starts a new batch. Its log: gcloud dataproc batches describe {batch_id} --project "
        f"{spark.state.project} --region europe-west1"
    )


@pytest.mark.parametrize("lost", [["before"], ["after"], ["after", "before"]])
def test_a_lost_response_starts_no_second_batch(spark, runner, endpoint, lost):
    batch_runner, _ = runner(client=Flaky(spark.client, lost))
    with pytest.raises(BatchFailed):
        batch_runner.run(endpoint)
    assert len(batches(spark, endpoint)) == 1


def test_the_same_run_adopts_its_batch(spark, runner, endpoint):
    for expected in (0, 1):
        batch_runner, log = runner()
        with pytest.raises(BatchFailed):
            batch_runner.run(endpoint)
        assert log.getvalue().count("exists already; waiting for it") == expected
    assert len(batches(spark, endpoint)) == 1


def test_batches_of_an_endpoint_are_listed_over_all_pages(spark, runner, endpoint):
    for run_id in ("r1", "r2", "r3"):
        with pytest.raises(BatchFailed):
            runner(run_id=run_id)[0].run(endpoint)
    client = BatchesClient(spark.client.api, page_size=2)
    listed = client.list_batches(spark.location, f"labels.endpoint={key_of(endpoint)}")
    assert [batch.name.rpartition("-")[2] for batch in listed] == ["r3", "r2", "r1"]


def test_two_endpoints_and_two_runs_have_different_ids():
    names = [
        "logs/visits",
        "logs/visits_",
        "a_very_long_source_name/with_endpoint_one",
        "a_very_long_source_name/with_endpoint_two",
    ]
    assert len({key_of(name) for name in names}) == 4
    assert all(len(key_of(name)) <= 30 and key_of(name)[-7] == "-" for name in names)


@contextmanager
def in_thread(run, endpoint):
    """Yields a list, to which the error of the run is added."""
    errors = []

    def target():
        try:
            run(endpoint)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    yield errors
    thread.join(240)
    assert not thread.is_alive()


@needs_java
def test_sigterm_cancels_the_batch(spark, runner, endpoint):
    waiting = Waiting()
    batch_runner, log = runner(SLEEP, waiting=waiting)
    with in_thread(batch_runner.run, endpoint) as errors:
        assert waiting.seen.wait(60)
        waiting.stop = Terminated(15)
    assert [type(error) for error in errors] == [Terminated]
    [batch] = batches(spark, endpoint)
    assert spark.wait(batch["name"])["state"] == "CANCELLED"
    assert "cancelled projects/" in log.getvalue()


@needs_java
def test_a_batch_of_a_killed_run_is_adopted(spark, runner, endpoint):
    """The first run loses its lease: it leaves the batch, as a run that is killed does. The next waits for it."""
    waiting = Waiting()
    batch_runner, _ = runner(SHORT, "killed", waiting)
    with in_thread(batch_runner.run, endpoint) as errors:
        assert waiting.seen.wait(60)
        waiting.stop = LeaseLost("another run has the lease")
    assert [type(error) for error in errors] == [LeaseLost]
    batch_runner, log = runner(SHORT, "next")
    batch_runner.run(endpoint)
    [batch] = batches(spark, endpoint)
    assert batch["state"] == "SUCCEEDED" and batch["name"].endswith("-killed")
    assert "of an earlier run is running; waiting for it" in log.getvalue()


@needs_java
def test_after_an_adopted_batch_that_failed_a_new_one_starts(spark, runner, endpoint):
    waiting = Waiting()
    batch_runner, _ = runner(f"{SHORT}raise ValueError('x')", "killed", waiting)
    with in_thread(batch_runner.run, endpoint):
        assert waiting.seen.wait(60)
        waiting.stop = LeaseLost("another run has the lease")
    batch_runner, _ = runner("", "next")
    with pytest.raises(BatchFailed, match=r"absent\.py"):
        batch_runner.run(endpoint)
    states = {batch["name"].rsplit("-", 1)[-1]: batch["state"] for batch in batches(spark, endpoint)}
    assert states == {"killed": "FAILED", "next": "FAILED"}


def test_a_request_that_dataproc_rejects_is_unavailable(spark, runner, endpoint):
    batch_runner, _ = runner()
    wrong = replace(batch_runner.settings, subnetwork="projects/p/regions/r/subnetworks/none")
    with pytest.raises(Unavailable, match="Subnetwork .* does not exist"):
        dataclasses.replace(batch_runner, settings=wrong).run(endpoint)


def test_dataproc_that_does_not_answer_is_unavailable(runner, endpoint):
    address = f"http://127.0.0.1:{free_port()}"
    api = ApiClient(open_session(1), AnonymousCredentials(), address, frozenset())
    waiting = Waiting()
    waiting.poller = Poller(lambda seconds: None, lambda: None)
    batch_runner, _ = runner(client=BatchesClient(api), waiting=waiting)
    with pytest.raises(Unavailable, match="50 errors in a row"):
        batch_runner.run(endpoint)


def test_a_batch_without_a_reason():
    batch = Batch("projects/p/locations/l/batches/b-1", "CANCELLED")
    assert describe_failure(batch).startswith("batch b-1 is CANCELLED: Dataproc gave no reason. ")


def test_the_setting_is_optional_and_checked():
    assert parse_spark("") is None
    text = {"main": "gs://b/a.py", "service_account": "s", "subnetwork": "n"}
    prepared = {"module": "gs://b/m.py", "arguments": ["--x"], "output": "gs://b/runs/a/b/"}
    parsed = parse_spark(json.dumps(text | {"endpoints": {"a/b": prepared}}))
    assert parsed and parsed.endpoints["a/b"].output == "gs://b/runs/a/b/"
    with pytest.raises(SettingsError, match="invalid SPARK"):
        parse_spark(json.dumps(text))
