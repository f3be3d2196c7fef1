"""Documents as lines for raw: every value as exact text, nested documents and arrays as JSON text.

Types that JSON does not have become the text that a person expects: a date ISO 8601, an ObjectId its hexadecimal
digits, a Decimal128 its digits. Numbers keep all digits. 1 and "1" become the same text.
"""

import base64
import math
import struct
import uuid
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec
from bson import Binary, Decimal128, Int64, ObjectId, Timestamp, json_util
from bson.datetime_ms import DatetimeMS

DAY_MS = 86_400_000
DECIMAL = struct.Struct("<QQ")
PLAIN = frozenset((str, int, bool, type(None)))  # in JSON as they are


def format_date(value: datetime) -> str:
    """BSON dates have milliseconds and are UTC; `value` has no zone, which is faster to decode."""
    return value.isoformat("T", "milliseconds") + "Z"


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


def format_decimal(value: Decimal128) -> str:
    """As `str(value)`, which goes through decimal.Decimal and is the slowest conversion of a document.

    A finite number with up to six leading zeros after the point is read from its bits: sign, exponent, coefficient.
    https://github.com/mongodb/specifications/blob/master/source/bson-decimal128/decimal128.md
    """
    low, high = DECIMAL.unpack(value.bid)
    coefficient = (high & 0x1FFFFFFFFFFFF) << 64 | low
    exponent = (high >> 49 & 0x3FFF) - 6176
    digits = str(coefficient)
    # Other forms: NaN and infinity, scientific notation, a coefficient that is not canonical.
    if high >> 61 & 3 == 3 or exponent > 0 or exponent + len(digits) < -5 or len(digits) > 34:
        return str(value)
    sign = "-" if high >> 63 else ""
    if not exponent:
        return sign + digits
    digits = digits.zfill(1 - exponent)
    return f"{sign}{digits[:exponent]}.{digits[exponent:]}"


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
    Decimal128: format_decimal,
    bytes: format_binary,
    Binary: format_binary,
    Timestamp: lambda value: f"{value.time}:{value.inc}",
}


def simplify(value: Any) -> Any:
    """A nested value as JSON can hold it: numbers and booleans stay, other types become text."""
    kind = type(value)
    # By exact type: the frequent ones first, and subclasses such as Int64 below.
    if kind in PLAIN:
        return value
    if kind is dict:
        return {name: member if type(member) in PLAIN else simplify(member) for name, member in value.items()}
    if kind is list:
        return [member if type(member) in PLAIN else simplify(member) for member in value]
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
