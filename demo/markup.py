"""Pieces of HTML. Whatever comes in is text and is escaped here, once."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%H:%M:%S.%f")[:-4]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(value.isoformat() if isinstance(value, date) else str(value))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns of numbers stand to the right."""
    body = [list(row) for row in rows]
    right = [numbers([row[column] for row in body]) for column in range(len(head))]
    lines = [cells("th", head, right), *(cells("td", row, right) for row in body)]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def cells(tag: str, values: Sequence[Any], right: Sequence[bool]) -> str:
    return "".join(
        f"<{tag}{' class="number"' if number else ''}>{text(value)}</{tag}>"
        for value, number in zip(values, right, strict=True)
    )


def numbers(values: Iterable[Any]) -> bool:
    """All that is there are numbers, or are written as such: 1,234.50"""
    there = [text(value).replace(",", "").replace(".", "") for value in values if value not in (None, "")]
    return bool(there) and all(value.isdigit() for value in there)


def place(name: str, facts: Iterable[tuple[str, Any]]) -> str:
    """A station of the flow with its counts."""
    lines = "".join(f"<div><dt>{text(what)}</dt><dd>{text(much)}</dd></div>" for what, much in facts)
    return f'<div class="place"><h3>{text(name)}</h3><dl>{lines}</dl></div>'


HIGH, WIDE = 150, 1000  # of the chart, in its own units


def bars(values: Sequence[tuple[date, Decimal]]) -> str:
    """A column a day; the highest and every Sunday are labelled."""
    top = max((value for _, value in values), default=Decimal(0)) or Decimal(1)
    parts = [
        column(day, value, (place + 0.5) * WIDE / len(values), WIDE * 0.7 / len(values), top)
        for place, (day, value) in enumerate(values)
    ]
    return f'<svg viewBox="0 0 {WIDE} {HIGH + 22}" role="img">{"".join(parts)}</svg>'


def column(day: date, value: Decimal, middle: float, width: float, top: Decimal) -> str:
    upper = HIGH - float(value / top) * (HIGH - 18)
    rect = (
        f'<rect x="{middle - width / 2:.1f}" y="{upper:.1f}" width="{width:.1f}" height="{HIGH - upper:.1f}"'
    )
    drawn = f"{rect} rx='2'><title>{text(day)}: {value:,.2f}</title></rect>"
    if value == top:
        drawn += label(middle, upper - 5, f"{value:,.0f}")
    if day.isoweekday() == 7:
        drawn += label(middle, HIGH + 15, f"{day:%d %b}")
    return drawn


def label(middle: float, line: float, words: str) -> str:
    return f'<text x="{middle:.1f}" y="{line:.1f}" text-anchor="middle">{words}</text>'
