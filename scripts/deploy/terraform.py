"""The terraform command. The only file that imports python_terraform, and its `cmd` alone.

Its named methods send options that Terraform no longer has (destroy -force), or log a plan as a failure.
"""

import json
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import python_terraform
from python_terraform import IsFlagged

from scripts.deploy.environment import Environment
from scripts.deploy.errors import (
    StateBucketMissing,
    StateLocked,
    TerraformFailed,
    TerraformMissing,
    WrongPlan,
)
from scripts.deploy.plan import Plan

NO_BUCKET = "bucket doesn't exist"  # how the gcs backend says it
LOCKED = "Error acquiring the state lock"
WARNING = re.compile(r"^Warning: .*?(?=^Plan: |^No changes|\Z)", re.MULTILINE | re.DOTALL)
LOCK_TIMEOUT = "60s"
# Nearly all of an apply is waiting: three seconds for each grant to settle, ten for each service account.
PARALLELISM = 40


class Terraform:
    """Terraform in the workspace of `environment`; TerraformFailed carries its words, or follows them."""

    def __init__(self, environment: Environment) -> None:
        if shutil.which("terraform") is None:
            raise TerraformMissing(
                "terraform is not on the PATH; install 1.11 or newer: "
                "https://developer.hashicorp.com/terraform/install"
            )
        self.environment = environment
        self.cli = python_terraform.Terraform(working_dir=str(environment.folder))

    def init(self) -> None:
        """The backend in the project's bucket, and the workspace; both are made known on stderr."""
        bucket = {"bucket": self.environment.state_bucket}
        try:
            self.told("init", input=False, reconfigure=IsFlagged, backend_config=bucket)
        except TerraformFailed as error:
            if NO_BUCKET not in str(error):
                raise
            raise StateBucketMissing(
                f"the bucket {bucket['bucket']} does not exist, which keeps Terraform's state. "
                f"Run: python -m scripts.bootstrap --env {self.environment.name}"
            ) from error
        self.told("workspace select", self.environment.name, or_create=True)

    def plan(self, path: Path, *, destroy: bool = False, targets: Sequence[str] = ()) -> Plan:
        """Writes the plan to `path`; of what Terraform says its warnings alone are passed on."""
        said = self.told(
            "plan",
            out=str(path),
            input=False,
            var_file=self.environment.tfvars,
            lock_timeout=LOCK_TIMEOUT,
            destroy=destroy or None,
            target=list(targets),
        )
        print(*WARNING.findall(said), sep="", end="", file=sys.stderr)
        return self.read(path)

    def read(self, path: Path) -> Plan:
        """WrongPlan if there is none, or it is of another environment."""
        if not path.is_file():
            raise WrongPlan(f"there is no plan {path}; `plan --out {path}` makes it")
        plan = Plan.read(path, self.json("show", str(path)))
        plan.check_env(self.environment.name)
        return plan

    def apply(self, plan: Plan) -> None:
        """Exactly what the plan says, or nothing if the state has changed since."""
        sys.stdout.flush()
        with interruptible():
            code, _, _ = self.cli.cmd(
                "apply",
                str(plan.path),
                capture_output=False,
                no_color=None if sys.stdout.isatty() else IsFlagged,
                input=False,
                lock_timeout=LOCK_TIMEOUT,
                parallelism=PARALLELISM,
            )
        if code != 0:
            raise TerraformFailed(
                "terraform apply failed; why stands above, and what to do in docs/runbooks/failed-apply.md"
            )

    def outputs(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in self.json("output").items()}

    def told(self, command: str, *arguments: str, **options: Any) -> str:
        with interruptible():
            code, out, err = self.cli.cmd(command, *arguments, no_color=IsFlagged, **options)
        if LOCKED in err:
            raise StateLocked(
                f"{err.strip()}\nSomebody else deploys {self.environment.name}: wait for them. "
                "If nobody does, a run was killed: docs/runbooks/failed-apply.md"
            )
        if code != 0:
            raise TerraformFailed(f"terraform {command} failed:\n{out}{err}")
        return str(out)

    def json(self, command: str, *arguments: str) -> dict[str, Any]:
        return dict(json.loads(self.told(command, *arguments, json=IsFlagged)))


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches terraform, which ends what it has begun and gives the lock back; we wait for that."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
