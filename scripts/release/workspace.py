"""A Dataform workspace: the repository's head with other files, compiled without a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.cloud import dataform_v1 as api

from scripts.release.repository import Operations


@dataclass(frozen=True)
class Workspace:
    client: api.DataformClient
    name: str

    def apply(self, operations: Operations) -> None:
        for path, operation in operations.items():
            if "write_file" in operation:
                contents = operation["write_file"]["contents"]
                self.client.write_file({"workspace": self.name, "path": path, "contents": contents})
            else:
                self.client.remove_file({"workspace": self.name, "path": path})

    def delete(self) -> None:
        """A workspace that does not exist is not an error."""
        try:
            self.client.delete_workspace(name=self.name)
        except NotFound:
            return


@contextmanager
def open_workspace(client: api.DataformClient, repository: str, name: str) -> Iterator[Workspace]:
    """A new workspace `name`, a copy of the head; one that a stopped command left is replaced."""
    workspace = Workspace(client, f"{repository}/workspaces/{name}")
    # Left by a command that was killed; its files would be compiled as well.
    workspace.delete()
    client.create_workspace(parent=repository, workspace=api.Workspace(), workspace_id=name)
    try:
        yield workspace
    finally:
        workspace.delete()
