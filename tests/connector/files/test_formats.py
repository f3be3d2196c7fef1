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
