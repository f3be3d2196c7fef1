"""A value of BigQuery as a cell: exact, or as text."""

import base64
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sheets_sync.errors import CellError
from sheets_sync.raw import Untyped

type Cell = bool | int | float | str | None  # None is a blank cell

# https://developers.google.com/sheets/api/guides/formats: day 0 of a serial number.
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a serial number has no zone)
FIRST_DAY = date(1900, 1, 1)  # older dates are text: people's locales do not agree on negative serials
LARGEST_INTEGER = 2**53  # beyond, a double has no room for the last digit
DIGITS = 15  # of a decimal number that every double gives back
LONGEST = 50_000  # characters in a cell
# Sheets may answer a double in 16 digits; two decimals of 15 digits differ by more than this.
TOLERANCE = 6e-16

MOMENT = "%Y-%m-%d %H:%M:%S"
SPOKEN = {"DATE": "%Y-%m-%d", "DATETIME": MOMENT, "TIMESTAMP": MOMENT, "TIME": "%H:%M:%S"}


def to_cell(value: Any, zone: ZoneInfo) -> Cell:
    """Moments are shown in `zone`, the spreadsheet's. CellError where nothing fits."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= LARGEST_INTEGER else str(value)
        case float():
            return real(value)
        case Decimal():
            return exact(value)
        case datetime():
            return serial(value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value)
        case date():
            return value.isoformat() if value < FIRST_DAY else (value - EPOCH.date()).days
        case time():
            return (datetime.combine(EPOCH, value) - EPOCH) / timedelta(days=1)
        case Untyped():
            raise CellError(str(value))
        case _:
            return text(value)


def real(value: float) -> Cell:
    """What is no number is said in words: a blank would say that there is no value."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def exact(value: Decimal) -> Cell:
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > DIGITS:
        return format(value, "f")
    whole = value == value.to_integral_value() and abs(value) <= LARGEST_INTEGER
    return int(value) if whole else float(value)


def serial(moment: datetime) -> Cell:
    if moment.date() < FIRST_DAY:
        return moment.isoformat(sep=" ")
    return (moment - EPOCH) / timedelta(days=1)


def text(value: Any) -> Cell:
    if isinstance(value, bytes):
        value = base64.b64encode(value).decode()
    elif not isinstance(value, str):
        value = json.dumps(value, default=plain, ensure_ascii=False)
    # Sheets gives every line end back as a line feed: one that stays another would be written for ever.
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    length = len(value.encode("utf-16-le")) // 2  # as spreadsheets count: an emoji is two
    if length > LONGEST:
        raise CellError(f"{length:,} characters, a cell holds {LONGEST:,}")
    return value or None


def plain(value: Any) -> Any:
    """What JSON has no form for, inside a STRUCT or an ARRAY."""
    if isinstance(value, Mapping):
        return dict(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def same(now: Cell, wanted: Cell) -> bool:
    """Whether a cell already shows what it should: same kind, same value."""
    if type(now) is type(wanted) and now == wanted:
        return True  # most cells, of which there are many
    if isinstance(now, bool) or isinstance(wanted, bool):
        return now is wanted
    if isinstance(now, int | float) and isinstance(wanted, int | float):
        whole = float(now).is_integer() and float(wanted).is_integer()
        return now == wanted or (not whole and math.isclose(now, wanted, rel_tol=TOLERANCE))
    return (now if now != "" else None) == wanted


def canonical(cell: Cell) -> str:
    """One text for all that Sheets shows as the same value, another one for any other."""
    match cell:
        case None | "":
            return ""
        case bool():
            return f"b{cell:d}"
        case int() | float():
            whole = float(cell).is_integer() and abs(cell) <= LARGEST_INTEGER
            return f"n{cell + 0:.0f}" if whole else f"n{cell:.{DIGITS}g}"
        case _:
            return f"s{cell}"


def spoken(cell: Cell, kind: str) -> str:
    """A cell of a column of BigQuery type `kind`, short, as a person reads it."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and kind in SPOKEN and 0 <= cell < 3e6:
        return f"{EPOCH + timedelta(days=cell):{SPOKEN[kind]}}"
    said = "nothing" if cell in (None, "") else str(cell)
    return said if len(said) <= 60 else f"{said[:59]}…"
