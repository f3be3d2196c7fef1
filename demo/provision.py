"""Workspace local: made by Terraform as on Google Cloud, or by the record of its requests."""

import shutil

from demo.cloud import LOCATION, REGION
from demo.commands import Shell
from demo.errors import Failed
from demo.recorded_apply.replay import replay


def provision(shell: Shell) -> str:
    """Which way it was done, in words."""
    if missing := terraform_misses(shell):
        replay(shell.state)
        return f"the record of an apply: {missing}"
    shell.python("scripts.bootstrap", "--env", "local")
    told = shell.python("scripts.deploy", "apply", "--env", "local", "--yes")
    done = [line for line in told.splitlines() if line.startswith("Apply complete!")]
    return done[0].removeprefix("Apply complete! Resources: ") if done else ""


def terraform_misses(shell: Shell) -> str:
    """Why Terraform cannot be used; "" when it can. A provider comes from a folder or the registry."""
    if not shutil.which("terraform"):
        return "no terraform here"
    try:
        # The proxy that catches forgotten endpoints would hide the registry as well.
        shell.run(
            ["terraform", "-chdir=environments", "init", "-backend=false", "-input=false", "-no-color"],
            without=("HTTPS_PROXY",),
        )
    except Failed:
        return "no google provider here"
    return ""


def release(shell: Shell) -> str:
    """dataform/ as it lies here, made live; which commit that is, in words."""
    told = shell.python(
        "scripts.release", "--project", shell.state.project, "--region", REGION, "--location", LOCATION
    )
    return told.splitlines()[0]


def add_key(shell: Shell) -> None:
    """The source's key, from a file to the secret; it is in no argument and in no log."""
    shell.python("scripts.secret", "retail-api-key", given=(shell.state.root / "retail-api-key").read_text())
