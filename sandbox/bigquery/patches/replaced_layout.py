"""Reject a statement that replaces a table by one with other partitions or clusters.

Version: local-bigquery 0.3.2, which replaces every table.
Reason: BigQuery fails with "Cannot replace a table with a different partitioning spec. Instead, DROP the table, and
then recreate it", also for a clone (dbt-labs/dbt-bigquery#1158) and for clusters (airbytehq/airbyte#26215). A
command that works here must not fail there.
Upstream change that removes it: the same check in local-bigquery's `jobs.query._ddl`.
"""

from typing import Any

from sqlglot import exp


def install() -> None:
    from local_bigquery.jobs import query

    # A second installation would wrap the first.
    if hasattr(query._ddl, "compares_layouts"):
        return
    describe = query._ddl

    def check(tree: exp.Expr, context: Any) -> Any:
        statistics = describe(tree, context)
        if statistics.ddlOperationPerformed == "REPLACE" and statistics.ddlTargetTable:
            check_layout(tree, context)
        return statistics

    check.compares_layouts = True  # type: ignore[attr-defined]
    query._ddl = check


def check_layout(tree: exp.Expr, context: Any) -> None:
    from local_bigquery.catalog import names, tables
    from local_bigquery.errors import BigQueryError

    if tree.args.get("kind") != "TABLE" or tree.find(exp.TemporaryProperty):
        return
    table = tree.find(exp.Table)
    stored = tables.load(*names.reference(table, context.project_id, context.dataset_id))
    # A view is rejected by DuckDB.
    if stored.type != "TABLE":
        return
    old, new = describe_layout(stored.dump()), describe_layout(new_layout(tree, context))
    if old != new:
        raise BigQueryError(
            "invalid",
            "Cannot replace a table with a different partitioning spec. Instead, DROP the table, and then recreate it. "
            f"New partitioning spec is {new} and existing spec is {old}",
        )


def new_layout(tree: exp.Expr, context: Any) -> dict[str, Any]:
    """The resource of the new table, or of the table that is cloned."""
    from local_bigquery.catalog import ddl, names, tables

    if clone := tree.args.get("clone"):
        source: dict[str, Any] = tables.load(
            *names.reference(clone.this, context.project_id, context.dataset_id)
        ).dump()
        return source
    resource: dict[str, Any] = {}
    properties = tree.args.get("properties")
    for node in properties.expressions if properties else []:
        if isinstance(node, exp.PartitionedByProperty):
            resource |= ddl._partitioning(node)
        elif isinstance(node, exp.ClusterProperty):
            resource["clustering"] = {"fields": [column.name for column in node.expressions]}
    return resource


def describe_layout(resource: dict[str, Any]) -> str:
    """As BigQuery writes it: `interval(type:day,field:at) clustering(id)`."""
    parts = []
    if by_time := resource.get("timePartitioning"):
        parts.append(f"interval(type:{by_time.get('type', 'DAY').lower()},field:{by_time.get('field', '')})")
    if by_range := resource.get("rangePartitioning"):
        bounds = by_range["range"]
        parts.append(
            f"range(field:{by_range['field']},{bounds['start']},{bounds['end']},{bounds['interval']})"
        )
    if clusters := resource.get("clustering"):
        parts.append(f"clustering({','.join(clusters['fields'])})")
    return " ".join(parts) or "none"
