"""What is known about an object of a bucket. Apart from the client, whose libraries take 0.2 s to import."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import google_crc32c

WRITTEN = "written_crc32c"  # key of an object's metadata: the checksum of the content that its writer wrote


@dataclass(frozen=True)
class ObjectInfo:
    """An object of a listing; `size` in bytes. `created`: when this generation was written, RFC 3339. `crc32c`: of its
    content now. `updated`: when it or its metadata changed."""

    name: str
    size: int
    metadata: Mapping[str, str]
    generation: int = 0
    created: str = ""
    crc32c: str = ""
    updated: str = ""

    @property
    def is_altered(self) -> bool:
        """Whether it has other content than its writer recorded (`record_content`); False where nothing is recorded."""
        # Cloud Storage computes the checksum of each new content; metadata is only what a writer sends.
        return bool(self.crc32c) and self.metadata.get(WRITTEN, self.crc32c) != self.crc32c


@dataclass(frozen=True)
class StoredObject:
    """Content and metadata of one generation of an object."""

    content: bytes
    generation: int
    metadata: Mapping[str, str]


def checksum(content: bytes) -> str:
    """CRC32C, big-endian, in base64: https://cloud.google.com/storage/docs/data-validation"""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4)).decode()


def record_content(metadata: Mapping[str, str], content: bytes) -> dict[str, str]:
    """`metadata` with the checksum of `content`, by which a reader notices that the object was changed."""
    return dict(metadata) | {WRITTEN: checksum(content)}
