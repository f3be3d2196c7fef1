"""UNNEST(column) AS item WITH OFFSET: both in one SELECT list, for many rows at once.

Version: local-bigquery 0.3.2 with DuckDB 1.5.
Reason: local-bigquery writes UNNEST … WITH ORDINALITY. In a correlated subquery DuckDB then computes each row's array
in a block of its own: 60 microseconds a row for an expression that takes one (2026-11-29).
Upstream change that removes it: DuckDB fills its blocks with the elements of several rows.
"""

from typing import Any

from sqlglot import exp

ELEMENT, POSITION = "_e", "_i"  # the names that local-bigquery's rule unnest_offsets writes


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES

    if in_select_list not in NODE_RULES:
        NODE_RULES.append(in_select_list)


def in_select_list(node: exp.Expr, context: Any) -> exp.Expr:
    """After the types were annotated, which need the table. Other arrays than columns would be computed twice."""
    source = node.args.get("from_") if isinstance(node, exp.Select) else None
    unnest = source.this if source else None
    if not isinstance(unnest, exp.Unnest) or not is_numbered(unnest):
        return node
    (array,) = unnest.expressions
    if not isinstance(array, exp.Column):
        return node
    element = exp.Anonymous(this="UNNEST", expressions=[array.copy()])
    position = exp.Anonymous(this="GENERATE_SUBSCRIPTS", expressions=[array.copy(), exp.Literal.number(1)])
    for column in list(node.find_all(exp.Column)):
        if column.table == "_u":
            column.replace(element if column.name == ELEMENT else position)
    node.set("from_", None)
    return node


def is_numbered(unnest: exp.Unnest) -> bool:
    alias = unnest.args.get("alias")
    return alias is not None and [column.name for column in alias.columns] == [ELEMENT, POSITION]
