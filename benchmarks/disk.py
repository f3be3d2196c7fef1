"""A folder that takes the place of the bucket, to see what the network to the bucket costs."""

import os
from collections.abc import Iterator
from pathlib import Path

from connector.landing import Object


class DiskBucket:
    """Each object a file, written to the disk before `create` returns, as Cloud Storage promises."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = root.name
        self.made: set[Path] = set()

    def create(self, name: str, content: bytes, metadata: dict[str, str] | None = None) -> bool:
        path = self.root / name
        if path.parent not in self.made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(path.parent)
        try:
            with path.open("xb", buffering=0) as file:
                file.write(content)
                os.fsync(file.fileno())
        except FileExistsError:
            return False
        return True

    def replace(self, name: str, content: bytes, generation: int) -> int | None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(content)
        return 1

    def generation(self, name: str) -> int:
        return int((self.root / name).exists())

    def read(self, name: str, generation: int) -> bytes | None:
        return (self.root / name).read_bytes() if generation else None

    def list(self, prefix: str) -> Iterator[Object]:
        for path in sorted(self.root.rglob("*.json")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(prefix):
                yield Object(name, path.stat().st_size, {})

    def move(self, source: str, target: str) -> None:
        (self.root / target).parent.mkdir(parents=True, exist_ok=True)
        (self.root / source).replace(self.root / target)

    def describe(self, name: str, metadata: dict[str, str]) -> None:
        """Files carry no metadata here."""
