"""JSON lines, JSON arrays and Parquet: in a column of type STRING every value is text."""

import datetime
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.connector.files.harness import values

ITEMS = [
    '{"id": 1, "name": "Anna", "amount": 1.10}',
    '{"id": "2", "name": {"first": "Bo", "tags": [1, 2.50]}, "amount": 1e400}',
    '{"id": 3, "name": null, "amount": true}',
]
ROWS = [
    ("1", "Anna", "1.10"),
    ("2", '{"first": "Bo", "tags": [1, 2.50]}', "1e400"),
    ("3", None, "true"),
]


def test_json_lines_keep_the_digits_of_the_file(local, folder):
    local.endpoint["format"] = {"ndjson": {}}
    (folder / "a.json").write_text("\ufeff" + "\n".join([ITEMS[0], "", *ITEMS[1:]]), encoding="utf-8")
    rows = local.copy()
    assert values(rows, "id", "name", "amount") == ROWS
    assert [row["SYS_SOURCE_LINE"] for row in rows] == ["1", "3", "4"]


def test_json_arrays(local, folder):
    local.endpoint |= {"format": {"json": None}, "rename": {"key": "id"}}
    (folder / "a.json").write_text("[" + ",\n".join(ITEMS).replace('"id"', '"key"') + "]")
    (folder / "empty.json").write_text(" ")
    (folder / "none.json").write_text("[]")
    assert values(local.copy(), "id", "name", "amount") == ROWS


def test_a_field_without_a_name(local, folder):
    local.endpoint["format"] = {"ndjson": {}}
    (folder / "a.json").write_text('{"id": 1, "": 2}\n{"id": 2, "": "x", "a.b": 3}\n')
    assert values(local.copy(), "id", "", "a.b") == [("1", 2, None), ("2", "x", 3)]
    assert local.rejects() == []


def test_a_reason_that_is_not_a_text(local, folder):
    local.endpoint["format"] = {"ndjson": {"reject": "WHY"}}
    (folder / "a.json").write_text('{"id": 1, "WHY": 7}\n{"id": 2}\n')
    assert values(local.copy(), "id") == [("2",)]
    assert [reject["reason"] for reject in local.rejects()] == ["7"]


def test_a_field_whose_new_name_is_taken_keeps_its_own(local, folder):
    local.endpoint |= {"format": {"ndjson": {}}, "rename": {"title": "name"}}
    (folder / "a.json").write_text('{"id": "1", "name": "a", "title": "b"}')
    assert values(local.copy(), "id", "name", "title") == [("1", "a", "b")]
    assert "without a column in raw, kept in the files: title" in local.notes


def test_bad_json_lines_are_rejects(local, folder):
    local.endpoint["format"] = {"ndjson": {}}
    content = b"\n".join([ITEMS[0].encode(), b'{"id": 2', b"[1]", b'{"id": "\xe9"}', ITEMS[2].encode()])
    (folder / "a.json").write_bytes(content)
    assert values(local.copy(), "id") == [("1",), ("3",)]
    assert [reject["number"] for reject in local.rejects()] == [2, 3, 4]


def test_json_that_is_nested_too_deeply_does_not_stop_the_others(local, folder):
    local.endpoint["format"] = {"ndjson": {}}
    deep = "[" * 100_000 + "]" * 100_000
    (folder / "a.json").write_text(f'{{"id": "1", "name": {deep}}}\n{{"id": "2"}}\n')
    assert values(local.copy(), "id") == [("2",)]
    [reject] = local.rejects()
    assert (reject["number"], "recursion" in reject["reason"]) == (1, True)
    local.endpoint["format"] = {"json": {}}
    (folder / "a.json").write_text(f'[{{"id": "1", "name": {deep}}}]')
    (folder / "b.json").write_text('[{"id": "3"}]')
    rows, message = local.copy_incomplete()
    assert values(rows, "id") == [("3",)]
    assert "a.json: not a JSON array: maximum recursion depth" in message


