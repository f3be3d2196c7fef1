"""An object store in memory, with generations as Cloud Storage has them."""

import threading

from runtime.stored_object import ObjectInfo, StoredObject, checksum

ABSENT: tuple[int, bytes, dict[str, str]] = (0, b"", {})


class MemoryStore:
    """Implements the interface of runtime.object_store.ObjectStore that the connector uses."""

    bucket = "memory"

    def __init__(self):
        self.objects: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.writes = 0
        self.lock = threading.Lock()

    def url_of(self, name):
        return f"gs://{self.bucket}/{name}"

    def create(self, name, content, metadata=None):
        return self.replace(name, content, 0, metadata) is not None

    def replace(self, name, content, generation, metadata=None):
        with self.lock:
            if self.generation(name) != generation:
                return None
            self.writes += 1
            self.objects[name] = (self.writes, content, dict(metadata or {}))
            return self.writes

    # One look-up in each of them: between two, another thread may replace or delete the object.

    def generation(self, name):
        return self.objects.get(name, ABSENT)[0]

    def read(self, name, generation):
        current, content, _ = self.objects.get(name, ABSENT)
        return content if current == generation and generation else None

    def read_current(self, name):
        generation, content, metadata = self.objects.get(name, ABSENT)
        return StoredObject(content, generation, metadata) if generation else None

    def delete(self, name, generation=None):
        with self.lock:
            if generation in (None, self.generation(name)):
                self.objects.pop(name, None)

    def list(self, prefix):
        for name, (generation, content, metadata) in sorted(self.objects.copy().items()):
            if name.startswith(prefix):
                yield ObjectInfo(name, len(content), metadata, generation, crc32c=checksum(content))

    def move(self, source, target):
        with self.lock:
            if source in self.objects:
                self.objects.setdefault(target, self.objects[source])
                del self.objects[source]

    def set_metadata(self, name, metadata):
        if name in self.objects:
            self.objects[name][2].update(metadata)

    def names(self, prefix=""):
        return [item.name for item in self.list(prefix)]
