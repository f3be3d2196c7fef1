"""python -m pipeline.restore: arguments, and the lease that a run of the pipeline holds."""

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Forbidden, RetryError, ServiceUnavailable
from google.auth.exceptions import RefreshError

from pipeline.restore.__main__ import LEASE_WAIT_SECONDS, create_parser, parse_moment, wait_for_lease
from pipeline.restore.assembly import move_files
from pipeline.restore.errors import FilesNotMoved, RestoreFailed, UnknownOutcome
from pipeline.restore.unload import Load
from pipeline.restore.warehouse import Warehouse
from runtime.errors import LeaseHeld, StorageError, UsageError
from runtime.structured_log import StructuredLog


def test_a_moment_needs_an_offset():
    assert parse_moment("2026-01-31T10:30:00+01:00") == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    for text in ("2026-01-31T10:30:00", "yesterday"):
        with pytest.raises(UsageError, match=f"invalid moment '{text}'"):
            parse_moment(text)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["to"],
        ["unload", "--reason", "x"],
        ["unload", "--run", "a"],
        ["unload", "--run", "a", "--file", "b", "--reason", "x"],
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(UsageError):
        create_parser().parse_args(arguments)


class HeldJob:
    """A job whose lease is held by a run of the pipeline for some attempts."""

    def __init__(self, attempts):
        self.attempts, self.released = attempts, 0
        self.output = io.StringIO()
        self.log = StructuredLog(self.output)

    def lease(self):
        return self

    def acquire(self):
        self.attempts -= 1
        if self.attempts >= 0:
            raise LeaseHeld("hourly holds the lease")

    def release(self):
        self.released += 1


def test_a_run_that_is_active_is_waited_for():
    job, done = HeldJob(2), []
    clock = iter(range(100))
    wait_for_lease(job, lambda: done.append("restored"), lambda seconds: None, lambda: next(clock))
    assert (done, job.released) == (["restored"], 1)
    assert job.output.getvalue().count("waiting: hourly holds the lease") == 2


def test_a_run_that_does_not_end_stops_the_restore():
    job, done = HeldJob(1000), []
    clock = iter(range(0, 100_000, int(LEASE_WAIT_SECONDS / 3)))
    with pytest.raises(LeaseHeld):
        wait_for_lease(job, lambda: done.append("restored"), lambda seconds: None, lambda: next(clock))
    assert done == []


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            BadRequest("division by zero"),
            RestoreFailed,
            "rolled the transaction back; no table was changed: 400",
        ),
        (Forbidden("quotaExceeded"), RestoreFailed, "no table was changed: 403"),
        (ServiceUnavailable("later"), UnknownOutcome, "it writes all tables or none"),
        (RetryError("deadline", cause=None), UnknownOutcome, "outcome of the transaction is unknown"),
        (requests.ConnectionError("reset"), UnknownOutcome, "(reset)"),
        (RefreshError("no token"), UnknownOutcome, "Run the same command again"),
    ],
)
def test_only_a_transaction_that_bigquery_refused_changed_nothing(error, kind, text):
    """The answer can be lost after the commit."""
    client: Any = RefusingClient(error)
    with pytest.raises(kind, match=re.escape(text)):
        Warehouse(client).write("begin transaction; …")
    with pytest.raises(RestoreFailed, match="a query of BigQuery failed, and no table was changed"):
        Warehouse(client).rows("select 1")


class RefusingClient:
    def __init__(self, error):
        self.error = error

    def query_and_wait(self, sql):
        raise self.error


def test_files_that_cannot_be_moved_are_not_reported_as_a_load_that_is_still_there():
    class Failing:
        def generation(self, name):
            raise StorageError(f"{name}: 503")

    name = "sales_20260131_0930_019b0002-0000-7001-8000-000000000001.json"
    load = Load([{"source": "retail", "endpoint": "sales", "file_name": name}], {}, None, datetime.now(UTC))
    store: Any = Failing()
    with pytest.raises(
        FilesNotMoved, match="is out of all tables, but not all of its files moved to failed/"
    ):
        move_files(store, load, "bad")


def test_the_lease_is_released_after_a_failure():
    job = HeldJob(0)
    with pytest.raises(ZeroDivisionError):
        wait_for_lease(job, lambda: 1 // 0, lambda seconds: None, lambda: 0.0)
    assert job.released == 1
