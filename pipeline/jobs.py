"""Cloud Run jobs: started, and waited for until their execution has ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from google.api_core.exceptions import NotFound
from google.cloud import run_v2

from pipeline.errors import JobFailed, Unavailable
from pipeline.patience import PASSING, REFUSED, Patience

TIMEOUT_SECONDS = 60.0  # of one request, not of a job

Overrides = run_v2.RunJobRequest.Overrides


class JobsClient(Protocol):
    """google.cloud.run_v2.JobsClient; the operation's metadata is the execution."""

    def run_job(self, request: run_v2.RunJobRequest, *, timeout: float) -> Any: ...


class ExecutionsClient(Protocol):
    """google.cloud.run_v2.ExecutionsClient."""

    def get_execution(self, *, name: str, timeout: float) -> run_v2.Execution: ...


@dataclass(frozen=True)
class Jobs:
    jobs: JobsClient
    executions: ExecutionsClient
    patience: Patience

    def run(self, job: str, arguments: Sequence[str] = ()) -> None:
        """Run `job` (projects/…/jobs/…) to its end; JobFailed unless every task of it succeeded."""
        name = self.start(job, arguments)
        execution = self.patience.until(has_ended, lambda: self.look(name), name)
        if execution.succeeded_count < execution.task_count:
            raise JobFailed(
                f"{spoken(job, arguments)} failed: {reason(execution)} Its log: {execution.log_uri}"
            )

    def start(self, job: str, arguments: Sequence[str]) -> str:
        """The name of the new execution. Not tried twice: after a lost answer it may be running."""
        request = run_v2.RunJobRequest(name=job)
        if arguments:
            override = Overrides.ContainerOverride(args=arguments)
            request.overrides = Overrides(container_overrides=[override])
        try:
            return str(self.jobs.run_job(request, timeout=TIMEOUT_SECONDS).metadata.name)
        except REFUSED as error:
            raise Unavailable(f"{spoken(job, arguments)} could not be started: {error}") from error

    def look(self, execution: str) -> run_v2.Execution:
        """Passing failures of the API are the caller's to sit out; every other one is Unavailable."""
        try:
            return self.executions.get_execution(name=execution, timeout=TIMEOUT_SECONDS)
        except PASSING:
            raise
        except REFUSED as error:
            raise Unavailable(f"{execution} was started, but cannot be watched: {error}") from error


def ended(executions: ExecutionsClient) -> Callable[[str], bool | None]:
    """Whether the execution of that name has ended; None if that cannot be known."""

    def look(name: str) -> bool | None:
        try:
            return has_ended(executions.get_execution(name=name, timeout=TIMEOUT_SECONDS))
        except NotFound:
            return True
        except REFUSED:
            return None

    return look


def has_ended(execution: run_v2.Execution) -> bool:
    return execution.completion_time is not None


def reason(execution: run_v2.Execution) -> str:
    """What Cloud Run says of it, as a sentence."""
    said = [one.message for one in execution.conditions if one.type_ == "Completed" and one.message]
    sentence = said[0] if said else f"{execution.name} ended without a reason"
    return sentence if sentence.endswith(".") else f"{sentence}."


def spoken(job: str, arguments: Sequence[str]) -> str:
    return " ".join([f"job {job.rpartition('/')[2]}", *arguments])
