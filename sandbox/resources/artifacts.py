"""Artifact Registry: repositories and their clean-up. There are no images on this machine.

https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories
"""

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.kind import By, Kind
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

HOSTS = {"DOCKER": "docker", "PYTHON": "python", "NPM": "npm", "MAVEN": "maven", "GENERIC": "generic"}


def complete(service: Service, repository: Json) -> Json:
    _, project, _, location, _, identity = repository["name"].split("/")
    host = HOSTS.get(repository["format"], repository["format"].lower())
    uri = f"{location}-{host}.pkg.dev/{project}/{identity}"
    return repository | {"registryUri": uri}


def check(service: Service, repository: Json) -> None:
    if repository.get("format", "FORMAT_UNSPECIFIED") == "FORMAT_UNSPECIFIED":
        raise InvalidArgument("A repository needs a format.")
    for identity, policy in repository.get("cleanupPolicies", {}).items():
        if policy.get("id", identity) != identity:
            raise InvalidArgument(f"Cleanup policy {identity!r} calls itself {policy['id']!r}.")
        if not ("condition" in policy) ^ ("mostRecentVersions" in policy):
            raise InvalidArgument(
                f"Cleanup policy {identity!r} needs a condition or mostRecentVersions, and not both."
            )


REPOSITORIES = Kind(
    "projects/{project}/locations/{location}/repositories",
    Schema(
        message="google.cloud.artifactregistry_v1.types:Repository",
        output="createTime updateTime sizeBytes satisfiesPzs satisfiesPzi registryUri",
        immutable="format mode kmsKeyName",
    ),
    By("query", "repository_id"),
    id_pattern="[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    created="createTime",
    updated="updateTime",
    complete=complete,
    check=check,
    operation="google.devtools.artifactregistry.v1.Repository",
    long="create delete",
    deleted="google.protobuf.Empty",
    iam="GET",
)


def routes(service: Service) -> list[BaseRoute]:
    operation = "projects/{project}/locations/{location}/operations/{id}"
    return [
        service.route("GET", operation, lambda call: service.find(operation.format(**call.path))),
        *collection.routes(service, REPOSITORIES),
    ]
