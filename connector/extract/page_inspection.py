"""Inspect the items of a page: their drift, and the largest value of the window's field.

Both come from the same decoded items. Nearly every page has no drift; then one decode in C is the whole cost.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from connector.extract.schema_drift import compare_items, create_item_decoder
from connector.landing.page_metadata import DriftReport, ObservedSchema
from connector.raw_schema import FILE_NAME, Column

MAX_INTEGER = 2**63 - 1
MAX_CHARACTERS = 40  # with leading zeros; Python reads at most 4,300

Inspect = Callable[[list[msgspec.Raw]], tuple[DriftReport, int | None]]


def largest_integer(values: Sequence[Any]) -> int | None:
    """Of those that BigQuery has; ods rejects items without one."""
    integers = (int(value) for value in values if is_integer(value) and len(str(value)) <= MAX_CHARACTERS)
    return max((number for number in integers if number <= MAX_INTEGER), default=None)


def create_inspector(
    columns: list[Column],
    schema: ObservedSchema,
    field: str | None,
    largest: Callable[[Sequence[Any]], int | None] = largest_integer,
) -> Inspect:
    """A function from the items of a page to their drift, and the largest value in `field`."""
    # Written by the connector, so it is neither drift nor missing.
    columns = [column for column in columns if column["name"] != FILE_NAME]
    decode = create_item_decoder(columns, schema)

    def inspect(items: list[msgspec.Raw]) -> tuple[DriftReport, int | None]:
        joined = b"[" + b",".join(items) + b"]"
        try:
            rows = decode(joined)
        # One difference is enough: now every item is compared field by field, to name what differs.
        except msgspec.MsgspecError:
            values = read_values(joined, field) if field else []
            return compare_items(items, columns, schema), largest(values)
        values = [getattr(row, field, None) for row in rows] if field else []
        return DriftReport(), largest(values)

    return inspect


def read_values(joined: bytes, field: str) -> list[Any]:
    item_type = msgspec.defstruct("Item", [("value", Any, None)], rename={"value": field})
    try:
        return [item.value for item in msgspec.json.decode(joined, type=list[item_type])]  # type: ignore[valid-type,attr-defined]
    except msgspec.MsgspecError:  # one of them cannot be decoded
        return read_one_by_one(joined, item_type)


def read_one_by_one(joined: bytes, item_type: type[msgspec.Struct]) -> list[Any]:
    decode = msgspec.json.Decoder(item_type).decode
    values = []
    for item in msgspec.json.decode(joined, type=list[msgspec.Raw]):
        try:
            values.append(decode(item).value)  # type: ignore[attr-defined]
        except msgspec.MsgspecError:  # not an object, or a number that Python cannot have
            continue
    return values


def is_integer(value: Any) -> bool:
    # In Python a bool is an int.
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (
        # isdigit() also accepts digits of other scripts.
        isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit()
    )
