"""One JSON object per line, with the fields that Cloud Logging reads."""

import io
import json
from datetime import date

from runtime.structured_log import TRACE_FIELD, StructuredLog, open_log


def test_facts_are_fields_and_none_is_left_out():
    stream = io.StringIO()
    log = StructuredLog(stream, endpoint="sales").bind(run="r1")
    log("loaded\ntwo lines", "WARNING", rows=3, error=None, day=date(2026, 1, 2))
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line) == {
        "severity": "WARNING",
        "message": "loaded\ntwo lines",
        "endpoint": "sales",
        "run": "r1",
        "rows": 3,
        "day": "2026-01-02",
    }


def test_the_trace_of_the_pipeline_is_on_every_line():
    stream = io.StringIO()
    log = open_log(stream, {"PROJECT_ID": "p", "TRACE_ID": "a" * 32})
    log("one")
    log.bind(step="x")("two")
    assert [json.loads(line)[TRACE_FIELD] for line in stream.getvalue().splitlines()] == [
        f"projects/p/traces/{'a' * 32}"
    ] * 2


def test_without_a_pipeline_a_job_has_a_trace_of_its_own():
    first, second = (open_log(io.StringIO(), {"PROJECT_ID": "p"}).facts[TRACE_FIELD] for _ in range(2))
    assert first != second
    assert first.startswith("projects/p/traces/")
