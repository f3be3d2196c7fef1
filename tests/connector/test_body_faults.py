"""Bodies with faults of real servers: every row is landed as it was meant, or the page is named as unreadable."""

import gzip
import json
import zlib

import pytest

from connector.errors import InvalidResponse, SourceError

PLAIN = {"items": "items"}
ROW = b'{"id":1}'


def wrap(item):
    return b'{"items":[%b]}' % item


def rows_of(land, body, headers=None, paging=PLAIN, **endpoint):
    process, state = land(lambda *_: (200, headers or {}, body), paging, **endpoint)
    objects = [content for _, content, _ in process.store.objects.values()]
    lines = [line for content in objects for line in content.splitlines() if b"SYS_FILE_NAME" in line]
    rows = [json.loads(line, parse_int=str, parse_float=str) for line in lines]
    return [{name: value for name, value in row.items() if name != "SYS_FILE_NAME"} for row in rows], state


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-16", "é€"),
        ("utf-32", "é€"),
        ("utf-8-sig", "é€"),
        ("utf-16-le", "é€"),
        ("latin-1", "é"),
        ("cp1252", "€"),
    ],
)
def test_a_declared_charset_or_a_byte_order_mark_is_obeyed(land, charset, text):
    body = json.dumps({"items": [{"id": text}]}, ensure_ascii=False).encode(charset)
    header = {"Content-Type": f"application/json; charset={charset}"} if "sig" not in charset else {}
    rows, state = rows_of(land, body, header)
    assert rows == [{"id": text}]
    assert len(state.notes) == 1


@pytest.mark.parametrize("charset", ["latin-1", "unknown-charset", "utf-8"])
def test_a_wrong_charset_does_not_change_utf_8(land, charset):
    body = '{"items": [{"id": "é", "n": NaN}]}'.encode()
    rows, _ = rows_of(land, body, {"Content-Type": f"application/json; charset={charset}"})
    assert rows == [{"id": "é", "n": "NaN"}]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(wrap(ROW), mtime=0), None),
        (gzip.compress(wrap(ROW), mtime=0), "gzip"),
        (gzip.compress(gzip.compress(wrap(ROW), mtime=0), mtime=0), "gzip, gzip"),
        (zlib.compress(wrap(ROW)), "deflate"),
        (wrap(ROW), "br"),
    ],
)
def test_compressed_bodies(land, body, encoding):
    rows, _ = rows_of(land, body, {"Content-Encoding": encoding} if encoding else {})
    assert rows == [{"id": "1"}]


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(wrap(ROW + b"," + ROW * 900), mtime=0)[:-30],
        wrap(ROW) + b"<!-- cached -->",
        wrap(ROW) + wrap(ROW),
        wrap(b'{"id": undefined}'),
        wrap(b'{"id": 007}'),
        wrap(b'{"id": "caf\xe9"}'),
        wrap(b'{"id": "\xed\xa0\x80"}'),
        b'{"items": "none"}',
        b'{"items": {"1": {"id": 1}}}',
        b"null",
        b"",
    ],
)
def test_a_body_that_cannot_be_understood_is_an_error(land, body):
    with pytest.raises(InvalidResponse, match="no items at 'items'"):
        rows_of(land, body)


@pytest.mark.parametrize(
    ("item", "row"),
    [
        (b'{"id":NaN,"b":-Infinity,"c":+Infinity}', {"id": "NaN", "b": "-Infinity", "c": "+Infinity"}),
        (b'{"id":"a\tb\x00c"}', {"id": "a\tb\x00c"}),
        (b'{"id":"a\\u0000b"}', {"id": "a\x00b"}),
        (b'{"id":"\\ud800","\\udc00":1}', {"id": "\ufffd", "\ufffd": "1"}),
        (b'{"id":"\\ud83c\\udf4f"}', {"id": "\U0001f34f"}),
        (b'{"id":9007199254740993,"b":1E400}', {"id": "9007199254740993", "b": "1E400"}),
        (b'{"id":-0,"b":1e5,"c":0.10}', {"id": "-0", "b": "1e5", "c": "0.10"}),
        (b'{"a.b":1,"a":{"b":2}}', {"a.b": "1", "a": {"b": "2"}}),
    ],
)  # fmt: skip
def test_a_value_is_kept_or_repaired(land, item, row):
    assert rows_of(land, wrap(item))[0] == [row]


