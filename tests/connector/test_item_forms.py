"""Items that are an object by key, or one JSON value a line."""

import json

import pytest

from connector.errors import DeclarationError, InvalidResponse
from connector.sources import registry
from connector.sources.rest.paging import parse_paging
from connector.sources.rest.response import create_parser
from tests.connector.landing_harness import THINGS
from tests.fakes.paged_api import SIZE

ITEMS = [{"id": number} for number in range(37)]
LINES = {"items": "$", "form": "lines"}
OBJECT = {"items": "$", "form": "object"}


def parse(content, paging, headers=None):
    page = create_parser(parse_paging(paging, "paging"), None)(content, headers or {})
    return [json.loads(bytes(item)) for item in page.items], page


def to_lines(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def pages(body, start_of, more=lambda start: {}):
    def serve(api, query, headers):
        start = start_of(query)
        return 200, more(start), body(ITEMS[start : start + SIZE])

    return serve


def offset(query):
    return int(query.get("o", 0))


@pytest.mark.parametrize("total", [{}, {"total_items": "header:X-Total-Count"}])
def test_lines_in_pages(land, total):
    paging = LINES | {"offset": "o", "limit": SIZE} | total
    process, state = land(pages(to_lines, offset, lambda start: {"X-Total-Count": "37"}), paging)
    assert (process.ids(), state.missing) == (list(range(37)), None)


def test_lines_in_a_chain(land):
    serve = pages(to_lines, lambda query: int(query.get("after", -1)) + 1)
    process, state = land(serve, LINES | {"cursor": "after", "next": "last_item.id"})
    assert (process.ids(), state.missing) == (list(range(37)), None)


def test_objects_by_key_in_pages(land):
    def body(rows):
        return {"data": {f"k{row['id']}": row for row in rows}, "total": 37}

    paging = {"items": "data", "form": "object", "key_field": "code", "total_items": "total"}
    process, state = land(pages(body, offset), paging | {"offset": "o", "limit": SIZE})
    assert state.missing is None
    assert sorted((row["id"], row["code"]) for row in process.rows()) == [(n, f"k{n}") for n in range(37)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"", []),
        (b"\n\n", []),
        (b'{"id": 1}', [{"id": 1}]),
        (b'{"id": 1}\r\n\r\n{"id": 2}\r\n', [{"id": 1}, {"id": 2}]),
        (b'\xef\xbb\xbf{"id": 1}\n{"id": NaN}', [{"id": 1}, {"id": "NaN"}]),
        ('{"id": "a\\n b"}\n{"id": "é\u2028"}'.encode(), [{"id": "a\n b"}, {"id": "é\u2028"}]),
    ],
)
def test_lines(content, rows):
    assert parse(content, LINES)[0] == rows


@pytest.mark.parametrize(
    "content",
    [b'{"id": 1}\n{"id": ', b'{"id": 1}\n<html>', b'[{"id": 1}]', b'{\n "id": 1\n}', b'{"id": 1} {"id": 2}'],
)
def test_a_broken_line_or_another_form_is_an_error(content):
    with pytest.raises(InvalidResponse):
        parse(content, LINES)


def test_an_error_after_the_lines_makes_the_page_incomplete():
    rows, page = parse(b'{"id": 1}\n{"error": "query timed out"}\n', LINES)
    assert page.fault == "error: query timed out" and len(rows) == 2
    assert parse(b'{"id": 1, "error": "x"}\n{"id": 2, "error": "y"}\n', LINES)[1].fault is None


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"{}", []),
        (b"[]", []),
        (b"null", []),
        (b'{"a": {}}', [{"key": "a"}]),
        (b'{"a": { "id": 1}, "b":{"key":"b"}}', [{"key": "a", "id": 1}, {"key": "b"}]),
        (b'{"7": {"key": 7}}', [{"key": 7}]),
        (b'{"EUR": 1.10, "USD": "x"}', [{"key": "EUR", "value": 1.1}, {"key": "USD", "value": "x"}]),
    ],
)
def test_objects_by_key(content, rows):
    assert parse(content, OBJECT | {"key_field": "key"})[0] == rows


def test_the_key_is_optional():
    assert parse(b'{"a": {"id": 1}, "b": {"id": 2}}', OBJECT)[0] == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": {"id": 1}, "a": {"id": 2}}', "a key twice"),
        (b'{"a": {"key": "b"}}', "the item 'a' has another `key`"),
        (b'[{"id": 1}]', "Expected `object`"),
        (b'{"error": "rate limit"}', "an error instead of items"),
        (b'{"message": "token expired"}', "an error instead of items"),
    ],
)
def test_objects_that_would_lose_an_item_are_errors(content, reason):
    with pytest.raises(InvalidResponse, match=reason):
        parse(content, OBJECT | {"key_field": "key"})


@pytest.mark.parametrize(
    ("content", "items", "remedy"),
    [
        (b'{"a": {"id": 1}}', "$", "declare `form: object`"),
        (b'{"data": {"a": {"id": 1}}}', "data", "declare `form: object`"),
        (b'{"id": 1}\n{"id": 2}', "$", "declare `form: lines`"),
    ],
)
def test_another_form_than_declared_names_the_right_one(content, items, remedy):
    with pytest.raises(InvalidResponse, match=remedy):
        parse(content, {"items": items})


@pytest.mark.parametrize(
    ("paging", "reason"),
    [
        ({"items": "data", "form": "lines"}, "needs `items: \\$`"),
        (LINES | {"next": "next"}, "`next` cannot be at next"),
        (LINES | {"page": "n", "total_items": "total"}, "`total_items` cannot be at total"),
        ({"items": "data", "key_field": "id"}, "`key_field` needs `form: object`"),
        ({"items": "data", "form": "csv"}, "Invalid enum value 'csv'"),
    ],
)
def test_a_form_that_contradicts_the_paging_is_rejected(paging, reason):
    declared = {
        "kind": "rest",
        "url": "https://api.example",
        "paging": paging,
        "endpoints": {"things": THINGS},
    }
    with pytest.raises(DeclarationError, match=reason):
        registry.parse_source(declared, "things.yaml")


def test_the_json_schema_has_the_keys_of_all_kinds_of_paging_and_authentication():
    schemas = json.loads(registry.json_schema())["$defs"]
    source, endpoint = schemas["RestSource"]["properties"], schemas["RestEndpoint"]["properties"]
    for keys in (source["paging"]["properties"], endpoint["paging"]["properties"]):
        assert {"page", "offset", "cursor", "next", "link", "form", "key_field"} <= keys.keys()
    assert source["paging"]["properties"]["form"]["anyOf"][0]["enum"] == ["lines", "list", "object"]
    assert {"header", "query", "username", "token_url"} <= source["auth"]["properties"].keys()
