"""Arrays with their offsets, and texts without white space, equal GoogleSQL's reference implementation."""

from collections.abc import Callable
from typing import Any

import pytest

from demo.cloud import Cloud
from sandbox.bigquery.patches.trim import WHITE_SPACE
from sandbox.state import State
from tests.sandbox.bigquery import googlesql

ROWS = """from unnest([
  struct(1 as id, ['b', 'a', 'b'] as words, [struct('x' as sku, '2' as units), ('y', null)] as items),
  (2, array<string>[], array<struct<sku string, units string>>[]),
  (3, cast(null as array<string>), cast(null as array<struct<sku string, units string>>)),
  (4, ['c'], [struct('x' as sku, '7' as units), ('x', '8'), (null, '9')])
]) as row order by id"""
ARRAYS = [
    "id",
    "(select string_agg(concat(word, cast(place as string)), ' ' order by place desc) from unnest(words) as word "
    "with offset as place)",
    "(select count(*) from unnest(words) with offset as place)",
    "(select max(place) from unnest(row.words) as word with offset as place)",
    "(select min(word) from unnest(words) as word with offset as place where place > 0)",
    "(select string_agg(item.units order by place) from unnest(items) as item with offset as place "
    "where item.sku = 'x')",
    "(select count(distinct line.sku) from (select item.sku as sku, place from unnest(items) as item "
    "with offset as place) as line)",
    "(select string_agg(word order by place) from unnest(array_reverse(words)) as word with offset as place)",
]
SPACES = "".join(f"\\u{ord(space):04x}" for space in WHITE_SPACE)
WORDS = ["", SPACES, " a b ", f"{SPACES}a{SPACES}b{SPACES}", "\\u200ba\\u200b", "[]", "a\\nb\\n"]
TEXTS = f"from unnest([cast(null as string), {', '.join(f"'{word}'" for word in WORDS)}]) as word"
TRIMMED = ["trim(word)", "ltrim(word)", "rtrim(word)", "trim(word, 'ab')", "length(trim(word))"]


@pytest.mark.parametrize(
    ("expressions", "source"), [(ARRAYS, ROWS), (TRIMMED, TEXTS)], ids=["arrays with offsets", "white space"]
)
def test_both_engines_agree(sandbox: State, expressions: list[str], source: str) -> None:
    query: Callable[[str], Any] = Cloud(sandbox).bigquery.query_and_wait
    observed = [tuple(row.values()) for row in query(f"select {', '.join(expressions)} {source}")]
    expected = googlesql.execute(expressions, source).rows
    assert [tuple(None if value is None else str(value) for value in row) for row in observed] == expected
