"""A table of raw as an export's source: the newest rows, typed."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync import raw_table, records
from sheets_sync.destinations.sheets.desired.cells import to_cell
from sheets_sync.errors import CellError, WarehouseError
from sheets_sync.export_parser import parse_export
from sheets_sync.raw_table import InvalidValue
from sheets_sync.warehouse import Warehouse
from tests.dataform.test_typing import TIMES

DECLARED = {
    "table": "raw.prices",
    "tab": "Prices",
    "mode": "mirror",
    "key": ["sku"],
    "columns": {
        "sku": {"header": "Product", "type": "INT64"},
        "price": {"header": "Price", "type": "NUMERIC"},
        "name": {"header": "Name"},
    },
    "order": ["price desc"],
}
OLD, NEW = "0197a0b1-c2d3-7", "0197a0b1-c2d4-7"


@pytest.fixture
def prices():
    return parse_export("prices", "prices.yaml", DECLARED)


@pytest.fixture
def load(cloud):
    """Rows of (run, page, sku, price, name), loaded some days ago."""
    columns = "sku STRING, price STRING, name STRING, SYS_DATE_CREATE TIMESTAMP, SYS_FILE_NAME STRING"
    cloud.bigquery.query_and_wait("CREATE SCHEMA IF NOT EXISTS raw")
    cloud.bigquery.query_and_wait(f"CREATE OR REPLACE TABLE raw.prices ({columns})")

    def insert(rows, days=0):
        moment = datetime.now(UTC) - timedelta(days=days)
        for run, page, *texts in rows:
            file = f"prices_20261121_1200_{run}{page:03d}-8{page:03d}-{page:012d}.json"
            values = [*texts, moment.isoformat(), file]
            message = ", ".join("NULL" if value is None else f"'{value}'" for value in values)
            cloud.bigquery.query_and_wait(f"INSERT INTO raw.prices VALUES ({message})")

    return insert


def test_the_newest_copy_is_in_force(cloud, prices, load):
    load([(OLD, 1, "1", "1.00", "gone"), (OLD, 1, "2", "2.00", "old")], days=1)
    load([(NEW, 1, "2", "10.50", "new"), (NEW, 2, "3", "9.75", None), (NEW, 2, "3", "9.75", None)])
    mart = Warehouse(cloud.bigquery).read_mart(prices)
    assert mart.rows == [(2, Decimal("10.50"), "new"), (3, Decimal("9.75"), None)]
    assert mart.types == {"sku": "INT64", "price": "NUMERIC", "name": "STRING"}


def test_of_an_incremental_copy_the_newest_row_of_each_key(cloud, load):
    export = parse_export("prices", "prices.yaml", DECLARED | {"copied": "incremental"})
    load([(OLD, 1, "1", "1.00", "still"), (OLD, 1, "2", "2.00", "old")], days=400)
    load([(NEW, 1, "2", "10.50", "new")])
    mart = Warehouse(cloud.bigquery).read_mart(export)
    assert mart.rows == [(2, Decimal("10.50"), "new"), (1, Decimal("1.00"), "still")]


def test_a_copy_that_needs_more_memory_than_the_job_has_is_an_error(cloud, prices, load):
    load([(NEW, 1, "1", "1.00", "a"), (NEW, 1, "2", "2.00", "b")])
    with pytest.raises(WarehouseError, match="2 rows of 3 columns, .* about 140 MB; the job has 140 MB"):
        Warehouse(cloud.bigquery, memory_limit=140_000_500).read_mart(prices)


def test_a_copy_that_is_too_old_is_not_read(cloud, prices, load):
    load([(OLD, 1, "1", "1.00", "old")], days=36)
    with pytest.raises(
        WarehouseError, match="raw.prices has no rows of the last 35 days. Check that its endpoint is still"
    ):
        Warehouse(cloud.bigquery).read_mart(prices)


def test_a_table_that_is_not_there_is_named(cloud):
    export = parse_export("prices", "prices.yaml", DECLARED | {"table": "raw.nothing"})
    with pytest.raises(
        WarehouseError, match="There is no table raw.nothing .* Declare it in connector/sources"
    ):
        Warehouse(cloud.bigquery).read_mart(export)


def test_a_row_that_cannot_be_typed_is_rejected_wherever_it_goes(cloud, prices, load):
    load([(NEW, 1, "1", "cheap", "a"), (NEW, 1, "x", "1", "b"), (NEW, 1, "3", "3", "c")])
    mart = Warehouse(cloud.bigquery).read_mart(prices)
    result = records.build_records(prices, mart)
    assert {item.detail for item in result.rejected} == {
        "'cheap' is not a valid NUMERIC",
        "'x' is not a valid INT64",
    }
    assert list(result.rows) == [("3",)]
    with pytest.raises(CellError, match="'cheap' is not a valid NUMERIC"):
        to_cell(InvalidValue("cheap", "NUMERIC"), ZoneInfo("Etc/GMT"))


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (" 7 ", "INT64", 7),
        ("7.0", "INT64", None),
        ("9223372036854775808", "INT64", None),
        ("0x1F", "INT64", None),
        ("12.50", "NUMERIC", Decimal("12.50")),
        ("1e3", "FLOAT64", 1000.0),
        ("NaN", "FLOAT64", None),
        ("1,5", "NUMERIC", None),
        (
            "-99999999999999999999999999999.999999999",
            "NUMERIC",
            Decimal("-99999999999999999999999999999.999999999"),
        ),
        ("100000000000000000000000000000", "NUMERIC", None),
        ("0.1234567891", "NUMERIC", None),
        ("0.1000000000", "NUMERIC", Decimal("0.1")),
        ("1e-999999999", "NUMERIC", None),
        ("0e-999999999", "NUMERIC", Decimal(0)),
        ("1e999", "NUMERIC", None),
        ("1e999999999999999999999", "NUMERIC", None),
        ("1e999", "FLOAT64", None),
        ("TRUE", "BOOL", True),
        ("yes", "BOOL", None),
        ("2017-01-31", "DATE", date(2017, 1, 31)),
        ("2017-02-30", "DATE", None),
        ("2017-01-31T12:00:00", "DATETIME", datetime(2017, 1, 31, 12)),  # noqa: DTZ001
        ("2017-01-31T12:00:00Z", "DATETIME", None),
        ("2017-01-31T12:00:00Z", "TIMESTAMP", datetime(2017, 1, 31, 12, tzinfo=UTC)),
        ("2017-01-31 12:00:00", "TIMESTAMP", datetime(2017, 1, 31, 12, tzinfo=UTC)),
        ("20170105", "DATE", None),
        ("2017-W01-4", "DATE", None),
        ("2017-01-05T10:00:00", "DATE", None),
        ("20170131T120000", "DATETIME", None),
        ("2017-01-31 24:00", "DATETIME", datetime(2017, 2, 1)),  # noqa: DTZ001
        ("2017-01-31", "TIMESTAMP", datetime(2017, 1, 31, tzinfo=UTC)),
        ("12:30", "TIME", time(12, 30)),
        ("1230", "TIME", None),
        ("12:30:00,5", "TIME", None),
        ("12:30:00+02:00", "TIME", None),
        ("soon", "TIME", None),
    ],
)
def test_texts_become_values_or_say_what_they_are_not(text, kind, expected):
    result = raw_table.convert_text(text, kind)
    assert result == (InvalidValue(text, kind) if expected is None else expected)


def test_a_moment_is_the_one_that_a_model_reads():
    # A date is a moment here only, as in BigQuery's cast.
    for text, micros in TIMES.items():
        if text and text.strip() and text != "2017-01-05":
            expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros or 0)
            result = raw_table.convert_text(text, "TIMESTAMP")
            assert result == (InvalidValue(text, "TIMESTAMP") if micros is None else expected)


def test_blanks_are_nothing_but_a_text_is_a_text():
    assert [raw_table.convert_text(text, "INT64") for text in (None, "", "  ")] == [None, None, None]
    assert [raw_table.convert_text(text, "STRING") for text in (None, "", "  ")] == [None, "", "  "]
    assert raw_table.convert_text([{"a": "1"}], "INT64") == [{"a": "1"}]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**28), max_value=10**28, places=9))
def test_a_numeric_keeps_every_digit(value):
    assert raw_table.convert_text(str(value), "NUMERIC") == value
    assert Decimal(records.encode_value(value)) == value
