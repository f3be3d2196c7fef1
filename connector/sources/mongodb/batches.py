"""Decode a batch of documents as the server sends it; one that is not readable BSON does not stop the others."""

from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from connector.landing.files import RejectedRow

# pymongo's default refuses a whole batch if one date in it is before year 1 or after 9999.
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)

Fault = tuple[bytes, BSONError]
# The documents that can be decoded, and by their position from 1 those that cannot.
Batch = tuple[list[dict[str, Any]], dict[int, Fault]]


def decode_batch(batch: bytes) -> Batch:
    """The documents of a batch, and by their position from 1 those that cannot be decoded. If there is one they are
    decoded one by one, so that only it is lost."""
    try:
        return bson.decode_all(batch, CODEC), {}
    except BSONError:
        return decode_singly(batch)


def decode_singly(batch: bytes) -> Batch:
    documents: list[dict[str, Any]] = []
    faults: dict[int, Fault] = {}
    position = 0
    while position < len(batch):
        size = int.from_bytes(batch[position : position + 4], "little")
        raw = batch[position : position + size]
        position += size
        try:
            documents.append(bson.decode(raw, CODEC))
        except BSONError as error:
            faults[len(documents) + len(faults) + 1] = (raw, error)
    return documents, faults


def describe_fault(fault: Fault, number: int) -> RejectedRow:
    """The line is hexadecimal, to be decoded by another program."""
    raw, error = fault
    return RejectedRow(number, f"not readable BSON: {error}", raw[:1000].hex())
