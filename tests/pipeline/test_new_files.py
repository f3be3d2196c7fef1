"""A batch starts only for files that no batch has read; whatever cannot be compared starts one."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.new_files import MARKER_DAYS, NewFiles, is_ignored, milliseconds
from pipeline.settings import Preparation
from runtime.errors import StorageDenied
from runtime.structured_log import StructuredLog
from tests.spark_project import create_spark_project

MOMENT = datetime(2026, 3, 1, 6, 5, tzinfo=UTC)
OUTPUT = "runs/logs/visits/"


@pytest.fixture
def spark(sandbox):
    return create_spark_project(sandbox)


def exist(spark, pattern="web/*.log", now=MOMENT, open_bucket=None):
    log = io.StringIO()
    address = f"gs://{spark.source}/{pattern}"
    prepared = Preparation("gs://b/m.py", ["--input", address], f"gs://{spark.bucket}/{OUTPUT}")
    return NewFiles(open_bucket or spark.open_bucket, StructuredLog(log)).exist(prepared, now), log.getvalue()


def read_all(spark, run="20260301T060000Z-a"):
    """The marker of a batch that has read what is in the bucket now."""
    files = spark.open_bucket(spark.source).list("")
    inputs = {f"gs://{spark.source}/{file.name}": [file.size, milliseconds(file.updated)] for file in files}
    spark.put(spark.bucket, f"{OUTPUT}{run}/_SUCCESS", json.dumps({"inputs": inputs, "files": {}}).encode())


def test_the_first_run_starts_a_batch(spark):
    assert exist(spark) == (True, "")


def test_only_new_and_changed_files_of_the_pattern_start_a_batch(spark):
    spark.put(spark.source, "web/a.log", b"1")
    read_all(spark)
    for name in ("web/b.txt", "other/a.log", "web/deep/a.log", "web/.a.log", "web/_a.log"):
        spark.put(spark.source, name, b"1")
    assert exist(spark) == (False, "")
    spark.put(spark.source, "web/a.log", b"2")
    assert exist(spark) == (True, "")
    read_all(spark, "20260301T060100Z-b")
    assert exist(spark) == (False, "")
    spark.put(spark.source, "web/late.log", b"3")
    assert exist(spark) == (True, "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/.b", True), ("_SUCCESS", True), ("a/b._COPYING_", True), ("a/_day=1", False), ("_a/b", False)],
)
def test_names_that_spark_ignores(name, expected):
    assert is_ignored(name) == expected


def test_a_file_that_was_removed_starts_none(spark):
    spark.put(spark.source, "web/a.log", b"1")
    spark.put(spark.source, "web/b.log", b"1")
    read_all(spark)
    spark.open_bucket(spark.source).delete("web/a.log")
    assert exist(spark) == (False, "")


@pytest.mark.parametrize(
    ("pattern", "expected"), [("web/[ab].log", False), ("web/[^b].log", True), ("{web,x}/*", True)]
)
def test_a_pattern_that_only_hadoop_reads_starts_a_batch(spark, pattern, expected):
    spark.put(spark.source, "web/a.log", b"1")
    read_all(spark)
    assert exist(spark, pattern) == (expected, "")


def test_a_marker_is_renewed_before_it_is_deleted(spark):
    read_all(spark)
    start = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
    assert exist(spark, now=start + timedelta(days=MARKER_DAYS)) == (False, "")
    assert exist(spark, now=start + timedelta(days=MARKER_DAYS, seconds=1)) == (True, "")


@pytest.mark.parametrize(
    "name", ["x/_SUCCESS", "20260301T060000Z-a/_SUCCESS", "20260301T060000Z-a/rows/part-0"]
)
def test_output_without_a_readable_marker_starts_a_batch(spark, name):
    spark.put(spark.bucket, OUTPUT + name, b"")
    assert exist(spark) == (True, "")


def test_a_missing_grant_starts_a_batch_and_is_logged(spark):
    def open_bucket(name):
        raise StorageDenied(f"could not list gs://{name}/")

    started, log = exist(spark, open_bucket=open_bucket)
    assert started and "(the pipeline needs roles/storage.objectViewer on gs://" in log
