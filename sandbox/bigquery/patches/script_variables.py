"""Variables of a script as literals, so that DuckDB prunes by them as BigQuery does.

local-bigquery 0.3.2 keeps a variable in a temporary table of one row and reads it by a subquery, whose value
DuckDB does not know when it plans: a filter by an array of days looks through all of a table. Here a
statement is given the value that the variable has when the statement begins.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

Rule = Callable[[Any, Any], Any]

# DuckDB casts the text of these back to the same value, alone, in an array or in a STRUCT.
PLAIN = r"(BIGINT|BOOLEAN|DATE|DECIMAL\(\d+,\d+\)|DOUBLE|TIMESTAMP( WITH TIME ZONE)?)"
TYPE = re.compile(rf"VARCHAR|{PLAIN}(\[\])?|STRUCT\(\w+ {PLAIN}(, \w+ {PLAIN})*\)")
LONGEST = 20_000  # characters; a longer value stays in its table


def install() -> None:
    """Before local-bigquery's first statement."""
    from local_bigquery.sql import script
    from local_bigquery.sql.rules import NODE_RULES, parameters

    script.Interpreter.__init__ = beginning(script.Interpreter.__init__)
    NODE_RULES[NODE_RULES.index(parameters.variable)] = valued(parameters.variable)
    NODE_RULES.insert(0, among)


def beginning(begin: Callable[..., None]) -> Callable[..., None]:
    """The context knows the cursor whose temporary tables have its variables."""

    def begun(self: Any, cursor: Any, context: Any, *rest: Any) -> None:
        begin(self, cursor, context, *rest)
        context.cursor = cursor

    return begun


def valued(variable: Rule) -> Rule:
    """`variable`, but what it reads from a variable's table is the value in it."""

    def rule(node: exp.Expression, context: Any) -> exp.Expression:
        found: exp.Expression = variable(node, context)
        if found is node:
            return found
        for read in list(found.find_all(exp.Subquery)):
            if value := literal(context.cursor, read.sql(dialect="duckdb")):
                found = value if read is found else found
                read.replace(value)
        return found

    return rule


def literal(cursor: Any, read: str) -> exp.Expression | None:
    """None for a value that has no short literal of its own: BYTES, JSON, arrays of STRUCTs."""
    text, kind = cursor.execute(f"SELECT CAST({read} AS VARCHAR), typeof({read})").fetchone()
    if not TYPE.fullmatch(kind) or len(text or "") > LONGEST:
        return None
    return typed(text, kind)


def typed(text: str | None, kind: Any) -> exp.Expression:
    value = exp.null() if text is None else exp.Literal.string(text)
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def among(node: exp.Expression, context: Any) -> exp.Expression:
    """`x IN UNNEST(<array variable>)` as a list of literals; for DATE(column), with bounds of the column."""
    if not isinstance(node, exp.In) or not node.args.get("unnest"):
        return node
    array = node.args["unnest"].expressions[0]
    if not isinstance(array, exp.Cast) or not isinstance(array.this, exp.Literal | exp.Null):
        return node
    text = array.name.strip("[]") if isinstance(array.this, exp.Literal) else ""
    if not text:
        return exp.false()  # nothing is in an empty array, or in NULL
    members = [member.strip("'") for member in text.split(", ")]  # dates sort as their text does
    kind = array.to.expressions[0]
    values = [typed(None if member == "NULL" else member, kind) for member in members]
    outer = bounds(node.this, typed(min(members), kind), typed(max(members), kind))
    # Outside the bounds of an array with a NULL nothing is false, but unknown.
    return exp.paren(
        exp.and_(exp.In(this=node.this, expressions=values), *([] if "NULL" in members else outer))
    )


def bounds(day: exp.Expression, first: exp.Expression, last: exp.Expression) -> list[exp.Expression]:
    """What DATE(column) among these days says of the column itself, of which files have statistics."""
    if not isinstance(day, exp.Date) or not isinstance(day.this, exp.Column) or day.args.get("zone"):
        return []
    after = exp.Add(this=last, expression=exp.Literal.number(1))
    return [exp.GTE(this=day.this.copy(), expression=first), exp.LT(this=day.this.copy(), expression=after)]
