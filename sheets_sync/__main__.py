"""python -m sheets_sync [--export daily_sales]: publish marts in Google Sheets.

The exit code is 0 only when every export is synced.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud import bigquery

from sheets_sync import exports, sync
from sheets_sync.destinations.sheets.destination import Sheets
from sheets_sync.destinations.sheets.sheet import Client, Spreadsheet
from sheets_sync.errors import SettingsError, SyncError
from sheets_sync.exports import Export
from sheets_sync.notices import notice
from sheets_sync.notices.log import Log
from sheets_sync.notices.post import Post
from sheets_sync.outcome import Outcome
from sheets_sync.retry import Retry
from sheets_sync.settings import Settings
from sheets_sync.warehouse import Warehouse

SCOPES = [
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/spreadsheets",
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="sheets_sync")
    parser.add_argument("--export", action="append", help="one that exports/ declares; all without it")
    parser.add_argument("--adopt", action="store_true", help="take over a tab that is not ours and not empty")
    arguments = parser.parse_args()
    try:
        chosen = [exports.load(name) for name in arguments.export or exports.declared()]
        settings = Settings.read(os.environ, [export.name for export in chosen])
        failures = publish(chosen, settings, arguments.adopt)
    except SyncError as error:
        sys.exit(f"sheets_sync: {error}")
    if failures:
        sys.exit(f"sheets_sync: {len(failures)} of {len(chosen)} exports failed: {', '.join(failures)}")


def publish(chosen: Sequence[Export], settings: Settings, adopt: bool) -> list[str]:
    """Names of the exports that failed; each is told as it ends."""
    credentials, identity = login()
    client = bigquery.Client(settings.project_id, credentials=credentials, location=settings.location)
    post = Post(settings.notices.channels(now), Log(client), now)

    def destination(export: Export) -> Sheets:
        sheets = Client(credentials, settings.sheets_endpoint)
        spreadsheet = Spreadsheet(sheets, settings.spreadsheets[export.name], identity, Retry())
        return Sheets(spreadsheet, client.project, adopt)

    run_id = f"{now():%Y%m%dT%H%M%S}_{secrets.token_hex(4)}"
    failures = []
    for outcome in sync.run(chosen, Warehouse(client), destination, now, run_id):
        print(said(outcome), file=sys.stderr if outcome.error else sys.stdout, flush=True)
        failures += [outcome.export] if outcome.error else []
        notify = next(export.notify for export in chosen if export.name == outcome.export)
        for sentence in post.tell(notify, notice.of(outcome, client.project)):
            print(f"{outcome.export}: {sentence}", file=sys.stderr, flush=True)
    return failures


def now() -> datetime:
    return datetime.now(UTC)


def login() -> tuple[Credentials, str]:
    """Credentials, and whose they are: a machine knows its identity only after its first token."""
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise SettingsError(f"There are no Google credentials: {error}") from error
    return credentials, getattr(credentials, "service_account_email", "the person who is logged in")


def said(outcome: Outcome) -> str:
    if outcome.error:
        return f"{outcome.export}: {outcome.error}"
    counts = outcome.counts
    return (
        f"{outcome.export}: {outcome.rows} rows in tab {outcome.title!r}, {counts.inserted.count} inserted, "
        f"{counts.updated.count} updated, {counts.deleted.count} deleted, {outcome.calls} calls"
    )


if __name__ == "__main__":
    main()
