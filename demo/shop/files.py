"""Files that are as they were or as they shall be, never half: on a full disk, or after a kill."""

from pathlib import Path


def write(path: Path, text: str, mode: int = 0o644) -> None:
    new = path.with_name(f"{path.name}.new")
    new.touch(mode)
    new.write_text(text)
    new.replace(path)
