"""Atomic writes: after a full disk or a kill, a file has its old or its new content, never a part of it."""

from pathlib import Path


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    new = path.with_name(f"{path.name}.new")
    new.touch(mode)
    new.write_text(text)
    new.replace(path)
