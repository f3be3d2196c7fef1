"""FROM table AS t, UNNEST(t.array) WHERE …: what the filter says of the table alone is put before UNNEST.

DuckDB 1.5 numbers the rows of the table to put its arrays beside them, and filters afterwards: no filter
prunes the table. BigQuery filters first.
"""

from typing import Any

from sqlglot import exp

KEEPS_RIGHT = ("RIGHT", "FULL")  # joins that also give rows which no row of the table has


def install() -> None:
    """Before local-bigquery's first statement."""
    from local_bigquery.sql.rules import NODE_RULES

    NODE_RULES.append(filtered_first)


def filtered_first(node: exp.Expression, context: Any) -> exp.Expression:
    if not isinstance(node, exp.Select) or not node.args.get("where") or not beside_its_arrays(node):
        return node
    source, condition = node.args["from_"], node.args["where"].this
    name = source.this.args["alias"].this
    conditions = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    own = [one for one in conditions if of(name.name, one)]
    if own:
        rest = [one for one in conditions if one not in own]
        node.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
        source.set("this", exp.select("*").from_(source.this).where(*own).subquery(name.copy()))
    return node


def beside_its_arrays(select: exp.Select) -> bool:
    """Whether it reads a table under an alias, and an UNNEST behind it."""
    source, joins = select.args.get("from_"), select.args.get("joins") or []
    return (
        source is not None
        and isinstance(source.this, exp.Table)
        and bool(source.this.alias)
        and any(isinstance(join.this, exp.Unnest) for join in joins)
        and not any(join.side in KEEPS_RIGHT for join in joins)
    )


def of(name: str, condition: exp.Expr) -> bool:
    """Whether it names columns of `name` and nothing else."""
    columns = list(condition.find_all(exp.Column))
    own = (column.table.lower() == name.lower() and not column.db for column in columns)
    return bool(columns) and all(own) and not condition.find(exp.Query)
