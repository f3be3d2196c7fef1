"""Files in a bucket: whole, typed, written only when their content changes."""

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import StorageError
from sheets_sync.destinations.file.csv_format import read_csv, write_csv
from sheets_sync.destinations.file.parquet_format import write_parquet
from sheets_sync.errors import CellError, ExportError, Refused
from sheets_sync.export_parser import parse_export
from sheets_sync.records import encode_value
from tests.sheets_sync.file.conftest import DECLARED
from tests.sheets_sync.row_counts import count_rows

CSV, PARQUET = "sales/daily.csv", "sales/daily.parquet"
ROWS = [
    (date(2017, 1, 1), 3, Decimal("12.50"), 'a "quoted", line\nand another'),
    (date(2017, 1, 2), 2**60 + 1, Decimal("123456789012345678.123456789"), ""),
    (date(2017, 1, 3), None, None, None),
]


def test_a_csv_has_all_digits_and_null_differs_from_an_empty_text(publish, bucket):
    assert count_rows(publish(ROWS)) == (3, 0, 0, 0)
    assert bucket.read_current(CSV).content.decode() == (
        '"Day","Baskets","Revenue","Note"\r\n'
        '"2017-01-01","3","12.5","a ""quoted"", line\nand another"\r\n'
        '"2017-01-02","1152921504606846977","123456789012345678.123456789",""\r\n'
        '"2017-01-03",,,\r\n'
    )


