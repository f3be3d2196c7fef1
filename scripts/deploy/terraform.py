"""The terraform command. The only file that imports python_terraform, and its `cmd` alone.

Its named methods send options that Terraform no longer has (destroy -force), or log a plan as a failure.
"""

import json
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
from scripts.deploy.errors import StateBucketMissing, TerraformFailed, TerraformMissing

NO_BUCKET = "bucket doesn't exist"  # how the gcs backend says it
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

    def plan(self, path: Path, *, destroy: bool = False, targets: Sequence[str] = ()) -> dict[str, Any]:
        """Writes the plan to `path` and returns it as `terraform show -json` does."""
        self.shown(
            "plan",
            out=str(path),
            input=False,
            var_file=self.environment.tfvars,
            lock_timeout=LOCK_TIMEOUT,
            destroy=destroy or None,
            target=list(targets),
        )
        return self.json("show", str(path))

    def apply(self, path: Path) -> None:
        """Exactly what the plan says, or nothing if the state has changed since."""
        options = {"input": False, "lock_timeout": LOCK_TIMEOUT, "parallelism": PARALLELISM}
        self.shown("apply", str(path), **options)

    def outputs(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in self.json("output").items()}

    def shown(self, command: str, *arguments: str, **options: Any) -> None:
        """What terraform says goes straight to the person."""
        sys.stdout.flush()
        plain = None if sys.stdout.isatty() else IsFlagged
        with interruptible():
            code, _, _ = self.cli.cmd(command, *arguments, capture_output=False, no_color=plain, **options)
        if code != 0:
            raise TerraformFailed(f"terraform {command} failed; what it says stands above")

    def told(self, command: str, *arguments: str, **options: Any) -> str:
        code, out, err = self.cli.cmd(command, *arguments, no_color=IsFlagged, **options)
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
