"""Batches that really run: Spark reads and writes gs:// addresses, fails, is cancelled, and ends with the sandbox."""

import json
import uuid

import pytest

from sandbox.process import running
from tests.sandbox.iam.project import error
from tests.spark_project import NO_JAVA, create_spark_project, has_java

pytestmark = pytest.mark.skipif(not has_java(), reason=NO_JAVA)
COUNT_WORDS = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
words = spark.read.text(sys.argv[1])
words.groupBy("value").count().orderBy("value").coalesce(1).write.json(sys.argv[2])
"""
SLEEP = "import time\ntime.sleep(600)\n"


def new_id():
    return f"batch-{uuid.uuid4().hex[:8]}"


def test_spark_reads_and_writes_buckets(spark):
    spark.put(spark.source, "in/a.txt", b"one\ntwo\n")
    spark.put(spark.source, "in/b.txt", b"two\n")
    spark.put(spark.source, "in/c.csv", b"three\n")
    output = f"gs://{spark.bucket}/runs/words/1"
    batch = spark.wait(
        spark.create(new_id(), spark.batch(COUNT_WORDS, f"gs://{spark.source}/in/*.txt", output))
    )
    assert (batch["state"], batch.get("stateMessage")) == ("SUCCEEDED", None)
    marker, [part] = (
        f"{output}/_SUCCESS",
        [n for n in spark.names(spark.bucket, "runs/words/") if "part-" in n],
    )
    assert marker.removeprefix(f"gs://{spark.bucket}/") in spark.names(spark.bucket)
    rows = [json.loads(line) for line in spark.get(spark.bucket, part).splitlines()]
    assert rows == [{"value": "one", "count": 1}, {"value": "two", "count": 2}]
    assert not [name for name in spark.names(spark.bucket) if ".crc" in name or "_temporary" in name]


def test_an_error_of_the_program_is_the_message_of_the_state(spark):
    batch = spark.wait(spark.create(new_id(), spark.batch("raise ValueError('no such day')")))
    assert batch["state"] == "FAILED"
    assert batch["stateMessage"].startswith("Job failed with message [ValueError: no such day]. Its log: ")


def test_a_grant_that_is_missing_fails_the_batch(spark):
    """The identity may write only below runs/, and not the code."""
    source = f"gs://{spark.source}/in/*.txt"
    spark.put(spark.source, "in/a.txt", b"one\n")
    written = spark.batch(COUNT_WORDS, source, f"gs://{spark.bucket}/code/x")
    batch = spark.wait(spark.create(new_id(), written))
    assert batch["state"] == "FAILED" and "storage.objects.create" in batch["stateMessage"]
    assert spark.names(spark.bucket, "code/x") == []


def test_a_running_batch_is_cancelled(spark):
    name = spark.create(new_id(), spark.batch(SLEEP))
    running_batch = spark.wait(name, "RUNNING")
    assert error(spark.call("DELETE", name))[0] == 400
    assert spark.call("POST", f"{running_batch['operation']}:cancel", {}).ok
    batch = spark.wait(name)
    assert (batch["state"], batch["stateMessage"]) == ("CANCELLED", "Batch was cancelled.")
    states = [entry["state"] for entry in batch["stateHistory"]]
    assert states == ["PENDING", "RUNNING", "CANCELLING"]
    assert spark.call("GET", batch["operation"]).json()["error"]["code"] == 1


def test_a_batch_ends_at_its_ttl(spark):
    batch = spark.wait(spark.create(new_id(), spark.batch(SLEEP, ttl="4s")))
    assert (batch["state"], batch["stateMessage"]) == ("FAILED", "The batch has reached its ttl of 4s.")


def test_a_batch_of_a_stopped_sandbox_has_failed(tmp_path):
    with running(tmp_path) as state:
        project = create_spark_project(state)
        name = project.create(new_id(), project.batch(SLEEP))
        project.wait(name, "RUNNING")
    with running(tmp_path) as state:
        batch = project.wait(name) if state.port == project.state.port else None
        assert batch and (batch["state"], batch["stateMessage"]) == ("FAILED", "The sandbox was stopped.")


def test_code_that_does_not_exist_fails_the_batch_and_its_operation(spark):
    body = spark.batch("")
    absent = f"gs://{spark.bucket}/code/absent.py"
    body["pysparkBatch"]["mainPythonFileUri"] = absent
    batch = spark.wait(spark.create(new_id(), body | {"labels": {"endpoint": "a-b"}}))
    reason = f"{absent} does not exist."
    assert (batch["state"], batch["stateMessage"]) == ("FAILED", reason)
    assert [entry["state"] for entry in batch["stateHistory"]] == ["PENDING"]
    operation = spark.call("GET", batch["operation"]).json()
    assert operation["done"] and operation["error"] == {"code": 2, "message": reason}
    assert operation["metadata"]["batch"] == batch["name"]
