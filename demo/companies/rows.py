"""Comparison of a table of the warehouse with rows that were computed independently in Python."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from demo.expected import Check

MAX_ROWS = 3  # rows that are reported for each direction

Rows = Callable[[str], list[dict[str, Any]]]  # the rows of a query on BigQuery


@dataclass(frozen=True)
class Expected:
    """`columns` are expressions of the table's columns; `rows` have their values. `money` is one of the columns."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    money: str | None = None
    where: str = "true"


def compare_rows(query: Rows, expected: Expected) -> Check:
    """All values of all rows, with their number."""
    selected = ", ".join(f"{column} as c{place}" for place, column in enumerate(expected.columns))
    selected_rows = query(f"select {selected} from {expected.table} where {expected.where}")
    # Counters instead of sets: a row that is there twice is a difference.
    actual_rows = Counter(normalize(row.values()) for row in selected_rows)
    expected_rows = Counter(normalize(row) for row in expected.rows)
    start = f"{expected.table} ({', '.join(expected.columns)})"
    wrong = describe(start, "is too much", actual_rows - expected_rows)
    wrong += describe(start, "is missing", expected_rows - actual_rows)
    return Check(
        table=expected.table,
        rows=actual_rows.total(),
        expected_rows=expected_rows.total(),
        cents=total_cents(expected, actual_rows),
        expected_cents=total_cents(expected, expected_rows),
        differences=tuple(wrong),
    )


def normalize(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(normalize_value(value) for value in values)


def normalize_value(value: Any) -> Any:
    """Lists become tuples, times UTC, numbers Decimal: values that are equal in both systems are equal here."""
    if isinstance(value, dict):
        return normalize(value.values())
    if isinstance(value, list | tuple):
        return normalize(value)
    # A datetime is also a date, so it is tested first.
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    # Without bool, which is an int: a flag must not equal the number 1.
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize()
    return value


def describe(start: str, problem: str, rows: Counter[tuple[Any, ...]]) -> list[str]:
    lines = sorted(f"{start}: {problem}: {row}" for row in rows)
    more = [f"{start}: {len(lines) - MAX_ROWS} more rows: {problem}"] if len(lines) > MAX_ROWS else []
    return lines[:MAX_ROWS] + more


def total_cents(expected: Expected, rows: Counter[tuple[Any, ...]]) -> int | None:
    if expected.money is None:
        return None
    place = expected.columns.index(expected.money)
    return int(sum((row[place] or 0) * count for row, count in rows.items()) * 100)
