"""A value as a person sees it: number formats, dates, the automatic form."""

import re
from datetime import datetime, timedelta
from typing import Any

from sandbox.sheets.cells import Failure, Format, Scalar

# Day 0 of a serial number: https://developers.google.com/sheets/api/guides/formats
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a sheet's time has no zone)
DEFAULTS = {
    "DATE": "m/d/yyyy",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "m/d/yyyy h:mm:ss",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "SCIENTIFIC": "0.00E+00",
    "NUMBER": "#,##0.00",
}
TEMPORAL = ("DATE", "TIME", "DATE_TIME")
MOMENT = re.compile(r'"[^"]*"|am/pm|AM/PM|y+|m+|d+|h+|s+(?:\.0+)?|.', re.DOTALL)
DIGITS = re.compile(r"[#0?,]+(?:\.[#0?]+)?|\.[#0?]+")


def format_value(value: Scalar | Failure | None, format: Format | None) -> str:
    """The text in the cell."""
    if value is None:
        return ""
    if isinstance(value, Failure):
        return value.code
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    number_format: dict[str, Any] = (format or {}).get("numberFormat") or {}
    kind = number_format.get("type")
    pattern = number_format.get("pattern") or DEFAULTS.get(str(kind), "")
    if not pattern or kind == "TEXT":
        return automatic(value)
    return moment(value, pattern) if temporal(format) else number(value, pattern)


def temporal(format: Format | None) -> bool:
    return ((format or {}).get("numberFormat") or {}).get("type") in TEMPORAL


def automatic(value: float) -> str:
    """At most ten significant digits after the point, as Sheets shows a number without a format."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.10g}".replace("e+", "E+").replace("e-", "E-")


def number(value: float, pattern: str) -> str:
    """A number in `#,##0.00`, `0%`, `"$"0.00`, `0.00E+00`; a section after `;` is for negative numbers."""
    sections = pattern.split(";")
    if value < 0 and len(sections) > 1 and sections[1]:
        return number(-value, sections[1])
    match = DIGITS.search(sections[0])
    if not match:
        return automatic(value)
    before, after = sections[0][: match.start()], sections[0][match.end() :]
    scaled = value * 100 if "%" in after else value
    if after.upper().startswith("E+"):
        places = len(match[0].partition(".")[2])
        return f"{literal(before)}{scaled:.{places}E}"
    text = figures(abs(scaled), match[0])
    # A negative number that is rounded to zero has no sign.
    sign = "-" if scaled < 0 and text.strip("0.,") else ""
    return f"{sign}{literal(before)}{text}{literal(after)}"


def figures(value: float, pattern: str) -> str:
    whole, _, fraction = pattern.partition(".")
    fewest, most = fraction.count("0"), len(fraction)
    text = f"{value:,.{most}f}" if "," in whole else f"{value:.{most}f}"
    head, _, tail = text.partition(".")
    while len(tail) > fewest and tail.endswith("0"):
        tail = tail[:-1]
    head = head.zfill(whole.count("0")) if "," not in whole else head
    head = "" if head == "0" and "0" not in whole else head
    return f"{head}.{tail}" if tail else head


def literal(text: str) -> str:
    return re.sub(r'"([^"]*)"|\\(.)', lambda match: match[1] or match[2] or "", text)


def moment(value: float, pattern: str) -> str:
    """A serial number as a date or time; `m` after an hour or before seconds means minutes."""
    try:
        at = EPOCH + timedelta(milliseconds=round(float(value) * 86_400_000))
    except OverflowError:
        return automatic(value)
    tokens = MOMENT.findall(pattern)
    halves = any(token.lower() == "am/pm" for token in tokens)
    last = ""
    parts = []
    for place, token in enumerate(tokens):
        follows = next((later for later in tokens[place + 1 :] if later[0] in "ymdhs"), "")
        minutes = token[0] == "m" and (last.startswith("h") or follows.startswith("s"))
        parts.append(piece(at, token, minutes, halves))
        last = token if token[0] in "ymdhs" else last
    return "".join(parts)


def piece(at: datetime, token: str, minutes: bool, halves: bool) -> str:
    width = len(token)
    if token.lower() == "am/pm":
        return "AM" if at.hour < 12 else "PM"
    match token[0]:
        case "y":
            return f"{at.year:04d}" if width > 2 else f"{at.year % 100:02d}"
        case "m" if minutes:
            return f"{at.minute:0{width}d}"
        case "m" if width > 2:
            return at.strftime("%b" if width == 3 else "%B")
        case "m":
            return f"{at.month:0{width}d}"
        case "d" if width > 2:
            return at.strftime("%a" if width == 3 else "%A")
        case "d":
            return f"{at.day:0{width}d}"
        case "h":
            return f"{(at.hour % 12 or 12) if halves else at.hour:0{width}d}"
        case "s":
            return f"{at.second:02d}" + (f".{at.microsecond // 1000:03d}" if "." in token else "")
    return token.strip('"') if token.startswith('"') else token
