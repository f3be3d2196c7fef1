"""GoogleSQL's reference implementation (PyPI zetasql) as a second engine; it executes SELECT."""

from dataclasses import dataclass

from zetasql.api import PreparedQuery

from scripts.sql_analysis.analyzer import GoogleSql, text_of

TYPES = {"INTEGER": "INT64", "FLOAT": "DOUBLE"}  # BigQuery's API name → GoogleSQL's


@dataclass(frozen=True)
class Result:
    """`rows` have every value as STRING; NULL becomes None."""

    types: list[str]
    rows: list[tuple[str | None, ...]]


def execute(expressions: list[str], source: str = "") -> Result:
    """Evaluates `expressions` over `source`, a FROM clause."""
    types = [text_of(column.type) for column in prepare(", ".join(expressions), source).columns]
    texts = ", ".join(f"cast({expression} as string)" for expression in expressions)
    table = prepare(texts, source).execute().content.table_data
    return Result(types, [tuple(cell.string_value for cell in row.cell) for row in table.row])


def prepare(columns: str, source: str) -> PreparedQuery:
    google = GoogleSql()
    builder = PreparedQuery.builder().set_sql(f"select {columns} {source}")
    return builder.set_analyzer_options(google.options).set_catalog(google.catalog("")).prepare()
