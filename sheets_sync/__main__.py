"""python -m sheets_sync [--export daily_sales] [--dry-run]: publish marts where people work.

The exit code is 0 only when every export is synced.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud import bigquery

from sheets_sync import exports, report, sync
from sheets_sync.destination import Destination
from sheets_sync.destinations.sheets.destination import Wishes
from sheets_sync.destinations.sheets.sheet import QUOTA
from sheets_sync.errors import ExportError, SettingsError, SyncError
from sheets_sync.exports import Export
from sheets_sync.limiter import Limiter
from sheets_sync.notices import notice
from sheets_sync.notices.log import Log
from sheets_sync.notices.post import Post
from sheets_sync.places import Places
from sheets_sync.progress import Progress, silent
from sheets_sync.settings import Settings
from sheets_sync.warehouse import Warehouse

SCOPES = [
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/spreadsheets",
]
type Destinations = Callable[[Export], Destination[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="sheets_sync")
    parser.add_argument("--export", action="append", help="one that exports/ declares; all without it")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--adopt", action="store_true", help="take over a tab or a file that is not ours")
    parser.add_argument("--accept-shrink", action="store_true", help="the mart is right to be that short")
    parser.add_argument("--restore", action="store_true", help="put back what our last write replaced")
    arguments = parser.parse_args()
    wishes = Wishes(arguments.adopt, arguments.accept_shrink, arguments.restore)
    if wishes.restore and len(arguments.export or []) != 1:
        parser.error("--restore needs the one --export to put back")
    try:
        chosen = [exports.load(name) for name in arguments.export or exports.declared()]
        if wishes.restore and chosen[0].destination["kind"] != "sheets":
            raise ExportError(f"Export {chosen[0].name} is no sheet: there is no version before to restore.")
        settings = Settings.read(os.environ, chosen)
        failures = (rehearse if arguments.dry_run else publish)(chosen, settings, wishes)
    except SyncError as error:
        sys.exit(f"sheets_sync: {error}")
    if failures:
        sys.exit(f"sheets_sync: {len(failures)} of {len(chosen)} exports failed: {', '.join(failures)}")


def publish(chosen: Sequence[Export], settings: Settings, wishes: Wishes) -> list[str]:
    """Names of the exports that failed; each is told as it ends."""
    progress = Progress(said)
    warehouse, destination = connected(settings, wishes, progress)
    post = Post(settings.notices.channels(now), Log(warehouse), now)
    run_id = f"{now():%Y%m%dT%H%M%S}_{secrets.token_hex(4)}"
    failures = []
    for outcome in sync.run(chosen, warehouse, destination, now, run_id, wishes.restore, progress):
        print(report.ended(outcome), file=sys.stderr if outcome.error else sys.stdout, flush=True)
        failures += [outcome.export] if outcome.error else []
        notify = next(export.notify for export in chosen if export.name == outcome.export)
        for sentence in post.tell(notify, notice.of(outcome, warehouse.project)):
            said(f"{outcome.export}: {sentence}")
    return failures


def rehearse(chosen: Sequence[Export], settings: Settings, wishes: Wishes) -> list[str]:
    """Names of the exports that would fail. Nothing is written, neither to the place nor to the log."""
    warehouse, destination = connected(settings, wishes, silent())
    failures = []
    for export in chosen:
        place = destination(export)
        try:
            mart = warehouse.shape(export) if wishes.restore else warehouse.read(export)
            print(report.planned(export, place.compare(export, mart), place, len(mart.rows)), flush=True)
        except SyncError as error:
            said(f"{export.name}: {error}")
            failures.append(export.name)
    return failures


def connected(settings: Settings, wishes: Wishes, progress: Progress) -> tuple[Warehouse, Destinations]:
    """One limiter for all exports: the quota is the identity's."""
    credentials, identity = login()
    client = bigquery.Client(settings.project_id, credentials=credentials, location=settings.location)
    limiter = Limiter(QUOTA, say=said)
    places = Places(credentials, identity, settings, wishes, limiter, progress)
    return Warehouse(client), places.of


def said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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


if __name__ == "__main__":
    main()
