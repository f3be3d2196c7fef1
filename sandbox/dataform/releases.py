"""Release configs with their live compilation result, and workflow configs, a selection of its actions."""

from google.cloud import dataform_v1

from sandbox.dataform.repositories import REPOSITORIES
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.kind import By, Kind
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

CHILD = f"{REPOSITORIES.collection}/{{repository}}"


def check_release(service: Service, config: Json) -> None:
    """The live result must be compiled from this config: see the reference of `releaseCompilationResult`."""
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


RELEASES = Kind(
    f"{CHILD}/releaseConfigs",
    Schema(message=dataform_v1.ReleaseConfig.pb(), output="recentScheduledReleaseRecords internalMetadata"),
    By("query", "releaseConfigId"),
    check=check_release,
)

WORKFLOWS = Kind(
    f"{CHILD}/workflowConfigs",
    Schema(
        message=dataform_v1.WorkflowConfig.pb(),
        output="recentScheduledExecutionRecords createTime updateTime internalMetadata",
    ),
    By("query", "workflowConfigId"),
    created="createTime",
    updated="updateTime",
    check=check_workflow,
)
