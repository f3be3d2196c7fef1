"""DIV(a - b, c) divides the difference.

Version: local-bigquery 0.3.2, which writes DIV as DuckDB's operator `//` without parentheses: `a - b // c`.
Upstream change that removes it: parentheses around the operands, and around the quotient.
https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#div
"""

from typing import Any

from sqlglot import exp


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES, math

    if enclose_operands not in NODE_RULES:
        NODE_RULES.insert(NODE_RULES.index(math.division), enclose_operands)
        NODE_RULES.append(enclose_quotient)


def enclose_operands(node: exp.Expr, context: Any) -> exp.Expr:
    if isinstance(node, exp.IntDiv):
        for side in ("this", "expression"):
            if isinstance(node.args[side], exp.Binary | exp.Unary):
                node.set(side, enclose(node.args[side]))
    return node


def enclose_quotient(node: exp.Expr, context: Any) -> exp.Expr:
    return enclose(node) if isinstance(node, exp.IntDiv) else node


def enclose(node: exp.Expr) -> exp.Paren:
    enclosed = exp.paren(node.copy(), copy=False)
    enclosed.type = node.type
    return enclosed
