"""Creates the resources of workspace `local`: by Terraform, or by the recorded requests of an apply."""

import shutil

from demo.cloud import LOCATION, REGION
from demo.commands import Shell
from demo.companies import current_company
from demo.errors import StepFailed
from demo.recorded_apply.replay import replay

APPLIED = "Apply complete!"


def provision(shell: Shell) -> str:
    """Returns a description: Terraform's counts, or why the recorded apply was used."""
    if reason := why_no_terraform(shell):
        replay(shell.state)
        return f"the record of an apply: {reason}"
    # The state's bucket must exist before `init` of the backend, which is part of the deployment.
    shell.run_module("scripts.bootstrap", "--env", "local")
    output = shell.run_module("scripts.deploy", "apply", "--env", "local", "--yes")
    summary = [line for line in output.splitlines() if line.startswith(APPLIED)]
    return summary[0].removeprefix(f"{APPLIED} Resources: ") if summary else ""


def why_no_terraform(shell: Shell) -> str:
    """The reason why Terraform cannot be used, or "". Its provider comes from a folder or the registry."""
    if not shutil.which("terraform"):
        return "no terraform here"
    try:
        # HTTPS_PROXY blocks requests to Google's real endpoints, and would block the provider registry too.
        # Without the backend: its bucket does not exist yet, and only the provider is tested here.
        shell.run(
            ["terraform", "-chdir=environments", "init", "-backend=false", "-input=false", "-no-color"],
            unset=("HTTPS_PROXY",),
        )
    except StepFailed:
        return "no google provider here"
    return ""


def release_dataform(shell: Shell) -> str:
    """Makes the folder dataform/ the live release. Returns the output's line about the commit."""
    project = ["--project", shell.state.project, "--region", REGION, "--location", LOCATION]
    return shell.run_module("scripts.release", *project).splitlines()[0]


def add_secrets(shell: Shell) -> None:
    """Adds a version to each of the company's secrets, through standard input: no argument and no log has it."""
    for name, value in current_company().secrets(shell.state.root).items():
        shell.run_module("scripts.secret", name, stdin=value)
