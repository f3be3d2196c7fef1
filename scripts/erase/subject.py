"""What is erased: a key, and the columns of its table in raw that describe a person."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import DeclarationError
from connector.raw_schema import FILE_NAME, read_columns
from connector.sources.registry import SOURCES, read_source
from scripts.erase import EraseError

PERSONAL = "Personal data"  # in the description of a column: docs/reference/personal-data.md


@dataclass(frozen=True)
class Subject:
    """`folder` is that of the endpoint in the landing bucket; `columns` are erased, `personal` among them."""

    table: str
    folder: str
    key_column: str
    key: str
    columns: tuple[str, ...]
    personal: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Identifies the subject in ops.erasures without its key."""
        return hashlib.sha256(f"{self.table}/{self.key}".encode()).hexdigest()

    def matches(self, value: Any) -> bool:
        """Whether a key of a file is this one: 17, "17", " 17 " and "017" are one key, as in ods."""
        text = str(value).strip()
        return text == self.key or (
            text.lstrip("-").isdecimal() and self.key.isdecimal() and int(text) == int(self.key)
        )


def read_subject(table: str, key: str) -> Subject:
    """EraseError if `table` is no table of raw with one key and personal columns."""
    found = [
        (f"{path.stem}/{name}", endpoint)
        for path in sorted(SOURCES.glob("*.yaml"))
        for name, endpoint in read_source(path.stem).endpoints.items()
        if endpoint.table == table
    ]
    if not found:
        raise EraseError(f"invalid --table '{table}': no endpoint of connector/sources has this table.")
    [(folder, endpoint)] = found
    try:
        columns = [column for column in read_columns(table) if column["name"] != FILE_NAME]
    except DeclarationError as error:
        raise EraseError(str(error)) from error
    personal = tuple(column["name"] for column in columns if PERSONAL in column.get("description", ""))
    if not personal or len(endpoint.key) != 1:
        raise EraseError(
            f"invalid --table '{table}': no column of connector/schemas/{Path(table).name}.json is described "
            f"as '{PERSONAL}', or its key has several columns."
        )
    [key_column] = endpoint.key
    others = tuple(column["name"] for column in columns if column["name"] != key_column)
    return Subject(table, folder, key_column, key.strip(), others, personal)
