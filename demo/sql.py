"""`make sql`: the rows of a query on the project's BigQuery."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.cloud import Cloud
from demo.errors import NoProject
from demo.project_folder import is_complete
from demo.screen import Screen
from demo.server import running
from demo.tables import align_columns
from sandbox.errors import CannotStart
from sandbox.serving import Holder, claimed
from sandbox.state import State


def print_query(root: Path, sql: str, screen: Screen) -> None:
    with running_project(root) as state:
        rows = Cloud(state).rows(sql)
    for line in format_rows(rows):
        screen.write(line)


@contextmanager
def running_project(root: Path) -> Iterator[State]:
    """The sandbox that runs in the folder, or one that is started for this block.

    Raises NoProject when the folder has no complete project: a query would report missing tables.
    """
    # By the lock, not by the file `holder`, which remains after its process has ended.
    if is_running(root):
        yield Holder.of(root).state(root)
    elif is_complete(root):
        with running(root) as state:
            yield state
    else:
        raise NoProject(f"{root} has no project: create one with 'make sandbox' or 'make demo'.")


def is_running(root: Path) -> bool:
    """Whether a process has the lock of the folder: the kernel releases it when the process ends."""
    if not root.exists():
        return False
    try:
        with claimed(root):
            return False
    except CannotStart:
        return True


def format_rows(rows: list[dict[str, Any]]) -> list[str]:
    """A header and a line per row, NULL for None; statements without rows give "no rows"."""
    if not rows:
        return ["no rows"]
    cells = [tuple("NULL" if value is None else str(value) for value in row.values()) for row in rows]
    return align_columns([tuple(rows[0]), *cells])
