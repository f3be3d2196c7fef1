"""What is erased: a key, and the columns of its table in raw that describe a person."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.erase import EraseError

CONNECTOR = Path(__file__).parents[2] / "connector"
SYSTEM = "SYS_"  # columns of the connector: no data of the source
LEADING_ZEROS = re.compile(r"^(-?)0+([0-9]+)$", re.ASCII)
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
        return without_zeros(str(value).strip()) == without_zeros(self.key)


def without_zeros(text: str) -> str:
    """A whole number in its shortest form, of any length: int() raises above 4,300 digits."""
    return LEADING_ZEROS.sub(r"\1\2", text)


def read_subject(table: str, key: str) -> Subject:
    """EraseError if raw has no such table, or it has several key columns or no personal column."""
    folder, keys = find_endpoint(table)
    fields = json.loads((CONNECTOR / "schemas" / f"{table}.json").read_text(encoding="utf-8"))
    columns = [field for field in fields if not field["name"].startswith(SYSTEM)]
    personal = tuple(field["name"] for field in columns if PERSONAL in field["description"])
    if not personal or len(keys) != 1:
        raise EraseError(
            f"invalid --table '{table}': no column of connector/schemas/{table}.json is described "
            f"as '{PERSONAL}', or its key has several columns."
        )
    others = tuple(field["name"] for field in columns if field["name"] != keys[0])
    return Subject(table, folder, keys[0], key.strip(), others, personal)


def find_endpoint(table: str) -> tuple[str, list[str]]:
    """`<source>/<endpoint>` of a table of raw, and its key."""
    for path in sorted((CONNECTOR / "sources").glob("*.yaml")):
        # Without the connector, whose packages this command does not need.
        endpoints = yaml.safe_load(path.read_text(encoding="utf-8"))["endpoints"]
        for name, endpoint in endpoints.items():
            if endpoint["table"] == table:
                return f"{path.stem}/{name}", list(endpoint.get("key", []))
    raise EraseError(f"invalid --table '{table}': no endpoint of connector/sources has this table.")