@pytest.mark.parametrize(
    ("body", "paging"),
    [
        (b'{"items":[{"id":1}],"items":[]}', PLAIN),
        (b'{"items":[],"items":[{"id":1}]}', PLAIN),
        (b'{"items":[{"id":1}],"meta":{"items":1},"items":[{"id":2}]}', PLAIN),
        (b'{"data":{"rows":[{"id":1}]},"data":{"rows":[{"id":2}]}}', {"items": "data.rows"}),
    ],
)
def test_two_lists_of_items_are_an_error(land, body, paging):
    """A parser keeps the last one: the rows of the first would be lost."""
    with pytest.raises(InvalidResponse, match="twice"):
        rows_of(land, body, paging=paging)


@pytest.mark.parametrize(
    ("body", "paging"),
    [
        (b'{"meta":{"items":1},"kind":"items","items": [ {"id":1,"items":[]} ]}', PLAIN),
        (b'{"items":[{"id":1,"note":"\\"items\\":["}]}', PLAIN),
        (b'{"a.b":[{"id":1}],"a":{"b":[{"id":2}]}}', {"items": "a.b"}),
        (b'{"data":{"rows":[{"id":1}],"data":{}}}', {"items": "data.rows"}),
        (b'{"@odata.context":"x","value":[{"id":1}]}', {"items": "value"}),
    ],
)
def test_a_key_that_is_repeated_elsewhere_is_accepted(land, body, paging):
    assert [row["id"] for row in rows_of(land, body, paging=paging)[0]] == ["1"]


@pytest.mark.parametrize("body", [b'{"total":0}', b'{"total":"0","items":{}}', b'{"total":0,"items":null}'])
def test_an_absent_list_is_empty_where_the_total_is_0(land, body):
    rows, state = rows_of(land, body, paging={"items": "items", "total_items": "total"})
    assert (rows, state.missing) == ([], None)


FAULTS = [
    {"error": "timeout, partial results"},
    {"errors": [{"message": "quota"}]},
    {"fault": {"faultstring": "spike arrest"}},
    {"success": False},
    {"ok": False},
    {"status": "error"},
    {"code": 503},
    {"error_code": 17},
    {"meta": {"error": "partial"}},
    {"timed_out": True},
    {"incomplete_results": True},
    {"success": "false"},
    {"status": "500"},
    {"meta": {"partial": "true"}},
]


@pytest.mark.parametrize("fault", [*FAULTS, {"success": 0}, {"ok": "0"}], ids=str)
def test_an_error_with_status_200_is_not_an_empty_source(land, fault):
    with pytest.raises(InvalidResponse, match="no items, but an error: "):
        rows_of(land, json.dumps({"items": []} | fault).encode())


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_an_error_beside_items_makes_the_run_incomplete(land, fault):
    rows, state = rows_of(land, json.dumps({"items": [{"id": 1}]} | fault).encode())
    assert rows == [{"id": "1"}]
    assert state.missing.startswith("page 1: ")


@pytest.mark.parametrize(
    "members",
    [
        {"error": None, "errors": []},
        {"errors": {"count": 0}, "error": "none"},
        {"success": True, "code": 200, "status": "ok"},
        {"error_code": 0, "timed_out": False, "message": "no results"},
        {"success": "true", "status": "200", "partial": "false"},
    ],
)
def test_members_that_report_success_are_ignored(land, members):
    _, state = rows_of(land, json.dumps({"items": []} | members).encode())
    assert state.missing is None


