"""python -m sheets_sync [--export daily_sales] [--dry-run]: publish marts to spreadsheets, APIs and files.

A run without --export leaves out exports that are not due, and those of ops.verdict. All flags: --help.

Exit codes: 0 every export is synced, 1 an export failed, 2 wrong arguments or settings, 143 terminated.
"""

import argparse
import os
import secrets
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.auth import compute_engine
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from requests.exceptions import RequestException

from runtime.credentials import CLOUD_PLATFORM, default_credentials, read_metadata_email
from runtime.errors import JobError, SettingsError, UsageError
from runtime.memory import read_memory_limit
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log
from sheets_sync import exports, report
from sheets_sync.destination import Destination
from sheets_sync.errors import ExportError, SyncError, WarehouseError
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.outcome import Outcome
from sheets_sync.progress import Progress, silent_progress
from sheets_sync.seen import MAX_AGE, History
from sheets_sync.settings import Settings, read_settings, read_target
from sheets_sync.sync import CreateDestination, describe_export_error, sync_exports
from sheets_sync.warehouse import Warehouse

SCOPES = (
    "https://www.googleapis.com/auth/bigquery",
    CLOUD_PLATFORM,
    "https://www.googleapis.com/auth/spreadsheets",
    # Drive's `version` shows that a spreadsheet changed; no field of the Sheets API does.
    "https://www.googleapis.com/auth/drive.metadata.readonly",
)

type Loaders = Mapping[str, Callable[[], Export]]


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    # As an exception, SIGTERM still runs the `finally` block that stores the state of an API.
    raise_on_termination()
    sys.exit(run_job(lambda: run_sync(log), log))


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m sheets_sync", description="Publish marts to their targets.")
    parser.add_argument("--export", action="append", metavar="NAME", help="an export; default: all exports")
    parser.add_argument("--dry-run", action="store_true", help="print the changes and write nothing")
    parser.add_argument(
        "--adopt", action="store_true", help="take over a tab or object that has other content"
    )
    parser.add_argument("--accept-shrink", action="store_true", help="skip the row loss guard, once")
    parser.add_argument("--restore", action="store_true", help="write the version before the last change")
    parser.add_argument("--test-row", action="store_true", help="send only one row, to an API")
    return parser


def run_sync(log: StructuredLog) -> None:
    arguments = create_parser().parse_args()
    declared = exports.list_exports()
    options = Options(
        arguments.adopt, arguments.accept_shrink, arguments.restore, frozenset(declared), arguments.test_row
    )
    for flag, is_set in (("--restore", options.restore), ("--test-row", options.test_row)):
        if is_set and len(arguments.export or []) != 1:
            raise UsageError(f"{flag} needs exactly one --export")
    names = arguments.export or declared
    unknown = [name for name in names if name not in declared]
    if unknown:
        exports.load_export(unknown[0])  # raises ExportError, which lists the declared exports
    # Loaded one by one during the run: an invalid file fails its own export only, which is recorded in ops.
    loaders = {name: partial(load_for, name, options) for name in names}
    settings = read_settings(os.environ)
    if arguments.dry_run:
        failed = preview(loaders, settings, options, log)
    else:
        failed = publish(loaders, settings, options, log, follows_schedules=not arguments.export)
    if failed:
        raise SyncError(f"{len(failed)} of {len(loaders)} exports failed: {', '.join(failed)}")


def load_for(name: str, options: Options) -> Export:
    export = exports.load_export(name)
    if options.restore and export.destination.kind != "sheets":
        raise ExportError(f"Export {name} is not a sheet: only a sheet has a version before the last change.")
    if options.test_row and export.destination.kind != "http":
        raise ExportError(f"Export {name} has no API: --test-row sends one row to an API. Use --dry-run.")
    return export


def publish(
    loaders: Loaders, settings: Settings, options: Options, log: StructuredLog, follows_schedules: bool
) -> list[str]:
    """Names of the exports that failed. Each is logged and notified as soon as it ends."""
    from sheets_sync.notifications.delivery_log import DeliveryLog
    from sheets_sync.notifications.dispatcher import Dispatcher
    from sheets_sync.notifications.notification import build_notification

    progress = Progress(log)
    warehouse, create_destination = connect(settings, options, progress, log)
    dispatcher = Dispatcher(settings.notifications.create_channels(now), DeliveryLog(warehouse), now)
    # The random part makes the job ids of the log rows differ for two runs that begin in the same second.
    run_id = f"{now():%Y%m%dT%H%M%S}_{secrets.token_hex(4)}"
    failed = []
    history = read_history(warehouse, options, log)
    for synced in sync_exports(
        loaders,
        warehouse,
        create_destination,
        now,
        run_id,
        options.restore,
        progress,
        follows_schedules,
        history,
    ):
        outcome = synced.outcome
        log_outcome(log, outcome)
        failed += [outcome.export] if outcome.error else []
        if synced.export:
            notification = build_notification(outcome, warehouse.project)
            for problem in dispatcher.notify(synced.export.notify, notification):
                log(f"{outcome.export}: {problem}", "WARNING", export=outcome.export)
    return failed


