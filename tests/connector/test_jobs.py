"""A job is sent once, whatever becomes of the answer."""

import pytest
import requests
from connector.bigquery import Job, Problem, Reference, Status
from google.auth.exceptions import RefreshError, TransportError

from connector.errors import InvalidData, LoadError
from connector.load.bigquery_jobs import BigQueryJobs
from runtime.retry import RetryPolicy
from tests.fakes.scripted_server import refusing


def job(job_id, *reasons):
    problems = [Problem(reason=reason, message=reason) for reason in reasons]
    return Job(Reference(job_id), Status("DONE", problems[0] if problems else None, problems))


class BigQuery:
    """Knows the jobs that arrived. `outcomes` says what becomes of each attempt to send one."""

    def __init__(self, *outcomes, silent=False):
        self.outcomes = list(outcomes)
        self.silent = silent
        self.jobs = {}

    def begin(self, job_id):
        if job_id in self.jobs:
            return None
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception) and not getattr(outcome, "arrived", False):
            raise outcome
        self.jobs[job_id] = job(job_id, *([outcome] if isinstance(outcome, str) else []))
        if isinstance(outcome, Exception):
            raise outcome
        return self.jobs[job_id]

    def job(self, job_id):
        return self.jobs.get(job_id)

    def ended(self, sent):
        if self.silent:
            raise answered(503, "backendError")
        return sent


def answered(status, reason=""):
    """An answer that is none of the expected ones."""
    response = requests.Response()
    response.status_code = status
    response._content = refusing(reason)
    return requests.HTTPError(f"{status} {reason}", response=response)


def arrived(error):
    """The request came through, its answer did not."""
    error.arrived = True
    return error


def once(bigquery, lasts=lambda: True):
    retries = RetryPolicy(attempts=4, sleep=lambda seconds: None)
    return BigQueryJobs(bigquery, retries).once("load", bigquery.begin, lasts)


@pytest.mark.parametrize(
    "outcomes",
    [
        (),
        (arrived(answered(503)),),
        (arrived(requests.ConnectionError("reset")),),
        (answered(503), answered(503)),
        (requests.Timeout("slow"), arrived(requests.Timeout("slow"))),
        (answered(403, "rateLimitExceeded"),),
        (TransportError("no token yet"),),
    ],
)
def test_one_job_whatever_becomes_of_the_answers(outcomes):
    bigquery = BigQuery(*outcomes)
    assert once(bigquery).id == "load"
    assert list(bigquery.jobs) == ["load"]


def test_a_job_that_was_sent_by_a_process_that_died_is_adopted():
    bigquery = BigQuery()
    bigquery.jobs["load"] = before = job("load")
    assert once(bigquery) is before


@pytest.mark.parametrize("reason", ["backendError", "rateLimitExceeded", "invalid", "notFound"])
def test_only_a_job_that_failed_for_good_gives_up_its_id(reason):
    """Whatever the reason was: it may be healed by now, and an id never runs twice."""
    bigquery = BigQuery()
    bigquery.jobs["load"] = job("load", reason)
    assert once(bigquery).id == "load_a1"


def test_a_passing_failure_is_tried_again_under_the_next_id():
    bigquery = BigQuery("backendError", "rateLimitExceeded")
    assert once(bigquery).id == "load_a2"


def test_not_for_ever():
    bigquery = BigQuery(*["backendError"] * 9)
    with pytest.raises(LoadError, match="backendError The files wait in processing/"):
        once(bigquery)
    assert len(bigquery.jobs) == 4


def test_data_that_cannot_be_read_is_not_tried_again():
    bigquery = BigQuery("invalid")
    with pytest.raises(InvalidData) as raised:
        once(bigquery)
    assert raised.value.messages == ["invalid"]
    assert list(bigquery.jobs) == ["load"]


@pytest.mark.parametrize(
    "error",
    [
        answered(404, "notFound"),
        answered(400, "invalidQuery"),
        answered(403, "accessDenied"),
        RefreshError("no login"),
    ],
)
def test_what_waiting_does_not_heal_is_said_at_once(error):
    bigquery = BigQuery(error, error)
    with pytest.raises(LoadError, match="BigQuery refused job load"):
        once(bigquery)
    assert len(bigquery.outcomes) == 1


def test_a_bigquery_that_is_away():
    with pytest.raises(LoadError, match="did not take job load in 4 tries"):
        once(BigQuery(*[answered(503)] * 9))


def test_an_outcome_that_nobody_knows_is_no_failure_and_no_success():
    with pytest.raises(LoadError, match="outcome of job load is unknown.* The next run asks for it"):
        once(BigQuery(silent=True))


def test_a_job_whose_table_has_expired_is_done_again():
    bigquery = BigQuery()
    bigquery.jobs["load"] = job("load")
    assert once(bigquery, lasts=lambda: False).id == "load_a1"
