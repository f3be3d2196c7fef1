"""A table of raw as the source of an export: its valid rows, each text converted to the declared type.

raw is append-only and contains only STRING columns. A text that cannot be converted becomes an InvalidValue,
so that its row is rejected with the reason.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sheets_sync.export import Export

# Age of the oldest whole copy that is read: bounds the bytes scanned, however long the history is.
MAX_COPY_AGE_DAYS = 35
# End of a landing file's name. All files of one run have the same beginning (docs/adr/0001).
RUN_SUFFIX = r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.json$"
# int() and float() also accept `1_000` and digits of other scripts, which BigQuery's casts reject.
INTEGER = re.compile(r"\s*-?[0-9]+\s*")
NUMBER = re.compile(r"\s*-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*")
# The forms that models type (dataform/includes/types.js), and a date as a moment. fromisoformat() also accepts
# 20170105, 2017-W01-4 and 10:00:00,5, which BigQuery's casts reject, and rejects 24:00 and leap seconds.
DAY = re.compile("[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?")
MOMENT = re.compile(
    rf"(?P<day>{DAY.pattern})([Tt ](?P<clock>{CLOCK.pattern}|24:00(:00(\.0+)?)?|([01][0-9]|2[0-3]):59:60(\.[0-9]+)?)"
    r" ?(?P<zone>[Zz]|[+-]((0[0-9]|1[0-3])(:?[0-5][0-9])?|14(:?00)?))?)?"
)


@dataclass(frozen=True)
class InvalidValue:
    text: str
    type: str

    def __str__(self) -> str:
        return f"{self.text[:60]!r} is not a valid {self.type}"


def select_valid_rows(table: str, export: Export) -> str:
    """The newest whole copy, or all incremental copies; of several rows with the same key the newest."""
    columns = ", ".join(f"`{column}`" for column in export.names)
    key = ", ".join(f"`{column}`" for column in export.key)
    types = {column.name: column.type or "STRING" for column in export.columns}
    order = [(item.column, item.descending) for item in export.order]
    order += [(column, False) for column in export.key if column not in dict(order)]
    # SAFE_CAST: an invalid text rejects its row later, and must not fail the whole query here.
    sort_terms = [
        f"SAFE_CAST(`{column}` AS {types[column]}){' DESC' if is_descending else ''}"
        for column, is_descending in order
    ]
    # The JSON decides between rows of one file, so that every run selects the same version of a key.
    return f"""SELECT {columns} FROM `{table}` WHERE {copy_filter(table, export.load_mode)}
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY {key} ORDER BY SYS_FILE_NAME DESC, TO_JSON_STRING(STRUCT({columns})) DESC
        ) = 1
        ORDER BY {", ".join(sort_terms)}"""


def copy_filter(table: str, load_mode: str) -> str:
    if load_mode == "incremental":
        return "TRUE"
    recent = f"SYS_DATE_CREATE > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {MAX_COPY_AGE_DAYS} DAY)"
    newest = f"SELECT REGEXP_REPLACE(MAX(SYS_FILE_NAME), r'{RUN_SUFFIX}', '') FROM `{table}` WHERE {recent}"
    return f"{recent} AND STARTS_WITH(SYS_FILE_NAME, ({newest}))"


def convert_rows(export: Export, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    types = [column.type or "STRING" for column in export.columns]
    return [tuple(convert_text(text, type_) for text, type_ in zip(row, types, strict=True)) for row in rows]


def convert_text(text: Any, type_name: str) -> Any:
    """None for null, and for a blank text in a column that is not a STRING."""
    if type_name == "STRING" or not isinstance(text, str):
        return text
    if not text.strip():
        return None
    try:
        return CONVERTERS[type_name](text.strip())
    except (ValueError, InvalidOperation):
        return InvalidValue(text, type_name)


def parse_integer(text: str) -> int:
    if not INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return int(text)


def parse_float(text: str) -> float:
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def parse_numeric(text: str) -> Decimal:
    """BigQuery's NUMERIC: 38 digits, 9 of them after the point. Nothing is rounded."""
    if not NUMBER.fullmatch(text):
        raise ValueError
    number = Decimal(text)
    # The exponent of `0E-20` is out of range below, but the value is not.
    if not number:
        return Decimal(0)
    # Checked before the digits are written out: 1e-999999999 has very many.
    if not -9 <= number.adjusted() <= 28:
        raise ValueError
    if len(format(number, "f").partition(".")[2].rstrip("0")) > 9:
        raise ValueError
    return number


def parse_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def parse_date(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


def parse_time(text: str) -> time:
    if not CLOCK.fullmatch(text):
        raise ValueError
    return time.fromisoformat(text)


def parse_moment(text: str) -> datetime:
    """With a zone if the text has one."""
    match = MOMENT.fullmatch(text)
    if not match:
        raise ValueError
    clock, carried = match["clock"] or "00:00", timedelta()
    # Moments of the next day and minute, which ISO 8601 allows.
    if clock.startswith("24"):
        clock, carried = "00:00", timedelta(days=1)
    elif ":60" in clock:
        clock, carried = clock.replace(":60", ":59"), timedelta(seconds=1)
    zone = (match["zone"] or "").upper()
    return datetime.fromisoformat(f"{match['day']}T{clock}{zone}") + carried


def parse_datetime(text: str) -> datetime:
    value = parse_moment(text)
    if value.tzinfo:
        raise ValueError
    return value


def parse_timestamp(text: str) -> datetime:
    """Without a zone it is UTC, as in BigQuery."""
    value = parse_moment(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


CONVERTERS: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    "INT64": parse_integer,
    "FLOAT64": parse_float,
    "NUMERIC": parse_numeric,
    "BOOL": parse_bool,
    "DATE": parse_date,
    "DATETIME": parse_datetime,
    "TIMESTAMP": parse_timestamp,
    "TIME": parse_time,
}
