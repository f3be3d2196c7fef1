"""A BigQuery job runs at most once, whatever happens to its requests and responses."""

from types import SimpleNamespace

import pytest
import requests
from google.api_core.exceptions import Conflict, from_http_status
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError, TransportError
from google.cloud import bigquery
from google.cloud.bigquery import LoadJobConfig
from google.cloud.bigquery.retry import job_retry_reasons

from connector.errors import InvalidData, LoadError
from connector.load.bigquery_jobs import NO_RETRY, POLL_SECONDS, TRANSIENT_REASONS, BigQueryJobs
from connector.load.bigquery_tables import wrap_errors
from runtime.retry import RetryPolicy
from tests.fakes.scripted_server import Answer, ScriptedServer, error_body, json_body

POLICY = RetryPolicy(attempts=4, sleep=lambda seconds: None)


class FakeJob:
    """A job of google-cloud-bigquery. `polls` are the states, or errors, of its next polls."""

    def __init__(self, job_id, reason=None, state="DONE", polls=()):
        self.job_id, self.state, self.polls = job_id, state, list(polls)
        self.error_result = {"reason": reason, "message": reason} if reason else None
        self.errors = [self.error_result] if reason else None

    def reload(self, **options):
        poll = self.polls.pop(0)
        if isinstance(poll, Exception):
            raise poll
        self.state = poll


class FakeBigQuery:
    """Stores the jobs that arrived. `outcomes` are those of the next submissions: an error, the reason of a
    failed job, or None for a successful one."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.jobs = {}

    def submit(self, job_id):
        if job_id in self.jobs:
            raise Conflict(f"Already Exists: {job_id}")
        outcome = self.outcomes.pop(0) if self.outcomes else None
        error = outcome if isinstance(outcome, Exception) else None
        if error is not None and not getattr(error, "has_arrived", False):
            raise error
        self.jobs[job_id] = FakeJob(job_id, None if error is not None else outcome)
        if error is not None:
            raise error
        return self.jobs[job_id]

    def get_job(self, job_id, **options):
        if job_id not in self.jobs:
            raise api_error(404, "notFound")
        return self.jobs[job_id]


def api_error(status, reason="backendError"):
    """The exception that Google's client raises for an error response."""
    return from_http_status(status, reason, errors=[{"reason": reason, "message": reason}])


def lost_response(error):
    """The request arrived, its response did not."""
    error.has_arrived = True
    return error


def run_once(service, output_exists=lambda: True, policy=POLICY):
    return BigQueryJobs(service, policy, policy).run_once("load", service.submit, output_exists)


@pytest.mark.parametrize(
    "outcomes",
    [
        (),
        (lost_response(api_error(503)),),
        (lost_response(requests.ConnectionError("reset")),),
        (api_error(503),),
        (api_error(503), api_error(503)),
        (requests.Timeout("slow"), lost_response(requests.Timeout("slow"))),
        (api_error(403, "rateLimitExceeded"),),
        (api_error(403, "quotaExceeded"),),
        (TransportError("no token yet"),),
    ],
)
def test_transient_errors_lead_to_one_job(outcomes):
    service = FakeBigQuery(*outcomes)
    assert run_once(service).job_id == "load"
    assert list(service.jobs) == ["load"]


def test_the_job_of_a_killed_process_is_adopted():
    service = FakeBigQuery()
    service.jobs["load"] = before = FakeJob("load")
    assert run_once(service) is before


@pytest.mark.parametrize("reason", ["backendError", "rateLimitExceeded", "invalid", "notFound"])
def test_an_adopted_job_that_failed_is_repeated_under_the_next_id(reason):
    """Whatever the reason: the cause may be fixed by now, and BigQuery never runs an id twice."""
    service = FakeBigQuery()
    service.jobs["load"] = FakeJob("load", reason)
    assert run_once(service).job_id == "load_a1"


def test_a_transient_failure_of_a_job_is_repeated_under_the_next_id():
    service = FakeBigQuery("backendError", "rateLimitExceeded")
    assert run_once(service).job_id == "load_a2"


def test_every_reason_for_which_googles_client_repeats_a_job_is_transient():
    """More than five changes of a table in ten seconds are jobRateLimitExceeded, as when many endpoints end at once."""
    assert set(job_retry_reasons) <= TRANSIENT_REASONS


def test_a_job_that_fails_every_time_ends_the_run():
    service = FakeBigQuery(*["backendError"] * 9)
    with pytest.raises(LoadError, match="backendError The files wait in processing/"):
        run_once(service)
    assert len(service.jobs) == 4


def test_a_missing_table_is_reported_with_the_command_that_creates_it():
    service = FakeBigQuery("notFound")
    with pytest.raises(LoadError, match="Create the table with `python -m scripts.deploy apply --env ENV`"):
        run_once(service)
    assert len(service.jobs) == 1


def test_unreadable_data_is_not_retried():
    service = FakeBigQuery("invalid")
    with pytest.raises(InvalidData) as raised:
        run_once(service)
    assert raised.value.messages == ["invalid"]
    assert list(service.jobs) == ["load"]


