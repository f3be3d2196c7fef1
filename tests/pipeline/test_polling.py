"""Polling retries transient errors, a limited number of times."""

import pytest
import requests
from google.api_core import exceptions

from pipeline.errors import Unavailable
from pipeline.polling import MAX_FAILURES, Poller
from runtime.errors import LeaseLost

TRANSIENT = [
    exceptions.ServiceUnavailable("503"),
    exceptions.TooManyRequests("429"),
    requests.ConnectionError("reset"),
]


def poll_results(*results):
    """A poll function that returns, or raises, the results one after another."""
    remaining = iter(results)

    def poll():
        result = next(remaining)
        if isinstance(result, Exception):
            raise result
        return result

    return poll


def is_done(result):
    return result == "done"


def test_transient_errors_are_retried_with_growing_pauses():
    pauses = list[float]()
    poller = Poller(pauses.append, lambda: None)
    assert poller.wait_until(is_done, poll_results("running", *TRANSIENT, "running", "done"), "it") == "done"
    assert len(pauses) == 5
    assert pauses == sorted(pauses)


def test_only_consecutive_failures_count():
    failures = [TRANSIENT[0]] * (MAX_FAILURES - 1)
    poller = Poller(lambda seconds: None, lambda: None)
    assert poller.wait_until(is_done, poll_results(*failures, "running", *failures, "done"), "it") == "done"


def test_the_error_names_the_resource_and_the_last_failure():
    pauses = list[float]()
    poller = Poller(pauses.append, lambda: None)
    with pytest.raises(Unavailable, match="^could not poll executions/x: .*503"):
        poller.wait_until(is_done, poll_results(*[TRANSIENT[0]] * MAX_FAILURES), "executions/x")
    assert 60 < sum(pauses) < 600


def test_a_permanent_error_is_not_retried():
    with pytest.raises(exceptions.Forbidden):
        Poller(lambda seconds: None, lambda: None).wait_until(
            is_done, poll_results(exceptions.Forbidden("no")), "it"
        )


def test_polling_stops_when_the_run_must_not_continue():
    def check():
        raise LeaseLost

    with pytest.raises(LeaseLost):
        Poller(lambda seconds: None, check).wait_until(is_done, poll_results(), "it")
