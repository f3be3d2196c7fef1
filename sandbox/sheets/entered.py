"""Conversion of a written value: unchanged (RAW), or parsed as typed input (USER_ENTERED)."""

import re
from datetime import date, datetime, time
from typing import Any

from sandbox.sheets.cells import Cell, Formula, Value, fitting
from sandbox.sheets.errors import BadRequest

EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet
NUMBER = re.compile(r"([+-]?)([$€£]?)(\d{1,3}(?:,\d{3})+|\d*)(\.\d*)?(?:[eE]([+-]?\d+))?(%?)")
DATES = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d")
TIMES = ("%H:%M:%S", "%H:%M")
PATTERNS = {
    "DATE": "yyyy-mm-dd",
    "TIME": "h:mm:ss",
    "DATE_TIME": "yyyy-mm-dd h:mm:ss",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
}


def write(cell: Cell, value: Any, option: str, where: str) -> Cell | None:
    """The cell after `value` was written into it; None if the value is null, which skips the cell."""
    if value is None:
        return None
    if isinstance(value, dict | list):
        kind = "struct_value" if isinstance(value, dict) else "list_value"
        raise BadRequest(f"Invalid {where}: {kind}")
    if not isinstance(value, str):
        return cell.holding(value)
    fitting(value)
    return cell.holding(value or None) if option == "RAW" else typed(cell, value)


def typed(cell: Cell, text: str) -> Cell:
    if text.startswith("'"):
        return cell.holding(text[1:] or None)
    value, kind = understood(text)
    if kind is None or (cell.format or {}).get("numberFormat"):
        return cell.holding(value)
    pattern = {"type": kind, "pattern": PATTERNS[kind]}
    return Cell(value, {**(cell.format or {}), "numberFormat": pattern}, cell.note)


def understood(text: str) -> tuple[Value, str | None]:
    """The value of typed input, and the number format that Sheets sets with it."""
    bare = text.strip()
    if not bare:
        return text or None, None
    if bare.startswith("=") and len(bare) > 1:
        return Formula(bare), None
    if bare.upper() in ("TRUE", "FALSE"):
        return bare.upper() == "TRUE", None
    number = as_number(bare) or as_moment(bare)
    if number:
        return number
    if bare[0] in "+-" and len(bare) > 1:
        return Formula("=" + bare), None
    return text, None


def as_number(text: str) -> tuple[Value, str | None] | None:
    match = NUMBER.fullmatch(text)
    if not match or not (match[3] or len(match[4] or "") > 1):
        return None
    sign, currency, whole, fraction, exponent, percent = match.groups()
    digits = f"{sign}{whole.replace(',', '') or '0'}{fraction or ''}e{exponent or 0}"
    number = float(digits) / (100 if percent else 1)
    value = int(number) if number.is_integer() and abs(number) < 2**53 else number
    return value, "PERCENT" if percent else "CURRENCY" if currency else None


def as_moment(text: str) -> tuple[Value, str | None] | None:
    day, _, clock = text.replace("T", " ").partition(" ")
    if (serial := as_day(day)) is not None:
        if not clock:
            return serial, "DATE"
        fraction = as_clock(clock)
        return None if fraction is None else (serial + fraction, "DATE_TIME")
    fraction = as_clock(text)
    return None if fraction is None else (fraction, "TIME")


def as_day(text: str) -> int | None:
    for pattern in DATES:
        try:
            return (datetime.strptime(text, pattern).date() - EPOCH).days  # noqa: DTZ007 (a sheet's day has no zone)
        except ValueError:
            continue
    return None


def as_clock(text: str) -> float | None:
    for pattern in TIMES:
        try:
            return fraction_of_day(datetime.strptime(text, pattern).time())  # noqa: DTZ007
        except ValueError:
            continue
    return None


def fraction_of_day(clock: time) -> float:
    return (clock.hour * 3600 + clock.minute * 60 + clock.second) / 86400
