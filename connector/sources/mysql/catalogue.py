"""The columns of a MySQL or MariaDB table or view, and the expressions of their exact text.

`cast(x as char)` keeps zero dates, unsigned and zero-filled numbers, and times beyond 24 hours. The exceptions: a FLOAT
is printed with six digits, BIT and BLOB are bytes, and an ENUM is ordered by its number but compared by its text.
"""

from typing import Literal

from connector.sources.database.database import TABLE, Field, Table

Group = Literal["moment", "local time", "day", "integer", "other"]
COLUMNS = """
select c.column_name, c.data_type, c.column_type, c.is_nullable, coalesce(c.datetime_precision, 0), c.column_comment,
  coalesce(k.ordinal_position, 0), coalesce(c.privileges like '%select%', true)
from information_schema.columns c
left join information_schema.key_column_usage k
  on k.table_schema = c.table_schema and k.table_name = c.table_name and k.column_name = c.column_name
  and k.constraint_name = 'PRIMARY'
where c.table_schema = {schema} and c.table_name = {table}
order by c.ordinal_position
"""
INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
NUMBERS = (*INTEGERS, "decimal", "double", "float", "year", "bit", "enum", "set")
BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
SPATIAL = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")
COLLECTIONS = ("geometrycollection", "geomcollection")
GROUPS: dict[str, Group] = {"timestamp": "moment", "datetime": "local time", "date": "day"}
GROUPS |= dict.fromkeys(INTEGERS, "integer")
SECOND = 10**6


def quote(name: str) -> str:
    """https://dev.mysql.com/doc/refman/8.4/en/identifiers.html"""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"


def build_table(rows: list[tuple[str | None, ...]]) -> Table:
    """From rows of COLUMNS."""
    texts = [[value or "" for value in row] for row in rows]
    return Table(
        [build_field(row) for row in texts if row[7] == "1"], [row[0] for row in texts if row[7] != "1"]
    )


def build_field(row: list[str]) -> Field:
    name, kind, type_name, nullable, precision, description, position, _ = row
    kind = kind.lower()
    column = f"{TABLE}.{quote(name)}"
    text, sort, key_text = write_expressions(kind, column)
    return Field(
        name,
        name,
        type_name,
        is_nullable=nullable == "YES",
        text=text,
        sort=sort,
        key_text=key_text,
        group=GROUPS.get(kind, "other"),
        resolution=SECOND // 10 ** int(precision),
        key_position=int(position),
        description=description,
    )


def write_expressions(kind: str, column: str) -> tuple[str, str, str]:
    """The expressions of the text, of the order, and of the text of a key."""
    text = f"cast({column} as char)"
    # + 0: the number instead of the bytes.
    if kind == "bit":
        text = f"cast({column} + 0 as char)"
        return text, column, text
    # Ordered by the number, as the index is; the text is only for raw.
    if kind in ("enum", "set"):
        return text, f"{column} + 0", f"cast({column} + 0 as char)"
    # As DOUBLE it is printed with all digits.
    if kind == "float":
        text = f"cast(cast({column} as double) as char)"
        return text, column, text
    if kind in BYTES:
        # to_base64 breaks its lines after 76 characters.
        return f"replace(to_base64({column}), '\\n', '')", column, f"hex({column})"
    if kind in (*SPATIAL, *COLLECTIONS):
        return f"hex({column})", column, f"hex({column})"
    return text, column, text
