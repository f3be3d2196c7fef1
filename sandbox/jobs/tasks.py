"""Command and environment of a task, exactly as its job declares them."""

import os
import sys
from pathlib import Path

from sandbox import environment
from sandbox.jobs.executions import Failure
from sandbox.resources.errors import GoogleError
from sandbox.resources.secret_manager import SecretVersions
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER, State

REPOSITORY = Path(__file__).parents[2]  # stands for an image that was not pushed: it has what jobs run
IMAGES = "images"  # in the sandbox's folder: files by digest, in the place of a registry
NOT_FOUND, INTERNAL = 5, 13  # google.rpc.Code


class Unavailable(Exception):
    """A task cannot start: no command, or a secret that cannot be read."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def command(container: Json) -> list[str]:
    """The declared command with its arguments; `python` is the interpreter that runs the sandbox."""
    declared = container.get("command", [])
    if not declared:
        message = f"The sandbox has no image {container['image']}, so the job must declare its command."
        raise Unavailable(Failure(NOT_FOUND, message, {"reason": "CONTAINER_MISSING"}))
    program = sys.executable if declared[0] == "python" else declared[0]
    return [program, *declared[1:], *container.get("args", [])]


def working_folder(state: State, container: Json) -> Path:
    """The files of the image, if they are in the sandbox's folder; without an image the repository's."""
    digest = container.get("image", "").partition("@sha256:")[2]
    pushed = state.root / IMAGES / digest
    return pushed if digest and pushed.is_dir() else REPOSITORY


def variables(state: State, versions: SecretVersions, execution: Json, overrides: Json) -> dict[str, str]:
    """The environment of all tasks of an execution, with the current values of its secrets.

    Later entries win: the machine's, the sandbox's endpoints, the declared ones, resolved placeholders.
    """
    identity = execution["template"].get("serviceAccount") or default_identity()
    ambient = environment.clients(state, identity)
    declared = declared_variables(versions, execution["template"]["containers"][0], identity)
    overridden = {
        variable["name"]
        for override in overrides.get("containerOverrides", [])
        for variable in override.get("env", [])
    }
    # Terraform cannot know the sandbox's port: it declares a placeholder for an extension's variable.
    placeholders = {
        name: value
        for name, value in state.job_variables.items()
        if name in declared and name not in overridden
    }
    return machine_variables(state) | ambient | declared | placeholders


def task_variables(execution: Json, index: int, attempt: int) -> dict[str, str]:
    """https://cloud.google.com/run/docs/container-contract#jobs-env-vars."""
    return {
        "CLOUD_RUN_JOB": execution["job"],
        "CLOUD_RUN_EXECUTION": execution["name"].rsplit("/", 1)[-1],
        "CLOUD_RUN_TASK_INDEX": str(index),
        "CLOUD_RUN_TASK_ATTEMPT": str(attempt),
        "CLOUD_RUN_TASK_COUNT": str(execution["taskCount"]),
    }


def machine_variables(state: State) -> dict[str, str]:
    """HOME is a folder of the sandbox: a job must not read the user's own settings and logins."""
    home = state.root / "home"
    home.mkdir(parents=True, exist_ok=True)
    # The folder of the interpreter first, so that scripts of the same virtual environment are used.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # PYTHONUNBUFFERED: output to a file is buffered otherwise, and the log would be empty until the end.
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def default_identity() -> str:
    return f"{PROJECT_NUMBER}-compute@developer.gserviceaccount.com"


def declared_variables(versions: SecretVersions, container: Json, identity: str) -> dict[str, str]:
    values = {}
    for index, variable in enumerate(container.get("env", [])):
        reference = variable.get("valueSource", {}).get("secretKeyRef")
        values[variable["name"]] = (
            read_secret(versions, reference, identity, f"containers[0].env[{index}]")
            if reference
            else variable.get("value", "")
        )
    return values


def read_secret(versions: SecretVersions, reference: Json, identity: str, field: str) -> str:
    """The value of a secret's version. Raises Unavailable: it is missing, or `identity` may not read it."""
    # The API accepts the id of a secret and its full name.
    name = reference["secret"].rsplit("/", 1)[-1]
    secret = f"projects/{versions.service.state.project}/secrets/{name}"
    version = f"{secret}/versions/{reference.get('version') or 'latest'}"
    if not versions.service.allows(identity, "secretmanager.versions.access", secret):
        raise Unavailable(
            secret_failure(
                field,
                f"Permission denied on secret: {version} for Revision service account {identity}. "
                "The service account used must be granted the 'Secret Manager Secret Accessor' role "
                "(roles/secretmanager.secretAccessor) at the secret, project or higher level.",
            )
        )
    try:
        return versions.value(version).decode()
    except (GoogleError, UnicodeDecodeError) as error:
        raise Unavailable(secret_failure(field, f"Secret {version} was not found ({error}).")) from error


def secret_failure(field: str, message: str) -> Failure:
    path = f"spec.template.spec.{field}.value_from.secret_key_ref.name"
    return Failure(INTERNAL, f"{path}: {message}", {"reason": "SECRETS_ACCESS_CHECK_FAILED"})
