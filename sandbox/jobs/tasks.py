"""What a task runs: the declared command, in exactly the environment that its job declares."""

import os
import sys
from pathlib import Path

from sandbox import environment
from sandbox.jobs.executions import Failure
from sandbox.resources.errors import GoogleError
from sandbox.resources.policies import granted
from sandbox.resources.secret_manager import SecretVersions
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER, State

REPOSITORY = Path(__file__).parents[2]  # stands for the image: its packages are what a job runs
# Terraform cannot know the sandbox's port, so what it declares for these is a placeholder here.
AMBIENT = ("RETAIL_URL",)
ACCESSORS = {"roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner"}


class Unavailable(Exception):
    """A task that cannot start."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def command(container: Json) -> list[str]:
    """The declared command with its arguments; `python` is the interpreter that the sandbox runs on."""
    words = container.get("command", [])
    if not words:
        message = f"Image {container['image']} is not here, so the job must declare its command."
        raise Unavailable(Failure(5, message, {"reason": "CONTAINER_MISSING"}))
    return [sys.executable if words[0] == "python" else words[0], *words[1:], *container.get("args", [])]


def variables(state: State, versions: SecretVersions, execution: Json, overrides: Json) -> dict[str, str]:
    """The environment of all of an execution's tasks, secrets read now; later entries win."""
    identity = execution["template"].get("serviceAccount") or default_identity()
    ambient = environment.clients(state, identity)
    declared = declared_variables(versions, execution["template"]["containers"][0], identity)
    asked = {one["name"] for each in overrides.get("containerOverrides", []) for one in each.get("env", [])}
    placeholders = {name: ambient[name] for name in AMBIENT if name in declared and name not in asked}
    return machine(state) | ambient | declared | placeholders


def numbered(execution: Json, index: int, attempt: int) -> dict[str, str]:
    """What Cloud Run itself tells a task."""
    return {
        "CLOUD_RUN_JOB": execution["job"],
        "CLOUD_RUN_EXECUTION": execution["name"].rsplit("/", 1)[-1],
        "CLOUD_RUN_TASK_INDEX": str(index),
        "CLOUD_RUN_TASK_ATTEMPT": str(attempt),
        "CLOUD_RUN_TASK_COUNT": str(execution["taskCount"]),
    }


def machine(state: State) -> dict[str, str]:
    """What any container has. HOME is the sandbox's: a person's own settings and logins must not leak in."""
    home = state.root / "home"
    home.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def default_identity() -> str:
    return f"{PROJECT_NUMBER}-compute@developer.gserviceaccount.com"


def declared_variables(versions: SecretVersions, container: Json, identity: str) -> dict[str, str]:
    found = {}
    for index, variable in enumerate(container.get("env", [])):
        reference = variable.get("valueSource", {}).get("secretKeyRef")
        found[variable["name"]] = (
            secret(versions, reference, identity, f"containers[0].env[{index}]")
            if reference
            else variable.get("value", "")
        )
    return found


def secret(versions: SecretVersions, reference: Json, identity: str, place: str) -> str:
    """The value of a secret's version, if it is there and the job's identity may read it."""
    name = reference["secret"].rsplit("/", 1)[-1]
    secret = f"projects/{versions.service.state.project}/secrets/{name}"
    version = f"{secret}/versions/{reference.get('version') or 'latest'}"
    if not granted(versions.service, secret, identity, ACCESSORS):
        raise Unavailable(
            refused(
                place,
                f"Permission denied on secret: {version} for Revision service account {identity}. "
                "The service account used must be granted the 'Secret Manager Secret Accessor' role "
                "(roles/secretmanager.secretAccessor) at the secret, project or higher level.",
            )
        )
    try:
        return versions.value(version).decode()
    except (GoogleError, UnicodeDecodeError) as error:
        raise Unavailable(refused(place, f"Secret {version} was not found ({error}).")) from error


def refused(place: str, sentence: str) -> Failure:
    where = f"spec.template.spec.{place}.value_from.secret_key_ref.name"
    return Failure(13, f"{where}: {sentence}", {"reason": "SECRETS_ACCESS_CHECK_FAILED"})
