"""The columns of a PostgreSQL table or view, and the expressions of their exact text."""

from typing import Any, Literal

from connector.sources.database.database import TABLE, Field, Table
from connector.sources.database.relation import split_relation

Group = Literal["moment", "local time", "day", "integer", "other"]

# A domain counts as its base type, also over other domains, which may have the modifier. typemod -1 and not NULL: the
# SQL name `character` would mean character(1).
COLUMNS = """
with policies as (  -- for the account
  select polpermissive, pg_get_expr(polqual, polrelid) as qual from pg_policy
  where polrelid = %s::regclass and polcmd in ('*', 'r')
    and exists (select from unnest(polroles) role where role = 0 or pg_has_role(current_user, role, 'usage'))
)
select a.attname, format_type(a.atttypid, -1), base.name, a.attnotnull, greatest(a.atttypmod, base.modifier),
  has_column_privilege(a.attrelid, a.attnum, 'select'), coalesce(col_description(a.attrelid, a.attnum), ''),
  coalesce(array_position(k.indkey::int2[], a.attnum) + 1, 0), row_security_active(a.attrelid) and (
    select coalesce(not bool_or(polpermissive and qual = 'true') or bool_or(not polpermissive), true) from policies),
  base.is_row
from pg_attribute a
cross join lateral (
  with recursive types as (
    select typname, typbasetype, typtypmod, typtype from pg_type where oid = a.atttypid
    union all
    select t.typname, t.typbasetype, t.typtypmod, t.typtype from types join pg_type t on t.oid = types.typbasetype
  )
  select max(typname::text) filter (where typbasetype = 0) as name, max(typtypmod) as modifier,
    coalesce(bool_or(typtype = 'c'), false) as is_row from types
) base
left join pg_index k on k.indrelid = a.attrelid and k.indisprimary
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""
GROUPS: dict[str, Group] = {
    "timestamptz": "moment",
    "timestamp": "local time",
    "date": "day",
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
}
SECOND = 10**6


def quote(name: str) -> str:
    """https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS"""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def quote_relation(relation: str) -> str:
    """Without a schema, the server's search_path finds the table."""
    return ".".join(quote(part) for part in split_relation(relation, '"') if part)


def build_table(rows: list[tuple[Any, ...]]) -> Table:
    """From rows of COLUMNS."""
    fields = [build_field(*row[:5], *row[6:8], is_row=row[9]) for row in rows if row[5]]
    return Table(fields, [row[0] for row in rows if not row[5]], any(row[8] for row in rows))


def build_field(
    name: str,
    type_name: str,
    base: str,
    is_required: bool,
    modifier: int,
    description: str,
    position: int,
    *,
    is_row: bool,
) -> Field:
    # Qualified, because `order by "id"` would mean the text that is selected as "id".
    column = f"{TABLE}.{quote(name)}"
    group = GROUPS.get(base, "other")
    # The modifier of a time is its number of decimals; a shorter time is rounded when it is written.
    is_short = base in ("timestamptz", "timestamp") and modifier >= 0
    return Field(
        name,
        name,
        type_name,
        is_nullable=not is_required,
        text=f"{column}::text",
        sort=column,
        key_text=f"{column}::text",
        group=group,
        resolution=SECOND // 10**modifier if is_short else 1,
        key_position=position,
        description=description,
        # `row(1, null) is null` and `row(1, null) is not null` are both false.
        null_test=f"{column}::text" if is_row else "",
    )
