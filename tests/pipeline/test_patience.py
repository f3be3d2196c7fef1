"""Waiting through an API's bad moments, and not for ever."""

import pytest
import requests
from google.api_core import exceptions

from pipeline.errors import LeaseLost, Unavailable
from pipeline.patience import FAILURES, Patience

PASSING = [
    exceptions.ServiceUnavailable("503"),
    exceptions.TooManyRequests("429"),
    requests.ConnectionError("reset"),
]


def looking_at(*seen):
    left = iter(seen)

    def look():
        one = next(left)
        if isinstance(one, Exception):
            raise one
        return one

    return look


def done(seen):
    return seen == "done"


def test_what_fails_in_passing_is_asked_again():
    waited = []
    patience = Patience(waited.append, lambda: None)
    assert patience.until(done, looking_at("going", *PASSING, "going", "done"), "it") == "done"
    assert len(waited) == 5
    assert waited == sorted(waited)


def test_failures_count_only_in_a_row():
    bad = [PASSING[0]] * (FAILURES - 1)
    patience = Patience(lambda seconds: None, lambda: None)
    assert patience.until(done, looking_at(*bad, "going", *bad, "done"), "it") == "done"


def test_it_ends_with_the_name_of_what_could_not_be_watched():
    waited = []
    patience = Patience(waited.append, lambda: None)
    with pytest.raises(Unavailable, match="^executions/x could not be looked at: .*503"):
        patience.until(done, looking_at(*[PASSING[0]] * FAILURES), "executions/x")
    assert 60 < sum(waited) < 600


def test_a_refusal_is_not_asked_again():
    with pytest.raises(exceptions.Forbidden):
        Patience(lambda seconds: None, lambda: None).until(done, looking_at(exceptions.Forbidden("no")), "it")


def test_a_run_that_must_not_go_on_stops_waiting():
    def check():
        raise LeaseLost

    with pytest.raises(LeaseLost):
        Patience(lambda seconds: None, check).until(done, looking_at(), "it")
