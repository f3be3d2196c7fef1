"""The files of a folder, whatever stores them: S3 and local folders by obstore, Cloud Storage by our own client.

A file is read only in the version that was listed: S3 compares the etag (If-Match), Cloud Storage the generation.
So a part of a run never mixes two versions of a file.
"""

from collections.abc import Iterator
from typing import Protocol

import msgspec


class FileInfo(msgspec.Struct, frozen=True, array_like=True):
    """One version of a file. `modified`: seconds since 1970 UTC, 0 if unknown; only for the order and `settle`."""

    key: str
    etag: str
    size: int
    modified: float = 0


class FileStore(Protocol):
    """`url` ends with a slash. `server`: the declared one, where several have buckets of the same name."""

    @property
    def url(self) -> str: ...
    @property
    def server(self) -> str: ...

    def list_files(self, prefix: str) -> Iterator[FileInfo]:
        """Files below the folder `prefix`; keys are relative to the source's url. SourceError if impossible."""
        ...

    def read_chunks(self, file: FileInfo, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` to before `end`. SourceUnavailable if the version is no longer there."""
        ...


def describe_overwritten(url: str, key: str) -> str:
    return f"{url}{key} was overwritten or removed after it was listed; the next run reads the new version"
