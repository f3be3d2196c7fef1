"""NUMERIC arithmetic as GoogleSQL defines it: 9 decimal digits, rounded half away from zero.

Version: local-bigquery 0.3.2, which maps NUMERIC to DECIMAL(38, 9).
Reason: DuckDB divides and averages DECIMAL as DOUBLE and multiplies it to 18 decimal digits, so that
`round(100 * safe_divide(a, b), 2)` may differ from BigQuery in its last digit and in its type.
Upstream change that removes it: exact division of DECIMAL in DuckDB, or these macros in local-bigquery.
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types

local-bigquery translates with sqlglot: it annotates the tree with types, rewrites it bottom-up by a list of
rules, and prints DuckDB's SQL. BIGNUMERIC keeps local-bigquery's own rules; nothing here uses it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

MACROS = Path(__file__).with_suffix(".sql")
NUMERIC = exp.DataType.Type.DECIMAL
DUCKDB_TYPE = "DECIMAL(38, 9)"
INTEGERS = exp.DataType.INTEGER_TYPES
UNKNOWN = (None, exp.DataType.Type.UNKNOWN)
# DuckDB does not know the types of these when it picks one of a macro's overloads.
UNTYPED = (exp.AggFunc, exp.Window, exp.Query, exp.Lambda, exp.Parameter, exp.Placeholder)


def install() -> None:
    """Must run before local-bigquery connects to DuckDB: its macros are created then."""
    from local_bigquery.sql.dialect import FUNCTIONS
    from local_bigquery.sql.rules import NODE_RULES, STATEMENT_RULES, math, typing

    if MACROS in FUNCTIONS:
        return
    FUNCTIONS.append(MACROS)
    STATEMENT_RULES.insert(STATEMENT_RULES.index(typing.annotate), describe_temporary_tables)
    typing._schema = with_temporary_tables(typing._schema)
    NODE_RULES[NODE_RULES.index(typing.average)] = average
    # Before local-bigquery's own rule, which would replace the node first.
    before = NODE_RULES.index(math.division)
    NODE_RULES[before:before] = [division, multiplication, rounding, text, parsing, greatest]


def division(node: exp.Expr, context: Any) -> exp.Expr:
    """`/`, SAFE_DIVIDE and DIV. Other results are left to local-bigquery, whose rule follows."""
    from local_bigquery.sql.rules.math import _nonzero

    if isinstance(node, exp.SafeDivide):
        return exact(node, "_numeric_divide", "_safe_divide")
    if isinstance(node, exp.Div) and not node.args.get("safe"):
        quotient = exact(node, "_numeric_divide", "_divide")
        return node if quotient is node else typed(_nonzero(node, quotient), node)
    if isinstance(node, exp.IntDiv) and kind_of(node) is NUMERIC:
        return typed(_nonzero(node, exact(node, "_numeric_div")), node)
    return node


def exact(node: exp.Expr, numeric: str, overloaded: str = "") -> exp.Expr:
    """Calls the macro `numeric` if the result is NUMERIC, `overloaded` if only DuckDB knows the type."""
    kind = result_kind(node)
    resolvable = not node.find(*UNTYPED) and not node.find_ancestor(exp.Lambda)
    name = numeric if kind is NUMERIC else overloaded if kind in UNKNOWN and resolvable else ""
    return typed(call(name, node.this.copy(), node.expression.copy()), node) if name else node


def multiplication(node: exp.Expr, context: Any) -> exp.Expr:
    """Exact where both factors have decimals; DuckDB's own product with an integer is exact already."""
    if not isinstance(node, exp.Mul) or result_kind(node) is not NUMERIC:
        return node
    factors = (node.this.unnest(), node.expression.unnest())
    if {kind_of(factor) for factor in factors} & INTEGERS:
        return node
    # DuckDB's SIGN is a whole number too, which NUMERIC has to be again.
    if all(isinstance(factor, exp.Sign) for factor in factors):
        return typed(as_numeric(node.copy()), node)
    return typed(call("_numeric_multiply", node.this, node.expression), node)


def rounding(node: exp.Expr, context: Any) -> exp.Expr:
    """DuckDB rounds half away from zero too, but to a DECIMAL(38, 2), whose products have other scales."""
    if not isinstance(node, exp.Round) or kind_of(node.this) is not NUMERIC:
        return node
    digits, mode = node.args.get("decimals"), node.args.get("truncate")
    if mode is not None and mode.name.upper() != "ROUND_HALF_AWAY_FROM_ZERO":
        raise unsupported(f"The sandbox rounds only half away from zero, not {mode.name}.")
    if not isinstance(digits, exp.Literal) or digits.name not in ("1", "2", "3", "4"):
        return as_numeric(exp.Round(this=node.this, decimals=digits))
    scale = [exp.Literal.number(text) for text in (f"1e{digits.name}", f"0.{'1'.zfill(int(digits.name))}")]
    return typed(call("_numeric_round", node.this, digits, *scale), node)


