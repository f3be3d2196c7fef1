"""Conversion of a BigQuery value to a cell: exact, or as text."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sheets_sync.errors import CellError
from sheets_sync.raw_table import InvalidValue

type Cell = bool | int | float | str | None  # None is a blank cell
type Rows = Sequence[Sequence[Cell]]  # may be ragged: a missing cell is blank

# https://developers.google.com/sheets/api/guides/formats: day 0 of a serial number.
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a serial number has no zone)
DAYS = (date.max - EPOCH.date()).days + 1  # to the end of the year 9999: later numbers have no date
FIRST_DAY = date(1900, 1, 1)  # older dates are text: locales disagree on negative serial numbers
MAX_INTEGER = 2**53  # a double is exact up to here
EXACT_DIGITS = 15  # decimal digits that every double preserves
MAX_CELL_LENGTH = 50_000  # characters
MAX_DISPLAY_LENGTH = 60
# Sheets may return a double with 16 digits; two decimals of 15 digits differ by more than this.
TOLERANCE = 6e-16
# Added to a time in the second pass of the hour that is repeated when summer time ends: both passes have the
# same local time, and as part of a key they must differ. 0.1 ms is not displayed, and 15 digits preserve it.
REPEATED_HOUR_OFFSET = timedelta(microseconds=100)

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
DISPLAY_FORMATS = {"DATE": "%Y-%m-%d", "DATETIME": TIME_FORMAT, "TIMESTAMP": TIME_FORMAT, "TIME": "%H:%M:%S"}


def to_cell(value: Any, zone: ZoneInfo) -> Cell:
    """A TIMESTAMP is converted to local time in `zone`, the spreadsheet's. CellError if nothing fits."""
    match value:
        # In this order, because a bool is an int, and a datetime is a date.
        case None | bool():
            return value
        case int():
            return value if abs(value) <= MAX_INTEGER else str(value)
        case float():
            return float_cell(value)
        case Decimal():
            return decimal_cell(value)
        case datetime():
            return serial_number(value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value)
        case date():
            return value.isoformat() if value < FIRST_DAY else (value - EPOCH.date()).days
        case time():
            return (datetime.combine(EPOCH, value) - EPOCH) / timedelta(days=1)
        case InvalidValue():
            raise CellError(str(value))
        case _:
            return text_cell(value)


def to_key_cell(value: Any, zone: ZoneInfo) -> Cell:
    """As `to_cell`, but different for every instant, also in the repeated hour at the end of summer time."""
    if isinstance(value, datetime) and value.tzinfo:
        local = value.astimezone(zone)
        offset = REPEATED_HOUR_OFFSET if local.fold else timedelta(0)
        return serial_number(local.replace(tzinfo=None, fold=0) + offset)
    return to_cell(value, zone)


def change_zone(cell: Cell, old: ZoneInfo, new: ZoneInfo) -> Cell:
    """The local time of the same instant in another zone, for a cell that `to_key_cell` wrote."""
    local = parse_local_time(cell)
    if local is None:
        return cell
    earlier = local - REPEATED_HOUR_OFFSET
    # Only a time in the repeated hour has two different offsets from UTC.
    if earlier.replace(tzinfo=old).utcoffset() != earlier.replace(tzinfo=old, fold=1).utcoffset() and (
        local.microsecond % 1000 == REPEATED_HOUR_OFFSET.microseconds
    ):
        return to_key_cell(earlier.replace(tzinfo=old, fold=1), new)
    return to_key_cell(local.replace(tzinfo=old), new)


def parse_local_time(cell: Cell) -> datetime | None:
    """The reverse of `serial_number`; None for a cell that it did not write."""
    if isinstance(cell, str):  # before FIRST_DAY
        with suppress(ValueError):
            return datetime.fromisoformat(cell)
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    with suppress(OverflowError):
        return EPOCH + timedelta(days=cell)
    return None


def float_cell(value: float) -> Cell:
    """NaN and infinity are text: a blank cell would mean null."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def decimal_cell(value: Decimal) -> Cell:
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > EXACT_DIGITS:
        return format(value, "f")
    is_integer = value == value.to_integral_value() and abs(value) <= MAX_INTEGER
    return int(value) if is_integer else float(value)


def serial_number(local: datetime) -> Cell:
    """Days since EPOCH; text before FIRST_DAY."""
    if local.date() < FIRST_DAY:
        return local.isoformat(sep=" ")
    return (local - EPOCH) / timedelta(days=1)


def text_cell(value: Any) -> Cell:
    if isinstance(value, bytes):
        value = base64.b64encode(value).decode()
    elif not isinstance(value, str):
        value = json.dumps(value, default=json_default, ensure_ascii=False)
    # Sheets returns every line end as a line feed: any other would be written again by each run.
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    length = len(value.encode("utf-16-le")) // 2  # Sheets counts UTF-16 code units: an emoji is two
    if length > MAX_CELL_LENGTH:
        raise CellError(f"{length:,} characters, a cell holds {MAX_CELL_LENGTH:,}")
    return value or None


def json_default(value: Any) -> Any:
    """Values inside a STRUCT or an ARRAY that JSON cannot represent."""
    if isinstance(value, Mapping):
        return dict(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def same_value(current: Cell, desired: Cell) -> bool:
    """Whether a cell already has the desired type and value."""
    if type(current) is type(desired) and current == desired:
        return True  # the common case first: there are many cells
    if isinstance(current, bool) or isinstance(desired, bool):
        return current is desired
    if isinstance(current, int | float) and isinstance(desired, int | float):
        are_integers = float(current).is_integer() and float(desired).is_integer()
        return current == desired or (not are_integers and math.isclose(current, desired, rel_tol=TOLERANCE))
    return (current if current != "" else None) == desired


def canonical_text(cell: Cell) -> str:
    """The same text for values that `same_value` accepts as equal, and different texts for all others."""
    match cell:
        case None | "":
            return ""
        case bool():
            return f"b{cell:d}"
        case int() | float():
            is_integer = float(cell).is_integer() and abs(cell) <= MAX_INTEGER
            # Adding 0 makes 0 of -0.0, which is equal to it.
            return f"n{cell + 0:.0f}" if is_integer else f"n{cell:.{EXACT_DIGITS}g}"
        case _:
            return f"s{cell}"


def display_text(cell: Cell, type_name: str) -> str:
    """A cell of a column of BigQuery type `type_name`, at most 60 characters, for people."""
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    if is_number and type_name in DISPLAY_FORMATS and 0 <= cell < DAYS:  # type: ignore[operator]
        return f"{EPOCH + timedelta(days=cell):{DISPLAY_FORMATS[type_name]}}"  # type: ignore[arg-type]
    text = "nothing" if cell in (None, "") else str(cell)
    return text if len(text) <= MAX_DISPLAY_LENGTH else f"{text[: MAX_DISPLAY_LENGTH - 1]}…"
