"""Repositories: the part that Terraform makes."""

from dataclasses import dataclass

from sandbox.resources.errors import FailedPrecondition
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

CHILDREN = ("releaseConfigs", "workflowConfigs", "compilationResults", "workflowInvocations")


REPOSITORIES = ResourceType(
    "projects/{project}/locations/{location}/repositories",
    Schema(
        "dataform.v1",
        "Repository",
    ),
    IdLocation("query", "repositoryId"),
    id_pattern="[a-zA-Z0-9_-]{1,63}",
    created="createTime",
)


@dataclass(frozen=True)
class Repositories:
    service: Service

    def delete(self, call: Call) -> Json:
        """With all that is in it, if the caller says so."""
        name = repository(call)
        with self.service.store.change():
            self.service.find(name)
            keys = {child: self.service.key(f"{name}/{child}") for child in CHILDREN}
            children = [child for child, key in keys.items() if self.service.store.children(key)]
            if children and call.query.get("force") != "true":
                raise FailedPrecondition(f"Repository {name!r} has {', '.join(children)}; force is not set.")
            self.service.store.delete(self.service.key(name))
        return {}


def repository(call: Call) -> str:
    """The name of the repository that a path lies in."""
    return f"{REPOSITORIES.collection}/{{repository}}".format(**call.path)