@pytest.mark.parametrize("content", ['{"id": 1}', '[{"id": 1}', "not json"])
def test_a_file_that_is_not_an_array_is_unreadable(local, folder, content):
    local.endpoint["format"] = {"json": {}}
    (folder / "a.json").write_text(content)
    rows, message = local.copy_incomplete()
    assert rows == []
    assert "not a JSON array" in message


def test_large_json_lines_are_read_in_parts(local, folder):
    local.endpoint["format"] = {"ndjson": {}}
    (folder / "a.json").write_text("".join(f'{{"id": {n}}}\n' for n in range(500)))
    local.part_bytes = 100
    assert len(local.plan().parts) > 10
    rows = local.copy()
    assert sorted(int(row["id"]) for row in rows) == list(range(500))
    assert all(int(row["SYS_SOURCE_LINE"]) == int(row["id"]) + 1 for row in rows)


def write_parquet(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)


def test_parquet_values_become_exact_text(local, folder):
    local.endpoint["format"] = {"parquet": {}}
    local.columns += [{"name": name, "type": "STRING"} for name in ("at", "day", "tags", "blob", "f")]
    moment = datetime.datetime(9999, 12, 31, 23, 59, 59, 123456, tzinfo=datetime.UTC)
    columns = {
        "id": pa.array([9007199254740993, None], pa.int64()),
        "amount": pa.array([decimal.Decimal("12345678901234567890.1234567890"), None], pa.decimal128(38, 10)),
        "at": pa.array([moment, None], pa.timestamp("us", tz="UTC")),
        "day": pa.array([datetime.date(1, 1, 1), None]),
        "name": pa.array(["ä", None]).dictionary_encode(),
        "tags": pa.array([{"d": decimal.Decimal("1.10"), "l": [1, None], "f": float("nan")}, None]),
        "blob": pa.array([b"\xff\x00", None]),
        "f": pa.array([float("inf"), None]),
    }
    write_parquet(folder / "a.parquet", columns)
    first, second = local.copy()
    del first["SYS_FILE_NAME"], first["SYS_SOURCE_FILE"]
    assert json.loads(first.pop("tags")) == {"d": "1.10", "l": [1, None], "f": "nan"}
    assert first == {
        "id": "9007199254740993",
        "amount": "12345678901234567890.1234567890",
        "at": "9999-12-31 23:59:59.123456Z",
        "day": "0001-01-01",
        "name": "ä",
        "blob": "/wA=",
        "f": "inf",
        "SYS_SOURCE_LINE": "1",
    }
    assert all(second[name] is None for name in columns)


def test_parquet_int96_outside_of_nanoseconds(local, folder):
    """A reader that takes int96 as nanoseconds turns the year 3000 into another one without an error."""
    local.endpoint["format"] = {"parquet": {}}
    at = pa.array([datetime.datetime(3000, 1, 2, 3, 4, 5, 6)], pa.timestamp("us"))  # noqa: DTZ001
    write_parquet(folder / "a.parquet", {"id": ["1"], "name": at}, use_deprecated_int96_timestamps=True)
    assert values(local.copy(), "name") == [("3000-01-02 03:04:05.000006",)]


def test_a_parquet_column_without_a_value_stays_null(local, folder):
    local.endpoint["format"] = {"parquet": {}}
    write_parquet(folder / "a.parquet", {"id": ["1"], "name": pa.nulls(1)})
    write_parquet(folder / "b.parquet", {"id": ["2"], "name": [2.5]})
    assert values(local.copy(), "id", "name") == [("1", None), ("2", "2.5")]


def test_an_invalid_parquet_file_is_unreadable(local, folder):
    local.endpoint["format"] = {"parquet": {}}
    (folder / "a.parquet").write_bytes(b"PAR1 nonsense")
    rows, message = local.copy_incomplete()
    assert rows == []
    assert "not a readable Parquet file" in message


