"""Files in a bucket: whole, typed, written only when their content changes."""

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.destinations.file import declaration, parquet, text
from sheets_sync.errors import BucketError, CellError, ExportError, Refused
from sheets_sync.records import written
from tests.sheets_sync.counts import counted

CSV, PARQUET = "sales/daily.csv", "sales/daily.parquet"
ROWS = [
    (date(2017, 1, 1), 3, Decimal("12.50"), 'a "quoted", line\nand another'),
    (date(2017, 1, 2), 2**60 + 1, Decimal("123456789012345678.123456789"), ""),
    (date(2017, 1, 3), None, None, None),
]


def test_a_csv_has_all_digits_and_tells_nothing_from_an_empty_text(publish, bucket):
    assert counted(publish(ROWS)) == (3, 0, 0, 0)
    assert bucket.read(CSV).body.decode() == (
        '"Day","Baskets","Revenue","Note"\r\n'
        '"2017-01-01","3","12.5","a ""quoted"", line\nand another"\r\n'
        '"2017-01-02","1152921504606846977","123456789012345678.123456789",""\r\n'
        '"2017-01-03",,,\r\n'
    )


def test_a_parquet_has_the_types_of_the_mart(publish, bucket):
    assert counted(publish(ROWS, PARQUET)) == (3, 0, 0, 0)
    table = pyarrow.parquet.read_table(io.BytesIO(bucket.read(PARQUET).body))
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
    generation = bucket.read(path).generation
    done = publish(ROWS, path)
    assert (counted(done), done.calls_needed) == ((0, 0, 0, 0), 0)
    assert bucket.read(path).generation == generation
    changed = [(date(2016, 1, 1), 1, None, None), ROWS[0], (*ROWS[1][:2], Decimal(7), "x")]
    done = publish(changed, path)
    assert counted(done) == (1, 1, 1, 0)
    assert bucket.read(path).generation != generation
    assert done.counts.updated.examples[0].key == "2017-01-02"
    assert "Revenue: 123456789012345678.123456789 → 7" in done.counts.updated.examples[0].detail
    assert "Note: " in done.counts.updated.examples[0].detail


@pytest.mark.parametrize("path", [CSV, PARQUET])
def test_another_order_is_another_content(publish, bucket, path):
    publish(ROWS, path)
    done = publish(ROWS[::-1], path)
    assert (counted(done), done.calls_needed) == ((0, 0, 0, 0), 1)


def test_bad_rows_are_left_out_and_told(publish, bucket):
    done = publish([*ROWS, ROWS[0], (None, 1, None, None)])
    assert counted(done) == (2, 0, 0, 3)
    assert {told.row.detail for told in done.told} == {"null key", "duplicate key: 2 rows have it"}
    assert counted(publish([*ROWS, ROWS[0], (None, 1, None, None)])) == (0, 0, 0, 3)


def test_a_mart_without_rows_is_a_header(publish, bucket):
    publish([])
    assert bucket.read(CSV).body == b'"Day","Baskets","Revenue","Note"\r\n'
    publish([], PARQUET)
    assert counted(publish(ROWS, PARQUET)) == (3, 0, 0, 0)


def test_an_object_that_is_not_ours_stays(publish, bucket):
    bucket.write(CSV, b"theirs", 0, "text/plain", {})
    with pytest.raises(Refused, match=r"gs://.*/sales/daily.csv was not written by sheets_sync.*--adopt"):
        publish(ROWS)
    assert bucket.read(CSV).body == b"theirs"
    assert counted(publish(ROWS, adopt=True)) == (3, 0, 0, 0)
    with pytest.raises(
        Refused, match="is written by export shop/daily. Give export shop/weekly another path"
    ):
        publish(ROWS, name="weekly", adopt=True)


def test_who_overwrites_our_object_is_refused_too(publish, bucket):
    """An upload takes our mark off."""
    publish(ROWS)
    bucket.write(CSV, b"theirs", bucket.read(CSV).generation, "text/plain", {})
    with pytest.raises(Refused, match="--adopt"):
        publish(ROWS)


def test_a_mart_that_shrank_is_refused_unless_it_is_right(publish, bucket):
    publish(ROWS)
    with pytest.raises(Refused, match=r"2 of the 3 rows that gs://.* allows 50 %"):
        publish(ROWS[:1])
    assert counted(publish(ROWS[:1], accept_shrink=True)) == (0, 0, 2, 0)


def test_two_runs_at_once_the_second_leaves_the_first_ones_work(publish, bucket, monkeypatch):
    publish(ROWS)
    seen = bucket.read(CSV)
    publish(ROWS[:2])
    monkeypatch.setattr(type(bucket), "read", lambda *arguments: seen)
    with pytest.raises(BucketError, match="was written by somebody else meanwhile"):
        publish([*ROWS, (date(2017, 1, 4), 1, None, None)])


def test_a_bucket_that_is_not_there_is_named(publish, bucket):
    bucket.name = "no-such-bucket-anywhere"
    with pytest.raises(BucketError, match="no-such-bucket-anywhere"):
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
    body = parquet.write(list(kinds), list(kinds), [list(kinds.values()), [None] * len(kinds)])
    full, empty = pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()
    assert full == kinds | {"RECORD": '{"a":[1,"2017-01-01"]}'}
    assert set(empty.values()) == {None}


def test_a_value_that_fits_into_no_parquet_is_named():
    with pytest.raises(CellError, match="Column 'Price' does not fit into Parquet's decimal128"):
        parquet.write(["Price"], ["NUMERIC"], [[Decimal("0.12345678901")]])


CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_a_csv_is_read_as_it_was_written(rows):
    records = [{"a": written(first), "b": written(second)} for first, second in rows]
    assert text.read(text.write(["a", "b"], records)) == records


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"kind": "file"}, "a file has ['kind', 'path']"),
        ({"kind": "file", "path": "a.csv", "zip": True}, "destination has ['kind', 'path', 'zip']"),
        ({"kind": "file", "path": "a.xls"}, "ending with .csv or .parquet"),
        ({"kind": "file", "path": "/a.csv"}, "a name of an object"),
        ({"kind": "file", "path": "a/../b.csv"}, "a name of an object"),
        ({"kind": "file", "path": 7}, "destination.path is 7"),
    ],
)
def test_what_is_wrong_is_said(declared, said):
    with pytest.raises(ExportError) as refused:
        declaration.read("daily.yaml", declared)
    assert str(refused.value).startswith("daily.yaml: ") and said in str(refused.value)
