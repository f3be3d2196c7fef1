"""GoogleSQL's own analyzer (PyPI zetasql) over the warehouse: every statement against declared schemas.

Its reference implementation also evaluates a SELECT that reads no table.

It checks no rules of the BigQuery service, such as partition filters and quotas. Compiling its WebAssembly
takes 10 to 35 s once; wasmtime caches the result in the user's cache folder, and later starts take 0.2 s.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import wasmtime
import zetasql.core.wasm_client as wasm_client
from sqlglot.dialects.bigquery import BigQuery
from zetasql.api import Analyzer, PreparedQuery, TypeFactory
from zetasql.types import (
    AnalyzerOptions,
    ErrorMessageMode,
    LanguageOptions,
    ProductMode,
    SimpleCatalog,
    SimpleColumn,
    SimpleTable,
    Type,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)

from scripts.sql_analysis.statements import Statement, statements

DECLARE = re.compile(r"declare (?P<name>\w+) (?P<type>.+?) default (?P<value>.*)", re.IGNORECASE | re.DOTALL)
SET = re.compile(r"set (?P<name>\w+) = (?P<value>.*)", re.IGNORECASE | re.DOTALL)
RAISE = re.compile(r"raise using message = (?P<value>.*)", re.IGNORECASE | re.DOTALL)
CONTROL = re.compile(r"(begin|commit) transaction|return", re.IGNORECASE)
BIGQUERY_NAMES = {"INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOL"}

Columns = dict[str, Type]


class SqlError(Exception):
    """The analyzer's message and the statement."""


class CachedConfig(wasmtime.Config):  # type: ignore[misc]  # not typed
    def __init__(self) -> None:
        super().__init__()
        self.cache = True


# zetasql creates its Config itself and has no argument for it.
wasm_client.Config = CachedConfig


def language() -> LanguageOptions:
    options = LanguageOptions.maximum_features()
    options.product_mode = ProductMode.PRODUCT_EXTERNAL
    # As in BigQuery. Unreserved, QUALIFY would be valid only after WHERE, GROUP BY or HAVING.
    options.reserved_keywords = ["QUALIFY"]
    return options


