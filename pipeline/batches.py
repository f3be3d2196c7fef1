"""Spark batches on Dataproc, for endpoints with `prepare: spark`: start one, or wait for one that runs already.

The id of a batch is made of the endpoint and of the run, so a create that is repeated after a lost response is a
conflict (409), and the batch is waited for. A batch of an earlier run that was killed is found by its label.
https://docs.cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec
from google.api_core.exceptions import Conflict

from pipeline.errors import BatchFailed, Unavailable
from pipeline.new_files import NewFiles
from pipeline.polling import Poller
from pipeline.settings import SparkSettings
from runtime.errors import Terminated
from runtime.google_errors import CLIENT_ERRORS
from runtime.structured_log import StructuredLog

RUNTIME = "3.0"  # Spark 4.0, which requirements/spark.txt has
TIME_TO_LIVE = "7200s"  # longer is a hang: the pipeline's own run ends after three hours
ACTIVE_STATES = ("STATE_UNSPECIFIED", "PENDING", "RUNNING", "CANCELLING")
SUCCEEDED = "SUCCEEDED"
LABEL = "endpoint"


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """The fields of a batch that are read. `operation`: what is cancelled; a batch itself has no cancel."""

    name: str
    state: str = ACTIVE_STATES[0]
    state_message: str = ""
    operation: str = ""


class Client(Protocol):
    """pipeline.dataproc.BatchesClient. Raises errors of google.api_core."""

    def create(self, parent: str, batch_id: str, body: Mapping[str, Any]) -> None: ...
    def get(self, name: str) -> Batch: ...
    def list_batches(self, parent: str, label_filter: str) -> list[Batch]: ...
    def cancel(self, operation: str) -> None: ...


@dataclass(frozen=True)
class BatchRunner:
    """`location`: projects/…/locations/…. `run_id`: of the pipeline's run. `now`: for the names of folders."""

    client: Client
    settings: SparkSettings
    location: str
    run_id: str
    poller: Poller
    log: StructuredLog
    now: Callable[[], datetime]
    new_files: NewFiles

    def run(self, endpoint: str) -> None:
        """Until new files of `endpoint` are prepared; BatchFailed, or Unavailable if Dataproc does not answer."""
        for active in self._find_active(endpoint):
            self.log(f"{active.name} of an earlier run is running; waiting for it", batch=active.name)
            # It has read what was there when it started; newer files are for the next run.
            if self._wait(active.name).state == SUCCEEDED:
                return
        if not self.new_files.exist(self.settings.endpoints[endpoint], self.now()):
            self.log(f"{endpoint} has no new files; no batch is started")
            return
        name = self._start(endpoint)
        batch = self._wait(name)
        if batch.state != SUCCEEDED:
            raise BatchFailed(describe_failure(batch))

    def _find_active(self, endpoint: str) -> list[Batch]:
        label = f"labels.{LABEL}={key_of(endpoint)}"
        batches = self._call(
            lambda: self.client.list_batches(self.location, label), f"the batches of {endpoint}"
        )
        return [batch for batch in batches if batch.state in ACTIVE_STATES]

    def _start(self, endpoint: str) -> str:
        """The name of the batch of this run and endpoint, new or not."""
        batch_id = f"{key_of(endpoint)}-{as_id(self.run_id)[:32]}"
        body = self._describe(endpoint, batch_id)
        name = f"{self.location}/batches/{batch_id}"
        try:
            self._call(lambda: self.client.create(self.location, batch_id, body), name)
        except Conflict:
            self.log(f"{name} exists already; waiting for it", batch=name)
        return name

    def _describe(self, endpoint: str, batch_id: str) -> dict[str, Any]:
        prepared = self.settings.endpoints[endpoint]
        folder = f"{prepared.output}{self.now():%Y%m%dT%H%M%SZ}-{batch_id}/"
        execution = {
            "serviceAccount": self.settings.service_account,
            "subnetworkUri": self.settings.subnetwork,
            "ttl": TIME_TO_LIVE,
            # From runtime 3.0 on the default is the caller, which may not read the source.
            "authenticationConfig": {"userWorkloadAuthenticationType": "SERVICE_ACCOUNT"},
        }
        return {
            "labels": {"component": "pipeline", LABEL: key_of(endpoint)},
            "pysparkBatch": {
                "mainPythonFileUri": self.settings.main,
                "pythonFileUris": [prepared.module],
                "args": [*prepared.arguments, "--runs", prepared.output, "--output", folder],
            },
            "runtimeConfig": {"version": RUNTIME},
            "environmentConfig": {"executionConfig": execution},
        }

    def _wait(self, name: str) -> Batch:
        """The batch when it has ended. It is cancelled if this run is terminated, and not if it lost its lease: the
        run that took over waits for the batch."""
        try:
            return self.poller.wait_until_ended(
                lambda batch: batch.state not in ACTIVE_STATES, lambda: self.client.get(name), name
            )
        except Terminated:
            self._cancel(name)
            raise

    def _cancel(self, name: str) -> None:
        """Without the poller, which raises at once in a run that is terminated."""
        try:
            self.client.cancel(self.client.get(name).operation)
        except CLIENT_ERRORS as error:
            self.log(f"could not cancel {name}, the next run waits for it: {error}", "WARNING", batch=name)
        else:
            self.log(f"cancelled {name}", "WARNING", batch=name)

    def _call[T](self, request: Callable[[], T], resource: str) -> T:
        try:
            return self.poller.call(request, resource)
        except Conflict:
            raise
        except CLIENT_ERRORS as error:
            raise Unavailable(f"Dataproc rejected a request for {resource}: {error}") from error


def as_id(text: str) -> str:
    """Of lower-case letters, digits and dashes, as Dataproc requires for ids and values of labels."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def key_of(endpoint: str) -> str:
    """At most 30 characters, unique by the hash: an id has at most 63, of which a run has 32."""
    return f"{as_id(endpoint)[:23].strip('-')}-{hashlib.sha256(endpoint.encode()).hexdigest()[:6]}"


def describe_failure(batch: Batch) -> str:
    _, project, _, region, _, batch_id = batch.name.split("/")
    message = batch.state_message.strip().rstrip(".") or "Dataproc gave no reason"
    log = f"gcloud dataproc batches describe {batch_id} --project {project} --region {region}"
    return (
        f"batch {batch_id} is {batch.state}: {message}. Correct the transformation or its input; the next run starts a "
        f"new batch. Its log: {log}"
    )
