"""The Git of a repository without a remote: commits of whole trees, one branch."""

import hashlib
import json
from pathlib import PurePosixPath
from typing import Any

from google.cloud.dataform_v1.types import dataform as api

from sandbox.dataform.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound
from sandbox.dataform.service import Service, now

BRANCH = "main"
Tree = dict[str, str]  # path: the blob's hash


def commit(
    service: Service, request: api.CommitRepositoryChangesRequest
) -> api.CommitRepositoryChangesResponse:
    with service.store.transaction():
        repository = service.find(api.Repository, request.name)
        if repository.git_remote_settings.url:
            raise FailedPrecondition(f"'{request.name}' has a Git remote: commit there")
        head = head_sha(service, request.name)
        if request.required_head_commit_sha and request.required_head_commit_sha != head:
            raise Aborted(f"head is '{head}', not '{request.required_head_commit_sha}': somebody committed")
        tree = changed(service, tree_at(service, request.name, head), request.file_operations)
        sha = add_commit(service, request.name, head, tree, request.commit_metadata)
    return api.CommitRepositoryChangesResponse(commit_sha=sha)


def changed(service: Service, tree: Tree, operations: Any) -> Tree:
    if not operations:
        raise InvalidArgument("fileOperations is empty: nothing to commit")
    changed = dict(tree)
    for path, operation in operations.items():
        check(path)
        if "write_file" in operation:
            changed[path] = service.store.put_blob(operation.write_file.contents)
        elif "delete_file" not in operation:
            raise InvalidArgument(f"the operation on '{path}' is neither writeFile nor deleteFile")
        elif changed.pop(path, None) is None:
            raise NotFound(f"file '{path}' to delete was not found")
    if changed == tree:
        raise FailedPrecondition("the operations change nothing")
    return changed


def check(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or path.startswith("/") or ".." in parts:
        raise InvalidArgument(f"'{path}' is no path inside a repository")


def add_commit(service: Service, repository: str, head: str, tree: Tree, metadata: api.CommitMetadata) -> str:
    entry = {
        "parent": head,
        "tree": tree,
        "time": now().isoformat(),
        "message": metadata.commit_message,
        "author": {"name": metadata.author.name, "emailAddress": metadata.author.email_address},
    }
    if not metadata.author.name or not metadata.author.email_address:
        raise InvalidArgument("commitMetadata.author needs a name and an emailAddress")
    # Forty hexadecimal digits as Git's, though not Git's own: nobody checks it out.
    sha = hashlib.sha1(json.dumps(entry, sort_keys=True).encode()).hexdigest()
    service.store.put(f"{repository}/commits/{sha}", entry | {"sha": sha})
    service.store.put(f"{repository}/refs/{BRANCH}", sha)
    return sha


def head_sha(service: Service, repository: str) -> str:
    """Empty before the first commit."""
    return str(service.store.get(f"{repository}/refs/{BRANCH}") or "")


def resolve(service: Service, repository: str, commitish: str) -> str:
    """The commit that a branch name, HEAD, or the first digits (4 at least) of a hash stand for."""
    if commitish in ("", "HEAD", BRANCH):
        found = [head_sha(service, repository)]
    else:
        shas = [entry["sha"] for entry in service.store.children(f"{repository}/commits")]
        found = [sha for sha in shas if len(commitish) >= 4 and sha.startswith(commitish)]
    if len(found) != 1 or not found[0]:
        raise NotFound(f"'{commitish or BRANCH}' is no commit of '{repository}'")
    return str(found[0])


def tree_at(service: Service, repository: str, sha: str) -> Tree:
    if not sha:
        return {}
    entry = service.store.get(f"{repository}/commits/{sha}")
    if entry is None:
        raise NotFound(f"commit '{sha}' was not found in '{repository}'")
    return dict(entry["tree"])


def contents(service: Service, repository: str, sha: str) -> dict[str, bytes]:
    return {path: service.store.blob(blob) for path, blob in tree_at(service, repository, sha).items()}
