"""The terraform command. The only file that imports python_terraform, of which only `cmd` is used.

Its named methods send options that Terraform no longer has (destroy -force), or log a plan as a failure.
"""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import python_terraform
from python_terraform import IsFlagged

from scripts.deploy.environment import Environment
from scripts.deploy.errors import (
    ApplyFailed,
    NoCredentials,
    StalePlan,
    StateBucketMissing,
    StateLocked,
    TerraformFailed,
    TerraformMissing,
)
from scripts.deploy.plan import Plan
from scripts.deploy.plan_origin import check_origin, write_origin

NO_BUCKET = "bucket doesn't exist"  # message of the gcs backend
NO_CREDENTIALS = "could not find default credentials"
STALE = "Saved plan is stale"
LOCKED = "Error acquiring the state lock"
WARNING = re.compile(r"^Warning: .*?(?=^Plan: |^No changes|\Z)", re.MULTILINE | re.DOTALL)
# Terraform prints one such line per resource before an error: 140 lines above the message.
PROGRESS_LINE = re.compile(
    r"^.*: (Refreshing state\.\.\.|Reading\.\.\.|Read complete after|Still reading\.\.\.).*\n", re.MULTILINE
)
LOCK_TIMEOUT = "60s"
# Most of an apply is waiting: 3 s for each grant to settle, 10 s for each service account.
PARALLELISM = 40
# Cloud Monitoring: a log metric can be used in an alert up to ten minutes after its creation.
# The provider does not retry: hashicorp/terraform-provider-google#11102.
METRIC_NOT_READY = "Cannot find metric(s) that match type"


class MetricNotReady(ApplyFailed):
    """An alert was refused because its log metric is too new. A later apply succeeds."""


class Terraform:
    """Terraform in the workspace of `environment`."""

    def __init__(self, environment: Environment) -> None:
        if shutil.which("terraform") is None:
            raise TerraformMissing(
                "terraform is not on the PATH; install 1.11 or newer: "
                "https://developer.hashicorp.com/terraform/install"
            )
        self.environment = environment
        self.cli = python_terraform.Terraform(working_dir=str(environment.folder))
        # python_terraform gives its own environment to terraform and has no argument for more variables.
        os.environ.update(environment.quota_variables)

    def init(self) -> None:
        """Select the backend in the project's bucket, and the workspace."""
        bucket = {"bucket": self.environment.state_bucket}
        try:
            # reconfigure: the folder may be initialised for the backend of another environment.
            self.run("init", input=False, reconfigure=IsFlagged, backend_config=bucket)
        except TerraformFailed as error:
            if NO_BUCKET not in str(error):
                raise
            raise StateBucketMissing(
                f"the state bucket {bucket['bucket']} does not exist. "
                f"Run: python -m scripts.bootstrap --env {self.environment.name}"
            ) from error
        self.run("workspace select", self.environment.name, or_create=True)

    def plan(self, path: Path, *, destroy: bool = False, targets: Sequence[str] = ()) -> Plan:
        """Write the plan to `path`; Terraform's warnings are printed to stderr."""
        output = self.run(
            "plan",
            out=str(path),
            input=False,
            var_file=self.environment.tfvars,
            lock_timeout=LOCK_TIMEOUT,
            # python_terraform writes `-destroy=false` for False, and nothing for None.
            destroy=destroy or None,
            target=list(targets),
        )
        print(*WARNING.findall(output), sep="", end="", file=sys.stderr)
        write_origin(path, self.environment.folder)
        return self.load_plan(path)

    def load_plan(self, path: Path) -> Plan:
        """WrongPlan if the file is missing, cut, or of another commit or environment."""
        check_origin(path, self.environment.folder, self.environment.name)
        plan = Plan.parse(path, self.run_json("show", str(path)))
        plan.check_env(self.environment.name)
        plan.check_time_zone()
        return plan

    def apply(self, plan: Plan) -> None:
        """Apply exactly this plan. StalePlan if the state has changed since, StateLocked if another apply runs.

        ApplyFailed if it began; MetricNotReady if its only errors are alerts whose metric is too new.
        """
        # Terraform writes to the same terminal; the plan must be above its output.
        sys.stdout.flush()
        with tempfile.TemporaryFile("w+") as errors:
            # Captured to recognise one error, and printed below: terraform inherits sys.stderr.
            with interruptible(), redirect_stderr(errors):
                code, _, _ = self.cli.cmd(
                    "apply",
                    str(plan.path),
                    capture_output=False,
                    no_color=None if sys.stdout.isatty() else IsFlagged,
                    input=False,
                    lock_timeout=LOCK_TIMEOUT,
                    parallelism=PARALLELISM,
                )
            errors.seek(0)
            text = errors.read()
        print(text, end="", file=sys.stderr)
        if code == 0:
            return
        if STALE in text:
            raise StalePlan(
                f"{plan.path} is stale, as another apply ran, and was not applied. Make a new one: plan again"
            )
        # Before the first resource: without the lock Terraform changes nothing.
        if LOCKED in text:
            raise self.locked(f"{plan.path} was not applied; the message is printed above.")
        if is_only_metric_not_ready(text):
            raise MetricNotReady(
                "an alert's metric is not ready yet; the rest of the plan was applied. Plan and "
                "apply again in ten minutes"
            )
        raise ApplyFailed(
            "terraform apply failed, and a part of the plan may be applied; the errors are printed above. Plan and "
            "apply again: docs/runbooks/failed-apply.md"
        )

    def outputs(self) -> dict[str, Any]:
        """Values by name. TerraformFailed with the messages of Terraform."""
        return {name: output["value"] for name, output in self.run_json("output").items()}

    def run(self, command: str, *arguments: str, **options: Any) -> str:
        """Standard output of a command; TerraformFailed with its messages."""
        with interruptible():
            code, out, err = self.cli.cmd(command, *arguments, no_color=IsFlagged, **options)
        if code == 0:
            return str(out)
        # By text: Terraform has one exit code for all errors.
        if LOCKED in err:
            raise self.locked(err.strip())
        if NO_CREDENTIALS in err:
            raise NoCredentials(
                "no Google Cloud credentials. Run: gcloud auth application-default login "
                f"&& gcloud auth application-default set-quota-project {self.environment.project}"
            )
        raise TerraformFailed(f"terraform {command} failed:\n{PROGRESS_LINE.sub('', out)}{err}")

    def locked(self, message: str) -> StateLocked:
        return StateLocked(
            f"{message}\nAnother deployment of {self.environment.name} is running: wait for it. "
            "If none is, a run was killed: docs/runbooks/failed-apply.md"
        )

    def run_json(self, command: str, *arguments: str) -> dict[str, Any]:
        """The JSON that a command prints; as `run`."""
        return dict(json.loads(self.run(command, *arguments, json=IsFlagged)))


def is_only_metric_not_ready(errors: str) -> bool:
    """Whether every error of an apply is an alert whose metric is not ready."""
    # Any other error beside it must not be retried.
    count = len(re.findall(r"^.{0,4}Error: ", errors, re.MULTILINE))
    return count > 0 and errors.count(METRIC_NOT_READY) >= count


@contextmanager
def interruptible() -> Iterator[None]:
    """Ignore Ctrl-C here: it reaches terraform too, which finishes its requests and releases the lock."""
    # A function and not SIG_IGN, which terraform would inherit: it would ignore Ctrl-C too.
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
