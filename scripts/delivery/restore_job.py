"""The Run job `restore`: started with arguments, and waited for."""

import textwrap
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import requests
from google.api_core.exceptions import GatewayTimeout, NotFound, ServiceUnavailable
from google.cloud import run_v2

from runtime.delivery import DeliveryError, Refused
from runtime.delivery.outcomes import OUTCOME_VARIABLE, OutcomeLog
from runtime.errors import describe_error

UNKNOWN_OUTCOME = (TimeoutError, GatewayTimeout, ServiceUnavailable, requests.RequestException)
# It may have failed after its transaction, for example while files were moved: only its log states it.
UNEXPLAINED = (
    "the job restore failed; it writes all tables or none, and its log states which: {log}.{more} "
    "When the reason is gone, run the command again."
)
TIMEOUT_SECONDS = 3600.0  # waits up to half an hour for a run of the pipeline, then writes


@dataclass(frozen=True)
class RestoreJob:
    """`name` is projects/…/jobs/restore."""

    client: run_v2.JobsClient
    name: str
    outcomes: OutcomeLog

    def check(self) -> None:
        """Refused if the environment has no such job."""
        try:
            self.client.get_job(name=self.name)
        except NotFound as error:
            raise Refused(
                f"the job {self.name} does not exist, so this environment is not set up for delivery; nothing was "
                "changed. Apply Terraform first: python -m scripts.deploy apply --env ENV"
            ) from error

    def restore(self, moment: datetime, new_tables: Sequence[str]) -> None:
        """ods, dmt and ods.checkpoints as of `moment`; `new_tables` did not exist then."""
        leave = [word for table in new_tables for word in ("--leave", table)]
        self.run(["to", moment.isoformat(), *leave])

    def unload(self, arguments: Sequence[str]) -> None:
        """Print what was planned and done."""
        if outcome := self.outcomes.read(self.run(["unload", *arguments])):
            print(textwrap.indent(outcome.text, "        "))

    def run(self, arguments: Sequence[str]) -> str:
        """The id of its outcome; DeliveryError with its reason. It can be repeated: it writes a fixed state."""
        name = f"restore-{uuid.uuid4().hex}"
        override = run_v2.RunJobRequest.Overrides.ContainerOverride(
            args=arguments, env=[run_v2.EnvVar(name=OUTCOME_VARIABLE, value=name)]
        )
        overrides = run_v2.RunJobRequest.Overrides(container_overrides=[override])
        operation = self.client.run_job(run_v2.RunJobRequest(name=self.name, overrides=overrides))
        log = operation.metadata.log_uri
        # Before the wait, which may take an hour: the address is known also if this command is killed meanwhile.
        print(f"restore {' '.join(arguments)}: {log}")
        try:
            execution = operation.result(timeout=TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
        except UNKNOWN_OUTCOME as error:
            # It may still run, or have ended: only its log shows whether it has written the tables.
            reason = describe_error(error)
            raise DeliveryError(
                f"the outcome of the job restore is unknown ({reason}); it writes all tables or none. Its log: {log}. "
                "When it has ended, run the command again."
            ) from error
        except Exception as error:  # the future of an operation raises errors of several libraries
            raise DeliveryError(self.explain(name, log, f" {error}")) from error
        # An operation can succeed although its execution failed.
        if not execution.succeeded_count:
            raise DeliveryError(self.explain(name, log, ""))
        return name

    def explain(self, name: str, log: str, more: str) -> str:
        """The job's own reason, or where it is."""
        outcome = self.outcomes.read(name)
        return f"{outcome.text} Log: {log}" if outcome else UNEXPLAINED.format(log=log, more=more)
