"""Dataproc's batches: the resources, and PySpark batches that really run, by Spark on this machine.

batch     the Batch resource: what is valid, its states, its operation
filters   the filter of a list
runner    runs batches, each in a thread
buckets   the objects of gs:// addresses as local files, and back
spark     the command of Spark, and why a batch failed

https://docs.cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches
"""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.dataproc import batch
from sandbox.dataproc.filters import matches
from sandbox.dataproc.runner import Runner
from sandbox.resources.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from sandbox.resources.paging import page
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json, Store
from sandbox.state import State

LOCATION = "projects/{project}/locations/{location}"
BATCHES = f"{LOCATION}/batches"
BATCH = f"{BATCHES}/{{id}}"
OPERATION = f"{LOCATION}/operations/{{id}}"
ORDERS = ("", "create_time desc")


def routes(state: State) -> list[BaseRoute]:
    service = Service(state, Store(state.root), "/dataproc/v1")
    runner = Runner(service)
    # Before the first request: a client that polls an interrupted batch would wait for ever.
    runner.fail_interrupted()
    batches = Batches(service, runner)
    return [
        service.route("POST", BATCHES, batches.create, "batchId"),
        service.route("GET", BATCHES, batches.list, "filter orderBy pageSize pageToken"),
        service.route("GET", BATCH, lambda call: service.find(BATCH.format(**call.path))),
        service.route("DELETE", BATCH, batches.delete),
        service.route("POST", f"{OPERATION}:cancel", batches.cancel),
        service.route("GET", OPERATION, batches.get_operation),
        service.unserved(),
    ]


@dataclass(frozen=True)
class Batches:
    service: Service
    runner: Runner

    def create(self, call: Call) -> Json:
        """409 for an id that exists, whatever the rest of the request is."""
        created = batch.create(self.service, BATCHES.format(**call.path), call)
        with self.service.store.change():
            if self.service.store.get(self.service.key(created["name"])):
                raise AlreadyExists(f"Already exists: Failed to create batch: Batch {created['name']}")
            self.service.store.put(self.service.key(created["operation"]), {"batch": created["name"]})
            self.service.store.put(self.service.key(created["name"]), created)
        # After the commit: the runner's thread also writes the batch to the store.
        self.runner.start(created)
        return batch.operation(created)

    def list(self, call: Call) -> Json:
        """Newest first; Google states an order only for `create_time desc`."""
        if call.query.get("orderBy", "") not in ORDERS:
            raise InvalidArgument(f"Invalid orderBy {call.query['orderBy']!r}: only create_time desc.")
        stored = self.service.store.children(self.service.key(BATCHES.format(**call.path)))[::-1]
        return page(
            [each for each in stored if matches(call.query.get("filter", ""), each)], "batches", call.query
        )

    def delete(self, call: Call) -> Json:
        stored = self.service.find(BATCH.format(**call.path))
        if stored["state"] not in batch.FINAL:
            raise FailedPrecondition(
                f"Batch {stored['name']} is {stored['state']}: cancel its operation first."
            )
        self.service.store.delete(self.service.key(stored["name"]))
        return {}

    def cancel(self, call: Call) -> Json:
        """Of a batch that has ended nothing is cancelled."""
        self.runner.cancel(self._batch(call)["name"])
        return {}

    def get_operation(self, call: Call) -> Json:
        return batch.operation(self._batch(call))

    def _batch(self, call: Call) -> Json:
        return self.service.find(self.service.find(OPERATION.format(**call.path))["batch"])
