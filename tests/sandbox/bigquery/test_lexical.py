"""Names and literals: the sandbox accepts what GoogleSQL's reference implementation accepts."""

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter
from zetasql.core.exceptions import ZetaSQLError

from demo.cloud import Cloud
from sandbox.bigquery.patches.reserved_words import RESERVED
from sandbox.state import State
from tests.sandbox.bigquery import googlesql

NAMES = [
    "1 as `end`, 2 as `select`",
    "one.rows, `rows`, sum(one.rows) over (order by 1 rows unbounded preceding) from (select 1 as `rows`) as one",
    "1 as row, 2 as offset, 3 as rank, 4 as day, 5 as end_day",
    "cast(null as interval)",
    "struct(1 as a, array<int64>[] as b), array(select as struct 1 as c)",
    "cast(null as struct<a int64>), cast(null as array<int64>), (1)",
    "(with one as (select 1 as a) select a from one)",
    "case when true then 1 end as a, extract(year from date '2020-01-01') as b",
]
REFUSED = [
    *(f"1 as {word}" for word in sorted(RESERVED - {"WITH"})),
    "1 as End, 2 as b",
    "struct(1 as all)",
    "(select 1 as interval from unnest([1]))",
    "rows from (select 1 as `rows`)",
    "sum(rows) from (select 1 as `rows`)",
    "(with rows as (select 1 as a) select a from rows)",
]
ZEROS = [
    "length('a\\000b')",
    "'\\x00' = '\\u0000'",
    "to_code_points('a\\000\\000b')[2]",
    "strpos('ab\\000', '\\000')",
]


@pytest.fixture(scope="module")
def query(sandbox: State) -> Callable[..., Any]:
    run: Callable[..., Any] = Cloud(sandbox).bigquery.query_and_wait
    return run


@pytest.mark.parametrize("columns", NAMES)
def test_these_are_names(query: Callable[..., Any], columns: str) -> None:
    expected = googlesql.prepare(columns, "").columns
    [row] = query(f"select {columns}")
    assert len(row) == len(expected)


def test_reserved_words_are_refused_as_names(query: Callable[..., Any]) -> None:
    for columns in REFUSED:
        with pytest.raises(ZetaSQLError):
            googlesql.prepare(columns, "")
        with pytest.raises(BadRequest, match="Syntax error"):
            query(f"select {columns}")


def test_times_of_a_table_are_not_a_name(query: Callable[..., Any]) -> None:
    with pytest.raises(NotFound):
        query("select * from ods.absent for system_time as of current_timestamp()")


def test_a_parameter_may_have_a_reserved_word_as_its_name(query: Callable[..., Any]) -> None:
    config = QueryJobConfig(query_parameters=[ScalarQueryParameter("rows", "INT64", 7)])
    [row] = query("select @rows, (@rows) as number, [@rows]", job_config=config)
    assert tuple(row.values()) == (7, 7, [7])


def test_both_engines_agree_on_the_character_zero(query: Callable[..., Any]) -> None:
    [row] = query(f"select {', '.join(ZEROS)}")
    [expected] = googlesql.execute(ZEROS).rows
    assert [str(value).lower() for value in row.values()] == list(expected)
