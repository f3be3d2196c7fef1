"""The job with its clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.client_options import ClientOptions
from google.cloud import bigquery, run_v2

from pipeline.assembly import LEASE_NAME, STORAGE_CONNECTIONS
from pipeline.jobs import make_execution_check, own_execution
from pipeline.restore.files import withdraw_files
from pipeline.restore.runner import describe, make_plan, restore
from pipeline.restore.settings import read_settings
from pipeline.restore.unload import find_load, statements
from pipeline.restore.warehouse import Warehouse
from runtime.credentials import default_credentials
from runtime.lease import Lease
from runtime.object_store import ObjectStore, open_bucket
from runtime.structured_log import StructuredLog


@dataclass(frozen=True)
class Job:
    warehouse: Warehouse
    store: ObjectStore
    executions: run_v2.ExecutionsClient
    execution: str
    log: StructuredLog

    def lease(self) -> Lease[dict[str, str]]:
        """That of the pipeline: no run may be active. A new one for each attempt."""
        return Lease(
            self.store,
            LEASE_NAME,
            dict[str, str],
            holder="restore",
            execution=self.execution,
            has_ended=make_execution_check(self.executions),
        )

    def restore_to(self, moment: datetime, new_tables: Sequence[str], *, dry_run: bool) -> None:
        plan = make_plan(self.warehouse, moment, datetime.now(UTC), new_tables)
        self.log(describe(plan))
        if not dry_run:
            restore(self.warehouse, plan, self.log)

    def unload(self, run: str | None, names: Sequence[str], reason: str, *, dry_run: bool) -> None:
        """Take a load out; a repeated call finishes what an earlier one began."""
        load = find_load(self.warehouse, run, names)
        rows = ", ".join(f"{count} rows of {table}" for table, count in load.rows.items())
        self.log(f"{len(load.files)} files, {rows or 'no rows in raw any more'}")
        if load.rows:
            # Only while rows are in raw: after an interrupted attempt just the files are left to move.
            plan = make_plan(self.warehouse, load.moment, datetime.now(UTC))
            self.log(describe(plan))
            if not dry_run:
                # One transaction: a state without the load in ods but with it in raw would load it again.
                restore(self.warehouse, plan, self.log, list(statements(load, reason)))
        if not dry_run:
            moved = withdraw_files(self.store, load.files, reason)
            self.log(f"{moved} files moved to failed/", files=moved)


def create_job(environ: Mapping[str, str], log: StructuredLog) -> Job:
    settings = read_settings(environ)
    credentials = default_credentials()
    client = bigquery.Client(settings.project, credentials=credentials, location=settings.location)
    run = ClientOptions(api_endpoint=settings.run_endpoint)
    return Job(
        Warehouse(client),
        open_bucket(credentials, settings.storage_endpoint, settings.bucket, STORAGE_CONNECTIONS),
        run_v2.ExecutionsClient(credentials=credentials, transport="rest", client_options=run),
        own_execution(environ, f"projects/{settings.project}/locations/{settings.region}"),
        log,
    )
