"""Artifact Registry: repositories and their cleanup policies, without images.

https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories
"""

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

HOSTS = {"DOCKER": "docker", "PYTHON": "python", "NPM": "npm", "MAVEN": "maven", "GENERIC": "generic"}


def complete(service: Service, repository: Json) -> Json:
    _, project, _, location, _, identity = repository["name"].split("/")
    host = HOSTS.get(repository["format"], repository["format"].lower())
    return repository | {"registryUri": f"{location}-{host}.pkg.dev/{project}/{identity}"}


def check(service: Service, repository: Json) -> None:
    if repository.get("format", "FORMAT_UNSPECIFIED") == "FORMAT_UNSPECIFIED":
        raise InvalidArgument("A repository needs a format.")
    for identity, policy in repository.get("cleanupPolicies", {}).items():
        if policy.get("id", identity) != identity:
            raise InvalidArgument(f"Cleanup policy {identity!r} has the id {policy['id']!r}.")
        if not ("condition" in policy) ^ ("mostRecentVersions" in policy):
            raise InvalidArgument(
                f"Cleanup policy {identity!r} needs either a condition or mostRecentVersions."
            )


REPOSITORIES = ResourceType(
    "projects/{project}/locations/{location}/repositories",
    Schema("artifactregistry.v1", "Repository", immutable="format mode kmsKeyName"),
    IdLocation("query", "repositoryId"),
    id_pattern="[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    created="createTime",
    updated="updateTime",
    complete=complete,
    check=check,
    operation="google.devtools.artifactregistry.v1.Repository",
    deleted="google.protobuf.Empty",
)


def routes(service: Service) -> list[BaseRoute]:
    operation = "projects/{project}/locations/{location}/operations/{id}"
    return [
        service.route("GET", operation, lambda call: service.find(operation.format(**call.path))),
        *collection.routes(service, REPOSITORIES),
    ]
