"""Names of schemas, tables and columns with any sign, and columns that a SELECT * does not have."""

import pytest

from connector.sources.database.relation import split_relation
from connector.sources.window import IdRange
from tests.connector.database.servers import read

# `sys_row` and `sys_table` are aliases in our own queries.
NAMES = [
    "sys_row",
    "sys_table",
    "a.b",
    'double"quote',
    "back`tick",
    "it's",
    "per%cent",
    "%s",
    "é€",
    "a b",
    ":x",
]


def quote(server, name):
    sign = "`" if server.kind == "mysql" else '"'
    return sign + name.replace(sign, sign * 2) + sign


def test_columns_with_any_name(server, create):
    columns = ", ".join(f"{quote(server, name)} int" for name in NAMES)
    values = ", ".join(map(str, range(len(NAMES))))
    server.execute(
        f"create table shop.orders (id int primary key, {columns})",
        f"insert into shop.orders values (1, {values})",
    )
    reader = create(columns=["id", *NAMES, "SYS_FILE_NAME"])
    [row] = read(reader, reader.make_plan(IdRange()))
    assert row == {"id": "1", "SYS_FILE_NAME": "f.json"} | {name: str(n) for n, name in enumerate(NAMES)}


@pytest.mark.parametrize("schema", ["shop", "s.h%s"])
@pytest.mark.parametrize("table", ["My.Table", "a\"b`c'd%s"])
def test_tables_with_any_name(server, create, schema, table):
    """In quotes both parts may have a dot; without them the first dot ends the schema."""
    relation = f"{quote(server, schema)}.{quote(server, table)}"
    account = "connector@'127.0.0.1'" if server.kind == "mysql" else "connector"
    server.execute(
        f"create schema if not exists {quote(server, schema)}",
        f"create table {relation} (id int primary key, name text)",
        f"insert into {relation} values (1, 'a')",
        f"grant select on {relation} to {account}",
        *([] if server.kind == "mysql" else [f"grant usage on schema {quote(server, schema)} to connector"]),
    )
    try:
        for declared in (relation, f"{schema}.{table}")[: 1 if "." in schema else 2]:
            reader = create(relation=declared)
            assert [row["name"] for row in read(reader, reader.make_plan(IdRange()))] == ["a"]
    finally:
        server.execute(f"drop table {relation}")


@pytest.mark.parametrize(
    ("relation", "parts"),
    [
        ("orders", ("", "orders")),
        ("shop.orders", ("shop", "orders")),
        ("shop.a.b", ("shop", "a.b")),
        ('"orders"', ("", "orders")),
        ('"a.b"."c"', ("a.b", "c")),
        ('"a""b"."c"', ('a"b', "c")),
        ('a"b.c', ('a"b', "c")),
    ],
)
def test_the_parts_of_a_relation(relation, parts):
    assert split_relation(relation, '"') == parts
