"""Expected results (the oracle): their numbers, and that compare() reports every kind of difference."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest

from demo.cloud import Cloud
from demo.expected import Facts, compare, last_sale
from demo.expected.results import connect_expected
from demo.expected.tables import TABLES

FEW = Facts(last=30)
ITEMS = tuple(table for table in TABLES if table.name == "dmt.sales_items")
SALES = tuple(table for table in TABLES if table.name.startswith("ods.sales") and "orphans" not in table.name)


def test_four_weeks():
    facts = Facts(last_sale(datetime(2017, 1, 29, tzinfo=UTC)))
    assert facts.last == 11432
    with connect_expected(facts) as oracle:
        assert oracle.sql("select count(*), sum(cents) from sold").fetchall() == [(110982, 33218353)]
        assert oracle.sql("select count(*) from known where not is_known").fetchall() == [(251,)]
        assert oracle.sql("select count(*), sum(cents) from items").fetchall() == [(110731, 33215903)]
        assert oracle.sql("select count(*), sum(cents) from days").fetchall() == [(28, 33215903)]


def test_the_first_day_by_hand():
    """The first two baskets hold one line each: 0.50 of a usual 0.50, and 0.99 of a usual 1.00."""
    with connect_expected(Facts(last=2)) as oracle:
        rows = oracle.sql("select id, cents, discount_hundredths from items order by id").fetchall()
        prices = dict(oracle.sql("select product_sku, unit_cents from products").fetchall())
    assert [row[:2] for row in rows] == [("1-1095275", 50), ("2-9878513", 99)]
    assert [row[2] for row in rows] == [
        hundredths(50, 1, prices["1095275"]),
        hundredths(99, 1, prices["9878513"]),
    ]


def hundredths(cents, quantity, unit_cents):
    """The definition of docs/concepts/layers.md in decimals: an independent computation."""
    if not quantity or not unit_cents:
        return None
    share = 100 * (1 - Decimal(cents) / (quantity * unit_cents))
    return max(0, int(share.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100))


def test_discounts_follow_the_definition():
    with connect_expected(Facts(last=2000)) as oracle:
        rows = oracle.sql(
            "select i.cents, quantity, unit_cents, discount_hundredths "
            "from items as i join listed_products using (product_sku)"
        ).fetchall()
    assert len(rows) > 10000
    assert {discount is None for *_, discount in rows} == {True, False}
    wrong = [row for row in rows if hundredths(*row[:3]) != row[3]]
    assert wrong == []


def test_items_hidden_by_the_source():
    with connect_expected(Facts(last=2, without_products=frozenset({"1095275"}))) as oracle:
        assert oracle.sql("select id from items").fetchall() == [("2-9878513",)]
        assert oracle.sql("select id from known where not is_known").fetchall() == [("1-1095275",)]
    with connect_expected(Facts(last=2, without_customers=frozenset({900}))) as oracle:
        assert oracle.sql("select count(*) from items").fetchall() == [(0,)]
    with connect_expected(Facts(last=2, without_sales=frozenset({1}))) as oracle:
        assert oracle.sql("select sales_id from sold").fetchall() == [(2,)]


@pytest.fixture(scope="module")
def client(sandbox):
    client = Cloud(sandbox).bigquery
    for dataset in ("oracle_ods", "oracle_dmt"):
        client.create_dataset(dataset)
    return client


@pytest.fixture(scope="module")
def correct_copies(client):
    """Correct copies of dmt.sales_items and ods.sales, written with INSERT statements."""
    with connect_expected(FEW) as oracle:
        items, sales = oracle.sql(ITEM_ROWS).fetchall(), oracle.sql(SALE_ROWS).fetchall()
    client.query_and_wait(CREATE_ITEMS)
    client.query_and_wait(CREATE_SALES)
    client.query_and_wait(f"INSERT INTO oracle_dmt.correct_items VALUES {', '.join(map(item_values, items))}")
    client.query_and_wait(f"INSERT INTO oracle_ods.correct_sales VALUES {', '.join(map(sale_values, sales))}")
    return client


@pytest.fixture
def correct(correct_copies):
    correct_copies.query_and_wait(
        "CREATE OR REPLACE TABLE oracle_dmt.sales_items AS SELECT * FROM oracle_dmt.correct_items"
    )
    correct_copies.query_and_wait(
        "CREATE OR REPLACE TABLE oracle_ods.sales AS SELECT * FROM oracle_ods.correct_sales"
    )
    return correct_copies


ITEM_ROWS = """
select id, sales_id, product_sku, customer_id, quantity, cents, discount_hundredths, description,
  strftime(sold_at, '%Y-%m-%d %H:%M:%S+00')
