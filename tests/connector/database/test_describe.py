"""check, try and describe of databases."""

import json

import pytest

from connector import raw_schema
from connector.source_preview import infer_planned_schema, preview_plan
from connector.sources import registry
from connector.sources.window import IdRange
from tests.connector.database.servers import FIRST, ORDERS


def test_describe_reads_the_catalogue(server, create, tmp_path):
    server.create_orders(3, columns=", note text")
    reader = create(columns=[])
    schema, unusable = infer_planned_schema(reader, IdRange())
    assert unusable == []
    (tmp_path / "orders.json").write_text(schema)
    columns = raw_schema.read_columns("orders", tmp_path)
    assert [column["name"] for column in columns] == ["id", "name", "updated_at", "note", "SYS_FILE_NAME"]
    assert {column["type"] for column in columns} == {"STRING"}
    assert columns[0]["description"].startswith("id: bigint")
    assert reader.propose() == {"key": ["id"], "window": {"field": "updated_at", "look_back": "1h"}}


def test_describe_of_names_and_comments_that_raw_rejects(server, create, tmp_path):
    sign = '"' if server.kind == "postgres" else "`"
    server.execute(
        f"create table shop.orders (id int primary key, {sign}a b{sign} int, {sign}Größe{sign} int)"
    )
    if server.kind == "postgres":
        server.execute(f"comment on column shop.orders.id is '{'x' * 2000}'")
    schema, unusable = infer_planned_schema(create(columns=[]), IdRange())
    assert unusable == ["a b", "Größe"]
    (tmp_path / "orders.json").write_text(schema)
    assert [column["name"] for column in raw_schema.read_columns("orders", tmp_path)] == [
        "id",
        "SYS_FILE_NAME",
    ]


def test_describe_proposes_an_increasing_key(server, create):
    server.execute("create table shop.orders (id bigint primary key, born date)")
    assert create().propose() == {"key": ["id"], "window": {"field": "id", "look_back": 1000}}


def test_describe_of_a_key_of_several_columns(server, create):
    server.execute("create table shop.orders (b int, a int, c int, primary key (a, b))")
    assert create().propose() == {"key": ["a", "b"], "window": None}


def test_try_shows_the_plan_and_the_first_row(server, create):
    server.create_orders(3)
    text = preview_plan(create(window={"field": "updated_at"}), FIRST)
    assert text.startswith("parts: 1, window until: 1")
    assert "found by `look_back` only" in text
    assert "rows of the first part: 3, rejected: 0" in text
    assert '  name                           "order 1"' in text


def test_check_names_the_grants(server):
    declared = {"kind": server.kind, "url": server.url(), "endpoints": {"orders": ORDERS}}
    select, transactions = registry.parse_source(declared, "erp.yaml").requirements()
    assert select == "GRANT SELECT ON shop.orders TO connector;"
    expected = {"postgres": "GRANT pg_read_all_stats TO", "mysql": "GRANT PROCESS ON *.* TO"}
    assert transactions.startswith(expected[server.kind])


@pytest.mark.parametrize(
    ("kind", "relation", "grant"),
    [
        ("postgres", "shop.Orders", 'GRANT SELECT ON shop."Orders" TO "etl-reader";'),
        ("postgres", '"shop"."Odd ""Table"', 'GRANT SELECT ON shop."Odd ""Table" TO "etl-reader";'),
        ("postgres", "orders", 'GRANT SELECT ON orders TO "etl-reader";'),
        ("mysql", "shop.odd table", "GRANT SELECT ON shop.`odd table` TO `etl-reader`;"),
    ],
)
def test_grants_can_be_executed_for_every_name(kind, relation, grant):
    scheme = "postgresql" if kind == "postgres" else kind
    endpoint = ORDERS | {"relation": relation}
    declared = {"kind": kind, "url": f"{scheme}://etl-reader@h/d", "endpoints": {"orders": endpoint}}
    requirements = registry.parse_source(declared, "erp.yaml").requirements()
    assert requirements[0] == grant
    assert (" TO `etl-reader`;" in requirements[1]) is (kind == "mysql")


def test_the_json_schema_contains_the_kinds():
    definitions = json.loads(registry.json_schema())["$defs"]
    assert {"PostgresSource", "MysqlSource", "MongoSource"} <= definitions.keys()
    window = definitions["TableEndpoint"]["properties"]["window"]
    assert "TableWindow" in json.dumps(window)
    assert "changes" not in definitions["TableEndpoint"]["properties"]
