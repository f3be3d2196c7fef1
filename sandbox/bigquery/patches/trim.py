"""TRIM, LTRIM and RTRIM without characters remove all white space of Unicode, also tabs and line breaks.

Version: local-bigquery 0.3.2, which leaves them to DuckDB.
Reason: DuckDB removes spaces only. A key such as "a\\n" would be another key than on BigQuery.
Upstream change that removes it: the same in local-bigquery.
https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#trim
"""

from typing import Any

from sqlglot import exp

# https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt, White_Space
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES

    if trim not in NODE_RULES:
        NODE_RULES.append(trim)


def trim(node: exp.Expr, context: Any) -> exp.Expr:
    if isinstance(node, exp.Trim) and node.expression is None:
        return replaced(node)
    return node


def replaced(node: exp.Trim) -> exp.Expr:
    """By a regular expression: DuckDB's TRIM with characters takes a microsecond a text (2026-11-29)."""
    leading, trailing = f"^[{WHITE_SPACE}]+", f"[{WHITE_SPACE}]+$"
    pattern = {"LEADING": leading, "TRAILING": trailing}.get(
        node.text("position").upper(), f"{leading}|{trailing}"
    )
    arguments = (exp.Literal.string(text) for text in (pattern, "", "g"))
    result = exp.Anonymous(this="REGEXP_REPLACE", expressions=[node.this, *arguments])
    result.type = node.type
    return result