@dataclass
class GoogleSql:
    """A catalog that grows as statements create tables; names as `project.dataset.table`."""

    tables: dict[str, Columns] = field(default_factory=dict)
    types: dict[tuple[str, ...], Type] = field(default_factory=dict)

    @cached_property
    def options(self) -> AnalyzerOptions:
        return AnalyzerOptions(
            language_options=language(),
            default_timezone="UTC",
            error_message_mode=ErrorMessageMode.ERROR_MESSAGE_ONE_LINE,
            allow_undeclared_parameters=False,
        )

    def catalog(self, sql: str) -> SimpleCatalog:
        """Only the tables that `sql` names: the catalog is serialized for every call."""
        tables = [
            SimpleTable(
                name=name, column=[SimpleColumn(name=column, type=kind) for column, kind in columns.items()]
            )
            for name, columns in self.tables.items()
            if name in sql
        ]
        functions = ZetaSQLBuiltinFunctionOptions(language_options=self.options.language_options)
        return SimpleCatalog(name="bigquery", table=tables, builtin_function_options=functions)

    def script(self, text: str) -> list[Any]:
        """Every statement of a script, resolved; SqlError has the analyzer's message and the statement.

        Temporary tables, whose names have no dot, are dropped at the end.
        """
        variables: Columns = {}
        resolved = [tree for part in statements(text) for tree in self.statement(part, variables)]
        self.tables = {name: columns for name, columns in self.tables.items() if "." in name}
        return resolved

    def statement(self, part: Statement, variables: Columns) -> list[Any]:
        if part.is_if:
            self.expect("BOOL", part.condition, variables)
            return [resolved for inner in part.inside for resolved in self.statement(inner, variables)]
        if CONTROL.fullmatch(part.text):
            return []
        if declared := DECLARE.fullmatch(part.text):
            variables[declared["name"]] = self.type_of(f"cast(null as {declared['type']})", {})
            self.type_of(f"(select cast({declared['value']} as {declared['type']}))", variables)
            return []
        if assigned := SET.fullmatch(part.text):
            self.expect(text_of(variables[assigned["name"]]), assigned["value"], variables)
            return []
        if raised := RAISE.fullmatch(part.text):
            self.expect("STRING", raised["value"], variables)
            return []
        resolved = self.analyze(part.text, variables)
        if name := created_table(resolved):
            self.tables[name] = columns_of(resolved)
        return [resolved]

    def expect(self, kind: str, expression: str, variables: Columns) -> None:
        actual = text_of(self.type_of(expression, variables))
        if actual != kind:
            raise SqlError(f"{actual} is not {kind}: {expression}")

    def type_of(self, expression: str, variables: Columns) -> Type:
        """Cached where no table is read: declarations repeat, and each analysis takes 40 ms."""
        key = (expression, *(f"{name} {text_of(kind)}" for name, kind in variables.items()))
        if key in self.types:
            return self.types[key]
        resolved = self.analyze(f"select {expression} as value", variables)
        result: Type = resolved.output_column_list[0].column.type
        if "`" not in expression and " from " not in expression:
            self.types[key] = result
        return result

    def analyze(self, sql: str, variables: Columns) -> Any:
        options = self.options
        options.query_parameters = [
            AnalyzerOptions.QueryParameter(name=n, type=t) for n, t in variables.items()
        ]
        sql = as_parameters(sql, set(variables))
        try:
            return Analyzer(options, self.catalog(sql)).analyze_statement(sql)
        except Exception as error:
            raise SqlError(f"{error}\n{sql}") from error

    def evaluate(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows of a SELECT whose columns are STRING; SqlError has the evaluator's message."""
        builder = PreparedQuery.builder().set_sql(sql).set_analyzer_options(self.options)
        try:
            with builder.set_catalog(self.catalog(sql)).prepare() as query:
                rows = query.execute().content.table_data.row
        except Exception as error:
            raise SqlError(f"{error}\n{sql}") from error
        return [tuple(cell.string_value for cell in row.cell) for row in rows]


def created_table(resolved: Any) -> str:
    """The table or view that a statement creates, or nothing."""
    return ".".join(resolved.name_path) if type(resolved).__name__.startswith("ResolvedCreate") else ""


def columns_of(resolved: Any) -> Columns:
    if definitions := getattr(resolved, "column_definition_list", None):
        return {column.name: column.type for column in definitions}
    return {column.name: column.column.type for column in resolved.output_column_list}


def as_parameters(sql: str, variables: set[str]) -> str:
    """Script variables as query parameters: the analyzer has no variables, and both resolve alike."""
    tokens = list(BigQuery.Tokenizer().tokenize(sql))
    # From the end, so that the positions of the earlier tokens stay valid.
    for before, token in reversed(list(zip([None, *tokens], tokens, strict=False))):
        if token.text in variables and (before is None or before.text != "."):
            sql = f"{sql[: token.start]}@{sql[token.start :]}"
    return sql


def type_from_field(field: dict[str, Any]) -> Type:
    """The type of a column as the API spells it, as in connector/schemas."""
    if field["type"] == "RECORD":
        kind = TypeFactory.create_struct_type(
            [(nested["name"], type_from_field(nested)) for nested in field["fields"]]
        )
    else:
        name = BIGQUERY_NAMES.get(field["type"], field["type"])
        kind = TypeFactory.create_simple_type(TypeKind[f"TYPE_{name}"])
    return TypeFactory.create_array_type(kind) if field.get("mode") == "REPEATED" else kind


def text_of(kind: Type) -> str:
    if kind.array_type:
        return f"ARRAY<{text_of(kind.array_type.element_type)}>"
    if kind.struct_type:
        fields = [f"{each.field_name} {text_of(each.field_type)}" for each in kind.struct_type.field]
        return f"STRUCT<{', '.join(fields)}>"
    return str(TypeKind(kind.type_kind).name).removeprefix("TYPE_")
