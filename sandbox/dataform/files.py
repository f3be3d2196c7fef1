"""The Git of a repository without a remote: commits of whole trees, one branch."""

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
SHORTEST = 4  # digits of a commit's hash, as Git has it
Tree = dict[str, str]  # path: hash of the contents


@dataclass(frozen=True)
class Files:
    service: Service

    def commit(self, call: Call) -> Json:
        """Refused with a Git remote, on another head than the required one, and when nothing changes."""
        name = repository(call)
        with self.service.store.change():
            if self.service.find(name).get("gitRemoteSettings", {}).get("url"):
                raise FailedPrecondition(f"Repository {name!r} has a Git remote: commit there.")
            head, required = self.head(name), call.body.get("requiredHeadCommitSha")
            if required and required != head:
                raise Aborted(f"The head of {name!r} is {head!r}, not {required!r}: somebody committed.")
            tree = self.changed(name, self.tree(name, head), call.body.get("fileOperations", {}))
            return {"commitSha": self.add(name, head, tree, call.body.get("commitMetadata", {}))}

    def changed(self, name: str, tree: Tree, operations: Json) -> Tree:
        changed = dict(tree)
        for path, operation in operations.items():
            check(path)
            if "writeFile" in operation:
                changed[path] = self.keep(name, operation["writeFile"].get("contents", ""))
            elif "deleteFile" not in operation:
                raise InvalidArgument(f"The operation on {path!r} is neither writeFile nor deleteFile.")
            elif changed.pop(path, None) is None:
                raise NotFound(f"File {path!r} was not found.")
        if changed == tree:
            raise FailedPrecondition("The file operations change nothing.")
        return changed

    def add(self, name: str, parent: str, tree: Tree, metadata: Json) -> str:
        author = metadata.get("author", {})
        if not author.get("name") or not author.get("emailAddress"):
            raise InvalidArgument("commitMetadata.author needs a name and an emailAddress.")
        entry = {"parent": parent, "tree": tree, "time": now(), "author": author}
        entry["message"] = metadata.get("commitMessage", "")
        # Forty digits as Git's, but not Git's own: nobody checks it out.
        sha = hashlib.sha1(json.dumps(entry, sort_keys=True).encode()).hexdigest()
        self.service.store.put(self.service.key(f"{name}/commits/{sha}"), entry | {"sha": sha})
        self.service.store.put(self.service.key(f"{name}:head"), {"sha": sha})
        return sha

    def keep(self, name: str, contents: str) -> str:
        """`contents` in base64."""
        sha = hashlib.sha256(base64.b64decode(contents)).hexdigest()
        self.service.store.put(self.service.key(f"{name}:blob-{sha}"), {"contents": contents})
        return sha

    def contents(self, name: str, sha: str) -> str:
        """In base64."""
        return str((self.service.store.get(self.service.key(f"{name}:blob-{sha}")) or {})["contents"])

    def head(self, name: str) -> str:
        """Empty before the first commit."""
        return str((self.service.store.get(self.service.key(f"{name}:head")) or {}).get("sha", ""))

    def tree(self, name: str, sha: str) -> Tree:
        return dict(self.service.find(f"{name}/commits/{sha}")["tree"]) if sha else {}

    def log(self, name: str) -> list[Json]:
        """Newest first."""
        return self.service.store.children(self.service.key(f"{name}/commits"))[::-1]

    def resolve(self, name: str, commitish: str) -> str:
        """The commit that the branch, or the first digits of a hash, stand for."""
        if commitish == BRANCH:
            found = [self.head(name)]
        else:
            shas = [entry["sha"] for entry in self.log(name)]
            found = [sha for sha in shas if len(commitish) >= SHORTEST and sha.startswith(commitish)]
        if len(found) != 1 or not found[0]:
            raise NotFound(f"{commitish!r} is no branch and no commit of {name!r}.")
        return str(found[0])

    def all(self, name: str, sha: str) -> dict[str, bytes]:
        tree = self.tree(name, sha)
        return {path: base64.b64decode(self.contents(name, blob)) for path, blob in tree.items()}


def check(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or path.startswith("/") or ".." in parts:
        raise InvalidArgument(f"{path!r} is no path inside a repository.")