from items
"""
SALE_ROWS = """
select sales_id, customer_id, store_id, strftime(sold_at, '%Y-%m-%d %H:%M:%S+00'),
  list((product_sku, quantity, cents))
from sold group by all
"""
CREATE_ITEMS = """
CREATE TABLE oracle_dmt.correct_items (id STRING, sales_id INT64, product_sku STRING, customer_id INT64,
  item_quantity NUMERIC, item_amount NUMERIC, discount_perc NUMERIC, product_description STRING,
  sales_datetime TIMESTAMP)
"""
CREATE_SALES = """
CREATE TABLE oracle_ods.correct_sales (id INT64, customer_id INT64, store_id INT64, datetime TIMESTAMP,
  items ARRAY<STRUCT<product_sku STRING, quantity NUMERIC, amount NUMERIC>>)
"""


def item_values(row):
    *_, quantity, cents, discount, description, sold_at = row
    numbers = f"{quantity}, {money(cents)}, {money(discount)}"
    return (
        f"('{row[0]}', {row[1]}, '{row[2]}', {row[3]}, {numbers}, {json.dumps(description)}, "
        f"TIMESTAMP '{sold_at}')"
    )


def sale_values(row):
    *numbers, sold_at, lines = row
    items = ", ".join(f"STRUCT('{sku}', {quantity}, {money(cents)})" for sku, quantity, cents in lines)
    return f"({', '.join(map(str, numbers))}, TIMESTAMP '{sold_at}', [{items}])"


def money(hundredths):
    return "NULL" if hundredths is None else f"NUMERIC '{Decimal(hundredths) / 100}'"


def own_tables(tables):
    """The tables of this module's datasets."""
    return tuple(replace(table, source=f"oracle_{table.source}") for table in tables)


def find_differences(client, tables):
    return [sentence for check in compare(client, FEW, own_tables(tables)) for sentence in check.differences]


def test_correct_tables_are_equal(correct):
    checks = compare(correct, FEW, own_tables(ITEMS + SALES))
    assert [check.differences for check in checks] == [(), (), ()]
    assert all(check.rows == check.expected_rows > 0 for check in checks)
    expected = checks[0].expected_cents
    assert expected is not None and checks[0].cents == expected > 0


FIRST = "WHERE id = '1-1095275'"
CHANGES = {
    "a cent": f"UPDATE oracle_dmt.sales_items SET item_amount = item_amount + 0.01 {FIRST}",
    "half a cent": f"UPDATE oracle_dmt.sales_items SET item_amount = item_amount + 0.005 {FIRST}",
    "a row too few": f"DELETE FROM oracle_dmt.sales_items {FIRST}",
    "a row twice": f"INSERT INTO oracle_dmt.sales_items SELECT * FROM oracle_dmt.sales_items {FIRST}",
    "a discount": f"UPDATE oracle_dmt.sales_items SET discount_perc = NULL {FIRST}",
    "a text": f"UPDATE oracle_dmt.sales_items SET product_description = 'x' {FIRST}",
    "a second": "UPDATE oracle_dmt.sales_items "
    f"SET sales_datetime = TIMESTAMP_ADD(sales_datetime, INTERVAL 1 SECOND) {FIRST}",
    "another customer": f"UPDATE oracle_dmt.sales_items SET customer_id = 1228 {FIRST}",
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_difference_is_reported(correct, change):
    correct.query_and_wait(CHANGES[change])
    sentences = find_differences(correct, ITEMS)
    assert sentences
    assert "1-1095275" in sentences[0] or "twice" in sentences[0]
    assert find_differences(correct, SALES) == []


def test_a_different_line_of_a_sale_is_named(correct):
    correct.query_and_wait("DELETE FROM oracle_ods.sales WHERE id = 1")
    correct.query_and_wait(
        "INSERT INTO oracle_ods.sales VALUES "
        "(1, 900, 330, TIMESTAMP '2017-01-01 11:53:26+00', [STRUCT('1095275', 2, NUMERIC '0.5')])"
    )
    sentences = find_differences(correct, SALES)
    assert any("1|1095275|2000|50" in sentence and "too much" in sentence for sentence in sentences)
    assert any("1|1095275|1000|50" in sentence and "missing" in sentence for sentence in sentences)
