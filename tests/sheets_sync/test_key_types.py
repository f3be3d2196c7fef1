"""Keys of every type: each row keeps its notes when rows are reordered, the zone changes and clocks are set."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.sheets.cells import Cell
from sheets_sync.destinations.sheets.requests import row_requests
from tests.sheets_sync.sheet_in_memory import SheetInMemory, count_rows, declared, sync_rows

HOUR = timedelta(hours=1)
NAIVE = datetime(2026, 10, 25, 0, 30)  # noqa: DTZ001 (a DATETIME has no zone)
AUTUMN, SPRING = datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)
KEYS: dict[str, tuple[str, list[Any]]] = {
    "dates": ("DATE", [date(2026, 10, 24) + timedelta(days=day) for day in range(4)]),
    "dates before 1900": ("DATE", [date(1, 1, 1), date(1899, 12, 31), date(1900, 1, 1), date(9999, 12, 31)]),
    "datetimes of the repeated hour": ("DATETIME", [NAIVE + HOUR * step / 2 for step in range(6)]),
    "datetimes with milliseconds": ("DATETIME", [NAIVE + timedelta(milliseconds=step) for step in range(4)]),
    "datetimes before 1900": ("DATETIME", [NAIVE.replace(year=1850), NAIVE.replace(year=1901), NAIVE]),
    "timestamps in autumn": ("TIMESTAMP", [AUTUMN + HOUR * step / 2 for step in range(8)]),
    "timestamps in spring": ("TIMESTAMP", [SPRING + HOUR * step / 2 for step in range(8)]),
    "timestamps before 1900": ("TIMESTAMP", [AUTUMN.replace(year=1890), AUTUMN.replace(year=1920), AUTUMN]),
    "times": ("TIME", [time(0), time(0, 0, 0, 1000), time(12), time(23, 59, 59)]),
    "booleans": ("BOOLEAN", [False, True]),
    "small numbers": ("NUMERIC", [Decimal("-0.000000001"), Decimal(0), Decimal("0.000000001"), Decimal("1E-9") * 2]),
    "exact decimals": ("NUMERIC", [Decimal("12.5"), Decimal("12.50000001"), Decimal("12.500000000000001")]),
    "long decimals": ("BIGNUMERIC", [Decimal("123456789012345678.25"), Decimal("123456789012345678.26")]),
    "decimals with zeros": ("NUMERIC", [Decimal("100"), Decimal("1000.00"), Decimal("1E+4"), Decimal("-100")]),
    "floats": ("FLOAT", [0.1, 0.2, 0.30000000000000004, 1e300, -1e-300, 5.0]),
    "floats without a number": ("FLOAT", [float("inf"), float("-inf"), float("nan"), 1.0]),
    "integers": ("INTEGER", [-1, 0, 1, 2**53, 2**53 + 1, 2**53 + 2, -(2**63)]),
    "texts like numbers": ("STRING", ["7", "07", "007", "7.0", "1e3", "1,000", "50%", "0x7"]),
    "texts like other values": ("STRING", ["TRUE", "true", "2026-01-01", "=A1", "+1", "#REF!", "'x", "12:00"]),
    "texts that look alike": ("STRING", ["é", "e\u0301", "A", "a", "a ", " a", "ａ", "a\u00a0", "ß", "ss"]),
    "texts of several lines": ("STRING", ["a\nb", "a b", "a\tb", "ab", "\U0001f469\u200d\U0001f4bb", "\u05d0"]),
    "bytes": ("BYTES", [b"\x00", b"\xff\xfe", b"abc"]),
    "json": ("JSON", [{"a": 1}, {"a": 2}, [1], []]),
}  # fmt: skip
ZONES = [
    "Etc/GMT",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
]


def rows_of(keys: list[Any]) -> list[tuple[Any, ...]]:
    return [(key, f"row {number}", float(number)) for number, key in enumerate(keys)]


def write_notes(sheet: SheetInMemory) -> None:
    for row in range(1, sheet.tab.rows):
        sheet.tab.put(row, 5, Cell(f"note of {sheet.tab.at(row, 1).value}"))


def notes(sheet: SheetInMemory, count: int) -> list[str]:
    """Of the rows, which must be those of the notes."""
    rows = [(sheet.tab.at(row, 1).value, sheet.tab.at(row, 5).value) for row in range(1, 1 + count)]
    assert [note for _, note in rows] == [f"note of {name}" for name, _ in rows]
    return [str(name) for name, _ in rows]


@pytest.mark.parametrize("what", KEYS)
@pytest.mark.parametrize("steps", ["single steps", "one sort"])
def test_notes_follow_their_row_whatever_the_key_is(what: str, steps: str) -> None:
    kind, keys = KEYS[what]
    types = {"day": kind, "baskets": "STRING", "revenue": "FLOAT"}
    export, sheet, rows = declared(order=["revenue"]), SheetInMemory(), rows_of(keys)
    assert count_rows(sync_rows(sheet, export, rows, types)) == {"inserted": len(rows)}
    write_notes(sheet)
    sent = len(sheet.batches)
    assert count_rows(sync_rows(sheet, export, rows, types)) == {}
    assert len(sheet.batches) == sent
    limit, row_requests.MAX_STEPS = row_requests.MAX_STEPS, row_requests.MAX_STEPS if "single" in steps else 0
    try:
        assert count_rows(sync_rows(sheet, export, rows[::-1], types)) == {}
    finally:
        row_requests.MAX_STEPS = limit
    assert notes(sheet, len(rows)) == [str(row[1]) for row in rows[::-1]]


@pytest.mark.parametrize("what", KEYS)
def test_no_change_of_the_zone_moves_a_note(what: str) -> None:
    kind, keys = KEYS[what]
    types = {"day": kind, "baskets": "STRING", "revenue": "FLOAT"}
    export, sheet, rows = declared(order=["revenue"]), SheetInMemory(), rows_of(keys)
    sync_rows(sheet, export, rows, types)
    write_notes(sheet)
    for zone in [*ZONES[1:], *ZONES]:
        sheet.book.properties = sheet.book.properties | {"timeZone": zone}
        done = count_rows(sync_rows(sheet, export, rows, types))
        assert done.keys() <= {"updated"}
        assert kind == "TIMESTAMP" or done == {}
        assert notes(sheet, len(rows)) == [str(row[1]) for row in rows]
        sent = len(sheet.batches)
        assert (count_rows(sync_rows(sheet, export, rows, types)), len(sheet.batches)) == ({}, sent)


@pytest.mark.parametrize("what", KEYS)
def test_one_removed_row_takes_no_other_note_along(what: str) -> None:
    kind, keys = KEYS[what]
    types = {"day": kind, "baskets": "STRING", "revenue": "FLOAT"}
    export, sheet, rows = declared(order=["revenue"]), SheetInMemory(), rows_of(keys)
    sync_rows(sheet, export, rows, types)
    write_notes(sheet)
    remaining = [*rows[:1], *rows[2:]]
    assert count_rows(sync_rows(sheet, export, remaining, types)) == {"deleted": 1}
    assert notes(sheet, len(remaining)) == [str(row[1]) for row in remaining]
