"""Google's own analyzer resolves every compiled statement, in both forms, and every scheduled query.

The columns and types of the documented tables are a contract; all tables are checked for what holds of each.
"""

import pytest

from scripts.sql_analysis.analyzer import GoogleSql, SqlError, text_of, type_from_field
from tests.dataform.engines.warehouse import RAW, raw_fields
from tests.dataform.scheduled import advised, analyzable, columns, configs, tables
from tests.report.warehouse import VIEWS, render

SALE_LINES = "ARRAY<STRUCT<product_sku STRING, quantity NUMERIC, amount NUMERIC>>"
LINEAGE = {"SYS_DATE_CREATE": "TIMESTAMP", "SYS_FILE_NAME": "STRING"}

# docs/reference/tables.md
CONTRACT = {
    "ods.sales": {
        "id": "INT64",
        "customer_id": "INT64",
        "store_id": "INT64",
        "items": SALE_LINES,
        "datetime": "TIMESTAMP",
        **LINEAGE,
    },
    "ods.products": {
        "product_sku": "STRING",
        "description": "STRING",
        "supplier": "STRING",
        "unit_amount": "NUMERIC",
        "is_listed": "BOOL",
        "SYS_DATE_CHANGE": "TIMESTAMP",
        **LINEAGE,
    },
    "ods.customers": {
        "id": "INT64",
        **dict.fromkeys(["name", "email", "phone", "age", "income", "household_size"], "STRING"),
        "is_listed": "BOOL",
        **LINEAGE,
    },
    "ods.sales_rejects": {"reason": "STRING", "payload": "STRING", "file_day": "DATE", **LINEAGE},
    "ods.products_rejects": {"reason": "STRING", "payload": "STRING", "file_day": "DATE", **LINEAGE},
    "ods.customers_rejects": {"reason": "STRING", "payload": "STRING", "file_day": "DATE", **LINEAGE},
    "ods.sales_orphans": {
        "id": "STRING",
        "sales_id": "INT64",
        "product_sku": "STRING",
        "customer_id": "INT64",
        "quantity": "NUMERIC",
        "amount": "NUMERIC",
        "datetime": "TIMESTAMP",
        "reason": "STRING",
    },
    "dmt.sales_items": {
        "id": "STRING",
        "sales_id": "INT64",
        "product_sku": "STRING",
        "customer_id": "INT64",
        "item_quantity": "NUMERIC",
        "item_amount": "NUMERIC",
        "discount_perc": "NUMERIC",
        "product_description": "STRING",
        "sales_datetime": "TIMESTAMP",
    },
    "dmt.daily_sales": {
        "day": "DATE",
        "baskets": "INT64",
        "units": "NUMERIC",
        "revenue": "NUMERIC",
        "discount_amount": "NUMERIC",
    },
}


@pytest.mark.parametrize("name", CONTRACT)
def test_a_table_has_the_columns_of_the_contract(analyzed, name):
    columns = analyzed.tables[f"p.{name}"]
    assert {column: text_of(kind) for column, kind in columns.items()} == CONTRACT[name]


def test_every_action_is_resolved(analyzed, by_name):
    tables = {f"p.{name}" for name, action in by_name.items() if action.has_output}
    assert tables <= set(analyzed.tables)
    assert len(by_name) > 10


def test_the_marts_have_no_mail_address_and_no_phone_number(analyzed):
    marts = {name: set(columns) for name, columns in analyzed.tables.items() if name.startswith("p.dmt.")}
    assert not {name for name, columns in marts.items() if columns & {"email", "phone", "customer_email"}}
    assert "customer_age" in marts["p.dmt.sales_final"]


def test_every_column_of_a_mart_has_a_type_that_a_sheet_can_show(analyzed):
    marts = {name: columns for name, columns in analyzed.tables.items() if name.startswith("p.dmt.")}
    sheet_types = {"STRING", "INT64", "NUMERIC", "BOOL", "DATE", "TIMESTAMP"}
    assert {text_of(kind) for columns in marts.values() for kind in columns.values()} <= sheet_types


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("select nothing from `p.raw.sales`", "Unrecognized name: nothing"),
        ("select * from `p.raw.orders`", "Table not found"),
        ("select id + 1 from `p.raw.sales`", "No matching signature"),
        ("declare since timestamp default date '2026-01-01' + 'a'; select since", "No matching signature"),
        ("declare n int64 default 1; set n = 'text'; select n", "STRING is not INT64"),
        ("if 1 then raise using message = 'x'; end if", "INT64 is not BOOL"),
    ],
)
def test_the_analyzer_rejects(statement, message):
    sales = {"id": type_from_field({"type": "STRING"})}
    with pytest.raises(SqlError, match=message):
        GoogleSql({"p.raw.sales": sales}).script(statement)


@pytest.mark.parametrize("name", configs())
def test_a_query_outside_dataform_resolves_against_the_real_columns(analyzed, name):
    sql = configs()[name]["params"]["query"]
    assert GoogleSql(analyzed.tables | tables()).script(analyzable(sql))


def test_a_misspelt_column_fails_here_and_not_at_night(analyzed):
    sql = configs()["freshness"]["params"]["query"].replace("seen_until", "seen_untill")
    with pytest.raises(SqlError, match="Unrecognized name: seen_untill"):
        GoogleSql(analyzed.tables | tables()).script(analyzable(sql))


@pytest.mark.parametrize("statement", advised())
def test_a_query_that_a_runbook_or_an_alert_advises_resolves(analyzed, statement):
    """With the current columns, so that the query of a runbook works at night."""
    raw = {f"p.raw.{name}": columns(raw_fields(name)) for name in RAW}
    catalog = GoogleSql(analyzed.tables | tables() | raw)
    if "ops.last_night" in statement:
        for view in VIEWS:
            catalog.script(f"create table `p.ops.{view}` as (\n{render(view, 'p')}\n)")
    assert catalog.script(analyzable(statement))