@pytest.mark.parametrize(
    "error",
    [
        api_error(404, "notFound"),
        api_error(400, "invalidQuery"),
        api_error(403, "accessDenied"),
        RefreshError("not logged in"),
    ],
)
def test_a_permanent_error_is_raised_at_once(error):
    service = FakeBigQuery(error, error)
    with pytest.raises(LoadError, match="BigQuery rejected job load"):
        run_once(service)
    assert len(service.outcomes) == 1


def test_an_outage_of_bigquery_ends_the_attempts():
    with pytest.raises(LoadError, match="did not accept job load in 4 attempts"):
        run_once(FakeBigQuery(*[api_error(503)] * 9))


def test_polls_become_rarer_and_survive_an_outage():
    service, delays = FakeBigQuery(), list[float]()
    running = ["RUNNING"] * 12
    service.jobs["load"] = FakeJob("load", state="PENDING", polls=[*running, api_error(503), "DONE"])
    policy = RetryPolicy(attempts=4, sleep=delays.append, jitter=lambda low, high: 0)
    assert run_once(service, policy=policy).state == "DONE"
    polls = [delay for delay in delays if delay]
    assert polls[0] == POLL_SECONDS[0] and polls[-1] == POLL_SECONDS[1]
    assert polls == sorted(polls) and len(polls) == 13


@pytest.mark.parametrize("error", [api_error(503), api_error(403, "accessDenied"), requests.Timeout("slow")])
def test_an_unknown_outcome_is_neither_failure_nor_success(error):
    service = FakeBigQuery()
    service.jobs["load"] = FakeJob("load", state="RUNNING", polls=[error] * 9)
    with pytest.raises(LoadError, match="outcome of job load is unknown.* The next run polls it"):
        run_once(service)


def test_a_job_whose_table_has_expired_is_repeated():
    service = FakeBigQuery()
    service.jobs["load"] = FakeJob("load")
    assert run_once(service, output_exists=lambda: False).job_id == "load_a1"


# Google's own client, over HTTP

LOAD = {
    "load": {"destinationTable": {"projectId": "p", "datasetId": "raw", "tableId": "t"}, "sourceUris": []}
}


def job_answer(state, job_id="load"):
    """A load job as the API describes it."""
    reference = {"projectId": "p", "jobId": job_id, "location": "EU"}
    return Answer(
        body=json_body({"jobReference": reference, "configuration": LOAD, "status": {"state": state}})
    )


@pytest.fixture
def scripted():
    """Runs one load job with Google's client on a server with scripted responses; the server and the delays."""
    closers = []

    def run(*answers):
        server, delays = ScriptedServer(*answers), list[float]()
        options = {"api_endpoint": server.url}
        client = bigquery.Client("p", AnonymousCredentials(), client_options=options, location="EU")
        closers.extend([client.close, server.close])
        policy = RetryPolicy(attempts=4, sleep=delays.append, jitter=lambda low, high: 0)
        config = LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")

        def submit(job_id):
            return client.load_table_from_uri(
                ["gs://b/x"], "p.raw.t", job_id=job_id, job_config=config, retry=NO_RETRY, timeout=10
            )

        outcome = SimpleNamespace(server=server, delays=delays, job=None, error=None)
        try:
            outcome.job = BigQueryJobs(client, policy, policy).run_once("load", submit)
        except LoadError as error:
            outcome.error = error
        outcome.methods = [request.method for request in server.requests]
        return outcome

    yield run
    for close in closers:
        close()


def test_a_running_job_is_polled_until_it_is_done(scripted):
    outcome = scripted(job_answer("PENDING"), job_answer("RUNNING"), job_answer("DONE"))
    assert outcome.job.job_id == "load" and outcome.error is None
    assert outcome.methods == ["POST", "GET", "GET"]
    assert outcome.delays == [POLL_SECONDS[0], 1.5 * POLL_SECONDS[0]]


def test_a_conflict_adopts_the_job(scripted):
    outcome = scripted(Answer(409, error_body("duplicate")), job_answer("DONE"))
    assert outcome.job.job_id == "load"
    assert outcome.methods == ["POST", "GET"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503, error_body("backendError")),
        Answer(403, error_body("rateLimitExceeded")),
        Answer(0),
    ],
)
def test_a_transient_rejection_is_looked_up_and_submitted_again(scripted, answer):
    outcome = scripted(answer, Answer(404, error_body("notFound")), job_answer("DONE"))
    assert outcome.job.job_id == "load"
    assert outcome.methods == ["POST", "GET", "POST"]


def test_a_missing_grant_is_not_retried(scripted):
    outcome = scripted(Answer(403, error_body("accessDenied")))
    assert "BigQuery rejected job load" in str(outcome.error)
    assert outcome.methods == ["POST"]


def test_a_query_that_takes_too_long_is_an_error_of_bigquery():
    with (
        pytest.raises(LoadError, match="could not count the keys: TimeoutError"),
        wrap_errors("count the keys"),
    ):
        raise TimeoutError
