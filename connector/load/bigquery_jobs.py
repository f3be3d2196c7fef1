"""BigQuery jobs that run at most once: their ids are derived from what they do.

A Conflict means that the job was submitted before, by this process or by one that was killed: its outcome is
adopted. Google's client would retry by itself under a new id and would run the job a second time, so every call
here disables its retry (docs/adr/0004). After a lost response the job is looked up before it is submitted again.
BigQuery never runs an id twice, so a job that failed for a transient reason is repeated under the next id
(`…_a1`).
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import requests
from google.api_core.exceptions import Conflict, GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.bigquery import Client, LoadJob, QueryJob

from connector.errors import InvalidData, LoadError
from runtime.google_errors import CLIENT_ERRORS
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy

Job = LoadJob | QueryJob
Submit = Callable[[str], Job]  # submits the job of this id, or raises Conflict

# Reasons after which the same request may succeed; BigQuery sends some of them with status 403:
# https://cloud.google.com/bigquery/docs/error-messages
TRANSIENT_REASONS = {
    "rateLimitExceeded",
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "quotaExceeded",
}
MISSING_TABLE = "Create the table with `python -m scripts.deploy apply --env ENV`. "
POLL_SECONDS = (0.1, 2.0)  # between two polls of a job: first, and at most
REQUEST_TIMEOUT_SECONDS = 60.0
NO_RETRY: Any = None  # documented for every method; its type hints do not contain it


@dataclass
class BigQueryJobs:
    client: Client
    # A job that BigQuery does not accept waits for the next run: its files stay in processing/.
    submit_retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=4, base=1.0))
    read_retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=8, deadline=120))

    def run_once(self, job_id: str, submit: Submit, output_exists: Callable[[], bool] = lambda: True) -> Job:
        """The one successful job of this id. `output_exists`: whether the result of an adopted job still exists.

        InvalidData if its files cannot be read, LoadError if it cannot be done now.
        """
        failures = 0
        # Ends: each number was either used before, or leads to a job of this process.
        for number in itertools.count():
            job, is_adopted = self._submit(f"{job_id}_a{number}" if number else job_id, submit)
            job = self._wait(job)
            # The staging table of an adopted job may have expired since: then the load is repeated.
            if not job.error_result and (not is_adopted or output_exists()):
                return job
            # A failure of an earlier process is not final: its cause may be corrected by now.
            if job.error_result and not is_adopted:
                failures = self._handle_failure(job, failures)
        raise AssertionError("unreachable")

    def find(self, job_id: str) -> Job | None:
        """None if it does not exist, or if that cannot be known: submitting the same id again is safe."""
        try:
            return cast(Job, self.client.get_job(job_id, retry=NO_RETRY, timeout=REQUEST_TIMEOUT_SECONDS))
        except CLIENT_ERRORS:
            return None

    def read[Result](self, request: Callable[[], Result]) -> Result:
        """The result of a request that changes nothing, retried while its errors are transient."""
        return self.read_retry.call(request, self._next_delay)

    def _next_delay(self, error: Exception, attempt: int) -> float | None:
        return self.read_retry.delay(attempt) if is_transient(error) else None

    def _submit(self, job_id: str, submit: Submit) -> tuple[Job, bool]:
        """The job of this id, and whether it existed before."""
        for attempt in range(self.submit_retry.attempts):
            reason = "its id is taken, but the job was not found"
            try:
                return submit(job_id), False
            except Conflict:
                pass
            except CLIENT_ERRORS as error:
                if not is_transient(error):
                    raise LoadError(f"BigQuery rejected job {job_id}: {error}.") from error
                reason = str(error)
            # After a Conflict, and after a lost response: the job may exist all the same.
            if job := self.find(job_id):
                return job, True
            self.submit_retry.sleep(self.submit_retry.delay(attempt))
        raise LoadError(
            f"BigQuery did not accept job {job_id} in {self.submit_retry.attempts} attempts: {reason}."
        )

    def _wait(self, job: Job) -> Job:
        """Poll until the job is done, successful or not."""
        pause, longest = POLL_SECONDS
        try:
            while job.state != "DONE":
                self.submit_retry.sleep(pause)
                pause = min(longest, 1.5 * pause)
                self.read(lambda: job.reload(retry=NO_RETRY, timeout=REQUEST_TIMEOUT_SECONDS))
        except CLIENT_ERRORS as error:
            message = f"the outcome of job {job.job_id} is unknown: {error}. The next run polls it again."
            raise LoadError(message) from error
        return job

    def _handle_failure(self, job: Job, failures: int) -> int:
        """Wait before the next attempt, if the reason is transient."""
        reason = job.error_result["reason"]
        errors = job.errors or [job.error_result]
        # The content of the files: no repetition helps, but the loader can take the rows out.
        if reason == "invalid":
            raise InvalidData(describe_failure(job), [describe_job_error(error) for error in errors])
        if reason not in TRANSIENT_REASONS or failures + 1 >= self.submit_retry.attempts:
            remedy = MISSING_TABLE if reason == "notFound" else ""
            message = f"{describe_failure(job)} {remedy}The files wait in processing/; the next run resumes."
            raise LoadError(message)
        self.submit_retry.sleep(self.submit_retry.delay(failures))
        return failures + 1


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    # The metadata server may be unreachable for a moment; google-auth marks that as retryable.
    if isinstance(error, GoogleAuthError):
        return bool(error.retryable) or isinstance(error, TransportError)
    if not isinstance(error, GoogleAPICallError):
        return isinstance(error, requests.ConnectionError | requests.Timeout)
    reasons = {detail.get("reason") for detail in error.errors or [] if isinstance(detail, dict)}
    return error.code in TRANSIENT_STATUSES or not reasons.isdisjoint(TRANSIENT_REASONS)


def describe_failure(job: Job) -> str:
    """The first few errors: the top one is often only that there were too many."""
    errors = job.errors or [job.error_result]
    return f"BigQuery job {job.job_id} failed: " + " ".join(
        dict.fromkeys(describe_job_error(error) for error in errors[:5])
    )


def describe_job_error(error: dict[str, Any]) -> str:
    location = f"{error['location']}: " if error.get("location") else ""
    return f"{location}{error.get('message') or error.get('reason')}"
