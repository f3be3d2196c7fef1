"""A Dataform repository without a Git remote: read its files, and commit what differs."""

from dataclasses import dataclass
from typing import Any

from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.release.folder import Files, Origin

PAGE, LISTED = 100, 5  # commits of a request, and of an error
Operations = dict[str, dict[str, Any]]  # path: {write_file: …} or {delete_file: …}


@dataclass(frozen=True)
class Repository:
    """`name` is projects/…/locations/…/repositories/…."""

    client: api.DataformClient
    name: str

    def head_commit(self) -> str:
        """The hash of the newest commit; empty before the first."""
        history = self.client.fetch_repository_history({"name": self.name, "page_size": 1})
        return next((entry.commit_sha for entry in history), "")

    def find_commit(self, text: str) -> str:
        """The whole hash of the commit that `text` begins; ReleaseError if it is missing or there are several."""
        hashes = [
            entry.commit_sha
            for entry in self.client.fetch_repository_history({"name": self.name, "page_size": PAGE})
        ]
        matches = [each for each in hashes if text and each.startswith(text.lower())]
        if len(matches) == 1:
            return matches[0]
        newest = ", ".join(each[:12] for each in hashes[:LISTED]) or "none"
        raise ReleaseError(
            f"{len(matches)} commits of the Dataform repository begin with {text!r}; nothing was changed. Its newest: "
            f"{newest}. It has other hashes than Git: dataform_commit in ops.releases is the one of a release."
        )

    def read_files(self, commit: str, folder: str = "") -> Files:
        """The files of a commit below `folder`, which is empty or ends with a slash."""
        if not commit:
            return {}
        request = {"name": self.name, "commit_sha": commit}
        files: Files = {}
        listing = self.client.query_repository_directory_contents(request | {"path": folder.rstrip("/")})
        for entry in listing:
            # The reference does not state whether an entry is a name or a path; a name has no slash.
            path = folder + (entry.directory or entry.file).strip("/").removeprefix(folder)
            if entry.directory:
                files |= self.read_files(commit, f"{path}/")
            else:
                files[path] = self.client.read_repository_file(request | {"path": path}).contents
        return files

    def commit(self, operations: Operations, head: str, origin: Origin) -> str:
        """The hash of the new commit. Dataform refuses it if the head is no longer `head`."""
        author = {"name": origin.author, "email_address": origin.email}
        request = {
            "name": self.name,
            "commit_metadata": {"author": author, "commit_message": origin.message},
            # Two releases at a time: the second one fails instead of overwriting the first.
            "required_head_commit_sha": head,
            "file_operations": operations,
        }
        return str(self.client.commit_repository_changes(request).commit_sha)


def compare_files(committed: Files, files: Files) -> Operations:
    """The operations that turn `committed` into `files`."""
    writes: Operations = {
        path: {"write_file": {"contents": contents}}
        for path, contents in files.items()
        if committed.get(path) != contents
    }
    return writes | {path: {"delete_file": {}} for path in committed.keys() - files.keys()}


def count_operations(operations: Operations) -> str:
    written = sum("write_file" in operation for operation in operations.values())
    return f"{written} written, {len(operations) - written} deleted"
