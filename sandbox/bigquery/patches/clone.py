"""CREATE TABLE … CLONE reads no rows: it needs no partition filter.

Version: local-bigquery 0.3.2, which checks the filter of the table that is cloned.
Reason: BigQuery copies the table's metadata: https://cloud.google.com/bigquery/docs/table-clones-intro
Upstream change that removes it: the same exception in local-bigquery's rule `qualify`.
"""

from typing import Any

from sqlglot import exp


def install() -> None:
    from local_bigquery.sql.rules import tables

    original = tables._check
    if getattr(original, "allows_clones", False):
        return

    def check(tree: exp.Expr, table: exp.Table, is_target: bool) -> Any:
        is_clone = isinstance(tree, exp.Create) and tree.args.get("clone") is not None
        return None if is_clone and not is_target else original(tree, table, is_target)

    check.allows_clones = True  # type: ignore[attr-defined]
    tables._check = check
