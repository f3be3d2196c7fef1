"""Contents of objects as plain files, `<root>/storage/<bucket>/<object>`, where BigQuery reads them.

A file is moved, never written, into its place, and every move is in the catalogue before it is final: what a
killed process left in `storage.parts` is moved to the path in its row, or dropped if there is no row.
"""

import os
from pathlib import Path

from sandbox.storage.catalogue import Catalogue, StoredObject

LONGEST_SEGMENT = 255  # bytes: what file systems allow


class Contents:
    def __init__(self, root: Path) -> None:
        self.buckets = root / "storage"
        self.parts = root / "storage.parts"
        # Noncurrent generations, and names that no file can have: `a` beside `a/b`, `a//b`, `folder/`.
        self.others = root / "storage.others"
        for folder in (self.buckets, self.parts, self.others):
            folder.mkdir(parents=True, exist_ok=True)

    def recover(self, catalogue: Catalogue) -> None:
        for part in self.parts.iterdir():
            # Other names are ids of resumable uploads, which can continue after a restart.
            if part.name.isdigit():
                stored = catalogue.of_generation(int(part.name))
                self.settle(int(part.name), stored.path if stored else None)

    def part(self, generation: int) -> Path:
        return self.parts / str(generation)

    def write(self, generation: int, content: bytes) -> None:
        try:
            self.part(generation).write_bytes(content)
        except OSError:
            self.part(generation).unlink(missing_ok=True)  # half of it would keep a full disk full
            raise

    def place(self, bucket: str, name: str, generation: int) -> str:
        """The path of a live object's file."""
        path = self.buckets / bucket / name
        if not representable(name) or path.is_dir():
            return self.aside(generation)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            return self.aside(generation)
        return str(path)

    def aside(self, generation: int) -> str:
        return str(self.others / str(generation))

    def withdraw(self, stored: StoredObject, keep: bool) -> None:
        """Move the file to the parts until the catalogue has changed; `keep` it for readers until then."""
        (os.link if keep else os.replace)(stored.path, self.part(stored.generation))

    def settle(self, generation: int, path: str | None) -> None:
        """After a change of the catalogue: move the file to its path, or delete it."""
        part = self.part(generation)
        if path and part.exists():
            part.replace(path)
        part.unlink(missing_ok=True)  # a rename onto another link of the same file does nothing

    def prune(self, stored: StoredObject) -> None:
        """Delete empty folders: a bucket has none."""
        folder, bucket = Path(stored.path).parent, self.buckets / stored.bucket
        while folder.is_relative_to(bucket) and folder != bucket and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def representable(name: str) -> bool:
    segments = name.split("/")
    return not any(
        segment in ("", ".", "..") or "\0" in segment or len(segment.encode()) > LONGEST_SEGMENT
        for segment in segments
    )
