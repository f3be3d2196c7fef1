"""Reject a scan whose partition filter is an empty array or NULL, on a table that requires such a filter.

Version: local-bigquery 0.3.2, which accepts every filter that names the partition column.
Reason: BigQuery replaces variables before it plans and folds `x IN UNNEST([])` and `x BETWEEN NULL AND NULL` to
FALSE; nothing is left that filters the partition column, and the statement fails with "Cannot query over table …
without a filter" (dbt-labs/dbt-adapters#600). So does one that filters it by a sub-query only, deletes or updates
without naming it, or joins two such tables and filters one. A script that works here must not fail there.
Upstream change that removes it: the same check in local-bigquery's rule `qualify`.
"""

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from sandbox.bigquery.patches.script_variables import text_and_type


def install() -> None:
    from local_bigquery.sql.rules import STATEMENT_RULES

    if reject_folded_filters not in STATEMENT_RULES:
        STATEMENT_RULES.append(reject_folded_filters)


def reject_folded_filters(tree: exp.Expr, context: Any) -> exp.Expr:
    from local_bigquery.errors import BigQueryError

    for scope in tree.find_all(exp.Select, exp.Delete, exp.Update):
        if not is_doubtful(scope, context):
            continue
        for name, alias, column in tables_with_required_filter(scope):
            if is_unfiltered(scope, alias, column, context):
                raise BigQueryError(
                    "invalidQuery",
                    f"Cannot query over table '{name}' without a filter over column(s) '{column}' "
                    "that can be used for partition elimination",
                )
    return tree


def is_doubtful(scope: exp.Expr, context: Any) -> bool:
    """False for nearly all SELECTs, so that the tables of few are looked up."""
    return (
        not isinstance(scope, exp.Select)
        or bool(scope.args.get("joins"))
        or isinstance(scope.find_ancestor(exp.Join, exp.Select), exp.Join)
        or any(
            folds(condition, context) or condition.find(exp.Select, exp.Or) for condition in conditions(scope)
        )
    )


def is_unfiltered(scope: exp.Expr, alias: str, column: str, context: Any) -> bool:
    """Whether no condition of the scope filters the partitions of the table `alias`."""
    every = conditions(scope)
    if any(folds(condition, context) for condition in every):
        return True
    naming = [condition for condition in every if names_column(condition, alias, column)]
    if naming:
        return not any(prunes(condition, alias, column) for condition in naming)
    if not isinstance(scope, exp.Select):
        return True
    # Another table is filtered by its column of that name, such as the other side of a self-join.
    others = any(names_column(condition, "", column) for condition in every)
    return others or is_unfiltered_outside(scope, column)


def is_unfiltered_outside(scope: exp.Select, column: str) -> bool:
    """For a sub-query in a join that has the column under its own name; any other may be filtered from outside."""
    outer, query = scope.find_ancestor(exp.Select), scope.parent
    if not (outer and isinstance(query, exp.Subquery) and isinstance(query.parent, exp.Join | exp.From)):
        return False
    if not outer.args.get("joins") or not (
        scope.is_star or column.lower() in map(str.lower, scope.named_selects)
    ):
        return False
    return not any(names_column(condition, query.alias, column) for condition in conditions(outer))


def names_column(condition: exp.Expr, alias: str, column: str) -> bool:
    """With the alias of its table or without any; an empty `alias` is any."""
    return any(
        node.name.lower() == column.lower() and (not alias or node.table.lower() in ("", alias.lower()))
        for node in condition.find_all(exp.Column)
    )


def prunes(condition: exp.Expr, alias: str, column: str) -> bool:
    """Not by a sub-query, nor where one side of an OR has another column only."""
    if isinstance(condition, exp.Paren):
        return prunes(condition.this, alias, column)
    if isinstance(condition, exp.Or):
        return all(prunes(each, alias, column) for each in condition.flatten())
    if isinstance(condition, exp.And):
        return any(prunes(each, alias, column) for each in condition.flatten())
    if isinstance(condition, exp.EQ) and len(tables_of(condition)) > 1:
        return False  # of a join: the values of the other table are not constant
    return names_column(condition, alias, column) and condition.find(exp.Select) is None


