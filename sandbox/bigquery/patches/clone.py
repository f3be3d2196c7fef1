"""CREATE TABLE … CLONE reads no rows: it needs no partition filter; the clone keeps the layout.

Version: local-bigquery 0.3.2, which checks the filter of the table that is cloned, and forgets its
partitions, clusters and required filter.
Reason: BigQuery copies the table's metadata: https://cloud.google.com/bigquery/docs/table-clones-intro
Upstream change that removes it: the same exception in local-bigquery's rule `qualify`, and the layout in its
`catalog.ddl._definition`.
"""

from typing import Any

from sqlglot import exp


def install() -> None:
    from local_bigquery.sql.rules import ddl, tables

    # A second installation would wrap the first.
    if getattr(tables._check, "allows_clones", False):
        return
    check_filter, split_statement = tables._check, ddl.split

    def split(tree: exp.Expr) -> list[Any]:
        """A clone becomes a CREATE with a SELECT, which must still be recognized."""
        statements: list[Any] = split_statement(tree)
        for statement in statements if tree.args.get("clone") else []:
            statement.meta["clone"] = True
        return statements

    def check(tree: exp.Expr, table: exp.Table, is_target: bool) -> None:
        if is_target or not tree.meta.get("clone"):
            check_filter(tree, table, is_target)

    check.allows_clones = True  # type: ignore[attr-defined]
    ddl.split, tables._check = split, check
    keep_layout()


def keep_layout() -> None:
    from local_bigquery.catalog import ddl, names, tables

    define = ddl._definition

    def definition(tree: exp.Create, project_id: str, dataset_id: str) -> dict[str, Any]:
        resource: dict[str, Any] = define(tree, project_id, dataset_id)
        if clone := tree.args.get("clone"):
            base = tables.load(*names.reference(clone.this, project_id, dataset_id)).dump()
            copied = (*tables.LAYOUT, "requirePartitionFilter")
            resource |= {name: base[name] for name in copied if name in base}
        return resource

    ddl._definition = definition
