"""Workspaces: a copy of the head of a repository that a person edits and compiles without a commit."""

from dataclasses import dataclass

from sandbox.dataform.files import Files, Tree, check_path
from sandbox.dataform.repositories import REPOSITORIES, repository
from sandbox.resources.errors import NotFound
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

WORKSPACES = ResourceType(
    f"{REPOSITORIES.collection}/{{repository}}/workspaces",
    Schema("dataform.v1", "Workspace"),
    IdLocation("query", "workspaceId"),
    id_pattern="[a-zA-Z0-9_-]{1,63}",
)


@dataclass(frozen=True)
class Workspaces:
    service: Service
    files: Files

    def write(self, call: Call) -> Json:
        path = call.body.get("path", "")
        check_path(path)
        blob = self.files.store_blob(repository(call), call.body.get("contents", ""))
        self.change(call, {path: blob})
        return {}

    def remove(self, call: Call) -> Json:
        path = call.body.get("path", "")
        if path not in self.tree(call):
            raise NotFound(f"File {path!r} was not found.")
        self.change(call, {path: ""})
        return {}

    def change(self, call: Call, changes: dict[str, str]) -> None:
        """Hashes of contents by path; empty for a file that is removed."""
        with self.service.store.change():
            tree = self.tree(call) | changes
            self.service.store.put(
                self.service.key(f"{name_of(call)}:tree"), {path: blob for path, blob in tree.items() if blob}
            )

    def tree(self, call: Call) -> Tree:
        self.service.find(name_of(call))
        return self.files.workspace_tree(repository(call), name_of(call))


def name_of(call: Call) -> str:
    return f"{repository(call)}/workspaces/{call.path['id']}"
