"""Documents as lines for raw: every value as exact text, nested documents and arrays as JSON text.

Types that JSON does not have become the text that a person expects: a date ISO 8601, an ObjectId its hexadecimal
digits, a Decimal128 its digits. Numbers keep all digits. 1 and "1" become the same text.
"""

import base64
import marshal
import math
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from itertools import repeat
from typing import Any

import msgspec
from bson import Binary, Decimal128, Int64, ObjectId, Timestamp, json_util
from bson.datetime_ms import DatetimeMS

from connector.extract.row_encoder import create_dict_encoder, create_row_encoder

encode_lines = msgspec.json.Encoder().encode_lines
DAY_MS = 86_400_000
TYPED_ROWS = 200  # documents with the same fields, from which on a type of their rows is worth its cost
PLAIN = frozenset((str, int, bool, type(None)))  # in JSON as they are
# The end of a float of 8 bytes that is NaN or infinite: all bits of its exponent are set. Some other bytes match too.
NOT_FINITE = re.compile(rb"[\xf0-\xff][\x7f\xff]")
PROBED = 8  # nested values that are tried before a whole column
# By the upper half of a positive Decimal128 below 2**64 with one to six digits after the point.
SCALES: dict[int, tuple[int, str]] = {
    (6176 - digits) << 49: (10**digits, f"%d.%0{digits}d") for digits in range(1, 7)
}


def format_date(value: datetime) -> str:
    """BSON dates have milliseconds and are UTC; `value` has no zone, which is faster to decode."""
    return value.isoformat("T", "milliseconds") + "Z"


def format_dates(column: tuple[datetime, ...]) -> list[str]:
    """`format_date` of each. msgspec writes all of them in half the time, with six digits after a second or none."""
    text = encode_lines(column).decode().replace('000"\n', 'Z"\n')
    for digit in "0123456789":
        text = text.replace(f'{digit}"\n', f'{digit}.000Z"\n')
    return text[1:-2].split('"\n"')


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
    high, low = value.__getstate__()
    if scale := SCALES.get(high):
        return scale[1] % divmod(low, scale[0])
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
        if PLAIN.issuperset(map(type, value.values())):
            return value
        return {name: member if type(member) in PLAIN else simplify(member) for name, member in value.items()}
    if kind is list:
        if PLAIN.issuperset(map(type, value)):
            return value
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
    """`structured`: columns of raw that are not text; their values keep the structure. `rename`: columns by field; a
    field whose new name is taken keeps its own."""

    def __init__(
        self, file_column: str, structured: Collection[str], rename: Mapping[str, str] | None = None
    ) -> None:
        self.file_column = file_column
        self.rename = rename or {}
        self.structured = frozenset(structured)

    def encode(self, documents: Iterable[dict[str, Any]], file_name: str) -> tuple[bytes, set[str]]:
        """A line per document, and the names of all fields. Documents with the same fields follow one another."""
        groups = group_by_fields(list(documents))
        constants = {self.file_column: file_name}
        columns = {names: self._name_columns(names) for names in groups}
        lines = [self._encode_group(columns[names], group, constants) for names, group in groups.items()]
        return b"".join(lines), {name for names in columns.values() for name in names}

    def _name_columns(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        # BigQuery ignores case.
        taken = {field.casefold() for field in fields}
        names = ((field, self.rename.get(field, field)) for field in fields)
        return tuple(field if name.casefold() in taken else name for field, name in names)

    def _encode_group(
        self, names: tuple[str, ...], group: list[dict[str, Any]], constants: dict[str, str]
    ) -> bytes:
        # By column, whose values usually have one type: a step of Python per column and not per value.
        values = zip(*map(dict.values, group), strict=True)
        columns = [self._convert(name, column) for name, column in zip(names, values, strict=True)]
        rows = zip(*columns, strict=True) if columns else repeat((), len(group))
        # The type of a row costs as much as many rows.
        create = create_row_encoder if len(group) >= TYPED_ROWS else create_dict_encoder
        return create(names, constants)(rows)

    def _convert(self, name: str, column: tuple[Any, ...]) -> Iterable[Any]:
        if name in self.structured:
            return map(simplify, column)
        return convert_column(column)


def group_by_fields(documents: list[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    fields = set(map(tuple, documents))
    # Usually all documents have the same fields, and need not be assigned one by one.
    if len(fields) == 1:
        return {fields.pop(): documents}
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for document in documents:
        groups.setdefault(tuple(document), []).append(document)
    return groups


def convert_column(column: tuple[Any, ...]) -> Iterable[str | None]:
    """`format_text` of each value."""
    kinds = set(map(type, column))
    has_nulls = type(None) in kinds
    kinds.discard(type(None))
    if kinds <= {str}:
        return column
    if kinds <= {dict, list}:
        texts = encode_nested(column)
        return [None if text == "null" else text for text in texts] if has_nulls else texts
    if kinds == {datetime} and not has_nulls:
        return format_dates(column)
    convert = TEXTS.get(next(iter(kinds))) if len(kinds) == 1 else None
    if not convert:
        return map(format_text, column)
    return (
        [None if value is None else convert(value) for value in column] if has_nulls else map(convert, column)
    )


def encode_nested(column: tuple[Any, ...]) -> list[str]:
    """Texts of documents and arrays. JSON has no line break inside a text, so all are encoded and decoded at once."""
    return encode_values(column).decode().split("\n")[:-1]


def encode_values(column: tuple[Any, ...]) -> bytes:
    if has_json_types(column[:PROBED]) and has_json_types(column):
        try:
            return encode_lines(column)
        except TypeError:  # a Binary, which marshal takes for bytes
            pass
    return encode_lines([simplify(value) for value in column])


def has_json_types(column: tuple[Any, ...]) -> bool:
    """Whether nested values need no conversion: marshal refuses dates and the types of BSON, also those that are
    subclasses of other types, and checks values several times as fast as Python code."""
    try:
        return not NOT_FINITE.search(marshal.dumps(column, 2))
    except ValueError:
        return False
