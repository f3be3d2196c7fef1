"""The folder of the project: empty, incomplete (a run was interrupted) or complete."""

import shutil
from pathlib import Path

from demo.errors import NoProject
from sandbox.serving import claimed

COMPLETE_MARKER = "complete"  # written when the story has filled the project
LOCK = "lock"  # held by the running sandbox, and never removed: two processes would lock different files
# What other targets of the Makefile install or write into .sandbox: Spark is a download of 460 MB.
OTHERS = frozenset({"spark", "servers", "tests.xml"})


def empty_folder(root: Path) -> None:
    """Removes the previous project.

    Raises CannotStart if a sandbox uses the folder, NoProject if its files are of something else, and removes nothing.
    """
    if not (root / LOCK).exists() and project_files(root):
        raise NoProject(f"{root} has files that are not of a project: choose an empty folder with --root.")
    # Under the lock, so no sandbox can start between the check and the removal.
    with claimed(root):
        for path in project_files(root):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def project_files(root: Path) -> list[Path]:
    """Of the project, without its lock and what the Makefile writes beside it."""
    return [path for path in root.glob("*") if path.name not in {LOCK, *OTHERS}]


def mark_complete(root: Path) -> None:
    (root / COMPLETE_MARKER).touch()


def is_complete(root: Path) -> bool:
    return (root / COMPLETE_MARKER).exists()


def check_empty(root: Path) -> None:
    """Raises NoProject for an incomplete project: its files are not removed without a command to do so."""
    if project_files(root):
        raise NoProject(
            f"{root} has an incomplete project: the run that filled it was interrupted or failed. "
            "Remove it with 'make clean', or fill it again with 'make demo'."
        )


def relative_path(path: Path) -> Path:
    """The path as a person types it in the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
