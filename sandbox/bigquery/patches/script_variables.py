"""Variables of a script as literals, so that DuckDB prunes files by them as BigQuery prunes partitions.

Version: local-bigquery 0.3.2.
Reason: it stores a variable in a temporary table of one row and reads it by a subquery, whose value DuckDB
does not know when it plans; a filter by an array of days reads all of a table. Here a statement gets the
value that the variable has when the statement begins.
Upstream change that removes it: variables as literals, or dynamic filters for IN (subquery) in DuckDB.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

Rule = Callable[[Any, Any], Any]

# DuckDB casts the text of these types back to the same value, as a scalar, in an array or in a STRUCT.
SCALAR = r"(BIGINT|BOOLEAN|DATE|DECIMAL\(\d+,\d+\)|DOUBLE|TIMESTAMP( WITH TIME ZONE)?)"
TYPE = re.compile(rf"VARCHAR|{SCALAR}(\[\])?|STRUCT\(\w+ {SCALAR}(, \w+ {SCALAR})*\)")
# Kinds of statements of a script that assign variables.
ASSIGNMENTS = ("SET", "EXECUTE", "CALL")
MAX_LENGTH = 20_000  # characters; a longer value stays in its temporary table


def install() -> None:
    from local_bigquery.sql import script
    from local_bigquery.sql.rules import NODE_RULES, parameters

    script.Interpreter.__init__ = store_cursor(script.Interpreter.__init__)
    NODE_RULES[NODE_RULES.index(parameters.variable)] = variable_as_literal(parameters.variable)
    NODE_RULES.insert(0, in_array_as_list)


def store_cursor(init: Callable[..., None]) -> Callable[..., None]:
    """The rules see only the context, and only this cursor sees the temporary tables of the script."""

    def init_with_cursor(self: Any, cursor: Any, context: Any, *rest: Any) -> None:
        init(self, cursor, context, *rest)
        context.cursor, context.variable_values = cursor, {}
        self.handlers |= {kind: forgetting(self.handlers[kind], context) for kind in ASSIGNMENTS}

    return init_with_cursor


def forgetting(handler: Callable[[Any], None], context: Any) -> Callable[[Any], None]:
    """The values are read again after a statement that may have changed a variable."""

    def handler_that_forgets(statement: Any) -> None:
        try:
            handler(statement)
        finally:
            context.variable_values.clear()

    return handler_that_forgets


def variable_as_literal(variable: Rule) -> Rule:
    """Wraps local-bigquery's rule `variable` and replaces the subqueries that it produces."""

    def rule(node: exp.Expression, context: Any) -> exp.Expression:
        result: exp.Expression = variable(node, context)
        if result is node:
            return result
        for subquery in list(result.find_all(exp.Subquery)):
            if value := literal(context, subquery.sql(dialect="duckdb")):
                result = value if subquery is result else result
                subquery.replace(value)
        return result

    return rule


def literal(context: Any, query: str) -> exp.Expression | None:
    """None for a value without a short literal: BYTES, JSON, arrays of STRUCTs, long texts."""
    text, kind = text_and_type(context, query)
    if not TYPE.fullmatch(kind) or len(text or "") > MAX_LENGTH:
        return None
    return cast_text(text, kind)


def text_and_type(context: Any, query: str) -> tuple[str | None, str]:
    """The value of a variable, read once until a statement may have changed it."""
    values: dict[str, tuple[str | None, str]] = context.variable_values
    if query not in values:
        values[query] = context.cursor.execute(f"SELECT CAST({query} AS VARCHAR), typeof({query})").fetchone()
    return values[query]


def cast_text(text: str | None, kind: Any) -> exp.Expression:
    value = exp.null() if text is None else exp.Literal.string(text)
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def in_array_as_list(node: exp.Expression, context: Any) -> exp.Expression:
    """`x IN UNNEST(<array variable>)` as a list of literals; for DATE(column), with bounds of the column."""
    if not isinstance(node, exp.In) or not node.args.get("unnest"):
        return node
    array = node.args["unnest"].expressions[0]
    if not isinstance(array, exp.Cast) or not isinstance(array.this, exp.Literal | exp.Null):
        return node
    text = array.name.strip("[]") if isinstance(array.this, exp.Literal) else ""
    if not text:
        return exp.false()  # IN an empty array, or in NULL as an array, is false
    members = [member.strip("'") for member in text.split(", ")]  # ISO dates sort as their text does
    kind = array.to.expressions[0]
    values = [cast_text(None if member == "NULL" else member, kind) for member in members]
    bounds = day_bounds(node.this, cast_text(min(members), kind), cast_text(max(members), kind))
    # With a NULL in the array a value outside the bounds is not false, but NULL.
    return exp.paren(
        exp.and_(exp.In(this=node.this, expressions=values), *([] if "NULL" in members else bounds))
    )


def day_bounds(day: exp.Expression, first: exp.Expression, last: exp.Expression) -> list[exp.Expression]:
    """What a condition on DATE(column) implies for the column, whose minimum and maximum each file stores."""
    if not isinstance(day, exp.Date) or not isinstance(day.this, exp.Column) or day.args.get("zone"):
        return []
    end = exp.Add(this=last, expression=exp.Literal.number(1))
    return [exp.GTE(this=day.this.copy(), expression=first), exp.LT(this=day.this.copy(), expression=end)]
