"""Cloud Run jobs: start an execution and wait until it has ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.api_core.exceptions import NotFound
from google.cloud import run_v2

from pipeline.errors import JobFailed, Unavailable
from pipeline.polling import Poller
from runtime.google_errors import CLIENT_ERRORS

REQUEST_TIMEOUT_SECONDS = 60.0  # of one request, not of a job

Overrides = run_v2.RunJobRequest.Overrides


class JobsClient(Protocol):
    """google.cloud.run_v2.JobsClient; the operation's metadata is the execution."""

    def run_job(self, request: run_v2.RunJobRequest, *, timeout: float) -> Any: ...


class ExecutionsClient(Protocol):
    """google.cloud.run_v2.ExecutionsClient."""

    def get_execution(self, *, name: str, timeout: float) -> run_v2.Execution: ...


@dataclass(frozen=True)
class JobRunner:
    """`environ` is added to the environment of every job that is started."""

    jobs: JobsClient
    executions: ExecutionsClient
    poller: Poller
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, job: str, arguments: Sequence[str] = (), tasks: int = 1) -> None:
        """Run `job` (projects/…/jobs/…) and wait for its end; JobFailed unless every task succeeded."""
        name = self.start(job, arguments, tasks)
        execution = self.poller.wait_until_ended(has_ended, lambda: self._get_execution(name), name)
        if execution.succeeded_count < execution.task_count:
            description = describe_job(job, arguments)
            raise JobFailed(f"{description} failed: {failure_reason(execution)} Its log: {execution.log_uri}")

    def start(self, job: str, arguments: Sequence[str], tasks: int = 1) -> str:
        """The name of the new execution, which runs on by itself. Not retried: after a lost response it may run."""
        # Added to the variables that Terraform has set on the job.
        variables = [run_v2.EnvVar(name=name, value=value) for name, value in self.environ.items()]
        override = Overrides.ContainerOverride(args=arguments, env=variables)
        # 0 is the default of the field: the number that the job declares, which is 1.
        overrides = Overrides(container_overrides=[override], task_count=tasks if tasks > 1 else 0)
        request = run_v2.RunJobRequest(name=job, overrides=overrides)
        try:
            return str(self.jobs.run_job(request, timeout=REQUEST_TIMEOUT_SECONDS).metadata.name)
        except CLIENT_ERRORS as error:
            raise Unavailable(f"could not start {describe_job(job, arguments)}: {error}") from error

    def _get_execution(self, name: str) -> run_v2.Execution:
        return self.executions.get_execution(name=name, timeout=REQUEST_TIMEOUT_SECONDS)


def make_execution_check(executions: ExecutionsClient) -> Callable[[str], bool | None]:
    """A function: whether the execution of that name has ended; None if that cannot be known."""

    def execution_has_ended(name: str) -> bool | None:
        try:
            return has_ended(executions.get_execution(name=name, timeout=REQUEST_TIMEOUT_SECONDS))
        except NotFound:  # Cloud Run deletes old executions
            return True
        except CLIENT_ERRORS:
            # Unknown: the lease is then watched, which takes longer and needs no API.
            return None

    return execution_has_ended


def own_execution(environ: Mapping[str, str], location: str) -> str:
    """The Cloud Run execution of this process, in projects/…/locations/…; "" outside Cloud Run."""
    job, execution = environ.get("CLOUD_RUN_JOB"), environ.get("CLOUD_RUN_EXECUTION")
    # Cloud Run sets both variables in every task of a job.
    return f"{location}/jobs/{job}/executions/{execution}" if job and execution else ""


def has_ended(execution: run_v2.Execution) -> bool:
    return execution.completion_time is not None


def failure_reason(execution: run_v2.Execution) -> str:
    """Cloud Run's message about the execution, with a full stop at its end."""
    messages = [
        condition.message
        for condition in execution.conditions
        if condition.type_ == "Completed" and condition.message
    ]
    message = messages[0] if messages else f"{execution.name} ended without a reason"
    return message if message.endswith(".") else f"{message}."


def describe_job(job: str, arguments: Sequence[str]) -> str:
    return " ".join([f"job {job.rpartition('/')[2]}", *arguments])
