"""What is proposed for an endpoint: its columns in raw and in ods, its key, and its part of the declaration."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from connector.errors import DeclarationError
from connector.raw_schema import NAME, RESERVED_PREFIXES

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
# Columns, aliases and variables of dataform/includes, and columns of the connector: a column of the source would hide
# them. The last one is not a property that JavaScript can set.
HIDDEN = """
    arrived begun_at changed deleted_at deleted_file file_day file_days gone live look_back payload reason since source
    stored sys_date_create sys_date_delete sys_file_name sys_reject_reason sys_source_file sys_source_line
    sys_source_modified typed_rows unread until version __proto__
"""
TAKEN = frozenset(HIDDEN.split())
MAX_NAME = 290  # of a name that gets a prefix or a number; BigQuery allows 300 characters
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


def name_columns(fields: Sequence[str], in_lower_case: bool = False) -> dict[str, str]:
    """The columns of raw by field. A name that is taken, as BigQuery compares names without case, gets a number."""
    names = {each: column_of(each.casefold() if in_lower_case else each) for each in fields}
    columns: dict[str, str] = {}
    taken: set[str] = set()
    # Fields that keep their names come first, so that a number is only in a name that is new anyway.
    for source in sorted(fields, key=lambda each: names[each] != each):
        columns[source] = find_free(names[source], taken)
        taken.add(columns[source].lower())
    return {each: columns[each] for each in fields}


def find_free(name: str, taken: Collection[str]) -> str:
    """The name, or the first one with a number that is not taken; `taken` in lower case. A target of `rename` has small
    letters, and the first of its signs is one."""
    base = name[:MAX_NAME].lower() if name[0].isalpha() else f"source_{name[:MAX_NAME].lower().strip('_')}"
    numbered = (f"{base}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each.lower() not in taken)


def column_of(name: str) -> str:
    """The column of raw: the same name, or one that BigQuery and the models accept."""
    is_valid = NAME.fullmatch(name) and not name.upper().startswith(RESERVED_PREFIXES)
    if is_valid and name.lower() not in RESERVED | TAKEN:
        return name
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    plain_name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:MAX_NAME] or "column"
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