@pytest.mark.parametrize(
    ("item", "row"),
    [
        (b'{"first-name":"x"}', {"first_name": "x"}),
        (b'{"first-name":"x","first_name":"y"}', {"first-name": "x", "first_name": "y"}),
        (b'{"first-name":"x","First_Name":"y"}', {"first-name": "x", "First_Name": "y"}),
        (b'{"first-name":"x","first name":"y"}', {"first_name": "x", "first name": "y"}),
        ('{"caf\u00e9":"x","cafe\u0301":"y"}'.encode(), {"cafe": "x", "cafe\u0301": "y"}),
    ],
)
def test_renamed_fields_that_collide_keep_their_values(land, item, row):
    rename = {"first-name": "first_name", "first name": "first_name", "caf\u00e9": "cafe"}
    assert rows_of(land, wrap(item), rename=rename)[0] == [row]


@pytest.mark.parametrize(
    "item",
    [
        b'{"id":1,"id":2}',
        b'{"id": 1, "\\u0069d": 2}',
        b'{"id":10,"b":1,"c":2,"d":3,"id":11}',  # as long as its four names with blanks
    ],
)
@pytest.mark.parametrize("rename", [{}, {"x": "y"}])
def test_an_item_with_a_name_twice_is_landed_as_it_is(land, item, rename):
    """BigQuery rejects the row and gives the reason; a parser would keep one of the values."""
    process, _ = land(lambda *_: (200, {}, wrap(item)), PLAIN, rename=rename)
    [name] = process.store.names("things/in/")
    assert item[1:] in process.store.objects[name][1]


@pytest.mark.parametrize("name", ["count", "total", "has_more", "code", "error", "next"])
@pytest.mark.parametrize("value", [b"1e400", b"9" * 5000])
def test_a_number_without_limits_beside_the_items_keeps_none_of_them_out(land, name, value):
    rows, state = rows_of(land, b'{"items":[%b],"%b":%b}' % (ROW, name.encode(), value))
    assert (rows, state.missing) == ([{"id": "1"}], None)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (
            b'{"data":{"orders":null},"errors":[{"message":"x"}]}',
            "`data.orders` is null, so it has no `nodes`",
        ),
        (b'{"data":null}', "`data` is null, so it has no `orders.nodes`"),
        (b'{"data":{"orders":{}}}', "`data.orders` is an object, so it has no `nodes`"),
        (b'{"data":[{"orders":[]}]}', "`data` is a list, so it has no `orders.nodes`"),
        (b'{"data":"x"}', "`data` is a single value, so it has no `orders.nodes`"),
        (b'{"errors":[{"message":"x"}]}', "missing required field `data`"),
    ],
)
def test_an_error_names_where_the_path_of_the_items_ends(land, body, place):
    with pytest.raises(InvalidResponse, match=place):
        rows_of(land, body, paging={"items": "data.orders.nodes"})


LINES = b'{"id":1}\n{"id":2}\n'
AS_LINES = {"items": "$", "form": "lines"}


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "x-gzip"}])
def test_all_members_of_a_gzip_body_are_read(land, headers):
    body = gzip.compress(LINES, mtime=0) + gzip.compress(b'{"id":3}\n', mtime=0)
    rows, state = rows_of(land, body, headers, paging=AS_LINES)
    assert ([row["id"] for row in rows], state.missing) == (["1", "2", "3"], None)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_a_gzip_body_that_ends_between_two_lines_is_an_error(land, headers):
    """As of a server that is stopped after it has flushed some lines."""
    stream = zlib.compressobj(wbits=31)
    body = stream.compress(LINES) + stream.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(SourceError, match="no items at|end-of-stream marker"):
        rows_of(land, body, headers, paging=AS_LINES)


def test_an_error_names_an_encoding_that_was_not_requested(land):
    with pytest.raises(InvalidResponse, match="its Content-Encoding is 'br'"):
        rows_of(land, b"\x0b\x0e\x80{}\x03", {"Content-Encoding": "br"})
