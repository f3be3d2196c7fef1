"""BigQuery jobs that are sent at most once: their ids are made from what they do.

A taken id is no error: the job was sent before, by this process or by one that died, and its outcome is
adopted. An answer that was lost is looked for before anything is sent again. Only an id whose job has failed
for good is given up for the next one (`…_a1`), because BigQuery never runs an id twice."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from connector.bigquery import BigQuery, Job, Problem
from connector.errors import DataRefused, LoadError
from connector.retries import Retries
from connector.service import PASSING, Failure, passing

Begin = Callable[[str], Job | None]  # sends the job of this id; None: there is one


@dataclass
class Jobs:
    bigquery: BigQuery
    retries: Retries = field(default_factory=lambda: Retries(tries=4, base=1.0))

    def once(self, base: str, begin: Begin, lasts: Callable[[], bool] = lambda: True) -> Job:
        """The one successful job of this name. `lasts`: whether what an adopted job made is still there.

        DataRefused if its files cannot be read, LoadError if it cannot be done now."""
        failures = 0
        for number in itertools.count():
            job, adopted = self.sent(f"{base}_a{number}" if number else base, begin)
            job = self.ended(job)
            error = job.status.errorResult
            if error is None and (not adopted or lasts()):
                return job
            if error and not adopted:
                failures = self.failed(job, error, failures)
        raise AssertionError("unreachable")

    def failed(self, job: Job, error: Problem, failures: int) -> int:
        """Wait before the next attempt, if there ought to be one."""
        if error.reason == "invalid":
            raise DataRefused(sentence(job), [text(problem) for problem in job.status.errors or [error]])
        if error.reason not in PASSING or failures + 1 >= self.retries.tries:
            raise LoadError(f"{sentence(job)} The files wait in processing/; the next run goes on with them.")
        self.retries.sleep(self.retries.pause(failures, None))
        return failures + 1

    def sent(self, job_id: str, begin: Begin) -> tuple[Job, bool]:
        """The job of this id, and whether it was there before."""
        for attempt in range(self.retries.tries):
            try:
                if job := begin(job_id):
                    return job, False
                lost = "its id is taken, and there is no job of that id"
            except Failure as error:
                if not passing(error):
                    raise LoadError(f"BigQuery refused job {job_id}: {error}.") from error
                lost = str(error)
            if found := self.find(job_id):
                return found, True
            self.retries.sleep(self.retries.pause(attempt, None))
        raise LoadError(f"BigQuery did not take job {job_id} in {self.retries.tries} tries: {lost}.")

    def find(self, job_id: str) -> Job | None:
        try:
            return self.bigquery.job(job_id)
        except Failure:  # nobody says whether it is there: to send it again is harmless
            return None

    def ended(self, job: Job) -> Job:
        try:
            return self.bigquery.ended(job)
        except Failure as error:
            raise LoadError(
                f"the outcome of job {job.id} is unknown: {error}. The next run asks for it."
            ) from error


def sentence(job: Job) -> str:
    """The first few errors: the top one alone often says no more than that there were too many."""
    told = dict.fromkeys(text(problem) for problem in job.status.errors[:5])
    return f"BigQuery job {job.id} failed: " + " ".join(told)


def text(problem: Problem) -> str:
    place = f"{problem.location}: " if problem.location else ""
    return f"{place}{problem.message or problem.reason}"
