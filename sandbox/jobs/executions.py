"""The Execution resource of the API: a new, a started and a finished one, and its operation."""

import secrets
import string
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox.resources import operations
from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

EXECUTION = "google.cloud.run.v2.Execution"
TASK_TIMEOUT = "600s"  # https://cloud.google.com/run/docs/configuring/task-timeout
CANCELLED = 1  # google.rpc.Code
MAX_RETRIES = 3  # https://cloud.google.com/run/docs/configuring/max-retries


@dataclass(frozen=True)
class Failure:
    """Why an execution failed.

    code: google.rpc.Code of the operation's error: 10 for a failed task, 13 for a secret, as observed at
    Google in 2026 and 2023 (terraform-provider-google #15088).
    reason: additional fields of the condition `Completed`.
    """

    code: int
    message: str
    reason: Json


def create_execution(job: Json, overrides: Json, logs: str) -> Json:
    """A new execution of a job; `logs` is the address below which its output is served."""
    job_id = job["name"].rsplit("/", 1)[-1]
    # Five characters after the id of the job, as Cloud Run names executions.
    execution_id = f"{job_id}-{''.join(secrets.choice(string.ascii_lowercase) for _ in range(5))}"
    execution_template = job["template"]
    return {
        "name": f"{job['name']}/executions/{execution_id}",
        "uid": str(uuid.uuid4()),
        "createTime": now(),
        "job": job_id,
        "parallelism": execution_template.get("parallelism", 0),
        # 0 is the default of the field, so it means that the request does not override it.
        "taskCount": overrides.get("taskCount") or execution_template.get("taskCount", 1),
        "template": apply_overrides(execution_template["template"], overrides),
        "reconciling": True,
        "conditions": [condition("Completed", "CONDITION_RECONCILING")],
        "logUri": f"{logs}/{job_id}/{execution_id}",
    }


def apply_overrides(template: Json, overrides: Json) -> Json:
    """The task template with the arguments, variables and timeout of one execution."""
    containers = [dict(container) for container in template["containers"]]
    for override in overrides.get("containerOverrides", []):
        container = find_container(containers, override.get("name", ""))
        # A client cannot send an empty list of arguments: JSON of protobuf omits it. Hence `clearArgs`.
        if "args" in override or override.get("clearArgs"):
            container["args"] = override.get("args", [])
        replaced = {variable["name"] for variable in override.get("env", [])}
        declared = [variable for variable in container.get("env", []) if variable["name"] not in replaced]
        container["env"] = declared + override.get("env", [])
    timeout = overrides.get("timeout") or template.get("timeout", TASK_TIMEOUT)
    return template | {"containers": containers, "timeout": timeout}


def find_container(containers: list[Json], name: str) -> Json:
    """An override without a name applies to the job's only container."""
    for container in containers:
        if not name or container.get("name") == name:
            return container
    raise InvalidArgument(f"Container override names {name!r}, which is not a container of the job.")


def mark_started(execution: Json) -> Json:
    conditions = [condition("Started", "CONDITION_SUCCEEDED"), *execution["conditions"]]
    return execution | {
        "startTime": now(),
        "runningCount": parallelism(execution),
        "conditions": conditions,
    }


def parallelism(execution: Json) -> int:
    """How many tasks run at a time: 0, the default of the field, is as many as possible."""
    count: int = execution["taskCount"]
    return min(execution["parallelism"] or count, count)


def mark_finished(execution: Json, succeeded: int, failure: Failure | None) -> Json:
    """`succeeded` counts the successful tasks; with a failure the others count as failed or cancelled."""
    execution_id, count = execution["name"].rsplit("/", 1)[-1], execution["taskCount"]
    unsuccessful = "cancelledCount" if failure and failure.code == CANCELLED else "failedCount"
    message = f"Execution {execution_id} has failed to complete, {succeeded}/{count} tasks were a success."
    completed = (
        condition("Completed", "CONDITION_FAILED", message=f"{message} {failure.message}", **failure.reason)
        if failure
        else condition("Completed", "CONDITION_SUCCEEDED", message="Execution completed successfully.")
    )
    others = [other for other in execution["conditions"] if other["type"] != "Completed"]
    counts = {"runningCount": 0, "succeededCount": succeeded, unsuccessful: count - succeeded}
    end = {"completionTime": now(), "reconciling": False, "conditions": [completed, *others]}
    return execution | counts | end


def condition(kind: str, state: str, **more: Any) -> Json:
    return {"type": kind, "state": state, "lastTransitionTime": now(), **more}


def operation(name: str, execution: Json, error: Json | None) -> Json:
    """The long-running operation of an execution: done when the execution has ended, with its error."""
    typed = operations.typed(EXECUTION, execution)
    if "completionTime" not in execution:
        return {"name": name, "metadata": typed, "done": False}
    result = {"error": error} if error else {"response": typed}
    return {"name": name, "metadata": typed, "done": True, **result}
