"""The raw tables, declared once in connector/schemas/*.json in the spelling of BigQuery's API."""

import hashlib
import json
from pathlib import Path
from typing import Any

from connector.errors import DeclarationError

SCHEMAS = Path(__file__).parent / "schemas"

LOAD_TIME = "SYS_DATE_CREATE"  # written by the INSERT from staging; no file contains it
FILE_NAME = "SYS_FILE_NAME"

Column = dict[str, Any]


def fingerprint(columns: list[Column]) -> str:
    """Of names, types and modes; descriptions may change at any time."""
    return hashlib.sha256(json.dumps(strip_descriptions(columns)).encode()).hexdigest()[:16]


def strip_descriptions(columns: list[Column]) -> list[Column]:
    kept = ("name", "type", "mode")
    return [
        {key: column[key] for key in kept if key in column}
        | ({"fields": strip_descriptions(column["fields"])} if "fields" in column else {})
        for column in columns
    ]


def read_columns(table: str, folder: Path = SCHEMAS) -> list[Column]:
    """The columns that files of `table` contain: the schema without the load time."""
    path = folder / f"{table}.json"
    try:
        columns: list[Column] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeclarationError(f"{path}: could not read the schema of raw.{table}: {error}.") from error
    names = [column["name"] for column in columns]
    if names[-2:] != [LOAD_TIME, FILE_NAME]:
        raise DeclarationError(f"{path}: the last columns must be {LOAD_TIME} and {FILE_NAME}.")
    return [column for column in columns if column["name"] != LOAD_TIME]
