"""The job with its clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from google.api_core.client_options import ClientOptions
from google.cloud import bigquery, run_v2
from google.cloud.dataform_v1 import CodeCompilationConfig, DataformClient

from pipeline.assembly import STORAGE_CONNECTIONS
from pipeline.jobs import make_execution_check, own_execution
from pipeline.restore.automatic import NoSchedules, RestoreInProcess, find_release, roll_back
from pipeline.restore.errors import FilesNotMoved
from pipeline.restore.files import Store, withdraw_files
from pipeline.restore.runner import describe, make_plan, restore
from pipeline.restore.settings import read_settings
from pipeline.restore.unload import Load, find_load, statements
from pipeline.restore.warehouse import Warehouse
from runtime.credentials import default_credentials
from runtime.delivery.images import Images
from runtime.delivery.release_config import LiveRelease
from runtime.delivery.releases import ReleaseLog
from runtime.errors import StorageError
from runtime.lease import PIPELINE, Lease
from runtime.object_store import ObjectStore, open_bucket
from runtime.structured_log import StructuredLog


@dataclass(frozen=True)
class JobPlatform:
    """runtime.delivery.steps.Platform."""

    bigquery: bigquery.Client
    live: LiveRelease
    log: ReleaseLog
    images: Images
    schedules: NoSchedules
    restore_job: RestoreInProcess


@dataclass(frozen=True)
class Job:
    """`location` is projects/…/locations/… of the jobs."""

    client: bigquery.Client
    warehouse: Warehouse
    store: ObjectStore
    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    live: LiveRelease
    location: str
    execution: str
    log: StructuredLog

    def lease(self) -> Lease[dict[str, str]]:
        """That of the pipeline: no run may be active. A new one for each attempt."""
        return Lease(
            self.store,
            PIPELINE,
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

    def undo(self, release: str | None, reason: str, *, dry_run: bool) -> None:
        """Roll `release` back, or finish such a rollback; nothing if there is nothing to do any more."""
        releases = ReleaseLog(self.client)
        watched = find_release(releases.read(), release)
        if watched is None:
            self.log(f"{release or 'an unfinished rollback'} is not watched any more; nothing to do")
            return
        images = Images(self.jobs, self.location, tuple(sorted(watched.images)))
        restore = RestoreInProcess(partial(self.restore_to, dry_run=False))
        platform = JobPlatform(self.client, self.live, releases, images, NoSchedules(), restore)
        roll_back(platform, watched, reason, self.log, dry_run=dry_run)

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
            moved = move_files(self.store, load, reason)
            self.log(f"{moved} files moved to failed/", files=moved)


def move_files(store: Store, load: Load, reason: str) -> int:
    """How many; FilesNotMoved, as the load is out of the tables by now."""
    try:
        return withdraw_files(store, load.files, reason)
    except StorageError as error:
        raise FilesNotMoved(
            f"the load is out of all tables, but not all of its files moved to failed/: {error} Run the same command "
            "again: it moves the others."
        ) from error


def create_job(environ: Mapping[str, str], log: StructuredLog) -> Job:
    settings = read_settings(environ)
    credentials = default_credentials()
    client = bigquery.Client(settings.project, credentials=credentials, location=settings.location)
    run = ClientOptions(api_endpoint=settings.run_endpoint)
    dataform = ClientOptions(api_endpoint=settings.dataform_endpoint)
    live = LiveRelease(
        DataformClient(credentials=credentials, transport="rest", client_options=dataform),
        f"{settings.parent}/repositories/{settings.dataform_repository}",
        CodeCompilationConfig(default_database=settings.project, default_location=settings.location),
    )
    return Job(
        client,
        Warehouse(client),
        open_bucket(credentials, settings.storage_endpoint, settings.bucket, STORAGE_CONNECTIONS),
        run_v2.JobsClient(credentials=credentials, transport="rest", client_options=run),
        run_v2.ExecutionsClient(credentials=credentials, transport="rest", client_options=run),
        live,
        settings.parent,
        own_execution(environ, settings.parent),
        log,
    )