def test_two_parquet_columns_of_one_name_in_raw_are_unreadable(local, folder):
    local.endpoint |= {"format": {"parquet": {}}, "rename": {"title": "name"}}
    pq.write_table(pa.table({"id": ["1"], "name": ["a"], "title": ["b"]}), folder / "a.parquet")
    rows, message = local.copy_incomplete()
    assert (rows, "several columns become name in raw" in message) == ([], True)


def test_a_parquet_text_that_is_not_utf8_is_a_reject_with_its_row(local, folder):
    """Some writers do not check their texts."""
    local.endpoint["format"] = {"parquet": {}}
    texts = pa.array([b"a", b"caf\xe9", b"b", None])
    nested = pa.array([[b"a"], [], [b"\xff"], None]).cast(pa.list_(pa.binary()))
    columns = {"id": ["1", "2", "3", "4"], "name": texts.view(pa.string()), "amount": nested}
    columns["amount"] = pa.ListArray.from_arrays(nested.offsets, nested.values.view(pa.string()))
    write_parquet(folder / "a.parquet", columns)
    rows = local.copy()
    assert values(rows, "id", "name", "SYS_SOURCE_LINE") == [("1", "a", "1"), ("4", None, "4")]
    assert [(reject["number"], reject["line"]) for reject in local.rejects()] == [
        (2, "b'caf\\xe9'"),
        (3, "b'\\xff'"),
    ]


UUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        # Of a zone that BigQuery or this machine does not know.
        (pa.array([1], pa.timestamp("ns", "Europe/Paris")), ["1970-01-01 00:00:00.000000001Z"]),
        (pa.array([0], pa.timestamp("us", "Mars/Olympus")), ["1970-01-01 00:00:00.000000Z"]),
        (pa.array([b"\xff", None], pa.binary_view()), ["/w==", None]),
        (pa.array([bytes.fromhex(UUID.replace("-", "")), None], pa.uuid()), [UUID, None]),
        (pa.array(["a\0", None], pa.large_string()), ["a\0", None]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([1.5, -0.0], pa.float16()), ["1.5", "-0"]),
        (pa.array([b"\xff\0"], pa.binary(2)), ["/wA="]),
        (pa.array([86_399_999_999_999], pa.time64("ns")), ["23:59:59.999999999"]),
        (pa.array([decimal.Decimal("-1E-30")], pa.decimal256(76, 30)), ["-1E-30"]),
        (pa.array([[UUID], None]), [f'["{UUID}"]', None]),
    ],
)
def test_odd_parquet_types(local, folder, column, texts):
    local.endpoint["format"] = {"parquet": {}}
    write_parquet(folder / "a.parquet", {"id": [str(n) for n in range(len(texts))], "name": column})
    assert [row["name"] for row in local.copy()] == texts


NESTED = pa.struct(
    [
        ("at", pa.timestamp("ns")),
        ("clock", pa.time64("ns")),
        ("took", pa.duration("ns")),
        ("day", pa.date32()),
        ("price", pa.decimal256(76, 2)),
        ("ratio", pa.float32()),
        ("raw", pa.binary()),
        ("sizes", pa.map_(pa.string(), pa.uint64())),
        ("grid", pa.list_(pa.list_(pa.int8(), 2))),
    ]
)


def test_nested_parquet_values_keep_nanoseconds_and_far_years(local, folder):
    """Python's types end at microseconds and at the year 9999; a value beyond them must not lose the file."""
    local.endpoint["format"] = {"parquet": {}}
    item = {
        "at": 1_700_000_000_000_000_001,
        "clock": 3_600_000_000_001,
        "took": 1,
        "day": 2_932_897,
        "price": decimal.Decimal("1" * 60 + ".10"),
        "ratio": 0.1,
        "raw": b"\xff",
        "sizes": [("k", 2**64 - 1), ("k", None)],
        "grid": [[1, 2], None],
    }
    names = pa.array([[item, None, dict.fromkeys(item)], [], None], pa.list_(NESTED))
    write_parquet(folder / "a.parquet", {"id": ["1", "2", "3"], "name": names})
    first, second, third = [row["name"] for row in local.copy()]
    assert (second, third) == ("[]", None)
    value, *others = json.loads(first)
    assert others == [None, dict.fromkeys(item)]
    assert value == {
        "at": "2023-11-14 22:13:20.000000001",
        "clock": "01:00:00.000000001",
        "took": "1",
        "day": "10000-01-01",
        "price": "1" * 60 + ".10",
        "ratio": 0.1,
        "raw": "/w==",
        "sizes": [["k", 2**64 - 1], ["k", None]],
        "grid": [[1, 2], None],
    }


