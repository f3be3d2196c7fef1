"""The resource type of repositories, which Terraform creates."""

from dataclasses import dataclass

from sandbox.resources.errors import FailedPrecondition
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

CHILDREN = ("releaseConfigs", "workflowConfigs", "compilationResults", "workflowInvocations", "workspaces")


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
        """With its children only if the request sets `force`."""
        name = repository(call)
        with self.service.store.change():
            self.service.find(name)
            keys = {child: self.service.key(f"{name}/{child}") for child in CHILDREN}
            children = [child for child, key in keys.items() if self.service.store.children(key)]
            if children and call.query.get("force") != "true":
                raise FailedPrecondition(
                    f"Repository {name!r} has {', '.join(children)}: set force=true to delete them."
                )
            self.service.store.delete(self.service.key(name))
        return {}


def repository(call: Call) -> str:
    """The resource name of the repository in a call's path."""
    return f"{REPOSITORIES.collection}/{{repository}}".format(**call.path)
