"""The job with its clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.client_options import ClientOptions
from google.cloud import bigquery, run_v2

from pipeline.assembly import LEASE_NAME, STORAGE_CONNECTIONS
from pipeline.jobs import make_execution_check
from pipeline.restore.files import withdraw_files
from pipeline.restore.runner import describe, make_plan, restore
from pipeline.restore.settings import Settings, read_settings
from pipeline.restore.unload import find_load, statements
from pipeline.restore.warehouse import Warehouse
from runtime.credentials import default_credentials
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.lease import Lease
from runtime.object_store import OK_STATUSES, ObjectStore
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
            plan = make_plan(self.warehouse, load.moment, datetime.now(UTC))
            self.log(describe(plan))
            if not dry_run:
                restore(self.warehouse, plan, self.log, list(statements(load, reason)))
        if not dry_run:
            moved = withdraw_files(self.store, load.files, reason)
            self.log(f"{moved} files moved to failed/", files=moved)


def create_job(environ: Mapping[str, str], log: StructuredLog) -> Job:
    settings = read_settings(environ)
    credentials = default_credentials()
    client = bigquery.Client(settings.project, credentials=credentials, location=settings.location)
    session = open_session(STORAGE_CONNECTIONS)
    api = ApiClient(session, credentials, settings.storage_endpoint, OK_STATUSES)
    run = ClientOptions(api_endpoint=settings.run_endpoint)
    return Job(
        Warehouse(client),
        ObjectStore(api, settings.bucket),
        run_v2.ExecutionsClient(credentials=credentials, transport="rest", client_options=run),
        own_execution(environ, settings),
        log,
    )


def own_execution(environ: Mapping[str, str], settings: Settings) -> str:
    """The Cloud Run execution of this process; "" outside Cloud Run."""
    job, execution = environ.get("CLOUD_RUN_JOB"), environ.get("CLOUD_RUN_EXECUTION")
    if not (job and execution):
        return ""
    return f"projects/{settings.project}/locations/{settings.region}/jobs/{job}/executions/{execution}"
