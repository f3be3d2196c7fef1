"""NUMERIC on the sandbox equals GoogleSQL's reference implementation: every value and every type."""

import random
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest

from demo.cloud import Cloud
from sandbox.state import State
from tests.sandbox.bigquery import googlesql

CONSTANTS = [
    # A discount in per cent: (list price - paid) / list price.
    "round(100 * safe_divide(numeric '1.599' - numeric '1.234', numeric '1.599'), 2)",
    "round(100 * safe_divide(numeric '0.0175' - numeric '0.01', numeric '0.0175'), 2)",
    # The second half of the scale: rounded away from zero, in both directions.
    "numeric '1' / 3",
    "numeric '2' / 3",
    "numeric '-2' / 3",
    "numeric '1' / numeric '2000000000'",
    "numeric '-1' / numeric '2000000000'",
    "numeric '0.000000005' / 10",
    "round(numeric '2.345', 2)",
    "round(numeric '-2.345', 2)",
    "round(numeric '-2.5')",
    "round(numeric '2545', -1)",
    *(
        f"round(numeric '{value}', {digits})"
        for value in ("1.004999999", "-1.005", "0.00005", "-0.000049999", "99999999999999999999999999999.45")
        for digits in (1, 2, 4)
    ),
    "round(cast(null as numeric), 2)",
    "round(numeric '1999999999999.994999999', 2)",
    "round(numeric '1.005', 2, 'ROUND_HALF_AWAY_FROM_ZERO')",
    "sign(numeric '-0.5') * sign(numeric '2')",
    "(sign(numeric '-0.5') * sign(numeric '2')) / 3 * numeric '1.5'",
    "trunc(numeric '-2.349', 2)",
    "numeric '0.000000001' * numeric '0.5'",
    "numeric '-0.000000003' * numeric '0.5'",
    "numeric '99999999999999999999999999999.999999999' * numeric '0.1'",
    "numeric '99999999999999999999.5' * numeric '100000000.5'",
    "numeric '99999999999999999999999999999.999999999' / 7",
    # Halves, and both sides of the limits of the computation in 64 bits.
    "numeric '0.000000003' / 2",
    "numeric '-0.000000003' / 2",
    "numeric '0.000000003' / -2",
    "numeric '-0.000000005' / -2",
    "numeric '1.000000001' * numeric '1.5'",
    "numeric '-1.000000001' * numeric '1.5'",
    "numeric '-90000.333333333' * numeric '-99999.999999999'",
    "numeric '90000.333333333' * numeric '-100000.000000001'",
    "numeric '999999999.999999999' * numeric '8.999999999'",
    "numeric '1000000000' * numeric '8.999999999'",
    "numeric '8999999.999999999' / numeric '9.000000001'",
    "numeric '9000000' / numeric '9.000000001'",
    "numeric '8999999.999999999' / numeric '-8.999999999'",
    "numeric '8999999.999999999' / numeric '0.000000007'",
    "numeric '0.000000001' / numeric '8999999.999999999'",
    "numeric '0.005' / numeric '9999999.999999999'",
    # NULL and zero.
    "safe_divide(numeric '1', 0)",
    "safe_divide(numeric '1', null)",
    "safe_divide(1, 0)",
    "cast(null as numeric) / 3",
    "safe_divide(nullif(numeric '1', 1), 3)",
    # The operands decide on the type.
    "1 / 4",
    "3 / numeric '7'",
    "numeric '1' / 0.5",
    "numeric '1' * 1.1",
    "numeric '3' * 2",
    "cast(0.5 as float64) * numeric '3'",
    "div(numeric '7.5', numeric '2')",
    "div(numeric '-7.5', 2)",
    "mod(numeric '7.5', numeric '0.7')",
    "round(numeric '1' / 3, 2) * numeric '1.5' / 7",
    "greatest(round(numeric '-0.5', 2), 0)",
    "greatest(numeric '1.5', 2)",
    "greatest(numeric '1.5', cast(null as numeric))",
    "least(numeric '1.5', 2)",
    "least(cast(null as numeric), 2)",
    "greatest(numeric '1.5', 2, 3)",
    "cast(numeric '100' as string)",
]
# Ties, the limits of 64 bits, exponents, and what is not a number. Without `5e-10`: DuckDB rounds it up, GoogleSQL's
# reference to 0 (2026-11-29).
TEXTS = [
    "0.0000000005",
    "-0.0000000005",
    "0.00000000049999999999999",
    "1.0000000005",
    "999999999.9999999994",
    "999999999.9999999995",
    "-999999999.9999999995",
    "1000000000",
    "9999999999.9",
    "12345678901.5",
    "1e-10",
    "4.9999999999e-10",
    "1E+3",
    # DuckDB's cast to DECIMAL(18, 9) reads other digits.
    "8049012.500005590055e2",
    "20834919.90000599905e2",
    "99999999999999999999999999999.999999999",
    "100000000000000000000000000000",
    "007",
    "-0",
    "1.",
    ".5",
    "abc",
    "",
]
TEXT_ROWS = f"from unnest({TEXTS}) as word"
OVER_ROWS = [
    "x / y",
    "safe_divide(x, y)",
    "x * y",
    "round(x * n, 2)",
    "x / n",
    "n / x",
    "round(100 * (x - y) / x, 2)",
    "greatest(x - y, 0)",
    "least(n, x)",
]
AGGREGATES = [
    "sum(x)",
    "avg(x)",
    "avg(distinct round(x, 1))",
    "sum(x) / count(*)",
    "safe_divide(sum(x), sum(n))",
    "max(x) / min(y)",
    "avg(if(n > 5, x, null))",
]


