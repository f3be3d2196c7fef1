"""NORMALIZE(text) by a function of DuckDB.

Version: local-bigquery 0.3.2, which calls Python for each row: 92,000 products took four seconds (2026-11-29).
Upstream change that removes it: the same in local-bigquery.
https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#normalize
"""

from typing import Any

from sqlglot import exp


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES, strings

    if canonical_composition not in NODE_RULES:
        NODE_RULES.insert(NODE_RULES.index(strings.normalize), canonical_composition)


def canonical_composition(node: exp.Expr, context: Any) -> exp.Expr:
    """The form NFC, which is the default; DuckDB has no other, and does not fold cases."""
    if not isinstance(node, exp.Normalize) or node.args.get("is_casefold"):
        return node
    form = node.args.get("form")
    if form and form.name.upper() != "NFC":
        return node
    result = exp.Anonymous(this="nfc_normalize", expressions=[node.this])
    result.type = node.type
    return result
