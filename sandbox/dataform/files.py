"""Storage of a repository without a Git remote: one branch, commits of complete trees."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath

from sandbox.dataform.repositories import repository
from sandbox.resources.clock import now
from sandbox.resources.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

BRANCH = "main"
MIN_HASH_LENGTH = 4  # digits of an abbreviated hash, as in Git
Tree = dict[str, str]  # path → hash of the contents


@dataclass(frozen=True)
class Files:
    service: Service

    def commit(self, call: Call) -> Json:
        """Rejected for a repository with a Git remote, another head than required, or no change."""
        name = repository(call)
        with self.service.store.change():
            # The head is checked and replaced in one transaction: of two concurrent commits that require the same
            # head, the second is aborted instead of undoing the first.
            if self.service.find(name).get("gitRemoteSettings", {}).get("url"):
                raise FailedPrecondition(f"Repository {name!r} has a Git remote: commit there.")
            head, required = self.head(name), call.body.get("requiredHeadCommitSha")
            if required and required != head:
                raise Aborted(
                    f"The head of {name!r} is {head!r}, not {required!r}: commit again on the new head."
                )
            tree = self.apply_operations(name, self.tree(name, head), call.body.get("fileOperations", {}))
            return {"commitSha": self.add_commit(name, head, tree, call.body.get("commitMetadata", {}))}

    def apply_operations(self, name: str, tree: Tree, operations: Json) -> Tree:
        changed = dict(tree)
        for path, operation in operations.items():
            check_path(path)
            if "writeFile" in operation:
                changed[path] = self.store_blob(name, operation["writeFile"].get("contents", ""))
            elif "deleteFile" not in operation:
                raise InvalidArgument(f"The operation on {path!r} is neither writeFile nor deleteFile.")
            elif changed.pop(path, None) is None:
                raise NotFound(f"File {path!r} was not found.")
        if changed == tree:
            raise FailedPrecondition("The file operations change nothing.")
        return changed

    def add_commit(self, name: str, parent: str, tree: Tree, metadata: Json) -> str:
        author = metadata.get("author", {})
        if not author.get("name") or not author.get("emailAddress"):
            raise InvalidArgument("commitMetadata.author needs a name and an emailAddress.")
        entry = {"parent": parent, "tree": tree, "time": now(), "author": author}
        entry["message"] = metadata.get("commitMessage", "")
        # Forty digits like a Git hash, but not computed as in Git: no Git client reads this repository.
        sha = hashlib.sha1(json.dumps(entry, sort_keys=True).encode()).hexdigest()
        self.service.store.put(self.service.key(f"{name}/commits/{sha}"), entry | {"sha": sha})
        self.service.store.put(self.service.key(f"{name}:head"), {"sha": sha})
        return sha

    def store_blob(self, name: str, contents: str) -> str:
        """Returns the hash of `contents`, which is base64."""
        sha = hashlib.sha256(base64.b64decode(contents)).hexdigest()
        self.service.store.put(self.service.key(f"{name}:blob-{sha}"), {"contents": contents})
        return sha

    def contents(self, name: str, sha: str) -> str:
        """The base64 text of a blob."""
        return str((self.service.store.get(self.service.key(f"{name}:blob-{sha}")) or {})["contents"])

    def head(self, name: str) -> str:
        """Empty before the first commit."""
        return str((self.service.store.get(self.service.key(f"{name}:head")) or {}).get("sha", ""))

    def tree(self, name: str, sha: str) -> Tree:
        return dict(self.service.find(f"{name}/commits/{sha}")["tree"]) if sha else {}

    def workspace_tree(self, name: str, workspace: str) -> Tree:
        """The files of a workspace, or before its first change those of the head."""
        stored = self.service.store.get(self.service.key(f"{workspace}:tree"))
        # Not `if stored`: an empty tree is a workspace whose files were all removed.
        return dict(stored) if stored is not None else self.tree(name, self.head(name))

    def log(self, name: str) -> list[Json]:
        """Newest first."""
        return self.service.store.children(self.service.key(f"{name}/commits"))[::-1]

    def resolve(self, name: str, commitish: str) -> str:
        """The commit of the branch or of an abbreviated hash. Raises NotFound, also if ambiguous."""
        if commitish == BRANCH:
            matches = [self.head(name)]
        else:
            shas = [entry["sha"] for entry in self.log(name)]
            matches = [sha for sha in shas if len(commitish) >= MIN_HASH_LENGTH and sha.startswith(commitish)]
        if len(matches) != 1 or not matches[0]:
            raise NotFound(f"{commitish!r} is neither the branch {BRANCH!r} nor a commit of {name!r}.")
        return str(matches[0])

    def read_result(self, name: str, result: Json) -> dict[str, bytes]:
        """{path: contents} of what a compilation result was compiled from."""
        workspace = result.get("workspace")
        if workspace:
            return self.read_all(name, self.workspace_tree(name, workspace))
        return self.read_all(name, self.tree(name, result["resolvedGitCommitSha"]))

    def read_all(self, name: str, tree: Tree) -> dict[str, bytes]:
        return {path: base64.b64decode(self.contents(name, blob)) for path, blob in tree.items()}


def check_path(path: str) -> None:
    # The files are written to a folder for the CLI: a path must not leave it.
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or path.startswith("/") or ".." in parts:
        raise InvalidArgument(
            f"Invalid path {path!r}: expected a relative path, for example 'definitions/a.sqlx'."
        )
