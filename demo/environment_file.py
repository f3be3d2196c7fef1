"""`env` in the project's folder: the variables that the jobs' commands need, to be sourced by a shell."""

import base64

from demo.cloud import Cloud
from demo.spreadsheets import container, create_missing, job_variables, read_declarations, share
from sandbox.serving import write_environment as write_sandbox_environment

DEVELOPER = "developer"  # the identity of commands that a person runs with this file


def write_environment(cloud: Cloud) -> list[str]:
    """Also creates missing spreadsheets; returns the names of their variables.

    The variables are those of all Run jobs, so that `python -m connector`, `pipeline` and `sheets_sync` have
    the settings that Terraform gave to their jobs.
    """
    declarations = read_declarations()
    created = create_missing(cloud, declarations)
    variables: dict[str, str] = {}
    for job in cloud.list_items(f"{cloud.location('run/v2')}/jobs", "jobs"):
        variables |= job_variables(cloud, job["name"].rsplit("/", 1)[-1]) | secret_variables(cloud, job)
    for declaration in declarations:
        share(cloud, variables[declaration.variable], DEVELOPER, "writer")
    write_sandbox_environment(cloud.state, variables | dict(cloud.state.job_variables))
    return created


def secret_variables(cloud: Cloud, job: dict[str, object]) -> dict[str, str]:
    """Variables from secrets, with the current values; a secret without a version is left out."""
    values = {}
    for variable in container(job).get("env", []):
        reference = variable.get("valueSource", {}).get("secretKeyRef")
        if reference:
            name = reference["secret"].rsplit("/", 1)[-1]
            secret = f"/secretmanager/v1/projects/{cloud.state.project}/secrets/{name}"
            version = cloud.call("GET", f"{secret}/versions/latest:access")
            values[variable["name"]] = base64.b64decode(version["payload"]["data"]).decode()
    return values