def read_history(warehouse: Warehouse, options: Options, log: StructuredLog) -> History:
    """What earlier runs saw. Nothing is skipped with an option that changes what a run does."""
    declared = options.declared or frozenset()
    if options.adopt or options.accept_row_loss or options.restore or options.test_row:
        return History(declared=declared)
    try:
        return History(warehouse.read_last_runs(now() - MAX_AGE), declared, warehouse.read_version)
    except WarehouseError as error:
        log(f"Everything is compared again, because earlier runs could not be read: {error}", "WARNING")
        return History(declared=declared)


def log_outcome(log: StructuredLog, outcome: Outcome) -> None:
    severity = {"success": "INFO", "partial": "WARNING", "failed": "ERROR"}[outcome.status]
    counts = outcome.counts
    for note in outcome.notes:
        log(f"{outcome.export}: {note}", "WARNING", export=outcome.export)
    log(
        report.describe_outcome(outcome),
        severity,
        export=outcome.export,
        run_id=outcome.run_id,
        status=outcome.status,
        rows=outcome.rows,
        inserted=counts.inserted.count,
        updated=counts.updated.count,
        deleted=counts.deleted.count,
        rejected=counts.rejected.count,
        drift=counts.drift.count,
        unchanged=outcome.unchanged or None,
        calls=outcome.calls,
        seconds=round((outcome.finished_at - outcome.started_at).total_seconds(), 1),
        stack_trace=outcome.stack_trace,
    )


def preview(loaders: Loaders, settings: Settings, options: Options, log: StructuredLog) -> list[str]:
    """The dry run: prints a table for each export, and writes neither to the destination nor to ops.

    Returns the names of the exports that would fail.
    """
    warehouse, create_destination = connect(settings, options, silent_progress(), log)
    failed = []
    for name, load in loaders.items():
        try:
            export = load()
            destination = create_destination(export)
            # The rows of a restore are in the spreadsheet; the mart only supplies their types.
            mart = warehouse.read_types(export) if options.restore else warehouse.read_mart(export)
            comparison = destination.compare(export, mart)
            # stdout is buffered in a pipe, the log on stderr is not: flushed, both are in the order of exports.
            print(report.dry_run_table(export, comparison, destination, len(mart.rows)), flush=True)
        except Exception as error:  # also a defect must not hide the changes of the other exports
            trace = None if isinstance(error, JobError) else traceback.format_exc()
            log(f"{name}: {describe_export_error(error)}", "ERROR", export=name, stack_trace=trace)
            failed.append(name)
    return failed


def connect(
    settings: Settings, options: Options, progress: Progress, log: StructuredLog
) -> tuple[Warehouse, CreateDestination]:
    # The clients of the destinations are imported late: wrong arguments and settings are reported before.
    from google.cloud import bigquery

    from sheets_sync.destination_factory import DestinationFactory, create_quota_limiters

    credentials = default_credentials(SCOPES)
    # Before any export is read, so that missing credentials are one error instead of one per export.
    identity = read_identity(credentials)
    # Outside of the multi-regions US and EU a job is only found again with its location (append_rows).
    client = bigquery.Client(settings.project_id, credentials=credentials, location=settings.location)
    limiters = create_quota_limiters(log)
    factory = DestinationFactory(credentials, identity, settings, options, limiters, progress)

    def create_destination(export: Export) -> Destination[Any]:
        return factory.create(export, read_target(os.environ, export))

    return Warehouse(client, read_memory_limit()), create_destination


def read_identity(credentials: Credentials) -> str:
    """Mail address of the job's service account.

    On Google's machines from the metadata server: on GKE the credentials themselves only name the pool.
    """
    try:
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
        if isinstance(credentials, compute_engine.Credentials):
            return read_metadata_email(os.environ)
    except (GoogleAuthError, RequestException) as error:
        raise SettingsError(f"Google returned no access token: {error}") from error
    return getattr(credentials, "service_account_email", "the user who is logged in")


def now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
