"""Values of `where` and `segments` have the type of their column, or an error names both."""

from typing import Any

import pytest

from sheets_sync.errors import ExportError
from sheets_sync.row_filter import filter_parameters


@pytest.mark.parametrize(
    ("kind", "value", "allowed"),
    [
        ("STRING", True, "a text in quotes"),
        ("DATE", False, "a text in quotes"),
        ("INTEGER", True, "a whole number"),
        ("INTEGER", 1.5, "a whole number"),
        ("INTEGER", "north", "a whole number"),
        ("INT64", "1.5", "a whole number"),
        ("BOOLEAN", 1, "true or false"),
        ("BOOL", "yes", "true or false"),
    ],
)
def test_a_value_of_another_type_is_named(kind: str, value: Any, allowed: str) -> None:
    message = f"has {value!r} for column region, which is {kind}: expected {allowed}"
    with pytest.raises(ExportError, match=message):
        filter_parameters({"region": (value,)}, {"region": kind})


@pytest.mark.parametrize("kind", ["JSON", "GEOGRAPHY", "RECORD"])
def test_a_column_without_equality_selects_nothing(kind: str) -> None:
    with pytest.raises(ExportError, match=f"cannot select by column region: it is {kind}"):
        filter_parameters({"region": ("x",)}, {"region": kind})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("STRING", "007"),
        ("STRING", 7),
        ("INTEGER", 7),
        ("INTEGER", "7"),
        ("INTEGER", -1),
        ("FLOAT", 1.5),
        ("NUMERIC", "1.5"),
        ("BOOLEAN", False),
        ("BOOLEAN", "true"),
        ("DATE", "2026-01-01"),
        ("TIMESTAMP", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_value_that_fits_is_a_parameter(kind: str, value: Any) -> None:
    [parameter] = filter_parameters({"region": (value,)}, {"region": kind})
    assert (parameter.name, parameter.values) == ("where_0", [value])
