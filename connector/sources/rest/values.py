"""Numbers and booleans as sources spell them."""

import re
from typing import Any

# 1,234 or 1.234 or 1 234 or 1'234: a total has no fraction, so the separator is one of thousands.
GROUPED = re.compile(r"\d{1,3}(?:(?P<separator>[,.'_ \u00a0\u202f])\d{3})(?:(?P=separator)\d{3})*")
CONTENT_RANGE = re.compile(r"(?:[a-z]+ )?(?:\d+-\d+|\*)/(\d+|\*)", re.IGNORECASE)  # RFC 9110, section 14.4
TRUE_TEXTS, FALSE_TEXTS = {"true", "yes", "y", "t", "1", "on"}, {"false", "no", "n", "f", "0", "off", ""}


def parse_total(value: Any) -> int | None:
    """None for anything but a whole number."""
    # A bool is an int in Python.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int):
        return value
    text = str(value).strip()
    if in_range := CONTENT_RANGE.fullmatch(text):
        # `*`: the server does not know the total.
        return -1 if in_range[1] == "*" else int(in_range[1])
    if GROUPED.fullmatch(text) and isinstance(value, str):
        return int(re.sub(r"\D", "", text))
    try:
        # Some servers write 250.0.
        number = float(text)
        return int(text) if text.lstrip("+-").isdigit() else int(number) if number.is_integer() else None
    except (ValueError, OverflowError):
        return None


def read_number(value: Any) -> int:
    """A whole number, also as text; 0 for anything else."""
    return parse_total(value) or 0


def parse_flag(value: Any) -> bool | None:
    """A boolean, also as number or text; None for null and for what is neither yes nor no."""
    if isinstance(value, bool | int | float):
        return bool(value)
    text = value.strip().lower() if isinstance(value, str) else None
    return True if text in TRUE_TEXTS else False if text in FALSE_TEXTS else None
