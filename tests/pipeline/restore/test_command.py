"""python -m pipeline.restore: arguments, and the lease that a run of the pipeline holds."""

import io
from datetime import UTC, datetime

import pytest

from pipeline.restore.__main__ import LEASE_WAIT_SECONDS, create_parser, parse_moment, wait_for_lease
from runtime.errors import LeaseHeld, UsageError
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


def test_the_lease_is_released_after_a_failure():
    job = HeldJob(0)
    with pytest.raises(ZeroDivisionError):
        wait_for_lease(job, lambda: 1 // 0, lambda seconds: None, lambda: 0.0)
    assert job.released == 1
