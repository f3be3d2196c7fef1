"""Columns with personal data: declared once, in connector/schemas, and not in a mart that does not declare them.

A declaration is 'Personal data' in the description; 'must not leave ods' forbids it in marts. The lineage of a column
of a mart is followed through the SELECTs of the compiled graph.
"""

from typing import Any

import pytest
from sqlglot import exp
from sqlglot.lineage import lineage

from scripts.erase.subject import PERSONAL
from tests.dataform.engines.warehouse import RAW, raw_fields

CONFINED = "must not leave ods"


def personal_of(fields):
    return {field["name"]: field["description"] for field in fields if PERSONAL in field["description"]}


@pytest.fixture(scope="module")
def declared():
    """The description of each personal column of raw, by table and column."""
    return {(table, name): text for table in RAW for name, text in personal_of(raw_fields(table)).items()}


def descriptions(action):
    columns = action.compiled["actionDescriptor"]["columns"]
    return {column["path"][0]: column["description"] for column in columns if len(column["path"]) == 1}


def origins(select, column, tables):
    """The (table, column) pairs of ods that a column of a SELECT is computed from."""
    schema: dict[str, dict[str, Any]] = {"p": {"ods": {}, "dmt": {}}}
    for name, columns in tables.items():
        dataset, table = name.split(".")
        schema["p"].setdefault(dataset, {})[table] = dict.fromkeys(columns, "string")
    node = lineage(column, select, schema=schema, dialect="bigquery")
    for part in node.walk():
        if isinstance(part.expression, exp.Table):
            yield f"{part.expression.db}.{part.expression.name}", part.name.rpartition(".")[2].strip('"`')


def personal_origins(select, column, tables):
    return {
        (table, name)
        for table, name in origins(select, column, tables)
        if PERSONAL in tables.get(table, {}).get(name, "")
    }


@pytest.fixture(scope="module")
def tables(by_name):
    return {
        name: descriptions(action)
        for name, action in by_name.items()
        if action.kind != "assertions" and action.has_output
    }


def test_customers_declare_their_personal_columns(declared):
    assert {column for table, column in declared if table == "customers"} == {"name", "email", "phone"}
    assert {table for table, _ in declared} == {"customers"}


def test_ods_declares_the_same_columns(declared, tables):
    for (table, column), text in declared.items():
        for name in (f"ods.{table}", f"ods.{table}_changes", f"ods.{table}_history"):
            assert tables[name][column] == text, f"{name}.{column}"


def test_a_personal_column_of_a_mart_is_declared_and_may_leave_ods(by_name, tables):
    personal = set()
    for name, action in by_name.items():
        if not name.startswith("dmt."):
            continue
        for column, text in tables[name].items():
            for table, origin in personal_origins(action.compiled["query"], column, tables):
                personal.add((name, column))
                assert PERSONAL in text, f"{name}.{column} is {table}.{origin}: describe it as '{PERSONAL}'"
                assert CONFINED not in tables[table][origin], f"{name}.{column} is {table}.{origin}"
    assert personal == {("dmt.sales_final", "customer_name")}


def test_only_views_of_marts_have_personal_columns(by_name, tables):
    """An erasure in ods must be enough: a table of dmt would keep a copy (scripts/erase)."""
    marts = {name for name, columns in tables.items() if PERSONAL in " ".join(columns.values())}
    assert {by_name[name].type for name in marts if name.startswith("dmt.")} == {"view"}


@pytest.mark.parametrize(
    "select",
    [
        "select email as contact from `p.ods.customers`",
        "select lower(c.email) as contact from `p.ods.customers` as c join `p.ods.sales` as s on s.customer_id = c.id",
        "with one as (select * from `p.ods.customers`) select concat(email, '!') as contact from one",
    ],
)
def test_a_copied_column_is_detected(tables, select):
    assert personal_origins(select, "contact", tables) == {("ods.customers", "email")}


def test_no_raw_table_has_a_personal_column_without_a_declaration():
    """Names that nearly always are personal."""
    suspicious = {"email", "phone", "name", "address", "birthday", "iban", "ip_address"}
    for table in RAW:
        for field in raw_fields(table):
            if field["name"] in suspicious:
                assert PERSONAL in field["description"], f"{table}.{field['name']}"
