"""The raw tables, declared once in connector/schemas/*.json in the spelling of BigQuery's API."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connector.errors import DeclarationError

SCHEMAS = Path(__file__).parent / "schemas"

LOAD_TIME = "SYS_DATE_CREATE"  # written by the INSERT from staging; no file contains it
FILE_NAME = "SYS_FILE_NAME"

Column = dict[str, Any]


# Types of https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema that raw uses.
TYPES = ("STRING", "JSON", "RECORD", "TIMESTAMP")
MODES = ("NULLABLE", "REQUIRED", "REPEATED")
# https://cloud.google.com/bigquery/docs/schemas#column_names
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
# https://cloud.google.com/bigquery/docs/schemas#column_names and, the last two, #change-data-capture
RESERVED_PREFIXES = (
    "_TABLE_",
    "_FILE_",
    "_PARTITION",
    "_ROW_TIMESTAMP",
    "__ROOT__",
    "_COLIDENTIFIER",
    "_CHANGE_",
)
MAX_DESCRIPTION = 1024
PROPERTIES = ("name", "type", "mode", "description", "fields")


def check_columns(columns: Any, where: str) -> None:
    """DeclarationError that names the column and the allowed values."""
    if not isinstance(columns, list) or not columns:
        raise DeclarationError(f"{where}: expected a list of columns.")
    for number, column in enumerate(columns, 1):
        if not isinstance(column, dict) or not isinstance(column.get("name"), str):
            raise DeclarationError(f"{where}: column {number} has no `name`.")
        place = f"{where}: column '{column['name']}'"
        check_name(column["name"], place)
        if column.get("type") not in TYPES:
            raise DeclarationError(
                f"{place}: invalid type {column.get('type')!r}; expected one of {', '.join(TYPES)}."
            )
        if column.get("mode", "NULLABLE") not in MODES:
            raise DeclarationError(
                f"{place}: invalid mode {column['mode']!r}; expected one of {', '.join(MODES)}."
            )
        if unknown := sorted(column.keys() - set(PROPERTIES)):
            raise DeclarationError(
                f"{place}: unknown property {unknown[0]!r}; expected some of {', '.join(PROPERTIES)}."
            )
        check_description(column.get("description", ""), place)
        if column["type"] == "RECORD":
            check_columns(column.get("fields"), place)
        elif "fields" in column:
            raise DeclarationError(f"{place}: `fields` needs type RECORD, not {column['type']}.")
    # BigQuery would report the repetition at the first load, after all pages were fetched.
    if repeated := find_repeated([column["name"].lower() for column in columns]):
        raise DeclarationError(f"{where}: {', '.join(repeated)} is declared twice; BigQuery ignores case.")


def check_name(name: str, place: str) -> None:
    """DeclarationError for a name that BigQuery rejects."""
    if not NAME.fullmatch(name):
        raise DeclarationError(
            f"{place[:400]}: a name has letters, digits and _, no digit first, at most 300 of them; use `rename`."
        )
    if prefix := next((prefix for prefix in RESERVED_PREFIXES if name.upper().startswith(prefix)), None):
        raise DeclarationError(f"{place}: names that begin with {prefix} are reserved; use `rename`.")


def find_repeated(names: Sequence[str]) -> list[str]:
    """Names that are there more than once; BigQuery compares them without case."""
    counts = Counter(name.casefold() for name in names)
    return sorted({name for name in names if counts[name.casefold()] > 1})


def check_description(text: Any, place: str) -> None:
    """https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema: 1,024 characters."""
    if not isinstance(text, str) or len(text) > MAX_DESCRIPTION:
        raise DeclarationError(
            f"{place}: invalid description {str(text)[:40]!r}; expected a text of at most {MAX_DESCRIPTION} characters."
        )


def fingerprint(columns: list[Column]) -> str:
    """Of names, types and modes; descriptions may change at any time."""
    # Sixteen digits: a collision only resumes one run under another schema.
    return hashlib.sha256(json.dumps(strip_descriptions(columns)).encode()).hexdigest()[:16]


def strip_descriptions(columns: list[Column]) -> list[Column]:
    properties = ("name", "type", "mode")
    return [
        {key: column[key] for key in properties if key in column}
        | ({"fields": strip_descriptions(column["fields"])} if "fields" in column else {})
        for column in columns
    ]


def list_columns(columns: list[Column]) -> list[str]:
    """Names of the columns with lists of objects."""
    return [
        column["name"]
        for column in columns
        if column["type"] == "RECORD" and column.get("mode") == "REPEATED"
    ]


def reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; ValueError for a key that is declared twice, of which json would take the last."""
    names = [name for name, _ in pairs]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(repeated)} is declared twice in {dict(pairs)}")
    return dict(pairs)


def read_columns(table: str, folder: Path = SCHEMAS) -> list[Column]:
    """The columns that files of `table` contain: the schema without the load time."""
    path = folder / f"{table}.json"
    try:
        text = path.read_text(encoding="utf-8")
        columns: list[Column] = json.loads(text, object_pairs_hook=reject_duplicates)
    except (OSError, ValueError, RecursionError) as error:
        raise DeclarationError(f"{path}: could not read the schema of raw.{table}: {error}.") from error
    check_columns(columns, str(path))
    # The INSERT from staging appends the load time, and every encoder writes the file name.
    last = [(column["name"], column["type"]) for column in columns[-2:] if column.get("mode") != "REPEATED"]
    if last != [(LOAD_TIME, "TIMESTAMP"), (FILE_NAME, "STRING")]:
        raise DeclarationError(
            f"{path}: the last columns must be {LOAD_TIME} and {FILE_NAME}, a TIMESTAMP and a STRING."
        )
    return [column for column in columns if column["name"] != LOAD_TIME]
