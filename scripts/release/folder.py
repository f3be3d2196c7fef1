"""The folder to release, and the Git commit that it is at."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runtime.delivery import ReleaseError

EXCLUDED = "node_modules"  # and every name that begins with a dot
SETTINGS_FILE = "workflow_settings.yaml"

Files = dict[str, bytes]  # content by path below the folder, with slashes


@dataclass(frozen=True)
class Origin:
    """`commit` is a Git hash, empty outside a Git repository; `author` and `email` are the commit's."""

    commit: str
    is_dirty: bool
    author: str
    email: str

    @property
    def label(self) -> str:
        """The commit; with a mark if the files are not those of the commit."""
        return f"{self.commit} (dirty)" if self.is_dirty else self.commit

    @property
    def message(self) -> str:
        return f"Release of {self.label or 'a folder outside Git'}"


def read_files(folder: Path) -> Files:
    """ReleaseError if it is not a Dataform project."""
    if not (folder / SETTINGS_FILE).is_file():
        raise ReleaseError(f"{folder} is not a Dataform project: {SETTINGS_FILE} is missing")
    # Sorted, so that the same folder gives the same operations.
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    by_name = {path.relative_to(folder): path for path in paths}
    return {name.as_posix(): path.read_bytes() for name, path in by_name.items() if is_included(name)}


def digest_of_files(files: Files) -> str:
    """Of names and contents: by it a rollout knows whether exactly this was rehearsed."""
    content = {name: hashlib.sha256(text).hexdigest() for name, text in files.items()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def is_included(name: Path) -> bool:
    return not any(part == EXCLUDED or part.startswith(".") for part in name.parts)


def read_origin(folder: Path) -> Origin:
    """Dirty means uncommitted changes in `folder`; nothing outside of it is released."""
    # The author too: the Dataform repository shows who wrote the code, not who released it.
    output = git_output(folder, "log", "-1", "--format=%H%n%an%n%ae")
    commit, author, email = output.split("\n") if output else ("", "scripts.release", "release@example.com")
    # Only the folder: changes elsewhere are not part of the release.
    return Origin(commit, bool(git_output(folder, "status", "--porcelain", "--", ".")), author, email)


def git_output(folder: Path, *arguments: str) -> str:
    """Empty if Git is not installed or `folder` is not in a repository."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return result.stdout.strip()
