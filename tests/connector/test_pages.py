"""A response body becomes lines: one item each, with the API's exact bytes and the name of the file."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import raw_schema
from connector.errors import InvalidResponse
from connector.extract import schema_drift as drift
from connector.extract.ndjson import encode_item, encode_page
from connector.extract.page_inspection import create_inspector
from connector.landing.page_metadata import ObservedSchema
from connector.sources import registry
from connector.sources.rest.config import RestSource
from connector.sources.rest.response import create_parser

RETAIL = registry.read_source("retail")
assert isinstance(RETAIL, RestSource)
SALES = create_parser(RETAIL.paging_of("sales"), RETAIL.endpoints["sales"].window)
COLUMNS = raw_schema.read_columns("sales")
FILE = "sales_20260131_0930_0.json"

NAMES = st.text(max_size=6) | st.just("SYS_FILE_NAME")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)


def split(body: bytes) -> list[bytes]:
    """As a run does it, with the drift of the page."""
    items = SALES(body).items
    drift_report = create_inspector(COLUMNS, drift.learn_schema(items), None)(items)[0]
    return encode_page(items, FILE, drift_report.unmapped).splitlines(keepends=True)


@given(
    st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=4), max_size=5),
    st.sampled_from([None, 2, "\t"]),
)
def test_every_object_is_encoded_with_the_name_of_its_file(items, indent):
    written = split(json.dumps({"items": items}, indent=indent).encode())
    assert [json.loads(line) for line in written] == [{"SYS_FILE_NAME": FILE} | item for item in items]


@given(st.lists(JSON, min_size=1, max_size=5))
def test_every_item_of_any_type_is_one_line(items):
    written = split(json.dumps({"items": items}, ensure_ascii=False).encode("utf-8", "replace"))
    assert len(written) == len(items)
    assert all(json.loads(line)["SYS_FILE_NAME"] == FILE for line in written)


@given(st.binary())
def test_noise_is_an_invalid_response(noise):
    with pytest.raises(InvalidResponse, match="no items at 'items'"):
        SALES(noise)


BODY = json.dumps(
    {
        "items": [
            {"id": 1, "name": 'a "b" \\ {\u00e9} \U0001f34f', "SYS_ITEM": [{}, {"x": None}, "]"]},
            {"id": 1.5e3, "Id": -0.0, "items": [[], [1, [2]]], "": True},
        ],
        "total_pages": 2,
        "last_sales_id": 9,
    },
    ensure_ascii=False,
).encode()
BYTES = st.binary(max_size=3) | st.sampled_from(
    [
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"\\u",
        b"\\ud83c",
        b"null",
    ]
)


@given(st.lists(st.tuples(st.integers(0, len(BODY)), st.integers(0, 4), BYTES), min_size=1, max_size=3))
def test_a_corrupted_body_is_invalid_or_one_line_per_item(changes):
    """Every accepted body can be read line by line, and its drift detected."""
    body = BODY
    for place, cut, new in changes:
        body = body[:place] + new + body[place + cut :]
    try:
        items = SALES(body).items
    except InvalidResponse:
        return
    written = encode_page(
        items, FILE, create_inspector(COLUMNS, drift.learn_schema(items), None)(items)[0].unmapped
    )
    assert written.count(b"\n") == len(items) and b"\r" not in written
    for item, line in zip(items, written.split(b"\n"), strict=False):
        names = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        assert bytes(names["SYS_FILE_NAME"]) == f'"{FILE}"'.encode()
        assert bytes(item).translate(None, b"\r\n ")[1:-1] in line.translate(None, b" ")


@pytest.mark.parametrize(
    "name",
    ["SYS_FILE_NAME", "sys_file_name", "SYS_FILE\\u005fNAME", "\\u0053YS_FILE_NAME", "Sys_\\u0046ile_Name"],
)
def test_a_source_cannot_set_the_file_name_in_any_spelling(name):
    """BigQuery compares names without case, and escapes are decoded."""
    [line] = split(b'{"items": [{"id": 1, "%b": "another.json"}]}' % name.encode())
    assert json.loads(line)["SYS_FILE_NAME"] == FILE
    assert set(json.loads(line)) == {"SYS_FILE_NAME", "SYS_ITEM"}


@pytest.mark.parametrize(
    "item", [b'{"id": "\xff"}', b'{"\xff": 1}', b'{"a":' * 100_000 + b"1" + b"}" * 100_000]
)
def test_an_item_that_cannot_be_decoded_is_an_invalid_response(item):
    with pytest.raises(InvalidResponse):
        SALES(b'{"items": [%b]}' % item)


def test_deeply_nested_items_are_accepted():
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    [line] = split(b'{"items": [%b]}' % deep)
    assert deep[1:] in line
    items = SALES(b'{"items": [%b]}' % deep).items
    assert create_inspector(COLUMNS, ObservedSchema(), None)(items)[0].unmapped == {"a"}


def test_numbers_keep_their_digits():
    body = b'{"items": [{"id": 12345678901234567890123, "amount": 1.50, "rate": 1e-7}]}'
    assert b'"id": 12345678901234567890123, "amount": 1.50, "rate": 1e-7}' in split(body)[0]


def test_line_breaks_between_tokens_become_spaces():
    body = b'{"items": [{\r\n  "name":\n "a\\nb"\r}]}'
    assert split(body) == [b'{"SYS_FILE_NAME":"%b","name":  "a\\nb" }\n' % FILE.encode()]


def test_the_fast_encoding_of_a_page_equals_item_by_item():
    items = [b'{"id": 1, "name": "{\\"id\\": 2}"}', b'{"id": 2, "in": {"id": 3}}', b'{"id":3}']
    body = b'{"items": [%b]}' % b", ".join(items)
    opening = b'{"SYS_FILE_NAME":"%b"' % FILE.encode()
    assert split(body) == [encode_item(item, opening) for item in items]
    assert split(body) == [opening + b"," + item[1:] + b"\n" for item in items]


@pytest.mark.parametrize(
    ("item", "fields"),
    [
        ("42", {"SYS_ITEM": 42}),
        ("null", {"SYS_ITEM": None}),
        ('["a"]', {"SYS_ITEM": ["a"]}),
        ("{}", {}),
        ("{ }", {}),
        # a source must not set the file name of its rows
        ('{"SYS_FILE_NAME": "x", "id": 1}', {"SYS_ITEM": {"SYS_FILE_NAME": "x", "id": 1}}),
    ],
)
def test_an_item_that_cannot_be_a_row_is_wrapped(item, fields):
    [line] = split(b'{"items": [%b]}' % item.encode())
    assert json.loads(line) == {"SYS_FILE_NAME": FILE} | fields


def test_totals_and_last_id_are_parsed():
    page = SALES(b'{"items": [], "total_pages": 3, "total_items": 700, "last_sales_id": 99, "page": 1}')
    assert (page.total_pages, page.total_items, page.last) == (3, 700, 99)
    page = SALES(b'{"items": []}')
    assert (page.total_pages, page.total_items, page.last) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>Back soon.</html>", "malformed"),
        (b"", "truncated"),
        (b'{"items": [{"id": 1}', "truncated"),
        (b'{"total_pages": 3}', "missing required field `items`"),
        (b'{"items": {"id": 1}}', "Expected `array | null`, got `object`"),
        (b'[{"id": 1}]', "Expected `object`, got `array`"),
        (b'{"items": [], "total_pages": "many"}', "total_pages"),
    ],
)
def test_the_error_of_an_invalid_body_has_the_reason(body, reason):
    with pytest.raises(InvalidResponse, match="items") as raised:
        SALES(body)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (b'{"id": 1}', {"id": 1, "items": [{}]}),
        (b" {} ", {"items": [{}]}),
        (b'{"id": 1, "items": []}', {"id": 1, "items": []}),  # a void
        (b'{"id": 1, "items": [{"quantity": 2}]}', {"id": 1, "items": [{"quantity": 2}]}),
        (b'{"id": 1, "items": null}', {"id": 1, "items": [{}]}),
        (b'{"items":\n null ,"id": 1.50}', {"items": [{}], "id": 1.5}),
        (b'{"id": 1, "a": {"items": null}, "items": []}', {"id": 1, "a": {"items": None}, "items": []}),
        (b'{"id": "}", "a": {"items": []}\n}', {"id": "}", "a": {"items": []}, "items": [{}]}),
        (b'"text"', {"SYS_ITEM": "text"}),
    ],
)
def test_an_item_without_a_declared_list_is_marked(item, written):
    """BigQuery stores a list that is absent or null as an empty one, which voids a sale."""
    others = [msgspec.Raw(b'{"id": 2, "items": []}'), msgspec.Raw(b"17")]
    page = encode_page([msgspec.Raw(item), *others], FILE, (), raw_schema.list_columns(COLUMNS))
    lines = [json.loads(line) for line in page.splitlines()]
    assert lines == [
        {"SYS_FILE_NAME": FILE} | row for row in (written, {"id": 2, "items": []}, {"SYS_ITEM": 17})
    ]


WRONG_IDS = [b"1e400", b"9" * 400, b'"%b"' % (b"9" * 5000), b"true", b"{}"]


@pytest.mark.parametrize("wrong", [b"5", b"null", *(b'{"id":%b}' % value for value in WRONG_IDS)])
def test_one_wrong_id_does_not_hide_the_largest_one(wrong):
    items = [msgspec.Raw(item) for item in (b'{"id":7}', b'{"id":"8"}', wrong)]
    assert create_inspector(COLUMNS, ObservedSchema(), "id")(items)[1] == 8
