"""The resource type of jobs."""

import uuid

from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json


def check(service: Service, job: Json) -> None:
    """Raises InvalidArgument for a job that Cloud Run would reject."""
    containers = job.get("template", {}).get("template", {}).get("containers", [])
    if len(containers) != 1 or not containers[0].get("image"):
        raise InvalidArgument(
            "template.template.containers: exactly one container with an image is required."
        )
    names = [variable.get("name") for variable in containers[0].get("env", [])]
    if len(names) != len(set(names)) or not all(names):
        raise InvalidArgument(
            f"template.template.containers[0].env: names must be unique and not empty, not {names}."
        )


def initial_fields(service: Service, name: str) -> Json:
    # Text, as 64-bit integers are in Google's JSON; `complete` increments it for a new job too.
    return {"uid": str(uuid.uuid4()), "generation": "0"}


def complete(service: Service, job: Json) -> Json:
    """Every change is a new generation, and ready at once."""
    generation = str(int(job["generation"]) + 1)
    ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now()}
    return job | {"generation": generation, "observedGeneration": generation, "terminalCondition": ready}


JOBS = ResourceType(
    "projects/{project}/locations/{location}/jobs",
    Schema(
        "run.v2",
        "GoogleCloudRunV2Job",
    ),
    IdLocation("query", "jobId"),
    id_pattern="[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    created="createTime",
    updated="updateTime",
    initial=initial_fields,
    check=check,
    complete=complete,
    etag=True,
    operation="google.cloud.run.v2.Job",
)
