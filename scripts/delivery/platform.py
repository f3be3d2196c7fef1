"""The environment that a command of delivery works on: its clients, and the lease that keeps others out."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from google.cloud import bigquery
from google.cloud import dataform_v1 as dataform

from runtime.credentials import default_credentials
from runtime.delivery import Busy
from runtime.delivery.images import Images
from runtime.delivery.outcomes import OutcomeLog
from runtime.delivery.release_config import LiveRelease
from runtime.delivery.releases import ReleaseLog
from runtime.errors import LeaseHeld
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.lease import Lease
from runtime.object_store import OK_STATUSES, ObjectStore
from runtime.settings import read_endpoint
from scripts.delivery.restore_job import RestoreJob
from scripts.delivery.schedules import Schedules
from scripts.deploy.checkout import check_clean
from scripts.deploy.environment import Environment
from scripts.deploy.jobs import create_jobs_client
from scripts.release.target import Target, create_dataform_client, create_warehouse_client, read_target

CONNECTIONS = 2  # the main thread, and the one that renews the lease


@dataclass(frozen=True)
class LeaseKind:
    """`name` of the object in the bucket of Terraform's state; `excludes` is for people."""

    name: str
    excludes: str


ROLLOUT = LeaseKind("rollout/lease.json", "rollout or rollback")
REHEARSAL = LeaseKind("rehearsal/lease.json", "rehearsal")


@dataclass(frozen=True)
class Platform:
    target: Target
    bigquery: bigquery.Client
    dataform: dataform.DataformClient
    live: LiveRelease
    log: ReleaseLog
    images: Images
    schedules: Schedules
    restore_job: RestoreJob
    state: ObjectStore

    @contextmanager
    def lease(self, holder: str, kind: LeaseKind = ROLLOUT) -> Iterator[None]:
        """At most one of the kind at a time; Busy while another is running."""
        # In the bucket of the state: the landing bucket may not exist before the first rollout.
        # Renewed often: without a Cloud Run execution, only missed renewals show that the owner was killed.
        lease = Lease(self.state, kind.name, dict[str, str], holder=holder, renew_seconds=2.0)
        try:
            lease.acquire()
        except LeaseHeld as error:
            raise Busy(
                f"another {kind.excludes} is in progress: {error} Wait until it has ended, or pass --wait."
            ) from error
        try:
            yield
        finally:
            lease.release()


def open_platform(arguments: argparse.Namespace) -> Platform:
    """DirtyCheckout in a protected environment, unless the checkout is a commit."""
    if arguments.env:
        environment = Environment.load(arguments.env)
        # A release is recorded with its commit, which must contain what is delivered.
        if environment.protected:
            check_clean(environment.folder, environment.name)
    target = read_target(arguments)
    location = target.repository.rpartition("/repositories/")[0]
    client, jobs = create_dataform_client(), create_jobs_client()
    warehouse = create_warehouse_client(target)
    return Platform(
        target,
        warehouse,
        client,
        LiveRelease(client, target.repository, target.compilation_config),
        ReleaseLog(warehouse),
        Images(jobs, location),
        Schedules(open_api("cloudscheduler"), location),
        RestoreJob(jobs, f"{location}/jobs/restore", OutcomeLog(warehouse)),
        ObjectStore(open_api("storage"), f"{target.project}-terraform-state"),
    )


def open_api(name: str) -> ApiClient:
    return ApiClient(
        open_session(CONNECTIONS), default_credentials(), read_endpoint(os.environ, name), OK_STATUSES
    )
