"""A folder that takes the place of the bucket, to see what the network to the bucket costs."""

import os
from collections.abc import Iterator
from pathlib import Path

from connector.landing.files import Object


class DiskBucket:
    """Each object a file, written to the disk before `create` returns, as Cloud Storage promises."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = root.name

    def create(self, name: str, content: bytes, metadata: dict[str, str] | None = None) -> bool:
        try:
            with self.path(name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            return False
        return True

    def replace(self, name: str, content: bytes, generation: int) -> int | None:
        self.path(name).write_bytes(content)
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
        (self.root / source).replace(self.path(target))

    def describe(self, name: str, metadata: dict[str, str]) -> None:
        """Files carry no metadata here."""

    def path(self, name: str) -> Path:
        """Where `name` is written; its folder is there afterwards."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
