"""The Run job `rehearse`: one execution at a time, which is cancelled when this command ends before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud import run_v2

from runtime.delivery import Busy, DeliveryError, Refused

TIMEOUT_SECONDS = 3600.0
CANCEL_SECONDS = 60.0


@dataclass(frozen=True)
class RehearseJob:
    """`name` is projects/…/jobs/rehearse."""

    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    name: str

    def check(self) -> None:
        """Refused if the environment has no such job; Busy if it runs: its command was killed, and it was not."""
        try:
            running = [each for each in self.executions.list_executions(parent=self.name) if is_running(each)]
        except NotFound as error:
            raise Refused(
                f"the job {self.name} does not exist, so this environment is not set up for delivery; nothing was "
                "changed. Apply Terraform first: python -m scripts.deploy apply --env ENV"
            ) from error
        if running:
            raise Busy(
                f"another rehearsal is in progress: {running[0].name}; nothing was changed. Wait until it has ended, "
                f"or cancel it: gcloud run jobs executions cancel {running[0].name.rpartition('/')[2]}"
            )

    def run(self, arguments: Sequence[str]) -> str:
        """The address of its log, when it has ended; whether it succeeded is in ops.releases.

        Any end of this process cancels it, and it drops its clones.
        """
        overrides = run_v2.RunJobRequest.Overrides(
            container_overrides=[run_v2.RunJobRequest.Overrides.ContainerOverride(args=arguments)]
        )
        operation = self.jobs.run_job(run_v2.RunJobRequest(name=self.name, overrides=overrides))
        execution = operation.metadata
        try:
            operation.result(timeout=TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
        except GoogleAPICallError:  # the execution failed; its row in ops.releases has the reason
            pass
        except BaseException:
            self.cancel(execution.name)
            raise
        return str(execution.log_uri)

    def cancel(self, execution: str) -> None:
        """And wait until it has ended; DeliveryError if it may still be running."""
        try:
            self.executions.cancel_execution(name=execution).result(timeout=CANCEL_SECONDS)  # type: ignore[no-untyped-call]
        except Exception as error:
            if is_running(self.executions.get_execution(name=execution)):
                raise DeliveryError(
                    f"{execution} was not cancelled: {error}. Its clones are dropped when it ends, or by "
                    "the next rehearsal."
                ) from error


def is_running(execution: run_v2.Execution) -> bool:
    return not execution.completion_time
