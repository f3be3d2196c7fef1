"""Documents as lines for raw: every value as exact text, nested documents and arrays as JSON text.

Types that JSON does not have become the text that a person expects: a date ISO 8601, an ObjectId its hexadecimal
digits, a Decimal128 its digits. Numbers keep all digits. 1 and "1" become the same text.
"""

import base64
import math
import uuid
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec
from bson import Binary, Decimal128, Int64, ObjectId, Timestamp, json_util
from bson.datetime_ms import DatetimeMS

DAY_MS = 86_400_000


def format_date(value: datetime) -> str:
    """BSON dates have milliseconds and are UTC; `value` has no zone, which is faster to decode."""
    return value.isoformat(timespec="milliseconds") + "Z"


def format_wide_date(value: DatetimeMS) -> str:
    """ISO 8601 with an expanded year, for dates that Python's datetime does not have: before year 1, after 9999.

    The civil date of a day: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    """
    days, rest = divmod(int(value), DAY_MS)
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    seconds, milliseconds = divmod(rest, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"
    return f"{'-' if year < 0 else '+' if year > 9999 else ''}{abs(year):04}-{month:02}-{day:02}T{clock}Z"


def format_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def format_binary(value: bytes) -> str:
    """A UUID in its usual form (subtype 4), other bytes in base64."""
    if isinstance(value, Binary) and value.subtype == 4 and len(value) == 16:
        return str(uuid.UUID(bytes=bytes(value)))
    return base64.b64encode(value).decode()


TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    Int64: str,
    float: format_float,
    bool: {False: "false", True: "true"}.__getitem__,
    datetime: format_date,
    DatetimeMS: format_wide_date,
    ObjectId: str,
    Decimal128: str,
    bytes: format_binary,
    Binary: format_binary,
    Timestamp: lambda value: f"{value.time}:{value.inc}",
}


def simplify(value: Any) -> Any:
    """A nested value as JSON can hold it: numbers and booleans stay, other types become text."""
    kind = type(value)
    # By exact type: the frequent ones first, and subclasses such as Int64 below.
    if kind in (str, int, bool):
        return value
    if kind is dict:
        return {name: simplify(member) for name, member in value.items()}
    if kind is list:
        return [simplify(member) for member in value]
    if kind is float and math.isfinite(value):
        return value
    return int(value) if kind is Int64 else format_text(value)  # msgspec does not encode subclasses of int


def format_text(value: Any) -> str | None:
    """None for null. Rare types, such as regular expressions or code, become their Extended JSON."""
    if value is None:
        return None
    convert = TEXTS.get(type(value))
    if convert:
        return convert(value)
    if isinstance(value, dict | list):
        return msgspec.json.encode(simplify(value)).decode()
    return json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS)


class DocumentEncoder:
    """`structured`: columns of raw that are not text; their values keep the structure."""

    def __init__(self, file_column: str, structured: Collection[str]) -> None:
        self.file_column = file_column
        self.structured = frozenset(structured)
        self.encode = msgspec.json.Encoder().encode

    def encode_line(self, document: dict[str, Any], file_name: str) -> bytes:
        get = TEXTS.get  # the loop takes most of the time of a run
        row = {
            name: convert(value) if (convert := get(type(value))) else format_text(value)
            for name, value in document.items()
        }
        for name in self.structured & document.keys():
            row[name] = simplify(document[name])
        row[self.file_column] = file_name
        return self.encode(row) + b"\n"
