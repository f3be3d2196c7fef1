"""Files in Cloud Storage, read by our own client."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connector.errors import KeyRejected, RequestRejected, SourceError, SourceUnavailable
from connector.sources.files.store import FileInfo, describe_overwritten
from runtime.errors import StorageDenied, StorageError
from runtime.object_store import status_of
from runtime.stored_object import ObjectInfo

NOT_FOUND = 404
SPLIT_BYTES = 1 << 20  # a smaller file is never split, and so read once


@dataclass
class Download:
    """The content of a file, once one of its readers has downloaded it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    content: bytes | None = None


class Bucket(Protocol):
    """runtime.object_store.ObjectStore."""

    def url_of(self, name: str) -> str: ...
    def list(self, prefix: str) -> Iterator[ObjectInfo]: ...
    def read(self, name: str, generation: int) -> bytes | None: ...


class GoogleFiles:
    """Cloud Storage. The version is the object's generation, which is never reused.

    The checksum is that of the whole object, so an object is downloaded as a whole. A large file is read part by part,
    and would be downloaded again for each of them: the last `kept_files` stay in memory.
    """

    server = ""

    def __init__(self, store: Bucket, folder: str, kept_files: int = 2) -> None:
        self.store = store
        self.folder = folder
        self.url = store.url_of(folder)
        self.kept_files = kept_files
        self.lock = threading.Lock()
        self.downloads: dict[FileInfo, Download] = {}

    def list_files(self, prefix: str) -> Iterator[FileInfo]:
        start = self.folder + (f"{prefix}/" if prefix else "")
        try:
            for item in self.store.list(start):
                # The generation has its own time; `updated` also changes with the metadata.
                modified = datetime.fromisoformat(item.created).timestamp() if item.created else 0
                key = item.name.removeprefix(self.folder)
                yield FileInfo(key, str(item.generation), item.size, modified)
        except StorageError as error:
            raise describe_failure(error, self.url) from error

    def read_chunks(self, file: FileInfo, start: int, end: int) -> Iterator[bytes]:
        yield (self._download(file) if file.size <= SPLIT_BYTES else self._read_once(file))[start:end]

    def _read_once(self, file: FileInfo) -> bytes:
        with self.lock:
            download = self.downloads.setdefault(file, Download())
            # The oldest: parts of a file are read one after another, so it is rarely needed again.
            while len(self.downloads) > self.kept_files:
                del self.downloads[next(iter(self.downloads))]
        with download.lock:  # two readers of one file download it once, those of two files do not wait
            if download.content is None:
                download.content = self._download(file)
        return download.content

    def _download(self, file: FileInfo) -> bytes:
        try:
            content = self.store.read(self.folder + file.key, int(file.etag))
        except StorageError as error:
            raise describe_failure(error, self.url) from error
        if content is None:
            raise SourceUnavailable(describe_overwritten(self.url, file.key))
        return content


def describe_failure(error: StorageError, url: str) -> SourceError:
    """With the remedies of a bucket that is not ours: Terraform neither creates it nor grants anything on it."""
    cause = error.__cause__
    if isinstance(error, StorageDenied):
        return KeyRejected(
            f"the job's account may not read {url}: ask the owner of the bucket for roles/storage.objectViewer. "
            f"({cause or error})"
        )
    if isinstance(cause, Exception) and status_of(cause) == NOT_FOUND:
        return RequestRejected(
            f"{url} does not exist. Check the bucket's name in `url`. ({cause})", NOT_FOUND
        )
    return SourceUnavailable(str(error))
