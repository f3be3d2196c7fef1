"""An object store on the local disk, to measure what the network to the bucket costs."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from connector.run.state import RunState
from runtime.stored_object import ObjectInfo


class DiskStore:
    """Implements connector.landing.files.Store. `create` returns when the file is on the disk (fsync), as Cloud
    Storage confirms only durable objects. Metadata is in memory only: a run
    on the disk is not resumed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.metadata: dict[str, dict[str, str]] = {}

    def url_of(self, name: str) -> str:
        return str(self.root / name)

    def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> bool:
        try:
            # Mode x: the creation of an existing object fails, as in a bucket with ifGenerationMatch=0.
            with self._writable_path(name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            return False
        self.metadata[name] = dict(metadata or {})
        return True

    def replace(self, name: str, content: bytes, generation: int) -> int | None:
        self._writable_path(name).write_bytes(content)
        return 1

    def generation(self, name: str) -> int:
        return int((self.root / name).exists())

    def read(self, name: str, generation: int) -> bytes | None:
        return (self.root / name).read_bytes() if generation else None

    def delete(self, name: str, generation: int | None = None) -> None:
        (self.root / name).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        for path in sorted(self.root.rglob("*.json")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(prefix):
                yield ObjectInfo(name, path.stat().st_size, self.metadata.get(name, {}))

    def move(self, source: str, target: str) -> None:
        (self.root / source).replace(self._writable_path(target))
        self.metadata[target] = self.metadata.pop(source, {})

    def set_metadata(self, name: str, metadata: Mapping[str, str]) -> None:
        self.metadata.setdefault(name, {}).update(metadata)

    def _writable_path(self, name: str) -> Path:
        """The path of `name`, in a folder that exists."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class NoLease:
    """On a disk there is no second process."""

    def check(self) -> None: ...
    def save(self, state: RunState) -> None: ...
