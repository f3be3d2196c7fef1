"""ARRAY_AGG(value ORDER BY keys): collected without order, then sorted array by array.

Version: local-bigquery 0.3.2 with DuckDB 1.5.
Reason: DuckDB's aggregate with ORDER BY takes four times as long for groups of ten rows (2026-11-29).
Upstream change that removes it: a faster ordered aggregate in DuckDB.
"""

from typing import Any

from sqlglot import exp

# Aggregates of something other than a value of each row: DuckDB's own form stays.
OTHER_VALUES = (exp.Distinct, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax)
OTHER_PARENTS = (exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
ROW = "__sorted"  # not the name of a table in the query: DuckDB would read that table's column


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES

    if sorted_afterwards not in NODE_RULES:
        NODE_RULES.append(sorted_afterwards)


def sorted_afterwards(node: exp.Expr, context: Any) -> exp.Expr:
    order = node.this if isinstance(node, exp.ArrayAgg) else None
    if not isinstance(order, exp.Order) or isinstance(order.this, OTHER_VALUES):
        return node
    if isinstance(node.parent, OTHER_PARENTS) or len(directions(order)) != 1:
        return node
    sort = "list_reverse_sort" if directions(order) == {(True, False)} else "list_sort"
    rows = exp.func(sort, exp.func("list", row_of(order)))
    # Not `row.value`: in a HAVING clause DuckDB takes that for a column.
    value = exp.func("struct_extract", exp.to_identifier(ROW), exp.Literal.string("value"))
    values = exp.func("list_transform", rows, exp.Lambda(this=value, expressions=[exp.to_identifier(ROW)]))
    values.type = node.type
    return values


def directions(order: exp.Order) -> set[tuple[bool, bool]]:
    """(descending, NULL first) of every key; empty for an order that sorting the rows does not give."""
    kinds = {(bool(key.args.get("desc")), bool(key.args.get("nulls_first"))) for key in order.expressions}
    return kinds if kinds <= {(False, True), (True, False)} else set()


def row_of(order: exp.Order) -> exp.Expr:
    """The keys and the value. NULL would be the greatest in a STRUCT of DuckDB; it is the least of GoogleSQL."""
    fields: list[tuple[str, exp.Expr]] = []
    for place, key in enumerate(order.expressions):
        present = exp.Not(this=exp.Is(this=key.this.copy(), expression=exp.null()))
        fields += [(f"present_{place}", present), (f"key_{place}", key.this.copy())]
    fields.append(("value", order.this.copy()))
    pairs = [exp.PropertyEQ(this=exp.to_identifier(name), expression=each) for name, each in fields]
    return exp.Struct(expressions=pairs)
