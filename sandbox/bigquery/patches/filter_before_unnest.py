"""FROM table AS t, UNNEST(t.array) WHERE …: filter the table before UNNEST.

Version: local-bigquery 0.3.2 with DuckDB 1.5.
Reason: DuckDB numbers the rows of the table to join its arrays, and filters afterwards; no filter prunes the
table's files. BigQuery filters first.
Upstream change that removes it: DuckDB pushes the filter below a lateral UNNEST.
"""

from typing import Any

from sqlglot import exp

KEEPS_RIGHT = ("RIGHT", "FULL")  # joins that also return rows that match no row of the table


def install() -> None:
    from local_bigquery.sql.rules import NODE_RULES

    NODE_RULES.append(filter_table_first)


def filter_table_first(node: exp.Expression, context: Any) -> exp.Expression:
    """Moves the conditions on the table's columns into a subquery of the table."""
    if not isinstance(node, exp.Select) or not node.args.get("where") or not is_joined_with_unnest(node):
        return node
    source, condition = node.args["from_"], node.args["where"].this
    alias = source.this.args["alias"].this
    conditions = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    movable = [part for part in conditions if uses_only(alias.name, part)]
    if movable:
        rest = [part for part in conditions if part not in movable]
        node.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
        source.set("this", exp.select("*").from_(source.this).where(*movable).subquery(alias.copy()))
    return node


def is_joined_with_unnest(select: exp.Select) -> bool:
    """Whether it reads a table under an alias and an UNNEST after it."""
    source, joins = select.args.get("from_"), select.args.get("joins") or []
    return (
        source is not None
        and isinstance(source.this, exp.Table)
        and bool(source.this.alias)
        and any(isinstance(join.this, exp.Unnest) for join in joins)
        and not any(join.side in KEEPS_RIGHT for join in joins)
    )


def uses_only(alias: str, condition: exp.Expr) -> bool:
    """Whether all columns of `condition` are columns of `alias`."""
    columns = list(condition.find_all(exp.Column))
    matches = (column.table.lower() == alias.lower() and not column.db for column in columns)
    # A condition without columns, as rand() < 0.1, applies to each joined row and must not move.
    return bool(columns) and all(matches) and not condition.find(exp.Query)
