"""Texts of the schema of raw, and of models of ods that keep the newest version of a row."""

import json

from connector.new_source.declaration import quote
from connector.new_source.tables import NewColumn, NewTable
from connector.raw_schema import FILE_NAME, LOAD_TIME
from connector.source_preview import write_schema

# The texts of the two columns that every schema ends with.
LOAD_TEXTS = {column["name"]: column["description"] for column in json.loads(write_schema([]))}


def write_raw_schema(table: NewTable) -> str:
    columns = [
        {"name": each.name, "type": "STRING", "mode": "NULLABLE", "description": each.text}
        for each in table.columns
    ]
    return write_schema(columns) + "\n"


def write_texts(table: NewTable) -> str:
    return "\n".join(f"    {column.name}: {quote(column.text)}," for column in table.columns)


def write_source(table: NewTable) -> str:
    lineage = "\n".join(f"    {name}: {quote(text)}," for name, text in LOAD_TEXTS.items())
    return f"""config {{
  type: "declaration",
  schema: "raw",
  name: "{table.name}",
  description: {quote(f"A version of a row of {table.place}, as one run read it; all text. Append only.")},
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
    key = quote(table.key[0]) if len(table.key) == 1 else json.dumps(list(table.key))
    types = "\n".join(f"      {column.name}: {type_of(column, table)}" for column in table.columns)
    names = ", ".join([*(column.name for column in table.columns), LOAD_TIME, FILE_NAME])
    return f"""config {{
  type: "incremental",
  schema: "ods",
  description: {quote(f"A row of {table.place}, its newest version. One row a key.")},
  columns: {{
{write_texts(table)}
    ...columns.lineage,
  }},
  bigquery: {{ clusterBy: {json.dumps(list(table.key[:4]))}, labels: {{ layer: "ods" }} }},
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


def type_of(column: NewColumn, table: NewTable) -> str:
    kind, note = column.type, f"  // {' '.join(column.note.split())}" if column.note else ""
    if column.name not in table.key:
        return f"types.{kind},{note}"
    if kind == "decimal":
        kind, note = "asReceived", ""
    # types.text would make one key of two that differ in blanks, and types.decimal of two that differ in digits.
    return f"types.required(types.{kind}),{note}"
