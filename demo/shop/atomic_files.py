"""Atomic writes: after a full disk or a kill, a file has its old or its new content, never a part of it."""

from pathlib import Path


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    # In the same folder: a rename is atomic only within one file system.
    new = path.with_name(f"{path.name}.new")
    # The mode is set while the file is still empty, so a key is never readable by other users.
    new.touch(mode)
    new.write_text(text)
    new.replace(path)
