"""A Dataform repository without a Git remote: what is committed in it, and committing what differs."""

from dataclasses import dataclass
from typing import Any

from google.cloud import dataform_v1 as api

from scripts.release.folder import Files, Origin

Operations = dict[str, dict[str, Any]]  # path: {write_file: …} or {delete_file: …}


@dataclass(frozen=True)
class Repository:
    """`name` is projects/…/locations/…/repositories/…."""

    client: api.DataformClient
    name: str

    def head(self) -> str:
        """The newest commit; empty before the first."""
        history = self.client.fetch_repository_history({"name": self.name, "page_size": 1})
        return next((entry.commit_sha for entry in history), "")

    def files(self, commit: str, folder: str = "") -> Files:
        """The files of a commit below `folder`, which is empty or ends with a slash."""
        if not commit:
            return {}
        asked = {"name": self.name, "commit_sha": commit}
        found: Files = {}
        for entry in self.client.query_repository_directory_contents(asked | {"path": folder.rstrip("/")}):
            # The reference does not say whether an entry is a name or a path; a name has no slash.
            path = folder + (entry.directory or entry.file).strip("/").removeprefix(folder)
            if entry.directory:
                found |= self.files(commit, f"{path}/")
            else:
                found[path] = self.client.read_repository_file(asked | {"path": path}).contents
        return found

    def commit(self, operations: Operations, head: str, origin: Origin) -> str:
        """The new commit's hash. Refused by Dataform when the head is no longer `head`."""
        author = {"name": origin.author, "email_address": origin.email}
        request = {
            "name": self.name,
            "commit_metadata": {"author": author, "commit_message": origin.message},
            "required_head_commit_sha": head,
            "file_operations": operations,
        }
        return str(self.client.commit_repository_changes(request).commit_sha)


def changes(committed: Files, files: Files) -> Operations:
    """What makes `committed` into `files`."""
    writes: Operations = {
        path: {"write_file": {"contents": contents}}
        for path, contents in files.items()
        if committed.get(path) != contents
    }
    return writes | {path: {"delete_file": {}} for path in committed.keys() - files.keys()}


def counted(operations: Operations) -> str:
    written = sum("write_file" in operation for operation in operations.values())
    return f"{written} written, {len(operations) - written} deleted"
