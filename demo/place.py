"""Where the demo keeps its sandbox: one folder, emptied at each start."""

import shutil
from pathlib import Path

from sandbox.serving import claimed


def empty(root: Path) -> None:
    """Nothing stays of the last time. CannotStart if a sandbox runs there: its folder is not touched."""
    with claimed(root):
        for path in root.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":  # what `claimed` holds
                path.unlink()
