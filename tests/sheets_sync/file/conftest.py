"""Fixtures only."""

from types import SimpleNamespace

import pytest

from sheets_sync import exports, sync
from sheets_sync.destinations.file import declaration
from sheets_sync.destinations.file.destination import File
from tests.sheets_sync.served import TYPES

DECLARED = {
    "table": "daily_sales",
    "mode": "mirror",
    "key": ["day"],
    "columns": {
        "day": {"header": "Day"},
        "baskets": {"header": "Baskets"},
        "revenue": {"header": "Revenue"},
        "note": {"header": "Note"},
    },
    "order": ["day"],
}


@pytest.fixture
def publish(bucket):
    """Sync rows of (day, baskets, revenue, note) to an object, as one run of the job does."""

    def run(rows, path="sales/daily.csv", name="daily", **options):
        content = DECLARED | {"destination": {"kind": "file", "path": path}}
        export = exports.read(name, f"{name}.yaml", content)
        told = declaration.read(f"{name}.yaml", export.destination)
        mart = SimpleNamespace(types=TYPES, rows=rows)
        return sync.settle(export, mart, File(bucket, told, "shop", **options))

    return run
