"""`env` in the project's folder: the variables that the jobs' commands need, to be sourced by a shell."""

import base64
from typing import Any

from demo.cloud import Cloud
from demo.spreadsheets import container, create_missing, job_variables, read_declarations, share
from sandbox.serving import write_environment as write_sandbox_environment

DEVELOPER = "developer"  # the identity of commands that a person runs with this file


def write_environment(cloud: Cloud) -> list[str]:
    """Writes the variables of all Run jobs, so `python -m connector`, `pipeline` and `sheets_sync` have the
    settings that Terraform gave to their jobs.

    Also gives the developer the required access, and creates missing spreadsheets: returns their variables.
    """
    make_developer_owner(cloud)
    declarations = read_declarations()
    # Before the variables are read: it adds the ids of new spreadsheets to the jobs.
    created = create_missing(cloud, declarations)
    variables: dict[str, str] = {}
    for job in cloud.list_items(f"{cloud.location('run/v2')}/jobs", "jobs"):
        variables |= job_variables(cloud, job["name"].rsplit("/", 1)[-1]) | secret_variables(cloud, job)
    for declaration in declarations:
        share(cloud, variables[declaration.variable], DEVELOPER, "writer")
        share(cloud, variables[declaration.variable], declaration.job, declaration.role)
    # The sandbox's own variables take precedence: Terraform cannot know the ports of the sources.
    write_sandbox_environment(cloud.state, variables | dict(cloud.state.job_variables))
    return created


def make_developer_owner(cloud: Cloud) -> None:
    """Idempotent. The pipeline starts jobs and Dataform, for which the sandbox checks permissions."""
    project, email = cloud.state.project, cloud.state.identity(DEVELOPER)
    accounts = f"/iam/v1/projects/{project}/serviceAccounts"
    if not cloud.exists(f"{accounts}/{email}"):
        cloud.call("POST", accounts, {"accountId": DEVELOPER})
    resource, member = f"/cloudresourcemanager/v1/projects/{project}", f"serviceAccount:{email}"
    policy = cloud.call("POST", f"{resource}:getIamPolicy", {})
    owner = {"role": "roles/owner", "members": [member]}
    if owner not in policy.get("bindings", []):
        # setIamPolicy replaces the whole policy, so the other bindings are sent again.
        policy["bindings"] = [*policy.get("bindings", []), owner]
        cloud.call("POST", f"{resource}:setIamPolicy", {"policy": policy})


def secret_variables(cloud: Cloud, job: dict[str, Any]) -> dict[str, str]:
    """Variables from secrets, with the newest values; a secret without a version is left out."""
    values = {}
    for variable in container(job).get("env", []):
        reference = variable.get("valueSource", {}).get("secretKeyRef")
        if reference:
            name = reference["secret"].rsplit("/", 1)[-1]
            versions = f"/secretmanager/v1/projects/{cloud.state.project}/secrets/{name}/versions"
            # Reading `latest` of a secret without a version is a 404, which would end the demo.
            if any(cloud.list_items(versions, "versions")):
                data = cloud.call("GET", f"{versions}/latest:access")["payload"]["data"]
                values[variable["name"]] = base64.b64decode(data).decode()
    return values
