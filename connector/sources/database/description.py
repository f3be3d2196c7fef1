"""What a table's catalogue contains for a declaration: columns, differences to raw, a proposed key and window."""

import re

from connector.raw_schema import FILE_NAME
from connector.sources.database.database import Table

# A proposal only: no catalogue states which column every change sets.
CHANGE_NAME = re.compile("updat|modif|chang", re.IGNORECASE)
# The server leaves them out without an error, so no count shows them.
HIDDEN_ROWS = (
    "row-level security is active for the account: rows that its policies hide are not copied. Grant it BYPASSRLS, or "
    "a policy with all rows (`using (true)`)"
)


def describe_fields(table: Table, rename: dict[str, str]) -> list[tuple[str, str]]:
    """Names in raw, with the comments and the types of the columns."""
    return [
        (rename.get(field.name, field.name), f"{field.description or field.name}: {field.type}.")
        for field in table.fields
    ]


def propose_declaration(table: Table) -> dict[str, object]:
    """The primary key; as window a time with the name of a change, or an increasing key."""
    key = sorted(
        (field for field in table.fields if field.key_position), key=lambda field: field.key_position
    )
    times = [field.name for field in table.fields if field.group in ("moment", "local time")]
    changed = [name for name in times if CHANGE_NAME.search(name)]
    window: object = {"field": changed[0], "look_back": "1h"} if changed else None
    if not changed and len(key) == 1 and key[0].group == "integer":
        window = {"field": key[0].name, "look_back": 1000}
    return {"key": [field.name for field in key], "window": window}


def describe_differences(table: Table, columns: frozenset[str]) -> list[str]:
    """Notes about columns of raw that the source lacks, and columns and rows that the account may not read."""
    missing = sorted(columns - {field.column for field in table.fields} - {FILE_NAME})
    # Columns of the connector, which no source has.
    expected = [name for name in missing if not name.startswith("SYS_")]
    notes = [f"columns of raw that the source does not have: {', '.join(expected)}"] if expected else []
    if table.hidden:
        notes.append(f"columns that the account may not read: {', '.join(table.hidden)}")
    if table.hides_rows:
        notes.append(HIDDEN_ROWS)
    return notes
