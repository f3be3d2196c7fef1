"""No expression of a mart raises on a row that is within the bounds, in the sandbox or in Google's evaluator.

The SELECTs of the compiled graph run over literal rows, each as a common table expression of one query, so that a
new mart takes part without an edit. The lines are all combinations of the extremes of quantity, amount and price.
"""

import itertools
import json
import re
from decimal import Decimal

import pytest

from scripts.sql_analysis.analyzer import GoogleSql
from tests.dataform.engines.includes import evaluate_javascript
from tests.dataform.engines.warehouse import connect

SMALLEST = Decimal("0.000000001")
NUMBER = re.compile(r"-?\d+(\.\d+)?(E-?\d+)?")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")
ROWS = 10**12  # more lines than a warehouse ever sums
LARGEST_NUMERIC = Decimal(10) ** 29


def extremes(bounds):
    low, high = Decimal(bounds["from"]), Decimal(bounds["until"])
    return [low, -1, -SMALLEST, Decimal(0), SMALLEST, 1, high, high - SMALLEST]


@pytest.fixture(scope="module")
def bounds():
    return evaluate_javascript("bounds", bounds="bounds")


@pytest.fixture(scope="module")
def inputs(bounds):
    """The tables of ods that the marts start from, as SELECTs. Each line has a product of its own."""
    prices = [*extremes(bounds["price"]), None]
    pairs = itertools.product(extremes(bounds["quantity"]), extremes(bounds["amount"]))
    lines = [
        (f"{price}-{place}", price, *pair)
        for price, (place, pair) in itertools.product(prices, enumerate(pairs))
    ]
    structs = ", ".join(
        f"struct('{sku}' as product_sku, numeric '{quantity}' as quantity, numeric '{amount}' as amount)"
        for sku, _, quantity, amount in lines
    )
    products = ", ".join(
        f"struct('{sku}' as product_sku, cast(nullif('{price}', 'None') as numeric) as unit_amount)"
        for sku, price, _, _ in lines
    )
    times = f"{bounds['time']['from']}, {bounds['time']['until']}"
    lineage = "current_timestamp() as SYS_DATE_CREATE, 'file' as SYS_FILE_NAME, true as is_listed"
    return {
        "ods.products": f"select product_sku, 'Apples' as description, '9' as supplier, unit_amount, "
        f"current_timestamp() as SYS_DATE_CHANGE, {lineage} from unnest([{products}]) as product",
        "ods.customers": "select 9223372036854775807 as id, 'Ada' as name, '65+' as age, 'a' as income, "
        f"'2' as household_size, 'a' as email, '1' as phone, {lineage}",
        "ods.sales": "select -9223372036854775808 + place as id, 9223372036854775807 as customer_id, 1 as store_id, "
        f"[{structs}] as items, datetime, {lineage} from unnest([{times}]) as datetime with offset as place",
    }


@pytest.fixture(scope="module")
def query(by_name, inputs):
    """All tables after the inputs; the rows of a table are written as JSON."""
    selects = dict(inputs)
    for name, action in by_name.items():
        if action.follows_days or (action.type == "view" and name.startswith("dmt.")):
            selects[name] = action.compiled["query"].replace("first_day", "date '1989-12-31'")
    expressions = ", ".join(f"{cte(name)} as ({select})" for name, select in selects.items())
    with_names = re.sub(r"`p\.(\w+\.\w+)`", lambda match: cte(match[1]), expressions)
    results = " union all ".join(
        f"select '{name}' as name, to_json_string(one) as content from {cte(name)} as one"
        for name in selects
        if name not in inputs
    )
    return f"with {with_names} {results}"


def cte(name):
    return name.replace(".", "_")


def parse(rows):
    """The engines write numbers and times of JSON in different forms."""
    parsed = [(name, json.loads(content, parse_float=Decimal, parse_int=Decimal)) for name, content in rows]
    return sorted(
        (name, repr({column: plain(value) for column, value in row.items()})) for name, row in parsed
    )


def plain(value):
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, str) and TIME.match(value):
        return value.replace("T", " ").replace("Z", "+00")
    if isinstance(value, str) and value.startswith("{"):
        return plain(json.loads(value)) if value != "{}" else value
    if isinstance(value, str | Decimal) and NUMBER.fullmatch(str(value)):
        text = f"{without_noise(Decimal(value)):f}"
        return text.rstrip("0").rstrip(".") if "." in text else str(value)
    return value


def without_noise(number):
    """Sums of floating point depend on the order of the rows, after the digits that NUMERIC has."""
    return round(number, 9) if int(number.as_tuple().exponent) < -9 else number


def test_every_mart_evaluates_the_extremes_alike_in_both_engines(sandbox, query):
    client = connect(sandbox.address, "bounds").client
    here = parse((row["name"], row["content"]) for row in client.query_and_wait(query))
    google = GoogleSql().evaluate(query)
    assert len(google) > 1000
    assert here == parse(google)
    discounts = [json.loads(str(row))["discount_perc"] for name, row in google if name == "dmt.sales_items"]
    assert {discount is None for discount in discounts} == {True, False}
    assert all(0 <= float(discount) <= 100 for discount in discounts if discount is not None)


def test_sums_of_products_stay_within_numeric(bounds):
    largest = {
        name: max(abs(value) for value in extremes(bounds[name])) for name in ("quantity", "amount", "price")
    }
    assert (largest["quantity"] * largest["price"] + largest["amount"]) * ROWS < LARGEST_NUMERIC
