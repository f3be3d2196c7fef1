"""One mart for several sheets, from one declaration; and exports that are not due in every run."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from sheets_sync import exports, sync
from sheets_sync.errors import ExportError, WarehouseError
from sheets_sync.export_parser import parse_export
from sheets_sync.outcome import Outcome
from sheets_sync.schedule import DAYS, Schedule
from sheets_sync.warehouse import Warehouse

FILE = """
table: sales
tab: Sales of {segment}
mode: mirror
key: [day]
columns: {day: {header: Day}, revenue: {header: Revenue}}
segments: {column: store, values: {berlin: Berlin, paris: "Paris'); DROP"}}
"""
NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sales.yaml").write_text(FILE)
    (tmp_path / "other.yaml").write_text(FILE.split("segments")[0])
    (tmp_path / "broken.yaml").write_text("segments: [")
    return tmp_path


def test_segments_are_exports_of_their_own(folder: Path) -> None:
    assert exports.list_exports(folder) == ["broken", "other", "sales_berlin", "sales_paris"]
    export = exports.load_export("sales_berlin", folder)
    assert (export.name, export.tab, export.row_filter) == (
        "sales_berlin",
        "Sales of berlin",
        {"store": ("Berlin",)},
    )
    with pytest.raises(ExportError, match="There is no export 'sales'"):
        exports.load_export("sales", folder)


def test_a_name_that_two_files_declare_is_an_error(folder: Path) -> None:
    (folder / "sales_paris.yaml").write_text(FILE.split("segments")[0])
    with pytest.raises(ExportError, match="sales_paris is declared by sales.yaml and sales_paris.yaml"):
        exports.load_export("sales_paris", folder)


@pytest.fixture
def marts(cloud):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.sales AS SELECT DATE '2017-01-01' AS day, 'Berlin' AS store, 1 AS revenue, "
        "TRUE AS open UNION ALL SELECT DATE '2017-01-02', 'Berlin', 2, FALSE "
        "UNION ALL SELECT DATE '2017-01-01', 'Paris', 3, TRUE"
    )
    yield Warehouse(cloud.bigquery)
    cloud.bigquery.query_and_wait("DROP TABLE dmt.sales")


def declared(**more: object) -> dict[str, object]:
    columns = {"day": {"header": "Day"}, "revenue": {"header": "Revenue"}}
    return {"table": "sales", "tab": "Sales", "mode": "mirror", "key": ["day"], "columns": columns} | more


@pytest.mark.parametrize(
    ("where", "revenues"),
    [
        ({"store": "Berlin"}, [1, 2]),
        ({"store": ["Berlin", "Rome"], "day": "2017-01-02"}, [2]),
        ({"revenue": [2, 3]}, [3, 2]),
        ({"open": False}, [2]),
        ({"store": "' OR TRUE --"}, []),
    ],
)
def test_where_selects_rows_by_value(marts, where, revenues):
    export = parse_export("sales", "sales.yaml", declared(where=where))
    assert [row[1] for row in marts.read_mart(export).rows] == revenues


def test_a_filter_on_a_missing_column_is_an_error(marts):
    export = parse_export("sales", "sales.yaml", declared(where={"shop": "Berlin"}))
    with pytest.raises(WarehouseError, match="uses columns that dmt.sales does not have: shop"):
        marts.read_mart(export)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("where", ["store"], "where is \\['store'\\], expected a mapping"),
        ("where", {"store": []}, "where.store is \\[\\], expected a text"),
        ("where", {"day": date(2017, 1, 1)}, "Write a date in quotes"),
        ("segments", {"column": "store"}, "segments: Object missing required field `values`"),
        ("schedule", {"hours": []}, "schedule.hours is \\[\\], expected a list of hours"),
        ("schedule", {"hours": [24]}, "schedule.hours is 24, expected an hour from 0 to 23"),
        ("schedule", {"hours": [1], "days": ["monday"]}, "schedule.days is 'monday', expected one of mon"),
        ("schedule", {"hours": [1], "zone": "Berlin"}, "schedule.zone is 'Berlin', expected a time zone"),
    ],
)
def test_an_invalid_part_is_named(part, value, message):
    with pytest.raises(ExportError, match=message):
        parse_export("sales", "sales.yaml", declared(**{part: value}))


@pytest.mark.parametrize(
    ("hours", "days", "zone", "slot"),
    [
        ((6, 18), DAYS, "Etc/UTC", datetime(2026, 11, 25, 6, tzinfo=UTC)),
        ((13,), DAYS, "Etc/UTC", datetime(2026, 11, 24, 13, tzinfo=UTC)),
        ((13,), DAYS, "Europe/Berlin", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ((6,), ("thu",), "Etc/UTC", datetime(2026, 11, 19, 6, tzinfo=UTC)),
        ((13,), ("wed",), "Etc/UTC", datetime(2026, 11, 18, 13, tzinfo=UTC)),
    ],
)
def test_the_last_slot_is_the_latest_that_has_begun(hours, days, zone, slot):
    assert Schedule(hours, days, zone).last_slot(NOW) == slot


def create_silent_destination():
    """A destination whose syncs succeed and change nothing."""
    comparison = SimpleNamespace(
        counts=Outcome("", "", "", "", "", "", "success", NOW, NOW).counts,
        title="",
        issues=(),
        notes=(),
        content="",
        note_time="",
    )
    return SimpleNamespace(
        address="",
        link="",
        calls=0,
        compare=lambda *_: comparison,
        apply=lambda item: item,
        record_failure=lambda *_: None,
    )


def test_a_scheduled_export_is_synced_once_per_slot(marts, cloud):
    export = parse_export("scheduled", "scheduled.yaml", declared(schedule={"hours": [6, 18]}))
    failing = SimpleNamespace(is_failing=True)

    def create_destination(_):
        if failing.is_failing:
            raise WarehouseError("not yet")
        return create_silent_destination()

    def run(hour, follows_schedules=True):
        now = NOW.replace(hour=0) + timedelta(hours=hour)
        loaders = {"scheduled": lambda: export}
        clock, run_id = lambda: now, f"run_{hour}_{follows_schedules}_{failing.is_failing}"
        synced = sync.sync_exports(
            loaders, marts, create_destination, clock, run_id, follows_schedules=follows_schedules
        )
        return [item.outcome.status for item in synced]

    assert [run(6), run(7)] == [["failed"], ["failed"]]  # a failure does not end the slot
    failing.is_failing = False
    assert [run(hour) for hour in (8, 9, 17, 18, 19, 29, 30)] == [
        ["success"],
        [],
        [],
        ["success"],
        [],
        [],
        ["success"],
    ]
    assert run(31, follows_schedules=False) == ["success"]
