"""Texts of the files of a new source: declaration, schemas, and models of ods that keep the newest version of a row."""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.errors import DeclarationError
from connector.raw_schema import FILE_NAME, LOAD_TIME, NAME, find_repeated
from connector.source_preview import write_schema
from connector.sources.database.database import Field, Table
from connector.sources.database.description import propose_declaration

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
# https://cloud.google.com/bigquery/docs/schemas#column_names
PREFIXES = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier")
MAX_COMMENT = 900  # characters; with the type it stays below the limit of a description
DECIMALS = ("numeric", "decimal")
# The texts of the two columns that every schema ends with.
LOAD_TEXTS = {column["name"]: column["description"] for column in json.loads(write_schema([]))}


@dataclass(frozen=True)
class NewTable:
    """One endpoint. The columns of `fields` are already those of raw; `key` and `window` name columns of raw.
    `hidden`: columns of the source that the account may not read."""

    name: str
    relation: str
    fields: list[Field]
    key: list[str]
    window: str | None
    hidden: list[str]

    @property
    def rename(self) -> dict[str, str]:
        return {field.name: field.column for field in self.fields if field.name != field.column}


def propose_table(name: str, relation: str, table: Table) -> NewTable:
    """DeclarationError without a primary key, or if two columns get one name in raw."""
    fields = [replace(field, column=column_of(field.name)) for field in table.fields]
    if repeated := find_repeated([field.column for field in fields]):
        raise DeclarationError(
            f"{relation}: several columns become {', '.join(repeated)} in raw; BigQuery ignores case. "
            "Rename them at the source."
        )
    columns = {field.name: field for field in fields}
    proposed = propose_declaration(replace(table, fields=fields))
    key, window = proposed["key"], proposed["window"]
    if not isinstance(key, list) or not key:
        raise DeclarationError(
            f"{relation} has no primary key in the catalogue; columns: {', '.join(columns)}. Add a primary key, or "
            "declare the endpoint by hand with a `key` that is unique (docs/guides/a-database-as-a-source.md)."
        )
    changed = columns[window["field"]] if isinstance(window, dict) else None
    # A key that only grows finds no update, and rows without a time are in no window: a person must decide on these.
    is_safe = changed and changed.group != "integer" and not changed.is_nullable
    return NewTable(
        name,
        relation,
        fields,
        [columns[each].column for each in key],
        changed.column if changed and is_safe else None,
        table.hidden,
    )


def column_of(name: str) -> str:
    """The column of raw: the same name, or one that BigQuery and the models accept."""
    lower = name.lower()
    if NAME.fullmatch(name) and lower not in RESERVED | TAKEN and not lower.startswith(PREFIXES):
        return name
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    plain_name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:290] or "column"
    is_free = plain_name[0].isalpha() and plain_name not in RESERVED | TAKEN
    return plain_name if is_free else f"source_{plain_name}"


def write_declaration(kind: str, url: str, secret: str | None, tables: Sequence[NewTable]) -> str:
    lines = [f"kind: {kind}", f"url: {quote(url)}"]
    lines += [f"secret: {quote(secret)}   # the password and nothing else"] if secret else []
    lines.append("endpoints:")
    for table in tables:
        lines += [
            f"  {table.name}:",
            f"    relation: {quote(table.relation)}",
            f"    table: {table.name}",
            f"    key: {json.dumps(table.key)}",
            "    schedule: daily                       # decide: daily or hourly",
            *write_window(table),
        ]
        if table.hidden:
            lines.append(
                f"    # decide: the account may not read, so no run copies: {quote(', '.join(table.hidden))}"
            )
        if table.rename:
            lines += ["    rename:", *(f"      {quote(old)}: {new}" for old, new in table.rename.items())]
    return "\n".join(lines) + "\n"


def write_window(table: NewTable) -> list[str]:
    if table.window is None:
        return [
            "    # decide: without `window` every run reads the whole table; see docs/guides/new-source.md"
        ]
    return [
        f"    window: {{field: {table.window}, look_back: 1h}}   # decide: does every change of a row set it?",
        "    # decide: `deletes: {compare: daily}` finds deleted rows; it needs SYS_DATE_DELETE in the schema",
    ]


def quote(text: str) -> str:
    """A text of YAML, of JSON and of JavaScript."""
    return json.dumps(text, ensure_ascii=False)


def describe(field: Field) -> str:
    comment = " ".join((field.description or field.name).split())[:MAX_COMMENT]
    return f"{comment}: {field.type}."


def write_raw_schema(table: NewTable) -> str:
    columns = [
        {"name": each.column, "type": "STRING", "mode": "NULLABLE", "description": describe(each)}
        for each in table.fields
    ]
    return write_schema(columns) + "\n"


def write_texts(table: NewTable) -> str:
    return "\n".join(f"    {field.column}: {quote(describe(field))}," for field in table.fields)


def write_source(table: NewTable) -> str:
    lineage = "\n".join(f"    {name}: {quote(text)}," for name, text in LOAD_TEXTS.items())
    return f"""config {{
  type: "declaration",
  schema: "raw",
  name: "{table.name}",
  description: {quote(f"A version of a row of {table.relation}, as one run read it; all text. Append only.")},
  columns: {{
{write_texts(table)}
{lineage}
  }},
}}
"""


def write_rejects(table: NewTable) -> str:
    return f"""config {{
  type: "operations",
  schema: "ods",
  hasOutput: true,
  description: tables.rejects("row of {table.name}").description,
  columns: tables.texts(tables.rejects("row of {table.name}")),
  tags: ["hourly", "daily"],
}}

${{tables.create(self(), tables.rejects("row of {table.name}"))}}
"""


def write_model(table: NewTable) -> str:
    key = quote(table.key[0]) if len(table.key) == 1 else json.dumps(table.key)
    types = "\n".join(f"      {field.column}: {type_of(field, table)}" for field in table.fields)
    names = ", ".join([*(field.column for field in table.fields), LOAD_TIME, FILE_NAME])
    return f"""config {{
  type: "incremental",
  schema: "ods",
  description: {quote(f"A row of {table.relation}, its newest version. One row a key.")},
  columns: {{
{write_texts(table)}
    ...columns.lineage,
  }},
  bigquery: {{ clusterBy: {json.dumps(table.key[:4])}, labels: {{ layer: "ods" }} }},
  tags: ["hourly", "daily"],
}}

js {{
  const model = keyed.model({{ ref, self, incremental }}, {{
    source: ref("raw", "{table.name}"),
    rejects: ref("ods", "{table.name}_rejects"),
    key: {key},
    columns: {{
{types}
    }},
  }});
}}

pre_operations {{ ${{model.begin}} }}

select {names}
from ${{model.rows}}

post_operations {{ ${{model.commit}} }}
"""


def type_of(field: Field, table: NewTable) -> str:
    """A type of types.js that loses no digit of the source's type; text as received for all others."""
    kind, note = "asReceived", ""
    if field.group == "integer" and "unsigned" not in field.type.lower():
        kind = "integer"
    elif field.group == "day":
        kind = "date"
    elif field.group in ("moment", "local time"):
        kind, note = (
            "timestamp",
            "  // decide: times before 1990 or in the future are rejected; types.asReceived keeps them",
        )
    elif field.type.lower().startswith(DECIMALS):
        kind, note = "decimal", "  // decide: digits after the ninth are rounded"
    if field.column in table.key:
        # types.text would make one key of two that differ in blanks, and types.decimal of two that differ in digits.
        kind, note = ("asReceived", "") if kind == "decimal" else (kind, note)
        return f"types.required(types.{kind}),{note}"
    return f"types.{kind},{note}"
