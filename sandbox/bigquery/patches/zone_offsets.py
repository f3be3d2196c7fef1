"""TIMESTAMP(local, '+05:45'): a zone that is an offset and not a name.

Version: local-bigquery 0.3.2, which knows such zones in DATE, DATETIME, TIMESTAMP_TRUNC and AT TIME ZONE.
Reason: its TIMESTAMP fails with "Syntax error", so a business time zone of this form would fail in the sandbox only.
Upstream change that removes it: the same in local-bigquery.
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#time_zones
"""

from typing import Any

from sqlglot import exp


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES

    if timestamp not in NODE_RULES:
        NODE_RULES.append(timestamp)


def timestamp(node: exp.Expr, context: Any) -> exp.Expr:
    from local_bigquery.sql.rules.datetime import _offset_zone, from_local

    if isinstance(node, exp.Timestamp) and _offset_zone(node):
        result: exp.Expr = from_local(exp.cast(node.this, "TIMESTAMP"), node.args["zone"])
        return result
    return node