def test_a_parquet_column_may_have_another_type_in_each_file(local, folder):
    local.endpoint["format"] = {"parquet": {}}
    write_parquet(folder / "a.parquet", {"id": [1], "name": pa.array([1], pa.timestamp("ns"))})
    write_parquet(folder / "b.parquet", {"id": ["x"], "name": [[1.5]]})
    assert values(local.copy(), "id", "name") == [("1", "1970-01-01 00:00:00.000000001"), ("x", "[1.5]")]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json", "parquet"])
def test_a_file_of_no_bytes_is_complete(local, folder, kind):
    local.endpoint["format"] = {kind: {}}
    (folder / "in_$folder$").write_bytes(b"")
    assert local.copy() == []
    assert local.warehouse.runs[-1].status == "success"


def test_a_parquet_file_without_the_key_is_unreadable(local, folder):
    local.endpoint["format"] = {"parquet": {}}
    write_parquet(folder / "a.parquet", {"name": ["x"]})
    rows, message = local.copy_incomplete()
    assert (rows, "no column 'id', the key; its columns are: 'name'" in message) == ([], True)


@pytest.mark.parametrize(("kind", "text"), [("ndjson", "{}\n{}"), ("json", "[{},{}]")])
def test_an_object_with_a_name_twice_is_a_reject(local, folder, kind, text):
    local.endpoint["format"] = {kind: {}}
    items = ('{"id": 1, "name": "a", "name": "b"}', '{"id": 9007199254740993}')
    (folder / "a.json").write_text(text.format(*items))
    assert values(local.copy(), "id") == [("9007199254740993",)]
    [reject] = local.rejects()
    assert (reject["number"], reject["reason"]) == (
        1,
        "a name is twice in the object, of which one value would be lost",
    )


def test_a_trailing_comma_is_named_with_its_place(local, folder):
    local.endpoint["format"] = {"json": {}}
    (folder / "a.json").write_text('[{"id":1},]')
    rows, message = local.copy_incomplete()
    assert (rows, "not a JSON array: JSON is malformed: trailing comma in array" in message) == ([], True)


NOT_JSON = [
    '{"id": 1, "name": NaN, "amount": 1.10}',
    '{"id": 2, "name": "NaN \\ud800", "amount": -Infinity}',
    '{"id": 3, "name": "a\tb", "amount": [Infinity, 2.50]}',
]


@pytest.mark.parametrize(
    ("form", "start", "between", "end"), [("json", "[", ",\n", "]"), ("ndjson", "", "\n", "")]
)
def test_values_that_json_forbids_are_repaired(local, folder, form, start, between, end):
    """As Python, R and many servers write them: one NaN must not keep its row or its file out."""
    local.endpoint["format"] = {form: {}}
    (folder / "a.json").write_text(start + between.join([*NOT_JSON, ITEMS[0].replace("1", "4", 1)]) + end)
    assert values(local.copy(), "id", "name", "amount") == [
        ("1", "NaN", "1.10"),
        ("2", "NaN \ufffd", "-Infinity"),
        ("3", "a\tb", '["Infinity", 2.50]'),
        ("4", "Anna", "1.10"),
    ]
    assert "a.json: invalid JSON was repaired (NaN, surrogate or control character)" in local.notes


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_an_array_with_a_byte_order_mark(local, folder, encoding):
    local.endpoint["format"] = {"json": {}}
    (folder / "a.json").write_bytes(f"[{ITEMS[0]}]".encode(encoding))
    assert values(local.copy(), "id", "name", "amount") == [ROWS[0]]
