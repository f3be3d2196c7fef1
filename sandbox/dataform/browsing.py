"""Read access to a repository: history, folders, files."""

from dataclasses import dataclass

from sandbox.dataform.files import Files, Tree
from sandbox.dataform.repositories import repository
from sandbox.resources.errors import NotFound
from sandbox.resources.paging import page
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json


@dataclass(frozen=True)
class Browsing:
    service: Service
    files: Files

    def history(self, call: Call) -> Json:
        """Newest first."""
        self.service.find(repository(call))
        commits = [
            {
                "commitSha": entry["sha"],
                "commitTime": entry["time"],
                "author": entry["author"],
                "commitMessage": entry["message"],
            }
            for entry in self.files.log(repository(call))
        ]
        return page(commits, "commits", call.query)

    def read(self, call: Call) -> Json:
        blob = self.tree(call).get(call.query.get("path", ""))
        if blob is None:
            raise NotFound(f"File {call.query.get('path', '')!r} was not found.")
        return {"contents": self.files.contents(repository(call), blob)}

    def directory(self, call: Call) -> Json:
        """The direct entries of the folder `path`; of the root without `path`."""
        folder = call.query.get("path", "").strip("/")
        prefix = f"{folder}/" if folder else ""
        below = sorted(path.removeprefix(prefix) for path in self.tree(call) if path.startswith(prefix))
        if folder and not below:
            raise NotFound(f"Directory {folder!r} was not found.")
        folders = dict.fromkeys(path.partition("/")[0] for path in below if "/" in path)
        entries = [{"directory": prefix + name} for name in folders]
        entries += [{"file": prefix + name} for name in below if "/" not in name]
        return page(entries, "directoryEntries", call.query)

    def tree(self, call: Call) -> Tree:
        """Of the requested commit, or of the head."""
        name, sha = repository(call), call.query.get("commitSha", "")
        self.service.find(name)
        return self.files.tree(name, self.files.resolve(name, sha) if sha else self.files.head(name))
