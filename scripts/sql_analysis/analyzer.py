"""GoogleSQL's own analyzer (PyPI zetasql) over the warehouse: every statement against declared schemas.

Its reference implementation also evaluates a SELECT that reads no table.

It checks no rules of the BigQuery service, such as partition filters and quotas. Compiling its WebAssembly
takes 10 to 35 s once; wasmtime caches the result in the user's cache folder, and later starts take 0.2 s.
"""

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import wasmtime
import zetasql.core.wasm_client as wasm_client
from sqlglot.dialects.bigquery import BigQuery
from zetasql.api import PreparedQuery, TypeFactory
from zetasql.core.local_service import ZetaSqlLocalService
from zetasql.types import (
    AnalyzeRequest,
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
    parse_proto,
)
from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import AnalyzeResponse

from scripts.sql_analysis.statements import Statement, statements

DECLARE = re.compile(r"declare (?P<name>\w+) (?P<type>.+?) default (?P<value>.*)", re.IGNORECASE | re.DOTALL)
SET = re.compile(r"set (?P<name>\w+) = (?P<value>.*)", re.IGNORECASE | re.DOTALL)
RAISE = re.compile(r"raise using message = (?P<value>.*)", re.IGNORECASE | re.DOTALL)
CONTROL = re.compile(r"(begin|commit) transaction|return", re.IGNORECASE)
BIGQUERY_NAMES = {"INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOL"}

Columns = dict[str, Type]
# Ids of catalogs in the evaluator, by their tables; the process has one evaluator.
REGISTERED: dict[tuple[tuple[str, ...], ...], int] = {}


class SqlError(Exception):
    """The analyzer's message and the statement."""


@dataclass(frozen=True)
class Resolved:
    """A statement: the table or view that it creates, or nothing, and the columns of that or of its result."""

    created: str
    columns: Columns


class CachedConfig(wasmtime.Config):  # type: ignore[misc]  # not typed
    def __init__(self) -> None:
        super().__init__()
        self.cache = True


# zetasql creates its Config itself and has no argument for it.
wasm_client.Config = CachedConfig


@cache
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

    def script(self, text: str) -> list[Resolved]:
        """Every statement of a script, resolved; SqlError has the analyzer's message and the statement.

        Temporary tables, whose names have no dot, are dropped at the end.
        """
        variables: Columns = {}
        resolved = [tree for part in statements(text) for tree in self.statement(part, variables)]
        self.tables = {name: columns for name, columns in self.tables.items() if "." in name}
        return resolved

    def statement(self, part: Statement, variables: Columns) -> list[Resolved]:
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
        if resolved.created:
            self.tables[resolved.created] = resolved.columns
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
        result = self.analyze(f"select {expression} as value", variables).columns["value"]
        if "`" not in expression and " from " not in expression:
            self.types[key] = result
        return result

    def analyze(self, sql: str, variables: Columns) -> Resolved:
        options = self.options
        options.query_parameters = [
            AnalyzerOptions.QueryParameter(name=n, type=t) for n, t in variables.items()
        ]
        sql = as_parameters(sql, set(variables))
        try:
            return resolve(sql, options, self.register(sql))
        except Exception as error:
            raise SqlError(f"{error}\n{sql}") from error

    def register(self, sql: str) -> int:
        """The id of its catalog. Registered once: a catalog of all functions takes 20 ms."""
        catalog = self.catalog(sql)
        key = tuple(
            (table.name, *(f"{column.name} {text_of(column.type)}" for column in table.column))
            for table in catalog.table
        )
        if key not in REGISTERED:
            service = ZetaSqlLocalService.get_instance()
            REGISTERED[key] = service.register_catalog(simple_catalog=catalog).registered_id
        return REGISTERED[key]

    def evaluate(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows of a SELECT whose columns are STRING; SqlError has the evaluator's message."""
        builder = PreparedQuery.builder().set_sql(sql).set_analyzer_options(self.options)
        try:
            with builder.set_catalog(self.catalog(sql)).prepare() as query:
                rows = query.execute().content.table_data.row
        except Exception as error:
            raise SqlError(f"{error}\n{sql}") from error
        return [tuple(cell.string_value for cell in row.cell) for row in rows]


def resolve(sql: str, options: AnalyzerOptions, catalog: int) -> Resolved:
    """Reads only what is used of the answer: to convert a whole tree takes longer than the analysis."""
    request = AnalyzeRequest(sql_statement=sql, options=options, registered_catalog_id=catalog).to_proto()
    call = ZetaSqlLocalService.get_instance().wasm_client.call_grpc_func
    node = call("ZetaSqlLocalService_Analyze", request, AnalyzeResponse).resolved_statement
    # One kind in another, such as statement, create statement, create table as select.
    while "node" in node.DESCRIPTOR.oneofs_by_name:
        kind = node.WhichOneof("node")
        node = getattr(node, kind)
    defined = {each.name: each.type for each in find_field(node, "column_definition_list")}
    selected = {each.name: each.column.type for each in find_field(node, "output_column_list")}
    return Resolved(
        created=".".join(find_field(node, "name_path")) if kind.startswith("resolved_create") else "",
        columns={name: parse_proto(kind) for name, kind in (defined or selected).items()},
    )


def find_field(node: Any, name: str) -> Any:
    """Of the node or of a kind that it extends, which is its field `parent`; empty if it does not exist."""
    while name not in (fields := node.DESCRIPTOR.fields_by_name):
        if "parent" not in fields:
            return []
        node = node.parent
    return getattr(node, name)


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
