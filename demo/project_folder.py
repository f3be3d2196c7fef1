"""The folder of the project: empty, incomplete (a run was interrupted) or complete."""

import shutil
from pathlib import Path

from demo.errors import NoProject
from sandbox.serving import claimed

COMPLETE_MARKER = "complete"  # written when the story has filled the project
LOCK = "lock"  # held by the running sandbox, and never removed: two processes would lock different files


def empty_folder(root: Path) -> None:
    """Removes the previous project. Raises CannotStart, and removes nothing, if a sandbox uses the folder."""
    # Under the lock, so no sandbox can start between the check and the removal.
    with claimed(root):
        for path in root.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()


def mark_complete(root: Path) -> None:
    (root / COMPLETE_MARKER).touch()


def is_complete(root: Path) -> bool:
    return (root / COMPLETE_MARKER).exists()


def check_empty(root: Path) -> None:
    """Raises NoProject for an incomplete project: its files are not removed without a command to do so."""
    if root.exists() and any(path.name != LOCK for path in root.iterdir()):
        raise NoProject(
            f"{root} has an incomplete project: the run that filled it was interrupted or failed. "
            "Remove it with 'make clean', or fill it again with 'make demo'."
        )


def relative_path(path: Path) -> Path:
    """The path as a person types it in the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
