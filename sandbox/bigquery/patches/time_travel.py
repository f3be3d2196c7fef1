"""Reject what local-bigquery would answer wrongly about the past of tables.

Version: local-bigquery 0.3.2.
Reason: inside a transaction that has changed a table, `FOR SYSTEM_TIME AS OF` of that table finds no rows, without an
error: DuckLake compares the moment with the snapshot of the transaction. A restore that was written that way would
empty the table here. BigQuery's documentation does not state what it does, so no statement should rely on it.
Upstream change that removes it: reads of DuckLake by time inside a transaction.
"""

from typing import Any

from sqlglot import exp

CHANGES = (exp.Delete, exp.Insert, exp.TruncateTable, exp.Update)


def install() -> None:
    from local_bigquery.sql.rules import STATEMENT_RULES

    if reject_history_of_changed_tables not in STATEMENT_RULES:
        STATEMENT_RULES.append(reject_history_of_changed_tables)


def reject_history_of_changed_tables(tree: exp.Expr, context: Any) -> exp.Expr:
    from local_bigquery.errors import BigQueryError

    if isinstance(tree, exp.Transaction | exp.Commit | exp.Rollback):
        context.changed_tables = set() if isinstance(tree, exp.Transaction) else None
    changed = getattr(context, "changed_tables", None)
    if changed is None:
        return tree
    for table in tree.find_all(exp.Table):
        if table.args.get("version") and address(table) in changed:
            raise BigQueryError(
                "notImplemented",
                f"FOR SYSTEM_TIME AS OF of {address(table)} in a transaction that has changed it is not implemented: "
                "read it into a temporary table before BEGIN TRANSACTION",
            )
    if isinstance(tree, CHANGES):
        changed.update(address(table) for table in target_of(tree))
    return tree


def target_of(tree: exp.Expr) -> list[exp.Table]:
    if isinstance(tree, exp.TruncateTable):
        return [table for table in tree.expressions if isinstance(table, exp.Table)]
    table = tree.this if isinstance(tree.this, exp.Table) else tree.this.find(exp.Table)
    return [table] if table else []


def address(table: exp.Table) -> str:
    return f"{table.catalog}.{table.db}.{table.name}"
