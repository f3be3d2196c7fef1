"""Amounts and their units, as the page, the mail and the log lines name them."""

from typing import Any


def format_number(value: Any) -> str:
    """Thousands separators, at most two decimals, "" for None."""
    if value is None:
        return ""
    if isinstance(value, int) or float(value) == int(value):
        return f"{int(value):,}"
    return f"{float(value):,.2f}"


def describe_amount(amount: float, unit: str) -> str:
    """`3 failed loads`, `1 failed load`. `unit` is a plural, or has no s at its end."""
    text = format_number(amount)
    return f"{text} {unit.removesuffix('s') if text == '1' else unit}"
