"""Of several versions in one file both engines choose the same one."""

import uuid

import pytest

from scripts.sql_analysis.analyzer import GoogleSql
from tests.dataform.engines.includes import evaluate_javascript
from tests.dataform.engines.warehouse import connect

TEN = "timestamp '2017-01-05 10:00:00'"
COLUMNS = (
    "{customer_id: types.integer, datetime: types.timestamp, note: types.asReceived, "
    "items: types.lines('sku', {sku: types.text, quantity: types.quantity, amount: types.amount})}"
)


def version(*lines, customer="1", time=TEN, note="null"):
    items = ", ".join(
        f"struct('{sku}' as sku, numeric '{quantity}' as quantity, numeric '{amount}' as amount)"
        for sku, quantity, amount in lines
    )
    none = "array(select as struct '' as sku, numeric '0' as quantity, numeric '0' as amount limit 0)"
    return (
        f"cast({customer} as int64) as customer_id, {time} as datetime, cast({note} as string) as note, "
        f"{f'[{items}]' if items else none} as items"
    )


# The winner first.
CASES = {
    "a fraction": [version(("a", "9.5", 1)), version(("a", 2, 1))],
    "an amount": [version(("a", 1, "1.25")), version(("a", 1, 1)), version(("a", 1, "-1.5"))],
    "no lines": [version(("a", 1, 1)), version()],
    "a time with a fraction": [version(time=f"timestamp_add({TEN}, interval 500 millisecond)"), version()],
    "two fractions": [
        version(time=f"timestamp_add({TEN}, interval {micros} microsecond)")
        for micros in (500001, 500000, 50)
    ],
    "no text": [version(("b", 1, 1), note="'a'"), version(("c", 1, 1))],
    "the order of the lines": [version(("b", 1, 1), ("a", 1, 1)), version(("a", 1, 1), ("b", 1, 1))],
}


def rows_of(name, versions):
    rows = [
        f"select '{name}' as id, {place} as place, {columns}, 'f' as SYS_FILE_NAME, {TEN} as SYS_DATE_CREATE"
        for place, columns in enumerate(versions)
    ]
    return " union all ".join(reversed(rows))


@pytest.fixture(scope="module")
def query():
    newest = evaluate_javascript(
        f"versions.newest('id', [versions.content('version', {COLUMNS})])", types="types", versions="versions"
    )
    rows = " union all ".join(rows_of(name, versions) for name, versions in CASES.items())
    return f"select id, cast(place as string) as place from ({rows}) as version where true qualify {newest} order by id"


def test_both_engines_choose_the_greatest_content(sandbox, query):
    expected = [(name, "0") for name in sorted(CASES)]
    assert GoogleSql().evaluate(query) == expected
    client = connect(sandbox.address, f"t{uuid.uuid4().hex[:12]}").client
    assert [(row["id"], row["place"]) for row in client.query_and_wait(query)] == expected
