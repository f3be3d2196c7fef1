"""Texts with the character U+0000, such as '\\000', in a literal.

Version: local-bigquery 0.3.2, which writes the character into the SQL for DuckDB, whose parser ends there.
Upstream change that removes it: the same in local-bigquery.
"""

from typing import Any

from sqlglot import exp

ZERO = "\0"


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES

    if in_parts not in NODE_RULES:
        NODE_RULES.append(in_parts)


def in_parts(node: exp.Expr, context: Any) -> exp.Expr:
    """The texts between the characters, joined by chr(0)."""
    if not isinstance(node, exp.Literal) or not node.is_string or ZERO not in node.this:
        return node
    texts = exp.Array(expressions=[exp.Literal.string(text) for text in node.this.split(ZERO)])
    zero = exp.Anonymous(this="chr", expressions=[exp.Literal.number(0)])
    joined = exp.Anonymous(this="array_to_string", expressions=[texts, zero])
    joined.type = exp.DataType.build("text")
    return joined
