"""The types that the page expects in each column of a query's rows.

A table of ops that was created again by hand may have texts in a column of times: that is a sentence about one
section, not the end of the page.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from report.errors import WrongType

# Columns by the name of their query; "?" where NULL is a value. Every column that is not listed is a text.
TYPES = {
    "findings": {"time": "since", "number?": "was now usual", "text?": "detail explained_by"},
    "measures": {
        "time": "measured_at",
        "number": "amount day_number",
        "number?": "hour usual spread",
        "flag": "is_unusual",
    },
    "runs": {"time": "started_at finished_at"},
    "steps": {"time": "started_at", "number": "seconds"},
    "volumes": {"day": "day", "number": "loaded"},
    "freshness": {"time?": "newest", "text?": "link"},
    "arrivals": {"time": "hour"},
    "releases": {"time": "moment"},
    "tables": {"numbers": "newest"},
    "size_days": {"day": "day", "number": "amount"},
    "quality": {"day": "day", "numbers": "first last"},
    "quality_days": {"day": "day", "number": "amount"},
    "actions": {"number": "runs failed", "number?": "bad_rows seconds"},
    "files": {"number": "size"},
    "costs": {"day": "day", "number": "jobs gib_billed slot_hours cost_usd"},
    "cost_days": {"day": "day", "number": "amount"},
    "drift": {"time": "logged_at"},
    "syncs": {"time": "newest", "number": "syncs failed inserted updated deleted rejected edited"},
    "notices": {"number": "notices"},
}
EXPECTED = {
    "time": "a time",
    "day": "a day",
    "number": "a number",
    "numbers": "numbers",
    "flag": "true or false",
}


def check_types(query: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The same rows; WrongType names the first column with a value of another type."""
    types = {name: kind for kind, names in TYPES[query].items() for name in names.split()}
    for row in rows:
        for name, value in row.items():
            kind = types.get(name, "text")
            if not (value is None and kind.endswith("?")) and not is_of_type(value, kind.rstrip("?")):
                expected = EXPECTED.get(kind.rstrip("?"), "a text")
                raise WrongType(f"the column {name} has {str(value)[:60]!r}, expected {expected}.")
    return rows


def is_of_type(value: Any, kind: str) -> bool:
    if kind == "numbers":
        return isinstance(value, Mapping) and all(is_of_type(each, "number") for each in value.values())
    if kind == "number":
        # Neither can be drawn or rounded: NaN and infinity.
        return (
            isinstance(value, int | float | Decimal) and not isinstance(value, bool) and math.isfinite(value)
        )
    if kind == "time":
        return isinstance(value, datetime) and value.tzinfo is not None
    # A datetime is a date too.
    return type(value) is {"day": date, "flag": bool}.get(kind, str)
