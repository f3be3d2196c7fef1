"""BigQuery jobs that are sent at most once: their ids are made from what they do.

A taken id is no error: the job was sent before, by this process or by one that died, and its outcome is
adopted. An answer that was lost is looked for before anything is sent again. Only an id whose job has failed
for good is given up for the next one (`…_a1`), because BigQuery never runs an id twice."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from google.api_core.exceptions import (
    Conflict,
    Forbidden,
    GoogleAPICallError,
    RetryError,
    ServerError,
    TooManyRequests,
)
from google.auth.exceptions import TransportError
from google.cloud import bigquery

from connector.errors import DataRefused, LoadError
from connector.retries import Retries

# Nobody knows whether the request arrived.
UNKNOWN = (ServerError, TooManyRequests, RetryError, TransportError, requests.RequestException)
PASSING = {
    "rateLimitExceeded",
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "quotaExceeded",
}

Job = Any  # LoadJob or QueryJob: their common parent is private to the client


@dataclass
class Jobs:
    client: bigquery.Client
    retries: Retries = field(default_factory=lambda: Retries(tries=4, base=1.0))

    def once(self, base: str, begin: Callable[[str], Job], lasts: Callable[[], bool] = lambda: True) -> Job:
        """The one successful job of this name. `lasts`: whether what an adopted job made is still there.

        DataRefused if its files cannot be read, LoadError if it cannot be done now."""
        failures = 0
        for number in itertools.count():
            job, adopted = self.sent(f"{base}_a{number}" if number else base, begin)
            error = self.outcome(job)
            if error is None and (not adopted or lasts()):
                return job
            if error and not adopted:
                failures = self.failed(job, error, failures)
        raise AssertionError("unreachable")

    def failed(self, job: Job, error: dict[str, Any], failures: int) -> int:
        """Wait before the next attempt, if there ought to be one."""
        if error.get("reason") == "invalid":
            raise DataRefused(sentence(job), [text(e) for e in job.errors or [error]])
        if error.get("reason") not in PASSING or failures + 1 >= self.retries.tries:
            raise LoadError(f"{sentence(job)} The files wait in processing/; the next run goes on with them.")
        self.retries.sleep(self.retries.pause(failures, None))
        return failures + 1

    def sent(self, job_id: str, begin: Callable[[str], Job]) -> tuple[Job, bool]:
        """The job of this id, and whether it was there before."""
        for attempt in range(self.retries.tries):
            try:
                return begin(job_id), False
            except Conflict:
                return self.client.get_job(job_id), True
            except UNKNOWN as error:
                lost: Exception = error
            except GoogleAPICallError as error:
                if not isinstance(error, Forbidden) or not passing(error):
                    raise LoadError(f"BigQuery refused job {job_id}: {error.message}.") from error
                lost = error
            if found := self.find(job_id):
                return found, True
            self.retries.sleep(self.retries.pause(attempt, None))
        raise LoadError(
            f"BigQuery did not take job {job_id} in {self.retries.tries} tries: {lost}."
        ) from lost

    def find(self, job_id: str) -> Job | None:
        try:
            return self.client.get_job(job_id)
        except (GoogleAPICallError, *UNKNOWN):  # not there, or nobody says so: to send it again is harmless
            return None

    def outcome(self, job: Job) -> dict[str, Any] | None:
        """Wait for the end of the job: its error, or None."""
        try:
            job.result()
        except (GoogleAPICallError, *UNKNOWN) as error:
            if not job.error_result:
                raise LoadError(
                    f"the outcome of job {job.job_id} is unknown: {error}. The next run asks for it."
                ) from error
        return dict(job.error_result) if job.error_result else None


def passing(error: GoogleAPICallError) -> bool:
    return any(isinstance(e, dict) and e.get("reason") in PASSING for e in error.errors or [])


def sentence(job: Job) -> str:
    """The first few errors: the top one alone often says no more than that there were too many."""
    return f"BigQuery job {job.job_id} failed: " + " ".join(
        dict.fromkeys(text(e) for e in (job.errors or [])[:5])
    )


def text(error: dict[str, Any]) -> str:
    place = f"{error['location']}: " if error.get("location") else ""
    return f"{place}{error.get('message', error)}"
