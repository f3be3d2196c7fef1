"""What is erased: a key, and the columns of its table in raw that describe a person."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from scripts.erase import EraseError

CONNECTOR = Path(__file__).parents[2] / "connector"
SYSTEM = "SYS_"  # columns of the connector: no data of the source
# What TRIM of BigQuery removes. Python's strip() also removes the separators U+001C to U+001F.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
LEADING_ZEROS = re.compile(r"^(-?)0+([0-9]+)$", re.ASCII)
PERSONAL = "Personal data"  # in the description of a column: docs/reference/personal-data.md


@dataclass(frozen=True)
class Subject:
    """`folder` is that of the endpoint in the landing bucket; `columns` are erased, `personal` among them.

    `is_number`: ods has the key as INT64; as a text, "01" and "1" are two keys. `other_tables` are those of raw.
    """

    table: str
    folder: str
    key_column: str
    key: str
    columns: tuple[str, ...]
    personal: tuple[str, ...]
    is_number: bool = True
    other_tables: frozenset[str] = frozenset()

    @property
    def folders(self) -> list[str]:
        """Until 2026-11-28 the folder was that of the endpoint only; now a source may have its name."""
        source, _, endpoint = self.folder.partition("/")
        is_source = (CONNECTOR / "sources" / f"{endpoint}.yaml").exists()
        return [self.folder] if is_source else [self.folder, endpoint]

    def may_own(self, table: str) -> bool:
        """False for a table that is named after another one of raw, such as stores_changes: its keys are others."""
        names = {name for name in (self.table, *self.other_tables) if f"{table}_".startswith(f"{name}_")}
        return not names or max(names, key=len) == self.table

    @property
    def digest(self) -> str:
        """Identifies the subject in ops.erasures without its key."""
        return hashlib.sha256(f"{self.table}/{self.key}".encode()).hexdigest()

    def matches(self, value: Any) -> bool:
        """Whether a key of a file is this one: 17, "17", " 17 " and "017" are one key, as in ods."""
        # A missing key is not the text None, and BigQuery loads the JSON value true as the text true.
        if value is None or isinstance(value, dict | list):
            return False
        text = (json.dumps(value) if isinstance(value, bool) else str(value)).strip(WHITE_SPACE)
        return without_zeros(text) == without_zeros(self.key) if self.is_number else text == self.key


def without_zeros(text: str) -> str:
    """A whole number in its shortest form, of any length: int() raises above 4,300 digits."""
    return LEADING_ZEROS.sub(r"\1\2", text)


def texts_of(value: Any) -> Iterator[str]:
    """The texts in a value of a column, which may be a list or a record; nothing for an empty one."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)
    elif value not in (None, ""):
        yield str(value)


def quoted_forms(text: str) -> set[str]:
    """How a log can quote a text: also in JSON or as a literal of Python, without blanks around it, and with accents in
    another form."""
    texts = {form for name in ("NFC", "NFD") for form in (text, unicodedata.normalize(name, text))}
    texts |= {each.strip(WHITE_SPACE) for each in texts}
    quotes = (json.dumps, partial(json.dumps, ensure_ascii=False), repr, ascii)
    return texts | {quote(each)[1:-1] for each in texts for quote in quotes}


def read_subject(table: str, key: str) -> Subject:
    """EraseError if raw has no such table, its key is empty, personal or of several columns, or nothing is personal."""
    if not key.strip(WHITE_SPACE):
        raise EraseError(f"invalid --key '{key}': expected the key of a row, for example 17.")
    folder, keys = find_endpoint(table)
    fields = json.loads((CONNECTOR / "schemas" / f"{table}.json").read_text(encoding="utf-8"))
    columns = [field for field in fields if not field["name"].startswith(SYSTEM)]
    personal = tuple(field["name"] for field in columns if is_personal(field))
    if not personal or len(keys) != 1:
        raise EraseError(
            f"invalid --table '{table}': no column of connector/schemas/{table}.json is described "
            f"as '{PERSONAL}', or its key has several columns."
        )
    if keys[0] in personal:
        raise EraseError(
            f"invalid --table '{table}': its key '{keys[0]}' is described as '{PERSONAL}', and every row keeps its "
            "key. Declare a key in connector/sources that identifies no person, such as a number."
        )
    others = tuple(field["name"] for field in columns if field["name"] != keys[0])
    tables = frozenset(path.stem for path in (CONNECTOR / "schemas").glob("*.json")) - {table}
    return Subject(table, folder, keys[0], key.strip(WHITE_SPACE), others, personal, other_tables=tables)


def is_personal(field: dict[str, Any]) -> bool:
    """Also a record with such a column."""
    nested = any(is_personal(each) for each in field.get("fields", []))
    return nested or PERSONAL in field.get("description", "")


def find_endpoint(table: str) -> tuple[str, list[str]]:
    """`<source>/<endpoint>` of a table of raw, and its key."""
    for path in sorted((CONNECTOR / "sources").glob("*.yaml")):
        # Without the connector, whose packages this command does not need.
        endpoints = yaml.safe_load(path.read_text(encoding="utf-8"))["endpoints"]
        for name, endpoint in endpoints.items():
            if endpoint["table"] == table:
                return f"{path.stem}/{name}", list(endpoint.get("key", []))
    raise EraseError(f"invalid --table '{table}': no endpoint of connector/sources has this table.")
