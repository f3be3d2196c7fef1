"""Resources of objects: fields that Cloud Storage computes, and fields that a client may set."""

import base64
import hashlib
from contextlib import suppress

import google_crc32c

from sandbox.storage.call import Json
from sandbox.storage.catalogue import now
from sandbox.storage.errors import BadRequest

# https://cloud.google.com/storage/docs/json_api/v1/objects: fields that a client may set.
WRITABLE = {
    "cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType", "customTime",
    "eventBasedHold", "metadata", "retention", "storageClass", "temporaryHold",
}  # fmt: skip
LONGEST_NAME = 1024  # bytes


def described(bucket: str, name: str, generation: int, content: bytes, fields: Json) -> Json:
    """The resource of a new object. BadRequest if a checksum in `fields` does not match."""
    checksum = google_crc32c.value(content).to_bytes(4)
    sums = {"md5Hash": digest(hashlib.md5(content).digest()), "crc32c": digest(checksum)}
    for kind, value in sums.items():
        if fields.get(kind, value) != value:
            raise BadRequest(f"Provided {kind} {fields[kind]!r} doesn't match calculated {kind} {value!r}.")
    time = now()
    return {
        "name": name,
        "bucket": bucket,
        "generation": str(generation),
        "metageneration": "1",
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "size": str(len(content)),
        **sums,
        "etag": etag(generation, 1),
        **dict.fromkeys(("timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized"), time),
        **writable(fields),
    }


def writable(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if name in WRITABLE and value is not None}


def etag(generation: int, metageneration: int) -> str:
    return digest(f"{generation}/{metageneration}".encode())


def digest(content: bytes) -> str:
    return base64.b64encode(content).decode()


def check_name(name: str) -> None:
    """https://cloud.google.com/storage/docs/objects#naming"""
    forbidden = (
        name in (".", "..") or "\r" in name or "\n" in name or name.startswith(".well-known/acme-challenge/")
    )
    with suppress(UnicodeEncodeError):
        if name and not forbidden and len(name.encode()) <= LONGEST_NAME:
            return
    raise BadRequest(f"Invalid object name: {name!r}")
