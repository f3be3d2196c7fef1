"""The values of secrets as they travel: bytes in base64, with a checksum."""

import base64
from typing import Any

import google_crc32c

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.policies import only
from sandbox.resources.store import Json

LARGEST = 65_536  # bytes of a value, https://cloud.google.com/secret-manager/quotas


def payload(data: bytes) -> Json:
    return {"data": encoded(data), "dataCrc32c": str(google_crc32c.value(data))}


def value(payload: Any) -> bytes:
    """The bytes of a payload; a checksum that does not fit them is refused."""
    if not isinstance(payload, dict):
        raise InvalidArgument("Invalid value at 'payload': it is an object.")
    only(payload, {"data", "dataCrc32c"})
    try:
        data = base64.b64decode(payload.get("data", ""), validate=True)
        told = int(payload.get("dataCrc32c", google_crc32c.value(data)))
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"Invalid value at 'payload': {error}") from error
    if not 0 < len(data) <= LARGEST:
        raise InvalidArgument(f"Secret Payload must be 1 to {LARGEST} bytes, not {len(data)}.")
    if told != google_crc32c.value(data):
        raise InvalidArgument("Secret Payload does not fit its dataCrc32c.")
    return data


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
