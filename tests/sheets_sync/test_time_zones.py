"""TIMESTAMP keys are instants: a changed time zone and the end of summer time move no row to another one."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sheets.cells import Cell
from sheets_sync.destinations.sheets.desired.cells import change_zone, to_key_cell
from tests.sheets_sync.sheet_in_memory import SheetInMemory, count_rows, declared, sync_rows

TYPES = {"day": "TIMESTAMP", "baskets": "STRING", "revenue": "FLOAT"}
START = datetime(2026, 7, 1, 6, tzinfo=UTC)
HOURLY = [(START + timedelta(hours=hour), f"hour {hour}", float(hour)) for hour in range(6)]
ZONES = ["Etc/GMT", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Asia/Kolkata"]


def set_zone(sheet: SheetInMemory, zone: str) -> None:
    sheet.book.properties = sheet.book.properties | {"timeZone": zone}


def write_notes(sheet: SheetInMemory) -> None:
    for row in range(1, sheet.tab.rows):
        sheet.tab.put(row, 5, Cell(f"note of {sheet.tab.at(row, 1).value}"))


def notes(sheet: SheetInMemory) -> list[tuple[object, object]]:
    return [(sheet.tab.at(row, 1).value, sheet.tab.at(row, 5).value) for row in range(1, sheet.tab.rows)]


@pytest.mark.parametrize("mode", ["mirror", "upsert"])
@pytest.mark.parametrize("zone", ZONES[1:])
def test_notes_stay_with_their_instant_after_the_time_zone_changed(mode: str, zone: str) -> None:
    export, sheet = declared(mode=mode, order=["day"]), SheetInMemory()
    sync_rows(sheet, export, HOURLY, TYPES)
    write_notes(sheet)
    before = notes(sheet)
    set_zone(sheet, zone)
    comparison = sync_rows(sheet, export, HOURLY, TYPES)
    assert count_rows(comparison) == {"updated": 6}
    assert notes(sheet) == before
    local = START.astimezone(ZoneInfo(zone))
    assert sheet.tab.at(1, 0).value == to_key_cell(START, ZoneInfo(zone))
    assert f"{datetime(1899, 12, 30) + timedelta(days=sheet.tab.at(1, 0).value):%H:%M}" == f"{local:%H:%M}"  # noqa: DTZ001
    [note] = comparison.notes
    assert note.startswith(f"The spreadsheet's time zone changed from Etc/GMT to {zone}")
    sent = len(sheet.batches)
    assert (count_rows(sync_rows(sheet, export, HOURLY, TYPES)), len(sheet.batches)) == ({}, sent)


def test_a_changed_time_zone_is_written_to_the_sync_log() -> None:
    export, sheet = declared(order=["day"], audit="Sync log"), SheetInMemory()
    sync_rows(sheet, export, HOURLY, TYPES)
    set_zone(sheet, "Asia/Tokyo")
    sync_rows(sheet, export, HOURLY, TYPES)
    log = sheet.titled("Sync log")
    assert "from Etc/GMT to Asia/Tokyo" in str(log.at(2, 4).value)


def test_edits_and_removed_rows_are_recognised_after_the_time_zone_changed() -> None:
    export, sheet = declared(mode="upsert", removed="delete", order=["day"]), SheetInMemory()
    sync_rows(sheet, export, HOURLY, TYPES)
    sheet.tab.put(2, 1, Cell("edited"))
    set_zone(sheet, "Europe/Berlin")
    comparison = sync_rows(sheet, export, HOURLY[:5], TYPES)
    assert count_rows(comparison) == {"updated": 5, "deleted": 1, "drift": 1}
    assert [row[1] for row in sheet.visible(2)] == [row[1] for row in HOURLY[:5]]


def test_append_adds_no_row_again_after_the_time_zone_changed() -> None:
    export, sheet = declared(mode="append", removed=None), SheetInMemory()
    sync_rows(sheet, export, HOURLY, TYPES)
    set_zone(sheet, "Asia/Tokyo")
    assert count_rows(sync_rows(sheet, export, HOURLY, TYPES)) == {}
    new = (START + timedelta(hours=9), "hour 9", 9.0)
    assert count_rows(sync_rows(sheet, export, [*HOURLY, new], TYPES)) == {"inserted": 1}


def test_both_passes_of_the_repeated_hour_are_rows() -> None:
    """New York, 2026-11-01: 01:00 to 02:00 local time exists twice."""
    sheet, export = SheetInMemory(), declared(order=["day"])
    set_zone(sheet, "America/New_York")
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)
    rows = [(start + timedelta(hours=hour), f"hour {hour}", None) for hour in range(5)]
    assert count_rows(sync_rows(sheet, export, rows, TYPES)) == {"inserted": 5}
    serials = [row[0] for row in sheet.visible(1)]
    assert serials == sorted(set(serials))
    shown_times = [
        f"{datetime(1899, 12, 30) + timedelta(days=serial):%H:%M:%S}"  # noqa: DTZ001
        for serial in serials
    ]
    assert shown_times == ["00:00:00", "01:00:00", "01:00:00", "02:00:00", "03:00:00"]
    write_notes(sheet)
    before = notes(sheet)
    assert count_rows(sync_rows(sheet, export, rows, TYPES)) == {}
    set_zone(sheet, "Etc/GMT")
    sync_rows(sheet, export, rows, TYPES)
    assert notes(sheet) == before
    assert [row[0] for row in sheet.visible(1)] == [to_key_cell(row[0], ZoneInfo("Etc/GMT")) for row in rows]


@pytest.mark.parametrize("zone", ZONES[1:])
@pytest.mark.parametrize(
    "start",
    [
        datetime(1890, 1, 1, 1, tzinfo=UTC),  # text in the sheet
        datetime(1899, 12, 31, 23, 30, tzinfo=UTC),  # text or a number, depending on the zone
        datetime(2026, 7, 1, 6, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, 0, 7, tzinfo=UTC),
    ],
)
def test_old_and_precise_instants_keep_their_notes_too(start: datetime, zone: str) -> None:
    export, sheet = declared(order=["day"]), SheetInMemory()
    rows = [(start + timedelta(hours=hour, microseconds=hour), f"hour {hour}", 1.0) for hour in range(6)]
    sync_rows(sheet, export, rows, TYPES)
    write_notes(sheet)
    before = sorted(map(str, notes(sheet)))
    set_zone(sheet, zone)
    assert "deleted" not in count_rows(sync_rows(sheet, export, rows, TYPES))
    assert sorted(map(str, notes(sheet))) == before
    assert count_rows(sync_rows(sheet, export, rows, TYPES)) == {}


def test_the_version_before_a_zone_change_is_restored_with_its_instants() -> None:
    export, sheet = declared(order=["day"]), SheetInMemory()
    sync_rows(sheet, export, HOURLY[:4], TYPES)
    write_notes(sheet)
    before = notes(sheet)
    set_zone(sheet, "Asia/Tokyo")
    sync_rows(sheet, export, HOURLY, TYPES)
    sync_rows(sheet, export, [], TYPES, restore=True)
    assert notes(sheet) == before
    shown_keys = [row[0] for row in sheet.visible(1)]
    assert shown_keys == [to_key_cell(row[0], ZoneInfo("Asia/Tokyo")) for row in HOURLY[:4]]


KEYS: dict[str, list[Any]] = {
    "DATE": [date(1890, 1, 1), date(2026, 10, 25)],
    "DATETIME": [datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 3, 30)],  # noqa: DTZ001
    "NUMERIC": [Decimal("1.10"), Decimal("12345678901234567.89")],
    "TIME": [time(2, 30), time(3, 30)],
    "INTEGER": [2**60, 7],
}


@pytest.mark.parametrize("type_name", KEYS)
def test_keys_without_a_zone_are_not_moved_by_zone_or_locale(type_name: str) -> None:
    """The other TIMESTAMP column is shown in the new zone; the key is not an instant."""
    types = {"day": type_name, "baskets": "STRING", "revenue": "TIMESTAMP"}
    export, sheet = declared(), SheetInMemory()
    rows = [(key, f"of {key}", START) for key in KEYS[type_name]]
    sync_rows(sheet, export, rows, types)
    write_notes(sheet)
    before = notes(sheet)
    sheet.book.properties = sheet.book.properties | {"timeZone": "Asia/Tokyo", "locale": "de_DE"}
    assert count_rows(sync_rows(sheet, export, rows, types)) == {"updated": 2}
    assert notes(sheet) == before
    assert count_rows(sync_rows(sheet, export, rows, types)) == {}


INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(INSTANTS, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_a_key_in_another_zone_is_the_same_instant(instant: datetime, old: str, new: str) -> None:
    cell = to_key_cell(instant, ZoneInfo(old))
    assert change_zone(cell, ZoneInfo(old), ZoneInfo(new)) == to_key_cell(instant, ZoneInfo(new))