def text(node: exp.Expr, context: Any) -> exp.Expr:
    """CAST(NUMERIC AS STRING) has no trailing zeros."""
    if not isinstance(node, exp.Cast) or node.to.this not in exp.DataType.TEXT_TYPES:
        return node
    if kind_of(node.this) is not NUMERIC:
        return node
    return typed(call("_numeric_text", node.this), node)


def parsing(node: exp.Expr, context: Any) -> exp.Expr:
    """SAFE_CAST of a text to NUMERIC: the same value, faster. A literal is cast once a query."""
    if not isinstance(node, exp.TryCast) or node.to.sql("duckdb") != DUCKDB_TYPE:
        return node
    if isinstance(node.this, exp.Literal) or kind_of(node.this) not in exp.DataType.TEXT_TYPES:
        return node
    return typed(call("_try_parse_numeric", node.this), node)


def greatest(node: exp.Expr, context: Any) -> exp.Expr:
    """GREATEST of two NUMERIC: sqlglot's translation computes each operand twice, to return NULL for NULL."""
    if not isinstance(node, exp.Greatest) or len(node.expressions) != 1:
        return node
    other = node.expressions[0]
    if NUMERIC not in (kinds := {kind_of(node.this), kind_of(other)}) or not kinds <= INTEGERS | {NUMERIC}:
        return node
    return typed(call("_numeric_greatest", node.this, other), node)


def average(node: exp.Expr, context: Any) -> exp.Expr:
    """AVG of NUMERIC is SUM / COUNT: DuckDB's own is a DOUBLE. Replaces the rule of local-bigquery."""
    window = node if isinstance(node, exp.Window) else None
    aggregate = window.this if window else node
    if not isinstance(aggregate, exp.Avg) or kind_of(aggregate) is not NUMERIC:
        return node
    if window is None and isinstance(node.parent, exp.Window):
        return node
    parts = [function(this=aggregate.this.copy()) for function in (exp.Sum, exp.Count)]
    return as_numeric(call("_numeric_divide", *(over(window, part) for part in parts)))


def over(window: exp.Window | None, aggregate: exp.Expr) -> exp.Expr:
    if window is None:
        return aggregate
    copy = window.copy()
    copy.set("this", aggregate)
    return copy


def describe_temporary_tables(tree: exp.Expr, context: Any) -> exp.Expr:
    """local-bigquery annotates no columns of temporary tables: only the script's own cursor has them."""
    from local_bigquery.engine.database import quote
    from local_bigquery.engine.types import bigquery_type, field

    for table in tree.find_all(exp.Table):
        if table.db or table.name.casefold() not in context.temporary:
            continue
        try:
            relation = context.cursor.sql(f"SELECT * FROM {quote(table.name)} LIMIT 0")
        except duckdb.CatalogException:  # it is about to be created
            continue
        fields = [field(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True)]
        table.meta["columns"] = {column.name: bigquery_type(column) for column in fields}
    return tree


def with_temporary_tables(schema: Callable[[exp.Expr], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def complete(tree: exp.Expr) -> dict[str, Any]:
        result = schema(tree)
        for table in tree.find_all(exp.Table):
            if "columns" in table.meta:
                result.setdefault("temp", {}).setdefault("main", {})[table.name] = table.meta["columns"]
        return result

    return complete


def result_kind(node: exp.Expr) -> Any:
    """The annotated type of the node, or else what follows from its operands."""
    kind, operands = kind_of(node), {kind_of(node.this), kind_of(node.expression)}
    is_numeric = NUMERIC in operands and operands <= INTEGERS | {NUMERIC}
    return NUMERIC if kind in UNKNOWN and is_numeric else kind


def kind_of(node: exp.Expr) -> Any:
    """The type that local-bigquery annotated, or that of a cast by which a rule has replaced the node."""
    from local_bigquery.sql.rules.typing import kind

    return kind(node.unnest())


def as_numeric(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, exp.DataType.build(DUCKDB_TYPE, dialect="duckdb"))


def unsupported(message: str) -> Exception:
    from local_bigquery.errors import BigQueryError

    error: Exception = BigQueryError("invalidQuery", message)
    return error


def typed(node: exp.Expr, like: exp.Expr) -> exp.Expr:
    """Rules further up in the tree need the type of what a node was replaced by."""
    node.type = like.type
    return node


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    from local_bigquery.sql.dialect import macro

    result: exp.Expr = macro(name, *arguments)
    return result
