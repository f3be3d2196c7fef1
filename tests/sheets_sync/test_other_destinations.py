"""python -m sheets_sync with an export of each other kind, as Cloud Run starts it."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.sheets_sync.http.fake_crm import KEY, FakeCrm
from tests.sheets_sync.run_command import log_lines, run_command

ROOT = Path(__file__).parents[2]
TABLE = """table: contacts
mode: mirror
key: [customer_id]
columns: {customer_id: {header: id}, email: {header: email}, spent: {header: spent}}
"""
API = """destination:
  kind: http
  path: /contacts/batch
  rows: contacts
  auth: {header: Authorization, prefix: "Bearer "}
  results: {rows: results, status: status, accepted: [created, updated], reason: message}
  delete: {path: "/contacts/{id}"}
"""
FILE = "destination: {kind: file, path: crm/contacts.csv}\n"


@pytest.fixture
def start(cloud, tmp_path):
    shutil.copytree(
        ROOT / "sheets_sync", tmp_path / "sheets_sync", ignore=shutil.ignore_patterns("__pycache__")
    )
    exports = tmp_path / "sheets_sync/exports"
    (exports / "contacts.yaml").write_text(TABLE + API)
    (exports / "contacts_file.yaml").write_text(TABLE + FILE)
    chosen = ("--export", "contacts", "--export", "contacts_file")
    return partial(run_command, cloud, *chosen, folder=tmp_path)


def test_an_api_and_a_file_follow_the_same_mart(cloud, start, bucket):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.contacts AS SELECT 1 AS customer_id, 'a@example.com' AS email, "
        "NUMERIC '12.50' AS spent UNION ALL SELECT 2, 'invalid', NULL"
    )
    with FakeCrm() as crm:
        place = {"CONTACTS_URL": crm.url, "CONTACTS_API_KEY": KEY, "CONTACTS_FILE_BUCKET": bucket.bucket}
        wished = start("--dry-run", **place, BUCKET=bucket.bucket)
        assert (wished.returncode, crm.received) == (0, []), wished.stderr
        assert wished.stdout.startswith(f"contacts: 2 rows of dmt.contacts to '{crm.url}/contacts/batch'")
        done = start(**place, BUCKET=bucket.bucket)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert [line["message"] for line in log_lines(done)] == [
            f"contacts: 2 rows in '{crm.url}/contacts/batch', 1 inserted, 0 updated, 0 deleted, 1 rejected, "
            "1 calls",
            "contacts_file: 2 rows in 'crm/contacts.csv', 2 inserted, 0 updated, 0 deleted, 2 calls",
        ]
        assert crm.contacts == {1: {"id": 1, "email": "a@example.com", "spent": 12.5}}
    reported = cloud.bigquery.query_and_wait(
        "SELECT destination, place, status, rejected, detail FROM ops.sync_run JOIN ops.sync_row "
        "USING (run_id, export) WHERE export = 'contacts'"
    )
    assert [tuple(row.values()) for row in reported] == [
        ("http", f"{crm.url}/contacts/batch", "partial", 1, "'invalid' is not an address")
    ]
    assert bucket.read_current("crm/contacts.csv").content.decode().splitlines() == [
        '"id","email","spent"',
        '"1","a@example.com","12.5"',
        '"2","invalid",',
    ]
