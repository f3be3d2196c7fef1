"""Fixtures only."""

import pytest

from sheets_sync import sync
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.destinations.file.destination import FileDestination
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.warehouse import Mart
from tests.sheets_sync.sandbox_spreadsheets import TYPES

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
        export = parse_export(name, f"{name}.yaml", content)
        mart = Mart(TYPES, rows)
        assert isinstance(export.destination, FileConfig)
        return sync.sync_until_known(
            export, mart, FileDestination(bucket, export.destination, "shop", Options(**options))
        )

    return run
