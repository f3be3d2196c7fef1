"""The folder that is released, and the commit of this repository that it is at."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.release import ReleaseError

LEFT_OUT = "node_modules"  # and everything whose name begins with a dot
SETTINGS = "workflow_settings.yaml"

Files = dict[str, bytes]  # path below the folder, with slashes: contents


@dataclass(frozen=True)
class Origin:
    """`commit` is Git's, empty outside a Git repository; `author` and `email` are who made it."""

    commit: str
    dirty: bool
    author: str
    email: str

    @property
    def message(self) -> str:
        return f"Release of {self.commit or 'a folder outside Git'}{' (dirty)' if self.dirty else ''}"


def read(folder: Path) -> Files:
    if not (folder / SETTINGS).is_file():
        raise ReleaseError(f"{folder} is no Dataform project: it has no {SETTINGS}")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    named = {path.relative_to(folder): path for path in paths}
    return {name.as_posix(): path.read_bytes() for name, path in named.items() if belongs(name)}


def belongs(name: Path) -> bool:
    return not any(part == LEFT_OUT or part.startswith(".") for part in name.parts)


def origin(folder: Path) -> Origin:
    """Dirty only by what lies in the folder: nothing else is released."""
    said = git(folder, "log", "-1", "--format=%H%n%an%n%ae")
    commit, author, email = said.split("\n") if said else ("", "scripts.release", "nobody@example.com")
    return Origin(commit, bool(git(folder, "status", "--porcelain", "--", ".")), author, email)


def git(folder: Path, *words: str) -> str:
    """What Git says; nothing where there is no Git, or no repository."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