def tables_of(condition: exp.Expr) -> set[str]:
    return {node.table.lower() for node in condition.find_all(exp.Column) if node.table}


def conditions(scope: exp.Expr) -> list[exp.Expr]:
    """The conditions that must all hold for a row: of WHERE, and of inner joins."""
    joins = [join for join in scope.args.get("joins") or [] if not join.side]
    every = [scope.args.get("where"), *(join.args.get("on") for join in joins)]
    combined = [each.this if isinstance(each, exp.Where) else each for each in every if each is not None]
    return [part for each in combined for part in (each.flatten() if isinstance(each, exp.And) else [each])]


def folds(condition: exp.Expr, context: Any) -> bool:
    """Whether the planner knows that no row fulfils it: a comparison with NULL or with an empty array."""
    if isinstance(condition, exp.Paren):
        return folds(condition.this, context)
    if isinstance(condition, exp.Or):
        return all(folds(each, context) for each in condition.flatten())
    if isinstance(condition, exp.Boolean):
        return not condition.this
    if isinstance(condition, exp.In) and condition.args.get("unnest"):
        return is_empty(condition.args["unnest"].expressions[0], context)
    if isinstance(condition, exp.In) and condition.expressions:
        return all(is_empty(each, context) for each in condition.expressions)
    if isinstance(condition, exp.Between):
        return any(is_empty(condition.args[bound], context) for bound in ("low", "high"))
    if isinstance(condition, exp.EQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
        return any(is_empty(side, context) for side in (condition.left, condition.right))
    return False


# NULL for NULL, and an empty array for an empty array.
STRICT = (
    exp.Paren,
    exp.Cast,
    exp.Date,
    exp.Timestamp,
    exp.DateAdd,
    exp.DateSub,
    exp.TimestampAdd,
    exp.TimestampSub,
)


def is_empty(value: exp.Expr, context: Any) -> bool:
    """NULL or an empty array: as a literal, a parameter or a variable of the script, or computed from such."""
    if isinstance(value, exp.Null):
        return True
    if isinstance(value, exp.Array):
        return not value.expressions
    if isinstance(value, STRICT):
        return is_empty(value.this, context)
    if isinstance(value, exp.Coalesce | exp.ArrayConcat):
        return all(is_empty(each, context) for each in (value.this, *value.expressions))
    if isinstance(value, exp.Parameter) and value.name in getattr(context, "values", {}):
        return context.values[value.name] in (None, "[]")  # arrays are JSON texts
    if not (query := stored_value(value, context)):
        return False
    text, kind = text_and_type(context, query)
    # Only an array has '[]' as its text and a list as its type.
    return text is None or (kind.endswith("[]") and text == "[]")


def stored_value(value: exp.Expr, context: Any) -> str:
    """What DuckDB reads the value of a variable with; empty for anything else."""
    from local_bigquery.sql.rules import parameters

    if not isinstance(value, exp.Column) or value.table or not hasattr(context, "cursor"):
        return ""
    table = (context.variables or {}).get(value.name.lower())
    return parameters.read(table) if table else ""


def tables_with_required_filter(scope: exp.Expr) -> Iterator[tuple[str, str, str]]:
    """The name, alias and partition column of each table that the scope itself reads; not of its sub-queries."""
    from local_bigquery.catalog import metadata
    from local_bigquery.models import Table

    for table in scope.find_all(exp.Table):
        if table.find_ancestor(exp.Select, exp.Delete, exp.Update) is not scope or not table.db:
            continue
        stored = metadata.load(Table, table.catalog, table.db, table.name)
        if stored is not None and stored.requirePartitionFilter:
            partitioning = stored.timePartitioning or stored.rangePartitioning
            yield (
                f"{table.catalog}.{table.db}.{table.name}",
                table.alias_or_name,
                getattr(partitioning, "field", "") or "_PARTITIONTIME",
            )