def operands() -> list[tuple[Decimal, Decimal, int]]:
    """Random values with products and quotients in the range of NUMERIC; zero is excluded."""
    chance = random.Random(20261128)
    exponents = [(9, 1), (9, 5), (3, 9), (0, 9), (5, 0)]
    return [
        (
            Decimal(chance.choice([-1, 1]) * chance.randint(1, 10 ** (whole + 9))).scaleb(-9),
            Decimal(chance.choice([-1, 1]) * chance.randint(1, 10 ** (other + 9))).scaleb(-9),
            chance.randint(1, 9),
        )
        for whole, other in exponents * 40
    ]


ROWS = "from unnest([struct(numeric '1' as x, numeric '3' as y, 7 as n), {}])".format(
    ", ".join(f"(numeric '{x:f}', numeric '{y:f}', {n})" for x, y, n in operands())
)


@pytest.fixture(scope="module")
def query(sandbox: State) -> Callable[[str], Any]:
    """Runs a script on the sandbox and returns its rows."""
    client = Cloud(sandbox).bigquery
    return lambda sql: client.query_and_wait(sql)


def on_sandbox(query: Callable[[str], Any], expressions: list[str], source: str = "") -> googlesql.Result:
    rows = query(f"select {', '.join(expressions)} {source}")
    types = [googlesql.TYPES.get(field.field_type, field.field_type) for field in rows.schema]
    return googlesql.Result(types, [tuple(map(text, row.values())) for row in rows])


def text(value: Any) -> Any:
    """As CAST AS STRING writes it."""
    if isinstance(value, Decimal):
        digits = f"{value:f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, float):
        return f"{value:g}"
    return value if value is None else str(value)


@pytest.mark.parametrize(
    ("expressions", "source"),
    [
        (CONSTANTS, ""),
        (OVER_ROWS, ROWS),
        (AGGREGATES, ROWS),
        (AGGREGATES, f"{ROWS} group by n order by n"),
        (["safe_cast(word as numeric)", "safe_cast(word as numeric) * numeric '0.1'"], TEXT_ROWS),
        (["cast(word as numeric)"], f"from unnest({TEXTS[:14]}) as word"),
    ],
    ids=["constants", "columns", "aggregates", "groups", "texts", "numbers"],
)
def test_both_engines_agree(query: Callable[[str], Any], expressions: list[str], source: str) -> None:
    expected, observed = googlesql.execute(expressions, source), on_sandbox(query, expressions, source)
    assert dict(zip(expressions, observed.types, strict=True)) == dict(
        zip(expressions, expected.types, strict=True)
    )
    for expected_row, row in zip(expected.rows, observed.rows, strict=True):
        assert dict(zip(expressions, row, strict=True)) == dict(zip(expressions, expected_row, strict=True))


def test_the_discounts_of_issue_j(query: Callable[[str], Any]) -> None:
    assert on_sandbox(query, CONSTANTS[:2]).rows == [("22.83", "42.86")]


def test_a_window_averages_exactly(query: Callable[[str], Any]) -> None:
    window = "avg(x) over (order by n rows between 1 preceding and current row)"
    source = "from unnest([struct(numeric '1' as x, 1 as n), (numeric '0.000000002', 2), (2, 3)])"
    assert [value for (value,) in on_sandbox(query, [window], source).rows] == [
        "1",
        "0.500000001",
        "1.000000001",
    ]


@pytest.mark.parametrize("divisor", ["0", "n - 1", "numeric '0'"])
def test_a_division_by_zero_fails(query: Callable[[str], Any], divisor: str) -> None:
    with pytest.raises(Exception, match="division by zero"):
        query(f"select numeric '1' / ({divisor}) from unnest([1]) as n")


def test_a_product_out_of_range_fails(query: Callable[[str], Any]) -> None:
    with pytest.raises(Exception, match=r"[Oo]verflow|Could not cast"):
        query("select numeric '99999999999999999999999999999' * numeric '1.5'")


@pytest.fixture
def table(query: Callable[[str], Any]) -> Iterator[str]:
    dataset = f"numeric_{uuid.uuid4().hex[:8]}"
    query(f"create schema {dataset}")
    query(f"create table {dataset}.t as select numeric '2' as x, 3 as n, [struct(numeric '1' as q)] as items")
    yield f"{dataset}.t"
    query(f"drop schema {dataset} cascade")


STATEMENTS = {
    "update": "update {t} set x = x / n where true; select x from {t}",
    "merge": "merge {t} t using (select * from {t}) s on t.n = s.n"
    " when matched then update set x = s.x / s.n; select x from {t}",
    "insert": "insert into {t} (x) select x / n from {t}; select x from {t} where n is null",
    "temporary table": "create temp table copy as select x, n from {t}; select sum(x) / max(n) from copy",
    "common table": "with copy as (select * from {t}) select s.x / s.n from copy as s",
    "variable": "declare v numeric default 2; select v / n from {t}",
    "nested column": "select 2 * item.q / n from {t} as t, unnest(t.items) as item",
    "view": "create view {t}_view as select x / n as ratio from {t}; select ratio from {t}_view",
    "filter": "select x / n from {t} where x / n > 0.6 order by x / n",
}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_every_kind_of_statement_divides_exactly(query: Callable[[str], Any], table: str, kind: str) -> None:
    [row] = query(STATEMENTS[kind].format(t=table))
    assert row.values() == (Decimal("0.666666667"),)


def test_another_mode_of_rounding_is_refused(sandbox: State) -> None:
    with pytest.raises(BadRequest, match="The sandbox rounds only half away from zero, not ROUND_HALF_EVEN"):
        Cloud(sandbox).bigquery.query_and_wait("select round(numeric '1.005', 2, 'ROUND_HALF_EVEN')")
