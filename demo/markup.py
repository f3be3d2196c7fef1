"""HTML of the report's parts. Every function takes plain values and escapes them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any

CHART_HEIGHT, CHART_WIDTH = 150, 1000  # in units of the SVG
LABEL_HEIGHT = 18
SUNDAY = 7


def format_value(value: Any) -> str:
    """Escaped text: numbers with thousands separators, times of day with hundredths, None as ""."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%H:%M:%S.%f")[:-4]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(value.isoformat() if isinstance(value, date) else str(value))


def html_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns of numbers are aligned to the right."""
    body = [list(row) for row in rows]
    numeric = [is_numeric([row[column] for row in body]) for column in range(len(head))]
    lines = [html_cells("th", head, numeric), *(html_cells("td", row, numeric) for row in body)]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def html_cells(tag: str, values: Sequence[Any], numeric: Sequence[bool]) -> str:
    return "".join(
        f"<{tag}{' class="number"' if number else ''}>{format_value(value)}</{tag}>"
        for value, number in zip(values, numeric, strict=True)
    )


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether all values that are not empty are numbers, or texts such as 1,234.50."""
    texts = [
        format_value(value).replace(",", "").replace(".", "") for value in values if value not in (None, "")
    ]
    return bool(texts) and all(text.isdigit() for text in texts)


def station(name: str, counts: Iterable[tuple[str, Any]]) -> str:
    """A station of the data flow, such as Cloud Storage, with its counts."""
    lines = "".join(
        f"<div><dt>{format_value(label)}</dt><dd>{format_value(count)}</dd></div>" for label, count in counts
    )
    return f'<div class="place"><h3>{format_value(name)}</h3><dl>{lines}</dl></div>'


def bar_chart(values: Sequence[tuple[date, Decimal]]) -> str:
    """An SVG with a bar per day; the highest bar has its value as label, every Sunday its date."""
    top = max((value for _, value in values), default=Decimal(0)) or Decimal(1)
    bars = [
        bar(day, value, (index + 0.5) * CHART_WIDTH / len(values), CHART_WIDTH * 0.7 / len(values), top)
        for index, (day, value) in enumerate(values)
    ]
    return f'<svg viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT + 22}" role="img">{"".join(bars)}</svg>'


def bar(day: date, value: Decimal, middle: float, width: float, top: Decimal) -> str:
    upper = CHART_HEIGHT - float(value / top) * (CHART_HEIGHT - LABEL_HEIGHT)
    x, height = middle - width / 2, CHART_HEIGHT - upper
    rectangle = f'<rect x="{x:.1f}" y="{upper:.1f}" width="{width:.1f}" height="{height:.1f}"'
    svg = f"{rectangle} rx='2'><title>{format_value(day)}: {value:,.2f}</title></rect>"
    if value == top:
        svg += chart_label(middle, upper - 5, f"{value:,.0f}")
    if day.isoweekday() == SUNDAY:
        svg += chart_label(middle, CHART_HEIGHT + 15, f"{day:%d %b}")
    return svg


def chart_label(middle: float, baseline: float, text: str) -> str:
    return f'<text x="{middle:.1f}" y="{baseline:.1f}" text-anchor="middle">{text}</text>'
