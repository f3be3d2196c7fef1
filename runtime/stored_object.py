"""What is known about an object of a bucket. Apart from the client, whose libraries take 0.2 s to import."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ObjectInfo:
    """An object of a listing; `size` in bytes. `created`: when this generation was written, RFC 3339."""

    name: str
    size: int
    metadata: Mapping[str, str]
    generation: int = 0
    created: str = ""


@dataclass(frozen=True)
class StoredObject:
    """Content and metadata of one generation of an object."""

    content: bytes
    generation: int
    metadata: Mapping[str, str]
