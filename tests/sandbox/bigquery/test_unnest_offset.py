"""Arrays with their offsets or in an order, and texts without white space or in the form NFC, equal GoogleSQL's
reference implementation."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from google.cloud.bigquery import ArrayQueryParameter, QueryJobConfig

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
# Of a group with NULL, and of one whose key is the same in two rows.
NUMBERS = """from unnest([
  struct(1 as id, 2 as place, 'b' as word, 0.5 as share), (1, null, 'c', 1.5), (1, 1, 'a', null), (1, 1, 'd', -1),
  (2, 3, 'x', 2)
]) as row group by id
having array_agg(place order by place desc limit 1)[offset(0)] > 0 and sum(share) * max(share) > -9.5 order by id"""
ORDERED = [
    "id",
    *(
        f"array_to_string(array_agg({value} order by {order}{limit}), ',')"
        for value in ("word", "concat(word, word)")
        for order in (
            "place, word",
            "place desc, word desc",
            "place desc, word",
            "share",
            "share desc",
            "word",
        )
        for limit in ("", " limit 2")
    ),
    "array_to_string(array_agg(distinct word order by word), ',')",
    "array_length(array_agg(struct(word as word, share as share) order by place))",
    "array_agg(struct(word as word, share as share) order by place desc limit 1)[safe_offset(0)].word",
]
FORMS = [
    "",
    "a",
    "e\u0301",
    "\u00e9",
    "\u1e9b\u0323",
    "\ufb01",
    "\u1100\u1161\u11a8",
    "A\u030a\u0323",
    "\u212b",
    "x\u200dy",
]
TRIMMED = ["trim(word)", "ltrim(word)", "rtrim(word)", "trim(word, 'ab')", "length(trim(word))"]


@pytest.mark.parametrize(
    ("expressions", "source"),
    [(ARRAYS, ROWS), (ORDERED, NUMBERS), (TRIMMED, TEXTS)],
    ids=["arrays with offsets", "arrays in an order", "white space"],
)
def test_both_engines_agree(sandbox: State, expressions: list[str], source: str) -> None:
    query: Callable[[str], Any] = Cloud(sandbox).bigquery.query_and_wait
    observed = [tuple(row.values()) for row in query(f"select {', '.join(expressions)} {source}")]
    expected = googlesql.execute(expressions, source).rows
    assert [tuple(None if value is None else str(value) for value in row) for row in observed] == expected


def test_a_text_is_normalized_as_unicode_defines_it(sandbox: State) -> None:
    """Not by the reference implementation, whose package has no data of Unicode."""
    texts = QueryJobConfig(query_parameters=[ArrayQueryParameter("texts", "STRING", [*FORMS, None])])
    forms = "normalize(word), normalize(word, nfc), normalize(word, nfkd), normalize_and_casefold(word)"
    sql = f"select {forms} from unnest(@texts) as word with offset as place order by place"
    rows = [tuple(row.values()) for row in Cloud(sandbox).bigquery.query_and_wait(sql, job_config=texts)]
    assert rows == [
        *(
            (
                *[unicodedata.normalize("NFC", word)] * 2,
                unicodedata.normalize("NFKD", word),
                unicodedata.normalize("NFC", word.casefold()),
            )
            for word in FORMS
        ),
        (None, None, None, None),
    ]
