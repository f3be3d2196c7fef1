"""The order of BSON values, and the conditions of a query.

https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
"""

from datetime import datetime
from typing import Any

import bson
from bson.datetime_ms import DatetimeMS

TYPES: list[Any] = [
    type(None),
    (int, float, bson.Decimal128),
    str,
    dict,
    list,
    bytes,
    bson.ObjectId,
    bool,
    DatetimeMS,
]
NUMBER, DOCUMENT, BOOLEAN, DATE = 1, 3, 7, 8


def sort_key(value: Any) -> tuple[int, Any]:
    """Compares values as an index does: by type, then by value."""
    if isinstance(value, datetime):
        value = DatetimeMS(value)
    # Before the search in TYPES: bool is a subclass of int, but another BSON type.
    if isinstance(value, bool):
        return BOOLEAN, value
    rank = next(number for number, kind in enumerate(TYPES) if isinstance(value, kind))
    if value is None:
        return rank, 0
    if rank == NUMBER:
        return rank, float(str(value))
    return rank, int(value) if rank == DATE else str(value) if rank == DOCUMENT else value


def matches(value: Any, conditions: dict[str, Any]) -> bool:
    """A comparison matches values of the same type only, as MongoDB's does."""
    return all(compare(operator, sort_key(value), bound) for operator, bound in conditions.items())


def compare(operator: str, actual: tuple[int, Any], bound: Any) -> bool:
    """NotImplementedError for an operator that the connector does not request."""
    if operator == "$in":
        return actual in [sort_key(each) for each in bound]
    expected = sort_key(bound)
    if actual[0] != expected[0]:
        return False
    match operator:
        case "$gte":
            return bool(actual >= expected)
        case "$gt":
            return bool(actual > expected)
        case "$lt":
            return bool(actual < expected)
    raise NotImplementedError(f"operator {operator}")
