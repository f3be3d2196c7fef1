"""A bare repository on this machine, in the place of the hosting service, and the files of this project in it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.terraform.hcl_files import ROOT
from tests.terraform.tree import DELIVERY

# No step of the workflows reads them.
LEFT_OUT = ("benchmarks", "demo", "docs", "tests")
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com")


@dataclass(frozen=True)
class Repository:
    """`folder` is a checkout in which people work; `remote` is bare."""

    folder: Path
    remote: Path

    @classmethod
    def create(cls, root: Path) -> "Repository":
        """The files as they are in this checkout, also those that are not committed, and the number for delivery."""
        repository = cls(root / "work", root / "origin.git")
        listed = run(ROOT, "ls-files", "--cached", "--others", "--exclude-standard")
        for name in map(Path, listed.splitlines()):
            if name.parts[0] not in LEFT_OUT and (ROOT / name).is_file():
                target = repository.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
        for env in ("dev", "prod"):
            with (repository.folder / f"environments/{env}.tfvars").open("a") as tfvars:
                tfvars.write(DELIVERY)
        run(root, "init", "-q", "--bare", "-b", "main", str(repository.remote))
        run(repository.folder, "init", "-q", "-b", "main")
        run(repository.folder, "remote", "add", "origin", str(repository.remote))
        repository.commit("main", "all")
        return repository

    def commit(self, branch: str, message: str) -> str:
        """The hash of a new commit with all changes, on a branch of the bare repository."""
        run(self.folder, "checkout", "-q", "-B", branch)
        run(self.folder, "add", "-A")
        run(self.folder, *AUTHOR, "commit", "-q", "-m", message)
        self.push(branch)
        return run(self.folder, "rev-parse", "HEAD").strip()

    def push(self, branch: str) -> None:
        """The commit of the checkout becomes that of the branch."""
        run(self.folder, "push", "-q", "--force", "origin", f"HEAD:{branch}")

    def replace(self, name: str, before: str, after: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert before in text, f"{name} does not contain {before!r}"
        path.write_text(text.replace(before, after))

    def clone(self, folder: Path, branch: str = "main") -> Path:
        run(self.folder, "clone", "-q", "-b", branch, str(self.remote), str(folder))
        return folder


def run(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