def test_a_parquet_has_the_types_of_the_mart(publish, bucket):
    assert count_rows(publish(ROWS, PARQUET)) == (3, 0, 0, 0)
    table = pyarrow.parquet.read_table(io.BytesIO(bucket.read_current(PARQUET).content))
    assert [str(kind) for kind in table.schema.types] == [
        "date32[day]",
        "int64",
        "decimal128(38, 9)",
        "string",
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == ROWS


@pytest.mark.parametrize("path", [CSV, PARQUET])
def test_only_another_content_is_written(publish, bucket, path):
    publish(ROWS, path)
    generation = bucket.read_current(path).generation
    done = publish(ROWS, path)
    assert (count_rows(done), done.calls_needed) == ((0, 0, 0, 0), 0)
    assert bucket.read_current(path).generation == generation
    changed = [(date(2016, 1, 1), 1, None, None), ROWS[0], (*ROWS[1][:2], Decimal(7), "x")]
    done = publish(changed, path)
    assert count_rows(done) == (1, 1, 1, 0)
    assert bucket.read_current(path).generation != generation
    assert done.counts.updated.examples[0].key == "2017-01-02"
    assert "Revenue: 123456789012345678.123456789 → 7" in done.counts.updated.examples[0].detail
    assert "Note: " in done.counts.updated.examples[0].detail


@pytest.mark.parametrize("path", [CSV, PARQUET])
def test_another_order_is_another_content(publish, bucket, path):
    publish(ROWS, path)
    done = publish(ROWS[::-1], path)
    assert (count_rows(done), done.calls_needed) == ((0, 0, 0, 0), 1)


def test_bad_rows_are_left_out_and_reported(publish, bucket):
    done = publish([*ROWS, ROWS[0], (None, 1, None, None)])
    assert count_rows(done) == (2, 0, 0, 3)
    assert {reported.row.detail for reported in done.issues} == {"null key", "duplicate key: 2 rows have it"}
    assert count_rows(publish([*ROWS, ROWS[0], (None, 1, None, None)])) == (0, 0, 0, 3)


def test_a_mart_without_rows_is_a_header(publish, bucket):
    publish([])
    assert bucket.read_current(CSV).content == b'"Day","Baskets","Revenue","Note"\r\n'
    publish([], PARQUET)
    assert count_rows(publish(ROWS, PARQUET)) == (3, 0, 0, 0)


def test_an_object_that_is_not_ours_stays(publish, bucket):
    bucket.replace(CSV, b"theirs", 0)
    with pytest.raises(Refused, match=r"gs://.*/sales/daily.csv was not written by sheets_sync.*--adopt"):
        publish(ROWS)
    assert bucket.read_current(CSV).content == b"theirs"
    assert count_rows(publish(ROWS, adopt=True)) == (3, 0, 0, 0)
    with pytest.raises(
        Refused, match="is written by export shop/daily. Give export shop/weekly another path"
    ):
        publish(ROWS, name="weekly", adopt=True)


def test_who_overwrites_our_object_is_refused_too(publish, bucket):
    """An upload takes our mark off."""
    publish(ROWS)
    bucket.replace(CSV, b"theirs", bucket.read_current(CSV).generation)
    with pytest.raises(Refused, match="--adopt"):
        publish(ROWS)


def test_a_mart_that_shrank_is_refused_unless_it_is_right(publish, bucket):
    publish(ROWS)
    with pytest.raises(Refused, match=r"2 of the 3 rows that gs://.* allows 50 %"):
        publish(ROWS[:1])
    assert count_rows(publish(ROWS[:1], accept_row_loss=True)) == (0, 0, 2, 0)


def test_two_runs_at_once_the_second_leaves_the_first_ones_work(publish, bucket, monkeypatch):
    publish(ROWS)
    seen = bucket.read_current(CSV)
    publish(ROWS[:2])
    monkeypatch.setattr(type(bucket), "read_current", lambda *arguments: seen)
    with pytest.raises(StorageError, match="was written by another process meanwhile"):
        publish([*ROWS, (date(2017, 1, 4), 1, None, None)])


def test_a_bucket_that_is_not_there_is_named(publish, bucket):
    bucket.bucket = "no-such-bucket-anywhere"
    bucket.objects = "/storage/v1/b/no-such-bucket-anywhere/o"
    with pytest.raises(StorageError, match="no-such-bucket-anywhere"):
        publish(ROWS)


def test_every_type_of_bigquery_has_one_in_parquet():
    kinds = {
        "INTEGER": 7,
        "FLOAT": 0.5,
        "NUMERIC": Decimal("1.5"),
        "BIGNUMERIC": Decimal("1e-20"),
        "BOOLEAN": True,
        "DATE": date(2017, 1, 1),
        "DATETIME": datetime(2017, 1, 1, 12),  # noqa: DTZ001 (a DATETIME has no zone)
        "TIMESTAMP": datetime(2017, 1, 1, 12, tzinfo=UTC),
        "TIME": time(12, 30),
        "BYTES": b"\x00",
        "STRING": "x",
        "RECORD": {"a": [1, date(2017, 1, 1)]},
    }
    body = write_parquet(list(kinds), list(kinds), [list(kinds.values()), [None] * len(kinds)])
    full, empty = pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()
    assert full == kinds | {"RECORD": '{"a":[1,"2017-01-01"]}'}
    assert set(empty.values()) == {None}


def test_a_value_that_fits_into_no_parquet_is_named():
    with pytest.raises(CellError, match="Column 'Price' does not fit into Parquet's decimal128"):
        write_parquet(["Price"], ["NUMERIC"], [[Decimal("0.12345678901")]])


CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_a_csv_is_read_as_it_was_written(rows):
    records = [{"a": encode_value(first), "b": encode_value(second)} for first, second in rows]
    assert read_csv(write_csv(["a", "b"], records)) == records


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"kind": "file"}, "missing required field `path`. Allowed keys: kind, path."),
        ({"kind": "file", "path": "a.csv", "zip": True}, "unknown field `zip`. Allowed keys: kind, path."),
        ({"kind": "file", "path": "a.xls"}, "'a.xls', expected the name of an object"),
        ({"kind": "file", "path": "/a.csv"}, "ending with .csv or .parquet"),
        ({"kind": "file", "path": "a/../b.csv"}, "expected the name of an object"),
        ({"kind": "file", "path": "../b.csv"}, "expected the name of an object"),
        ({"kind": "file", "path": 7}, "destination.path is 7, expected the name of an object"),
    ],
)
def test_an_invalid_destination_is_rejected(declared, message):
    with pytest.raises(ExportError) as error:
        parse_export("daily", "daily.yaml", DECLARED | {"destination": declared})
    assert str(error.value).startswith("daily.yaml: destination") and message in str(error.value)
