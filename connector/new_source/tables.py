"""What is proposed for an endpoint: its columns in raw and in ods, its key, and its part of the declaration."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import DeclarationError
from connector.raw_schema import NAME, RESERVED_PREFIXES, find_repeated

# https://github.com/google/zetasql/blob/master/docs/lexical.md#reserved_keywords
KEYWORDS = """
    all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current
    default define desc distinct else end enum escape except exclude exists extract false fetch following for from full
    group grouping groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup
    merge natural new no not null nulls of on or order outer over partition preceding proto qualify range recursive
    respect right rollup rows select set some struct tablesample then to treat true unbounded union unnest using when
    where window with within
"""
RESERVED = frozenset(KEYWORDS.split())
# Columns and aliases of dataform/includes/keyed.js and types.js, which a column of the source would hide.
HIDDEN = (
    "arrived changed deleted_at deleted_file gone live payload reason source stored sys_date_create sys_date_delete "
    "sys_file_name typed_rows version"
)
TAKEN = frozenset(HIDDEN.split())
MAX_COMMENT = 900  # characters; with the type it stays below the limit of a description


@dataclass(frozen=True)
class NewColumn:
    """`field`: the name at the source. `name`: the column of raw. `text`: what it is, and its type. `type`: of
    types.js. `note`: a question of the model, after `//`."""

    field: str
    name: str
    text: str
    type: str = "asReceived"
    note: str = ""


@dataclass(frozen=True)
class NewTable:
    """One endpoint. `place`: the table, collection, pattern, path or tab. `key`: columns of raw. `declared`: further
    keys of the endpoint in the declaration. `comments`: what a person decides there."""

    name: str
    place: str
    columns: Sequence[NewColumn]
    key: Sequence[str]
    declared: Mapping[str, Any]
    comments: Sequence[str] = field(default_factory=list)

    @property
    def rename(self) -> dict[str, str]:
        return {column.field: column.name for column in self.columns if column.field != column.name}


# Keys of the source before `endpoints`, and its endpoints.
Proposal = tuple[dict[str, Any], list[NewTable]]


def name_columns(place: str, fields: Sequence[str], in_lower_case: bool = False) -> dict[str, str]:
    """The columns of raw by field; DeclarationError if two fields get one name."""
    columns = {name: column_of(name.casefold() if in_lower_case else name) for name in fields}
    if repeated := find_repeated(list(columns.values())):
        raise DeclarationError(
            f"{place}: several columns become {', '.join(repeated)} in raw; BigQuery ignores case. "
            "Rename them at the source."
        )
    return columns


def column_of(name: str) -> str:
    """The column of raw: the same name, or one that BigQuery and the models accept."""
    is_valid = NAME.fullmatch(name) and not name.upper().startswith(RESERVED_PREFIXES)
    if is_valid and name.lower() not in RESERVED | TAKEN:
        return name
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    plain_name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:290] or "column"
    is_free = plain_name[0].isalpha() and plain_name not in RESERVED | TAKEN
    return plain_name if is_free else f"source_{plain_name}"


def choose_key(place: str, requested: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """Columns of raw for --key, whose names are those of the source or of raw; DeclarationError for an unknown one."""
    unknown = [name for name in requested if name not in columns and name not in columns.values()]
    if unknown:
        raise DeclarationError(f"{place} has no column {', '.join(unknown)}; {list_names(columns)}")
    return [columns.get(name, name) for name in requested]


def list_names(names: Collection[str]) -> str:
    listed = ", ".join(names)
    return f"columns: {listed if len(listed) <= 500 else listed[:500] + '…'}."
