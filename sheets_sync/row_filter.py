"""Parts `where` and `segments` of an export: rows of the mart that it publishes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from google.cloud.bigquery import ArrayQueryParameter
from msgspec import Meta

from sheets_sync.declaration import Part, convert_part
from sheets_sync.errors import ExportError

type FilterValue = str | int | float | bool
type RowFilter = Mapping[str, tuple[FilterValue, ...]]  # allowed values by column

# Types of query parameters, by their names in a table's schema.
UNCOMPARABLE = ("JSON", "GEOGRAPHY", "RECORD", "STRUCT")
BOOLEAN, BOOLEAN_TEXTS = ("BOOLEAN", "BOOL"), ("true", "false")
INTEGER = ("INTEGER", "INT64")
EXPECTED = {**dict.fromkeys(BOOLEAN, "true or false"), **dict.fromkeys(INTEGER, "a whole number")}
# A table's schema has the legacy names, the types of query parameters have those of GoogleSQL.
STANDARD_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
SegmentValues = Annotated[
    dict[str, str | int | float | bool], Meta(min_length=1, description="a mapping of names to values")
]


class SegmentsPart(Part, frozen=True, kw_only=True):
    """One export per value of `column`, by name: <export>_<name>."""

    column: str
    values: SegmentValues


def parse_row_filter(file: str, where: Any, segments: SegmentsPart | None, segment: str) -> RowFilter:
    if where is not None and not isinstance(where, dict):
        raise ExportError(
            f"{file}: where is {where!r}, expected a mapping of columns to a value or a list of values."
        )
    result = {name: parse_values(file, name, value) for name, value in (where or {}).items()}
    if segments:
        result[segments.column] = (segments.values[segment],)
    return result


def parse_values(file: str, name: Any, value: Any) -> tuple[FilterValue, ...]:
    values = tuple(value) if isinstance(value, list) else (value,)
    if (
        not isinstance(name, str)
        or not values
        or not all(isinstance(item, str | int | float) for item in values)
    ):
        raise ExportError(
            f"{file}: where.{name} is {value!r}, expected a text, a number, true or false, or a list of them. "
            "Write a date in quotes."
        )
    return values


def parse_segments(file: str, value: Any) -> SegmentsPart | None:
    return None if value is None else convert_part(value, SegmentsPart, file, "segments")


def filter_condition(row_filter: RowFilter) -> str:
    """`` `store` IN UNNEST(@where_0)``, for the parameters of `filter_parameters`; "" without a filter."""
    # Values are query parameters, never text of the query; read_mart compares the column names with the table.
    conditions = [f"`{column}` IN UNNEST(@where_{at})" for at, column in enumerate(row_filter)]
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def filter_parameters(row_filter: RowFilter, types: Mapping[str, str]) -> list[ArrayQueryParameter]:
    """Values have the type of their column, so that a DATE is compared as a date. ExportError if one has not."""
    for column, values in row_filter.items():
        check_types(column, types[column], values)
    return [
        ArrayQueryParameter(f"where_{at}", STANDARD_TYPES.get(types[column], types[column]), list(values))
        for at, (column, values) in enumerate(row_filter.items())
    ]


def check_types(column: str, kind: str, values: Sequence[FilterValue]) -> None:
    """YAML reads `on` and `true` as a boolean, and 1.0 as a fraction; BigQuery's own errors do not name the value."""
    if kind in UNCOMPARABLE:
        raise ExportError(
            f"where and segments cannot select by column {column}: it is {kind}, which has no equality."
        )
    for value in values:
        is_boolean = isinstance(value, bool)
        is_wrong = is_boolean != (kind in BOOLEAN) and not (
            kind in BOOLEAN and str(value).lower() in BOOLEAN_TEXTS
        )
        if is_wrong or (kind in INTEGER and not is_integer(value)):
            raise ExportError(
                f"where or segments has {value!r} for column {column}, which is {kind}: expected "
                f"{EXPECTED.get(kind, 'a text in quotes')}."
            )


def is_integer(value: FilterValue) -> bool:
    try:
        return int(str(value)) == float(value)
    except ValueError:
        return False


def describe_empty_selection(row_filter: RowFilter, source: str) -> str:
    """A note for a selection without rows: a misspelt value publishes nothing, and looks like success."""
    parts = [f"{column} = {' or '.join(map(repr, values))}" for column, values in row_filter.items()]
    return f"No row of {source} has {' and '.join(parts)}. Check where and segments of the export."
