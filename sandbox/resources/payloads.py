"""The payload of a secret version: bytes in base64, with a checksum."""

import base64

import google_crc32c

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

MAX_BYTES = 65_536  # https://cloud.google.com/secret-manager/quotas


def encode_payload(data: bytes) -> Json:
    return {"data": base64.b64encode(data).decode(), "dataCrc32c": str(google_crc32c.value(data))}


def decode_payload(payload: Json) -> bytes:
    """Raises InvalidArgument for an empty or too large payload, and if the checksum does not match."""
    data = base64.b64decode(payload.get("data", ""))
    if not 0 < len(data) <= MAX_BYTES:
        raise InvalidArgument(f"Secret Payload must be 1 to {MAX_BYTES} bytes, not {len(data)}.")
    if int(payload.get("dataCrc32c", google_crc32c.value(data))) != google_crc32c.value(data):
        raise InvalidArgument("Secret Payload does not match its dataCrc32c.")
    return data
