"""python -m sheets_sync, as Cloud Run starts it."""

import os
import subprocess
import sys

import pytest

from sandbox import environment


@pytest.fixture
def start(cloud, person):
    """Run it as sheets-sync, with all settings but those that are changed; None takes one away."""
    settings = {
        "PROJECT_ID": cloud.state.project,
        "LOCATION": "EU",
        "DAILY_SALES_SPREADSHEET": person.id,
        "PATH": os.environ["PATH"],
    }

    def run(*arguments, **changed):
        clients = environment.clients(cloud.state, cloud.state.identity("sheets-sync"))
        wanted = clients | settings | changed
        return subprocess.run(
            [sys.executable, "-m", "sheets_sync", *arguments],
            env={name: value for name, value in wanted.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_declared_export_is_synced(start, cloud, person):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 3 AS baskets, "
        "7 AS units, NUMERIC '12.50' AS revenue, NUMERIC '0' AS discount_amount"
    )
    done = start("--export", "daily_sales")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout == "daily_sales: 1 rows in tab 'Daily sales', 1 inserted, 0 updated, 0 deleted, 2 calls\n"
    )
    assert person.see("'Daily sales'") == [
        ["Day", "Baskets", "Units", "Revenue", "Discount"],
        ["2017-01-01", "3", "7", "12.50", "0.00"],
    ]


def test_a_failure_is_a_sentence_and_a_code(start):
    done = start(DAILY_SALES_SPREADSHEET="nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("daily_sales: There is no spreadsheet nowhere.")
    assert done.stderr.endswith("sheets_sync: 1 of 1 exports failed: daily_sales\n")
    assert "Traceback" not in done.stderr


def test_missing_settings_are_named_at_once(start):
    done = start(LOCATION=None, DAILY_SALES_SPREADSHEET=None)
    assert done.returncode == 1
    assert done.stderr.startswith("sheets_sync: Missing LOCATION, DAILY_SALES_SPREADSHEET.")


def test_an_unknown_export_is_refused(start):
    done = start("--export", "weekly")
    assert done.returncode == 1
    assert done.stderr == "sheets_sync: There is no export 'weekly'. Declared are: daily_sales.\n"
