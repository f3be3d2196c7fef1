"""The row that the job `restore` ends with, for the command that started it."""

import io
import json

import pytest
from google.api_core.exceptions import Forbidden

from pipeline.restore.errors import NotLoaded
from pipeline.restore.outcome import CollectingLog, Recorder
from runtime.delivery.outcomes import Outcome
from runtime.structured_log import StructuredLog


class FakeOutcomes:
    def __init__(self, error=None):
        self.rows, self.error = [], error

    def write(self, name, outcome):
        if self.error:
            raise self.error
        self.rows.append((name, outcome))


def record(outcomes, name, error=None, stream=None, only_failures=False):
    log = CollectingLog(StructuredLog(stream or io.StringIO()))
    with Recorder(outcomes, name, log, only_failures).recording():
        log("1 files, 3 rows of raw.sales")
        log("restored 2 parts")
        if error:
            raise error


def test_the_lines_of_a_success():
    outcomes = FakeOutcomes()
    record(outcomes, "id")
    assert outcomes.rows == [("id", Outcome("done", "1 files, 3 rows of raw.sales\nrestored 2 parts"))]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotLoaded("x: no such load"), "x: no such load"),
        (KeyError("rows"), "unexpected KeyError: 'rows'"),
    ],
)
def test_the_reason_of_a_failure_which_stays_the_failure_of_the_job(error, text):
    outcomes = FakeOutcomes()
    with pytest.raises(type(error)):
        record(outcomes, "id", error)
    assert outcomes.rows == [("id", Outcome("failed", text))]


def test_a_rollback_records_only_a_failure():
    outcomes = FakeOutcomes()
    record(outcomes, "id", only_failures=True)
    assert outcomes.rows == []
    with pytest.raises(NotLoaded):
        record(outcomes, "id", NotLoaded("no such load"), only_failures=True)
    assert outcomes.rows == [("id", Outcome("failed", "no such load"))]


def test_nothing_is_written_when_the_pipeline_started_the_job():
    outcomes = FakeOutcomes()
    record(outcomes, "")
    assert outcomes.rows == []


def test_a_restore_succeeds_although_its_row_could_not_be_written():
    stream = io.StringIO()
    record(FakeOutcomes(Forbidden("no access to ops.releases")), "id", stream=stream)
    [*_, last] = map(json.loads, stream.getvalue().splitlines())
    assert last["severity"] == "WARNING" and "the outcome was not written to ops.releases" in last["message"]
