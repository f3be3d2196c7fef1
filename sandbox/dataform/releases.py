"""Release configs with their live compilation result, and workflow configs, a selection of its actions."""

from sandbox.dataform.repositories import REPOSITORIES
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

CHILD = f"{REPOSITORIES.collection}/{{repository}}"


def check_release(service: Service, config: Json) -> None:
    """The live result must be compiled from this config: see the reference of `releaseCompilationResult`."""
    # The repository must exist: a collection accepts a child without its parent.
    service.find(config["name"].rsplit("/", 2)[0])
    if not config.get("gitCommitish"):
        raise InvalidArgument("Field releaseConfig.gitCommitish is required.")
    result = config.get("releaseCompilationResult")
    if result and service.find(result).get("releaseConfig") != config["name"]:
        raise InvalidArgument(
            f"Compilation result {result!r} was not created using release config {config['name']!r}."
        )


def check_workflow(service: Service, config: Json) -> None:
    service.find(config["name"].rsplit("/", 2)[0])
    service.find(config.get("releaseConfig", ""))


RELEASES = ResourceType(
    f"{CHILD}/releaseConfigs",
    Schema("dataform.v1", "ReleaseConfig"),
    IdLocation("query", "releaseConfigId"),
    check=check_release,
)

WORKFLOWS = ResourceType(
    f"{CHILD}/workflowConfigs",
    Schema(
        "dataform.v1",
        "WorkflowConfig",
    ),
    IdLocation("query", "workflowConfigId"),
    created="createTime",
    updated="updateTime",
    check=check_workflow,
)
